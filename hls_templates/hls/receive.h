#pragma once

#include "operands.h"
#include "platform.h"

namespace sparrow {

/// Process: one vector from its stream into the copy of every reader; `end` tells whether a sequence ended with it. What
/// is missing of a vector that tlast cuts short counts as zeros, and raises `torn` for good. `filler` is set if it is one.
template <typename A, typename In>
void Receive(Stream<In> &in, Operands<A> &x, bool &end, bool &torn, bool &filler) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=x type=cyclic factor=BankOf<A>::kInputWords dim=2
  static bool torn_before = false;
  #pragma HLS RESET variable=torn_before
  bool ended = false;
Beats:
  for (int beat = 0; beat < A::kInputBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const bool missing = ended;
    In packet;
    if (!missing) {
      packet = in.read();
      ended = packet.last;
      filler = IsFiller(packet);
      if (ended && beat < A::kInputBeats - 1) torn_before = true;
    }
  Words:
    for (int word = 0; word < A::kInputWords; ++word) {
      #pragma HLS UNROLL
      const int column = beat * A::kInputWords + word;
      const Int<A::kXWidth> value = missing ? 0 : static_cast<long long>(packet.data.element[word]);
    Copies:
      for (int copy = 0; copy < kCopies<A>; ++copy) {
        #pragma HLS UNROLL
        if (column < A::kInputs && Holds<A>(copy, column)) x[copy][column / kColumnBanks<A>] = value;
      }
    }
  }
  end = ended;
  torn = torn_before;
}

/// Process: the same where there are no fillers.
template <typename A, typename In>
void Receive(Stream<In> &in, Operands<A> &x, bool &end, bool &torn) {
  #pragma HLS INLINE
  bool filler = false;
  Receive<A>(in, x, end, torn, filler);
}

/// Process: the same from the layer before, which cuts nothing.
template <typename A, typename In>
void Receive(Stream<In> &in, Operands<A> &x, bool &end) {
  #pragma HLS INLINE
  bool torn = false;
  Receive<A>(in, x, end, torn);
}

}  // namespace sparrow
