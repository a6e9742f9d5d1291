#pragma once

#include "platform.h"

namespace sparrow {

/// What the lanes of an array read x_t from: [copy][column].
template <typename A>
using Operands = Int<A::kXWidth>[Copies(A::kReaders)][A::kInputs];

/// Process: one vector from its stream into the copy of every reader; `end` tells whether a sequence ended with it.
template <typename A, typename In>
void Receive(Stream<In> &in, Operands<A> &x, bool &end) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=x type=cyclic factor=A::kInputWords dim=2
Beats:
  for (int beat = 0; beat < A::kInputBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const In packet = in.read();
  Words:
    for (int word = 0; word < A::kInputWords; ++word) {
      #pragma HLS UNROLL
      const int column = beat * A::kInputWords + word;
    Copies:
      for (int copy = 0; copy < Copies(A::kReaders); ++copy) {
        #pragma HLS UNROLL
        if (column < A::kInputs) x[copy][column] = packet.data.element[word];
      }
    }
    end = packet.last;
  }
}

}  // namespace sparrow
