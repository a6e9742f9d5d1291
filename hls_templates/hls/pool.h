#pragma once

#include "linear.h"
#include "narrow.h"
#include "platform.h"

namespace sparrow {

/// What a sum is multiplied with for the mean of 1, 2, ... steps.
template <typename P>
using Factors = Constant<P::kFactorWidth>[P::kLongest];

/// Process: h_t of every step to the largest value, or the mean, of each unit over the steps of a sequence, which leaves
/// after its last step; of a mean at most kLongest steps count.
template <typename A, typename P, typename In>
void PoolSteps(Stream<In> &in, Stream<In> &out, const Factors<P> &factors) {
  #pragma HLS INLINE off
  static Carried<Int<P::kSumWidth>, kNever> kept[A::kOutputs];
  static int counted = 0;  // steps of the sequence before this one, at most kLongest
  #pragma HLS ARRAY_PARTITION variable=kept type=cyclic factor=A::kCells
  // What is kept of a unit is touched once a step.
  #pragma HLS DEPENDENCE variable=kept type=inter dependent=false
  #pragma HLS RESET variable=counted
  bool last = false;
  LoopBegins();
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    const In packet = in.read();
    last = packet.last;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      if (first + n >= A::kOutputs) continue;
      const Int<P::kStateWidth> value = static_cast<long long>(packet.data.element[n]);
      const Int<P::kSumWidth> before = kept[first + n];
      if (!P::kMean) {
        if (counted == 0 || value > before) kept[first + n] = Int<P::kSumWidth>(static_cast<long long>(value));
      } else if (counted < P::kLongest) {
        kept[first + n] = Int<P::kSumWidth>(
            counted == 0 ? static_cast<long long>(value) : static_cast<long long>(before) + static_cast<long long>(value));
      }
    }
  }
  const int place = counted < P::kLongest ? counted : P::kLongest - 1;
  if (counted < P::kLongest) ++counted;
  if (!last) return;
  counted = 0;
  LoopBegins();
Results:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    In packet;
  Elements:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      std::uint32_t clipped = 0;
      const bool real = first + n < A::kOutputs;
      const Int<P::kSumWidth> left = kept[real ? first + n : 0];
      const Int<P::kSumWidth> found = real ? left : Int<P::kSumWidth>(0);
      if (P::kMean) {
        const Int<P::kProductWidth> total = found * Int<P::kFactorWidth>(factors[place]);
        packet.data.element[n] = Narrow<P::kProductWidth, P::kFrac, P::kStateWidth>(total, clipped);
      } else {
        packet.data.element[n] = static_cast<long long>(found);
      }
    }
    packet.last = first + A::kCells >= A::kOutputs;
    KeepAll(packet);
    out.write(packet);
  }
}

}  // namespace sparrow
