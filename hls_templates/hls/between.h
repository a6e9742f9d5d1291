#pragma once

#include <cstdint>

#include "cell.h"
#include "linear.h"
#include "platform.h"

namespace sparrow {

/// Process: h_t of a recurrent layer on its way to the next one, every value between two ends of its own format.
template <typename A, typename In>
void ClipWords(Stream<In> &in, Stream<In> &out, long long least, long long most) {
  #pragma HLS INLINE off
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    In packet = in.read();
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const Int<A::kStateWidth> value = static_cast<long long>(packet.data.element[n]);
      packet.data.element[n] = static_cast<long long>(Clipped<A::kStateWidth>(value, least, most));
    }
    out.write(packet);
  }
}

/// Process: h_t of a recurrent layer and its own x_t together on their way to the next one: aligned by kHShift and kXShift to
/// kFrac fraction bits, exact, then narrowed. Of two directions x_t is two vectors, of a step and of its mirror image: what is
/// made of the step goes with the first half of the first, what is made of the image with the second half of the second.
template <typename A, int kHShift, int kXShift, int kFrac, int kOut, int kOutFrac, typename H, typename X, typename Out>
void AddInputs(Stream<H> &h, Stream<X> &x, Stream<Out> &out) {
  #pragma HLS INLINE off
  constexpr int kWords = A::kOutputs / A::kCells + (A::kOutputs % A::kCells ? 1 : 0);
  constexpr bool kCrossed = A::kInputBeats == 2 * kWords;
  static_assert((kCrossed || A::kInputs == A::kOutputs) && A::kInputWords == A::kCells, "x_t and h_t come in the same words");
  constexpr int kSum = Max(A::kStateWidth + kHShift, A::kXWidth + kXShift) + 1;
Beats:
  for (int beat = 0; beat < A::kInputBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const X read = x.read();
    const bool own = !kCrossed || beat < kWords / 2 || beat >= kWords + kWords / 2;
    if (!own) continue;
    const H made = h.read();
    Out packet;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const Int<A::kStateWidth> of_h = static_cast<long long>(made.data.element[n]);
      const Int<A::kXWidth> of_x = static_cast<long long>(read.data.element[n]);
      const Int<kSum> sum = Added<A::kStateWidth, kHShift, A::kXWidth, kXShift>(of_h, of_x);
      std::uint32_t uncounted = 0;
      packet.data.element[n] = static_cast<long long>(Narrowed<kSum, kFrac, kOut, kOutFrac>(sum, uncounted));
    }
    packet.last = made.last;
    KeepAll(packet);
    out.write(packet);
  }
}

}  // namespace sparrow
