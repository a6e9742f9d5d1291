#pragma once

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "config.h"
#include "narrow.h"
#include "observe.h"
#include "platform.h"

namespace sparrow {

/// Every signal of the steps of a call of the top, [step][layer][signal][unit], as the processes showed them; behind the
/// layers sums and results of linear layers, those in front of the recurrent ones first, and the logits of the head.
class Observations {
 public:
  /// `linear`: outputs of the linear layers in front of the head's last one, `before` of those in front of all layers.
  explicit Observations(const std::vector<int> &linear = {}, const std::vector<int> &before = {}) {
    for (const int hidden : kHidden) Add(kSignals, hidden);
    for (const int outputs : before) Add(2, outputs);
    answers_ = noted_.size();
    for (const int outputs : linear) Add(2, outputs);
    Add(1, kHeadOutputs);
  }

  void Note(int signal, int layer, int unit, long long value) {
    const std::size_t place = begin_.at(layer) + static_cast<std::size_t>(signal) * units_[layer] + unit;
    const std::size_t step = noted_.at(place)++;
    if (step == values_.size()) values_.emplace_back(noted_.size());
    values_[step][place] = value;
  }

  /// Writes `steps` steps as 64-bit integers of this machine and forgets them; false unless every value was observed once
  /// in each. In a step without an answer linear layers show nothing, and zeros are written: `answered` are the last ones.
  bool Write(std::FILE *file, std::size_t steps, std::size_t answered) {
    bool complete = true;
    for (std::size_t place = 0; place < noted_.size(); ++place) {
      complete &= noted_[place] == (place < answers_ ? steps : answered);
    }
    values_.resize(steps, std::vector<std::int64_t>(noted_.size()));
    const std::vector<std::int64_t> nothing(noted_.size() - answers_);
    for (std::size_t step = 0; step < steps; ++step) {
      const bool silent = step < steps - answered;
      const std::int64_t *answer = silent ? nothing.data() : values_[step - (steps - answered)].data() + answers_;
      std::fwrite(values_[step].data(), sizeof(std::int64_t), answers_, file);
      std::fwrite(answer, sizeof(std::int64_t), nothing.size(), file);
    }
    values_.clear();
    noted_.assign(noted_.size(), 0);
    return complete;
  }

 private:
  void Add(int signals, int units) {
    begin_.push_back(noted_.size());
    units_.push_back(units);
    noted_.resize(noted_.size() + static_cast<std::size_t>(signals) * units);
  }

  std::size_t answers_ = 0;
  std::vector<std::size_t> begin_;
  std::vector<int> units_;
  std::vector<std::vector<std::int64_t>> values_;
  std::vector<std::size_t> noted_;
};

/// Prints `port NAME` with the width of an element and how many travel together: C simulation carries any width, and a
/// port of the wrong one shows nowhere else.
template <int kWidth, int kWords>
void TellPort(const char *name, const Stream<Port<kWidth, kWords>> &) {
  std::printf("port %s %d %d\n", name, kWidth, kWords);
}

template <int kWidth, int kWords>
void TellPort(const char *name, const Stream<MarkedPort<kWidth, kWords>> &) {
  std::printf("port %s %d %d\n", name, kWidth, kWords);
}

/// The world around the accelerator: bench INPUTS OUTPUTS [SIGNALS [EXPECTED]].
/// INPUTS: the number of steps, then for each whether it ends its sequence (2: it is a filler as well; a negative
/// number: after how many beats tlast cuts it short; 3: a vector of ones too much comes behind it), and its x_t.
/// OUTPUTS: results, one a line. SIGNALS: what was observed, "-" for nothing. EXPECTED: the OUTPUTS there should be; a
/// difference is a failure.
class Bench {
 public:
  Bench(int argc, char **argv, Observations &observations) : observations_(observations) {
    if (argc < 3) GiveUp("usage: bench INPUTS OUTPUTS [SIGNALS [EXPECTED]]");
    inputs_ = Open(argv[1], "r");
    outputs_ = Open(argv[2], "w");
    if (argc > 3 && std::strcmp(argv[3], "-") != 0) signals_ = Open(argv[3], "wb");
    if (argc > 4) expected_ = Open(argv[4], "r");
    steps_ = Next(inputs_, "INPUTS");
  }

  /// The frames of weights that come before the next step into their stream: INPUTS has their number, then for each the
  /// number of its words, and its words. False where no step comes.
  template <typename Word>
  bool Load(Stream<Word> &weights) {
    if (steps_ == 0) return false;
    for (long long frames = Next(inputs_, "INPUTS"); frames > 0; --frames) {
      ++frames_;
      for (long long words = Next(inputs_, "INPUTS"); words > 0; --words) {
        Word packet;
        packet.data.element[0] = Next(inputs_, "INPUTS");
        packet.last = words == 1;
        KeepAll(packet);
        weights.write(packet);
      }
    }
    return true;
  }

  /// Frames of weights that were sent.
  std::uint32_t Frames() const { return frames_; }

  /// Whether the step that was sent ends its sequence.
  bool Ends() const { return ends_; }

  /// What is streamed to an array in every step, byte after byte: INPUTS begins with it, after the number of steps.
  template <typename A>
  std::vector<long long> ReadPass() {
    std::vector<long long> bytes(static_cast<std::size_t>(A::kDepth) * A::kSetBeats * A::kStreamedBytes);
    for (long long &byte : bytes) byte = Next(inputs_, "INPUTS");
    return bytes;
  }

  /// The weights of one step into their stream, in as many beats as INPUTS says: fewer are cut short, more go on with ones.
  template <typename A, typename Beat>
  void SendPass(Stream<Beat> &weights, const std::vector<long long> &bytes) {
    const std::size_t beats = Next(inputs_, "INPUTS");
    for (std::size_t beat = 0; beat < beats; ++beat) {
      Beat packet;
      for (int n = 0; n < A::kStreamedBytes; ++n) {
        const std::size_t place = beat * A::kStreamedBytes + n;
        packet.data.element[n] = place < bytes.size() ? bytes[place] : 1;
      }
      packet.last = beat == beats - 1;
      KeepAll(packet);
      weights.write(packet);
    }
  }

  /// The states of a layer that are taken before the next step into their stream: INPUTS has their number, and for each
  /// its beats (fewer are cut short, more go on with ones), h_0, then c_0 (what is kept alone, where h follows from it).
  /// False where no step comes.
  template <typename A, typename Beat>
  bool SendStates(Stream<Beat> &states) {
    if (steps_ == 0) return false;
    for (long long count = Next(inputs_, "INPUTS"); count > 0; --count) {
      const long long beats = Next(inputs_, "INPUTS");
      std::vector<long long> values(A::kStateValues * A::kOutputs);
      for (long long &value : values) value = Next(inputs_, "INPUTS");
      for (long long beat = 0; beat < beats; ++beat) {
        const long long first = beat * A::kCells;
        Beat packet;
        for (int n = 0; n < A::kCells; ++n) {
          const bool real = first + n < A::kOutputs;
          const bool surplus = first >= A::kOutputs;
          for (int part = 0; part < A::kStateValues; ++part) {
            packet.data.element[part * A::kCells + n] = real ? values[part * A::kOutputs + first + n] : surplus;
          }
        }
        packet.last = beat == beats - 1;
        KeepAll(packet);
        states.write(packet);
      }
    }
    return true;
  }

  /// h_n and c_n of a layer, printed as `state LAYER` and their values.
  template <typename A, typename Beat>
  void ReceiveState(Stream<Beat> &states) {
    while (!states.empty()) {
      std::vector<long long> values(A::kStateValues * A::kOutputs);
      for (int first = 0; first < A::kOutputs; first += A::kCells) {
        const Beat packet = states.read();
        for (int n = 0; n < A::kCells && first + n < A::kOutputs; ++n) {
          for (int part = 0; part < A::kStateValues; ++part) {
            values[part * A::kOutputs + first + n] = static_cast<long long>(packet.data.element[part * A::kCells + n]);
          }
        }
        if (packet.last != (first + A::kCells >= A::kOutputs)) Stop("tlast is not where a state ends");
      }
      std::printf("state %d", A::kLayer);
      for (const long long value : values) std::printf(" %lld", value);
      std::printf("\n");
    }
  }

  /// One x_t into the stream; false where there is none.
  bool Send(Stream<In_t> &in) {
    if (steps_ == 0) return false;
    --steps_;
    ++sent_;
    const long long how = Next(inputs_, "INPUTS");
    const int all = (kInputs + kInWords - 1) / kInWords;
    const int beats = how < 0 ? -how : how == 3 ? 2 * all : all;
    ends_ = how != 0;
    filler_ = how == 2;
    for (int beat = 0; beat < Max(all, beats); ++beat) {
      In_t packet;
      for (int word = 0; word < kInWords; ++word) {
        const bool real = beat < all && beat * kInWords + word < kInputs;
        packet.data.element[word] = real ? Next(inputs_, "INPUTS") : beat >= all;
      }
      if (beat >= beats) continue;
      packet.last = ends_ && beat == beats - 1;
      SetFiller(packet, filler_);
      KeepAll(packet);
      in.write(packet);
    }
    return true;
  }

  /// A flag of the status word behind the steps of a call: printed as `flag STEP NAME VALUE` where it is another than before.
  void Flag(const std::string &name, bool value) {
    if (flags_[name] != value) std::printf("flag %lld %s %d\n", done_ + sent_ - 1, name.c_str(), value);
    flags_[name] = value;
  }

  /// Everything that came out of the steps of a call.
  void Receive(Stream<Out_t> &out) {
    bool ended = false;
    while (!out.empty()) {
      if (ended) Stop("tlast is not where the sequence ends");
      const Out_t packet = out.read();
      for (int word = 0; word < kOutWords && received_ < kResultValues; ++word, ++received_) {
        Result(static_cast<long long>(packet.data.element[word]));
      }
      if (received_ == kResultValues) {
        std::fputc('\n', outputs_);
        received_ = 0;
      }
      ended = packet.last;
    }
    if (ended != (ends_ && !filler_)) Stop("tlast is not where the sequence ends");
    const long long answered = kHeadEveryStep ? sent_ : ends_;
    if (signals_ != nullptr && !observations_.Write(signals_, sent_, answered)) Stop("a signal was not observed once");
    done_ += sent_;
    sent_ = 0;
  }

  /// Prints what the status word counts, its parts by the names of the layers; exit status.
  int Finish(std::uint32_t steps, const Clips (&saturations)[kLayers],
             const char *const (&names)[kLayers]) {
    long long rest;
    std::printf("steps %" PRIu32 "\n", steps);
    for (int layer = 0; layer < kLayers; ++layer) {
      const char *const name = names[layer];
      std::printf("%s_gate %" PRIu32 "\n%s_cell %" PRIu32 "\n%s_state %" PRIu32 "\n", name, saturations[layer].gate,
                  name, saturations[layer].cell, name, saturations[layer].state);
    }
    if (received_ != 0) Stop("the last result is cut short");
    if (expected_ != nullptr && std::fscanf(expected_, "%lld", &rest) == 1) Stop("fewer results than EXPECTED");
    if (!Closed(outputs_) || (signals_ != nullptr && !Closed(signals_))) GiveUp("a file is not complete");
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  template <typename T>
  static void SetFiller(T &, bool) {}

  template <int kWidth, int kWords>
  static void SetFiller(MarkedPort<kWidth, kWords> &packet, bool filler) {
    packet.user = filler;
  }

  /// The design did what it must not: exit status 1, as of a wrong result.
  [[noreturn]] static void Stop(const char *sentence) {
    std::fprintf(stderr, "bench: %s\n", sentence);
    std::exit(1);
  }

  /// A file cannot be read or written, which says nothing of the design: exit status 3.
  [[noreturn]] static void GiveUp(const char *sentence, const char *name = "") {
    std::fprintf(stderr, "bench: %s%s\n", name, sentence);
    std::exit(3);
  }

  /// Closes a file; whether everything that was written to it is there.
  static bool Closed(std::FILE *file) {
    const bool whole = std::ferror(file) == 0;
    return std::fclose(file) == 0 && whole;
  }

  static std::FILE *Open(const char *path, const char *mode) {
    std::FILE *file = std::fopen(path, mode);
    if (file == nullptr) GiveUp(" cannot be opened", path);
    return file;
  }

  static long long Next(std::FILE *file, const char *name) {
    long long value;
    if (std::fscanf(file, "%lld", &value) != 1) GiveUp(" ends too early", name);
    return value;
  }

  void Result(long long value) {
    std::fprintf(outputs_, "%lld ", value);
    ++results_;
    if (expected_ == nullptr) return;
    long long wanted;
    if (std::fscanf(expected_, "%lld", &wanted) != 1) Stop("more results than EXPECTED");
    if (wanted == value) return;
    if (wrong_++ == 0) std::fprintf(stderr, "bench: value %ld: wanted %lld, got %lld\n", results_, wanted, value);
  }

  Observations &observations_;
  std::FILE *inputs_ = nullptr;
  std::FILE *outputs_ = nullptr;
  std::FILE *signals_ = nullptr;
  std::FILE *expected_ = nullptr;
  std::map<std::string, bool> flags_;
  long long steps_ = 0;
  std::uint32_t frames_ = 0;
  long long done_ = 0;
  long long sent_ = 0;
  int received_ = 0;
  long results_ = 0;
  long wrong_ = 0;
  bool ends_ = false;
  bool filler_ = false;
};

}  // namespace sparrow
