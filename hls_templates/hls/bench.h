#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "config.h"
#include "observe.h"
#include "platform.h"

namespace sparrow {

/// Every signal of one step, [layer][signal][unit], as the processes showed them.
class Observations {
 public:
  Observations() {
    for (const int hidden : kHidden) {
      begin_.push_back(values_.size());
      values_.resize(values_.size() + static_cast<std::size_t>(kSignals) * hidden);
    }
  }

  void Note(Signal signal, int layer, int unit, long long value) {
    values_.at(begin_.at(layer) + static_cast<std::size_t>(signal) * kHidden[layer] + unit) = value;
    ++noted_;
  }

  /// Writes the step as 32-bit integers of this machine and forgets it; false where something was not observed.
  bool Write(std::ofstream &file) {
    const bool complete = noted_ == values_.size();
    file.write(reinterpret_cast<const char *>(values_.data()), values_.size() * sizeof(values_[0]));
    noted_ = 0;
    return complete;
  }

 private:
  std::vector<std::size_t> begin_;
  std::vector<std::int32_t> values_;
  std::size_t noted_ = 0;
};

/// The world around the accelerator: bench INPUTS OUTPUTS [SIGNALS [EXPECTED]].
/// INPUTS: the number of sequences, then for each its number of steps and their x_t. OUTPUTS: results, one a line.
/// SIGNALS: what was observed, "-" for nothing. EXPECTED: the OUTPUTS there should be; a difference is a failure.
class Bench {
 public:
  Bench(int argc, char **argv, Observations &observations) : observations_(observations) {
    if (argc < 3) Stop("usage: bench INPUTS OUTPUTS [SIGNALS [EXPECTED]]");
    inputs_.open(argv[1]);
    outputs_.open(argv[2]);
    if (argc > 3 && argv[3] != std::string("-")) signals_.open(argv[3], std::ios::binary);
    if (argc > 4) expected_.open(argv[4]);
    comparing_ = argc > 4;
    sequences_ = Next(inputs_, "INPUTS");
  }

  /// One x_t into the stream; false where there is none.
  bool Send(Stream<In_t> &in) {
    while (steps_ == 0 && sequences_ > 0) {
      steps_ = Next(inputs_, "INPUTS");
      --sequences_;
    }
    if (steps_ == 0) return false;
    --steps_;
    for (int sent = 0; sent < kInputs; sent += kInWords) {
      In_t packet;
      for (int word = 0; word < kInWords; ++word) {
        packet.data.element[word] = sent + word < kInputs ? Next(inputs_, "INPUTS") : 0;
      }
      packet.last = steps_ == 0 && sent + kInWords >= kInputs;
      KeepAll(packet);
      in.write(packet);
    }
    return true;
  }

  /// Everything that came out in this step.
  void Receive(Stream<Out_t> &out) {
    while (!out.empty()) {
      const Out_t packet = out.read();
      for (int word = 0; word < kOutWords && received_ < kResultValues; ++word, ++received_) {
        Result(static_cast<long long>(packet.data.element[word]));
      }
      if (received_ == kResultValues) {
        outputs_ << '\n';
        received_ = 0;
      }
      ended_ = packet.last;
    }
    if (ended_ != (steps_ == 0)) Stop("tlast is not where the sequence ends");
    ended_ = false;
    if (signals_.is_open() && !observations_.Write(signals_)) Stop("a signal was not observed in some step");
  }

  /// Exit status.
  int Finish() {
    if (received_ != 0) Stop("the last result is cut short");
    long long rest;
    if (comparing_ && expected_ >> rest) Stop("fewer results than EXPECTED");
    outputs_.close();
    if (!outputs_) Stop("OUTPUTS cannot be written");
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  [[noreturn]] static void Stop(const char *sentence) {
    std::fprintf(stderr, "bench: %s\n", sentence);
    std::exit(1);
  }

  static long long Next(std::ifstream &file, const char *name) {
    long long value;
    if (!(file >> value)) Stop((std::string(name) + " cannot be read, or ends too early").c_str());
    return value;
  }

  void Result(long long value) {
    outputs_ << value << ' ';
    ++results_;
    if (!comparing_) return;
    const long long wanted = Next(expected_, "EXPECTED");
    if (wanted == value) return;
    if (wrong_++ == 0) std::fprintf(stderr, "bench: value %ld: wanted %lld, got %lld\n", results_, wanted, value);
  }

  Observations &observations_;
  std::ifstream inputs_;
  std::ifstream expected_;
  std::ofstream outputs_;
  std::ofstream signals_;
  long long sequences_ = 0;
  long long steps_ = 0;
  int received_ = 0;
  long results_ = 0;
  long wrong_ = 0;
  bool ended_ = false;
  bool comparing_ = false;
};

}  // namespace sparrow
