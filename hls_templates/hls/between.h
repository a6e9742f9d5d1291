#pragma once

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

}  // namespace sparrow
