#pragma once

#include <cstdint>

#include "operands.h"
#include "platform.h"

namespace sparrow {

/// One vector from its stream into the copy of every reader; `ended` tells whether a sequence ended with it, `filler` whether
/// it is one. What is missing of a vector that tlast cuts short counts as zeros, and sets `torn`.
template <typename A, typename In>
void TakeVector(Stream<In> &in, Operands<A> &x, bool &ended, bool &torn, bool &filler) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=x type=cyclic factor=BankOf<A>::kInputWords dim=2
Beats:
  for (int beat = 0; beat < A::kInputBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const bool missing = ended;
    In packet;
    if (!missing) {
      packet = in.read();
      ended = packet.last;
      filler = IsFiller(packet);
      if (ended && beat < A::kInputBeats - 1) torn = true;
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
}

/// Process: one x_t from outside; `torn` stays set once a vector was cut short, `steps` are those since reset, modulo 2**32,
/// and `filler` tells a step that nobody waits for.
template <typename A, typename In>
void ReceiveInput(Stream<In> &in, Operands<A> &x, bool &end, bool &torn, std::uint32_t &steps, bool &filler) {
  #pragma HLS INLINE off
  static bool torn_before = false;
  static std::uint32_t counted = 0;
  #pragma HLS RESET variable=torn_before
  #pragma HLS RESET variable=counted
  bool ended = false;
  bool marked = false;
  TakeVector<A>(in, x, ended, torn_before, marked);
  ++counted;
  end = ended;
  torn = torn_before;
  steps = counted;
  filler = marked;
}

/// Process: one vector from the process before, which cuts nothing.
template <typename A, typename In>
void Receive(Stream<In> &in, Operands<A> &x, bool &end) {
  #pragma HLS INLINE off
  bool ended = false;
  bool torn = false;
  bool filler = false;
  TakeVector<A>(in, x, ended, torn, filler);
  end = ended;
}

/// Process: whether the step ended its sequence, for who called.
inline void TellEnd(const bool &end, bool &ended) {
  #pragma HLS INLINE off
  ended = end;
}

}  // namespace sparrow
