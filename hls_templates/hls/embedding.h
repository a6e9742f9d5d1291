#pragma once

#include "fillers.h"
#include "platform.h"

namespace sparrow {

/// The rows of an embedding's table.
template <typename E>
using Rows = Constant<E::kWidth>[E::kTokens][E::kInputs];

/// Process: each token of a step (of both directions two) to its row, in beats of x_t. Any other number counts as token 0
/// and raises `torn` for good, as `cut` does. `end` tells whether a sequence ends with the step, `filler` is set if it is
/// one.
template <typename E, typename In, typename Out>
void LookUp(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, const bool &cut, bool &torn, bool &end, bool &filler) {
  static bool unknown_before = false;
  #pragma HLS RESET variable=unknown_before
Tokens:
  for (int read = 0; read < E::kRead; ++read) {
    #pragma HLS LOOP_FLATTEN off
    const In packet = in.read();
    const long long number = static_cast<long long>(packet.data.element[0]);
    const bool known = number >= 0 && number < E::kTokens;
    const int token = known ? static_cast<int>(number) : 0;
    if (!known) unknown_before = true;
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
    end = packet.last;
    filler = IsFiller(packet);
  }
  torn = cut || unknown_before;
}

/// Process: the same where there are no fillers.
template <typename E, typename In, typename Out>
void LookUp(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, const bool &cut, bool &torn) {
  #pragma HLS INLINE
  bool end = false;
  bool filler = false;
  LookUp<E>(in, out, rows, cut, torn, end, filler);
}

/// Process: the same with a mark for each process that withholds a filler's result.
template <typename E, typename In, typename Out, int kMarks>
void LookUpMarked(Stream<In> &in, Stream<Out> &out, const Rows<E> &rows, bool &torn, Mark (&marks)[kMarks]) {
  #pragma HLS INLINE
  bool end = false;
  bool filler = false;
  LookUp<E>(in, out, rows, false, torn, end, filler);
Marks:
  for (int n = 0; n < kMarks; ++n) {
    #pragma HLS UNROLL
    marks[n] = {end, filler};
  }
}

}  // namespace sparrow
