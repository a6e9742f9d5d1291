#pragma once

#include <cstdint>

#include "platform.h"

namespace sparrow {

/// The rows of an embedding's table.
template <typename E>
using Rows = Constant<E::kWidth>[E::kTokens][E::kInputs];

/// Each token of a step (of both directions two) to its row, in beats of x_t. Any other number counts as token 0 and sets
/// `unknown`. `filler` tells whether the step is one.
template <typename E, typename In, typename Out>
void TakeTokens(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, bool &unknown, bool &filler) {
  #pragma HLS INLINE
Tokens:
  for (int read = 0; read < E::kRead; ++read) {
    #pragma HLS LOOP_FLATTEN off
    const In packet = in.read();
    const long long number = static_cast<long long>(packet.data.element[0]);
    const bool known = number >= 0 && number < E::kTokens;
    const int token = known ? static_cast<int>(number) : 0;
    if (!known) unknown = true;
    filler = IsFiller(packet);
  Beats:
    for (int beat = 0; beat < E::kBeats; ++beat) {
      #pragma HLS PIPELINE II=1
      Out row;
    Words:
      for (int word = 0; word < E::kWords; ++word) {
        #pragma HLS UNROLL
        const int column = beat * E::kWords + word;
        row.data.element[word] = column < E::kInputs ? static_cast<long long>(rows[token][column]) : 0;
      }
      row.last = packet.last && beat == E::kBeats - 1;
      KeepAll(row);
      out.write(row);
    }
  }
}

/// Process: the tokens of a step from outside; `torn` stays set once one was none, `steps` are those since reset, modulo
/// 2**32, and `filler` tells a step that nobody waits for.
template <typename E, typename In, typename Out>
void LookUpInput(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, bool &torn, std::uint32_t &steps, bool &filler) {
  #pragma HLS INLINE off
  static bool unknown_before = false;
  static std::uint32_t counted = 0;
  #pragma HLS RESET variable=unknown_before
  #pragma HLS RESET variable=counted
  bool marked = false;
  TakeTokens<E>(in, out, rows, unknown_before, marked);
  ++counted;
  torn = unknown_before;
  steps = counted;
  filler = marked;
}

/// Process: the tokens of a step out of a buffer; `unknown` stays set once one was none.
template <typename E, typename In, typename Out>
void LookUp(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, bool &unknown) {
  #pragma HLS INLINE off
  static bool unknown_before = false;
  #pragma HLS RESET variable=unknown_before
  bool filler = false;
  TakeTokens<E>(in, out, rows, unknown_before, filler);
  unknown = unknown_before;
}

/// Process: whether a sequence was not taken as it came, or had a token that is none.
inline void Either(const bool &cut, const bool &unknown, bool &torn) {
  #pragma HLS INLINE off
  torn = cut || unknown;
}

}  // namespace sparrow
