#pragma once

#include <cstdint>

#include "narrow.h"
#include "platform.h"

namespace sparrow {

/// A whole sequence of vectors.
template <typename M>
using Sequence = Int<M::kWidth>[M::kLongest][M::kBeats][M::kWords];

/// A whole sequence into a buffer: how many of its steps are held. What is missing of a vector that tlast cuts short counts
/// as zeros, steps beyond kLongest are dropped, and both set `torn`.
template <typename M, typename In>
int TakeSequence(Stream<In> &in, Sequence<M> &memory, bool &torn) {
  #pragma HLS INLINE
  int held = 0;
  bool ended = false;
Steps:
  while (!ended) {
    const bool fits = held < M::kLongest;
    if (!fits) torn = true;
  Beats:
    for (int beat = 0; beat < M::kBeats; ++beat) {
      #pragma HLS PIPELINE II=1
      const bool missing = ended;
      In packet;
      if (!missing) {
        packet = in.read();
        ended = packet.last;
        if (ended && beat < M::kBeats - 1) torn = true;
      }
    Words:
      for (int word = 0; word < M::kWords; ++word) {
        #pragma HLS UNROLL
        if (fits) memory[held][beat][word] = missing ? 0 : static_cast<long long>(packet.data.element[word]);
      }
    }
    if (fits) ++held;
  }
  return held;
}

/// The last `steps` of the steps that are held, as `M` has them: the vector of a step, where vectors are crossed with the
/// second half out of its mirror image, the step that is as far from the end; where they come in pairs, the vector of the
/// mirror image behind it. Where words of both halves came in turn, they leave half by half.
template <typename M, typename Out>
void GiveSequence(const Sequence<M> &memory, int held, int steps, Stream<Out> &out) {
  #pragma HLS INLINE
Given:
  for (int step = held - steps; step < held; ++step) {
    #pragma HLS LOOP_FLATTEN off
  Rounds:
    for (int round = 0; round < M::kRounds; ++round) {
      #pragma HLS LOOP_FLATTEN off
    Vector:
      for (int beat = 0; beat < M::kBeats; ++beat) {
        #pragma HLS PIPELINE II=1
        const bool upper = M::kCrossed && beat >= M::kBeats / 2;
        const int source = (round == 1) != upper ? held - 1 - step : step;
        const int place = !M::kInTurn ? beat : upper ? 2 * (beat - M::kBeats / 2) + 1 : 2 * beat;
        Out packet;
      Elements:
        for (int word = 0; word < M::kWords; ++word) {
          #pragma HLS UNROLL
          packet.data.element[word] = static_cast<long long>(memory[source][place][word]);
        }
        packet.last = step == held - 1 && round == M::kRounds - 1 && beat == M::kBeats - 1;
        KeepAll(packet);
        out.write(packet);
      }
    }
  }
}

/// Process: a whole sequence from outside, then its steps, tlast on the last one; `steps` are those since reset, modulo 2**32, and
/// `torn` stays set once a sequence was not taken as it came.
template <typename M, typename In, typename Out>
void MirrorInput(Stream<In> &in, Stream<Out> &out, bool &torn, std::uint32_t &steps) {
  #pragma HLS INLINE off
  static Sequence<M> memory;
  static bool torn_before = false;
  static std::uint32_t counted = 0;
  #pragma HLS ARRAY_PARTITION variable=memory type=complete dim=3
  #pragma HLS RESET variable=torn_before
  #pragma HLS RESET variable=counted
  const int held = TakeSequence<M>(in, memory, torn_before);
  const int leaving = M::kLastOnly ? 1 : held;
  counted += static_cast<std::uint32_t>(leaving);
  torn = torn_before;
  steps = counted;
  GiveSequence<M>(memory, held, leaving, out);
}

/// Process: a whole sequence from outside as it comes, vectors of kBeats beats, but for steps beyond kLongest, which are
/// dropped and set `torn`, as an end within a vector does; `steps` are those since reset, modulo 2**32.
template <int kBeats, int kLongest, typename In, typename Out>
void LimitInput(Stream<In> &in, Stream<Out> &out, bool &torn, std::uint32_t &steps) {
  #pragma HLS INLINE off
  static bool torn_before = false;
  static std::uint32_t counted = 0;
  #pragma HLS RESET variable=torn_before
  #pragma HLS RESET variable=counted
  int held = 0;
  bool ended = false;
Steps:
  while (!ended) {
    const bool fits = held < kLongest;
    if (!fits) torn_before = true;
  Beats:
    for (int beat = 0; beat < kBeats; ++beat) {
      #pragma HLS PIPELINE II=1
      Out packet = {};
      if (!ended) {
        const In arrived = in.read();
        packet.data = arrived.data;
        ended = arrived.last;
        if (ended && beat < kBeats - 1) torn_before = true;
      }
      packet.last = beat == kBeats - 1 && (ended || held == kLongest - 1);
      if (fits) out.write(packet);
    }
    if (fits) ++held;
  }
  counted += static_cast<std::uint32_t>(held);
  torn = torn_before;
  steps = counted;
}

/// Process: the same from the process before, which cuts nothing.
template <typename M, typename In, typename Out>
void MirrorSteps(Stream<In> &in, Stream<Out> &out) {
  #pragma HLS INLINE off
  static Sequence<M> memory;
  #pragma HLS ARRAY_PARTITION variable=memory type=complete dim=3
  bool torn = false;
  const int held = TakeSequence<M>(in, memory, torn);
  GiveSequence<M>(memory, held, M::kLastOnly ? 1 : held, out);
}

}  // namespace sparrow
