#pragma once

#include <cstdint>

#include "operands.h"
#include "platform.h"

namespace sparrow {

/// Nobody wants a copy.
template <typename Out>
void Keep(const Nothing &, const Out &) {
  #pragma HLS INLINE
}

/// A copy of a beat for another process.
template <typename Out>
void Keep(Stream<Out> &kept, const Out &packet) {
  #pragma HLS INLINE
  kept.write(packet);
}

/// One vector from its stream into the copy of every reader, and as it is into `kept`; `ended` tells whether a sequence ended
/// with it, `filler` whether it is one. What is missing of a vector that tlast cuts short counts as zeros, and sets `torn`.
template <typename A, typename In, typename Kept>
void TakeVector(Stream<In> &in, Operands<A> &x, bool &ended, bool &torn, bool &filler, Kept &kept) {
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
    Packet<A::kXWidth, A::kInputWords> whole;
    whole.last = ended && beat == A::kInputBeats - 1;
  Words:
    for (int word = 0; word < A::kInputWords; ++word) {
      #pragma HLS UNROLL
      const int column = beat * A::kInputWords + word;
      const Int<A::kXWidth> value = missing ? 0 : static_cast<long long>(packet.data.element[word]);
      whole.data.element[word] = value;
    Copies:
      for (int copy = 0; copy < kCopies<A>; ++copy) {
        #pragma HLS UNROLL
        if (column < A::kInputs && HoldsInput<A>(copy, column)) x[copy][PlaceOfInput<A>(column)] = value;
      }
    }
    Keep(kept, whole);
  }
}

/// Process: one x_t from outside; `torn` stays set once a vector was cut short, `steps` are those since reset, modulo 2**32,
/// and `filler` tells a step that nobody waits for.
template <typename A, typename In, typename Kept = const Nothing>
void ReceiveInput(Stream<In> &in, Operands<A> &x, bool &end, bool &torn, std::uint32_t &steps, bool &filler,
                  Kept &kept = kNothing) {
  #pragma HLS INLINE off
  static bool torn_before = false;
  static std::uint32_t counted = 0;
  #pragma HLS RESET variable=torn_before
  #pragma HLS RESET variable=counted
  bool ended = false;
  bool marked = false;
  TakeVector<A>(in, x, ended, torn_before, marked, kept);
  ++counted;
  end = ended;
  torn = torn_before;
  steps = counted;
  filler = marked;
}

/// Process: one vector from the process before, which cuts nothing.
template <typename A, typename In, typename Kept = const Nothing>
void Receive(Stream<In> &in, Operands<A> &x, bool &end, Kept &kept = kNothing) {
  #pragma HLS INLINE off
  bool ended = false;
  bool torn = false;
  bool filler = false;
  TakeVector<A>(in, x, ended, torn, filler, kept);
  end = ended;
}

/// Process: whether the step ended its sequence, for who called.
inline void TellEnd(const bool &end, bool &ended) {
  #pragma HLS INLINE off
  ended = end;
}

}  // namespace sparrow
