#pragma once

#include "narrow.h"
#include "platform.h"

namespace sparrow {

/// Process: a whole sequence of vectors into a buffer, then its steps as `M` has them: the vector of a step, where vectors
/// are crossed with the second half out of its mirror image, the step that is as far from the end; where they come in
/// pairs, the vector of the mirror image behind it. `steps` is how many leave. What is missing of a vector that tlast cuts
/// short counts as zeros, steps beyond kLongest are dropped, and both raise `torn` for good.
template <typename M, typename In, typename Out>
void MirrorSteps(Stream<In> &in, Stream<Out> &out, int &steps, bool &torn) {
  static Int<M::kWidth> memory[M::kLongest][M::kBeats][M::kWords];
  static bool torn_before = false;
  #pragma HLS RESET variable=torn_before
  #pragma HLS ARRAY_PARTITION variable=memory type=complete dim=3
  int held = 0;
  bool ended = false;
Steps:
  while (!ended) {
    const bool fits = held < M::kLongest;
    if (!fits) torn_before = true;
  Beats:
    for (int beat = 0; beat < M::kBeats; ++beat) {
      #pragma HLS PIPELINE II=1
      const bool missing = ended;
      In packet;
      if (!missing) {
        packet = in.read();
        ended = packet.last;
        if (ended && beat < M::kBeats - 1) torn_before = true;
      }
    Words:
      for (int word = 0; word < M::kWords; ++word) {
        #pragma HLS UNROLL
        if (fits) memory[held][beat][word] = missing ? 0 : static_cast<long long>(packet.data.element[word]);
      }
    }
    if (fits) ++held;
  }
  torn = torn_before;
  steps = M::kLastOnly ? 1 : held;
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
        Out packet;
      Elements:
        for (int word = 0; word < M::kWords; ++word) {
          #pragma HLS UNROLL
          packet.data.element[word] = static_cast<long long>(memory[source][beat][word]);
        }
        packet.last = step == held - 1 && round == M::kRounds - 1 && beat == M::kBeats - 1;
        KeepAll(packet);
        out.write(packet);
      }
    }
  }
}

}  // namespace sparrow
