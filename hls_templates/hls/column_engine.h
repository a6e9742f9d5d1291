#pragma once

#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// Which of its rows each lane's weight belongs to: [word][unit, row of the unit]. Where W_x goes by rows, its words come
/// first and hold columns.
template <typename A>
using LaneRows = Index<A::kIndexWidth>[A::kDepth][A::kLanes];

/// Sums of all rows, [turn][step of the cells][unit of it][sum of the unit][row of the lane]. Additions to a row take turns
/// at copies of its sum, so that one copy sees an addition in kMemoryCycles cycles; the sum of the copies is the row's.
template <typename A>
using Accumulators = Carried<Int<A::kTotalWidth>, kMemoryCycles>[kMemoryCycles][A::kUnits / A::kCells][A::kCells]
                                                                 [A::kSumsPerUnit][A::kGroups];

/// The sum of its unit that a lane (unit, row of the unit) adds to.
template <typename A>
constexpr int SumOf(int lane, bool from_h) {
  return from_h ? A::kSumOfH[lane % A::kRowsPerUnit] : A::kSumOfX[lane % A::kRowsPerUnit];
}

/// A product on top of one copy of the sum of a lane's row.
template <typename A>
void Accumulate(Accumulators<A> &sums, int turn, int lane, bool from_h, int row, const Int<A::kProductWidth> &product) {
  #pragma HLS INLINE
  const int unit = lane / A::kRowsPerUnit;
  auto &sum = sums[turn][unit / A::kCells][unit % A::kCells][SumOf<A>(lane, from_h)][row];
  const Int<A::kTotalWidth> before = sum;
  sum = Int<A::kTotalWidth>(before + product);
}

/// What of vectors is not zero: values and their columns, [list][place]. Of the kLists columns that are looked at together
/// each has a list of its own, so that a list takes one at a time.
template <int kWidth, int kLists, int kPlaces>
using NonzeroValues = Int<kWidth>[kLists][kPlaces];
template <int kLists, int kPlaces>
using NonzeroColumns = int[kLists][kPlaces];

/// How many of a vector there are in each list.
template <int kLists>
using Counts = int[kLists];

template <int kLists>
void Clear(Counts<kLists> &counts) {
  #pragma HLS INLINE
Lists:
  for (int list = 0; list < kLists; ++list) {
    #pragma HLS UNROLL
    counts[list] = 0;
  }
}

/// How many there are in the lists before one.
template <int kLists>
int Before(const Counts<kLists> &counts, int list) {
  #pragma HLS INLINE
  int found = 0;
Lists:
  for (int n = 0; n < kLists; ++n) {
    #pragma HLS UNROLL
    if (n < list) found += counts[n];
  }
  return found;
}

/// The list of the one with a number, counted through all lists.
template <int kLists>
int ListOf(const Counts<kLists> &counts, int number) {
  #pragma HLS INLINE
  int found = 0;
Lists:
  for (int n = 1; n < kLists; ++n) {
    #pragma HLS UNROLL
    if (number >= Before<kLists>(counts, n)) found = n;
  }
  return found;
}

/// The rows of W_x, in each lane one after the other, kKeptX weights each, zero or not. A row is summed up in a register:
/// accumulators are zero before, and see one writing a row. The words begin at `first_word`.
template <typename A, typename Weights, typename Rows>
void RowsOfX(const Weights &values, const Rows &columns, const Operands<A> &x, int first_word, Accumulators<A> &sums) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=columns type=complete dim=2
  Int<A::kTotalWidth> running[A::kLanes];
  #pragma HLS ARRAY_PARTITION variable=running type=complete
  int row = 0;
  int kept = 0;
  LoopBegins();
Cycles:
  for (int word = 0; word < A::kHStart; ++word) {
    #pragma HLS PIPELINE II=1
    NextIteration();
  Lanes:
    for (int lane = 0; lane < A::kLanes; ++lane) {
      #pragma HLS UNROLL
      const int column = columns[first_word + word][lane];
      const Int<A::kOperandWidth> factor = Int<A::kOperandWidth>(x[lane % Copies(A::kReaders)][column]) << A::kXShift;
      const Int<A::kWeightWidth> value = values[first_word + word][lane];
      const Int<A::kTotalWidth> before = kept == 0 ? Int<A::kTotalWidth>(0) : running[lane];
      const int unit = lane / A::kRowsPerUnit;
      running[lane] = before + Product<A>(value, factor);
      if (kept == A::kKeptX - 1) {
        sums[0][unit / A::kCells][unit % A::kCells][SumOf<A>(lane, false)][row] = running[lane];
      }
    }
    ++kept;
    if (kept == A::kKeptX) {
      kept = 0;
      ++row;
    }
  }
}

/// Places of a list of h of one stream.
template <typename A>
constexpr int kListPlaces = A::kOutputs / A::kCells;

/// Column engine: the columns of x that are not zero, `given` of them, then those of h, each in as many cycles as a lane
/// keeps weights of it. Neighbouring columns may add to the same row: successive cycles add to different copies of its sum.
/// Words begin at `first_word`, what there is of h at `first_place` of its lists.
template <typename A, typename Weights, typename Rows>
void ColumnEngine(const Weights &values, const Rows &rows, int first_word,
                  const NonzeroValues<A::kXWidth, 1, A::kInputs> &x, const NonzeroColumns<1, A::kInputs> &x_columns,
                  int given, const NonzeroValues<A::kStateWidth, A::kCells, A::kStreams * kListPlaces<A>> &h,
                  const NonzeroColumns<A::kCells, A::kStreams * kListPlaces<A>> &h_columns, int first_place,
                  const Counts<A::kCells> &counts, Accumulators<A> &sums) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=rows type=complete dim=2
  const int cycles = given * A::kKeptX + Before<A::kCells>(counts, A::kCells) * A::kKeptH;
  int place = 0;
  int kept = 0;
  int turn = 0;
  LoopBegins();
Cycles:
  for (int cycle = 0; cycle < cycles; ++cycle) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    const bool from_h = place >= given;
    const int of_x = from_h ? 0 : place;
    const int list = from_h ? ListOf<A::kCells>(counts, place - given) : 0;
    const int of_h = first_place + (from_h ? place - given - Before<A::kCells>(counts, list) : 0);
    const int word = from_h ? A::kHStart + h_columns[list][of_h] * A::kKeptH + kept
                            : x_columns[0][of_x] * A::kKeptX + kept;
    const Int<A::kOperandWidth> factor = from_h ? Int<A::kOperandWidth>(h[list][of_h]) << A::kHShift
                                                : Int<A::kOperandWidth>(x[0][of_x]) << A::kXShift;
  Units:
    for (int unit = 0; unit < A::kUnits; ++unit) {
      #pragma HLS UNROLL
      OfLanes<A, A::kWeightWidth> weights;
      OfLanes<A, A::kOperandWidth> factors;
      OfLanes<A, A::kProductWidth> products;
      #pragma HLS ARRAY_PARTITION variable=weights type=complete
      #pragma HLS ARRAY_PARTITION variable=factors type=complete
      #pragma HLS ARRAY_PARTITION variable=products type=complete
    Read:
      for (int n = 0; n < kUnitLanes<A>; ++n) {
        #pragma HLS UNROLL
        weights[n] = values[first_word + word][unit * kUnitLanes<A> + n];
        factors[n] = factor;
      }
      Multiply<A>(Packed<A::kPacked>(), weights, factors, products);
    Lanes:
      for (int n = 0; n < kUnitLanes<A>; ++n) {
        #pragma HLS UNROLL
        const int lane = unit * kUnitLanes<A> + n;
        Accumulate<A>(sums, turn, lane, from_h, rows[first_word + word][lane], products[n]);
      }
    }
    turn = turn == kMemoryCycles - 1 ? 0 : turn + 1;
    ++kept;
    if (kept == (from_h ? A::kKeptH : A::kKeptX)) {
      kept = 0;
      ++place;
    }
  }
}

/// The sums of kCells units from `unit` on leave the accumulators, which are zero then.
template <typename A>
void TakeSums(Accumulators<A> &sums, int unit, Sums<A, A::kCells> &taken) {
  #pragma HLS INLINE
Units:
  for (int n = 0; n < A::kCells; ++n) {
    #pragma HLS UNROLL
  Sums:
    for (int number = 0; number < A::kSumsPerUnit; ++number) {
      #pragma HLS UNROLL
      Int<A::kTotalWidth> total = 0;
    Turns:
      for (int turn = 0; turn < kMemoryCycles; ++turn) {
        #pragma HLS UNROLL
        auto &sum = sums[turn][unit % A::kUnits / A::kCells][n][number][unit / A::kUnits];
        const Int<A::kTotalWidth> part = sum;
        total = total + part;
        sum = Int<A::kTotalWidth>(0);
      }
      taken[n][number] = total;
    }
  }
}

}  // namespace sparrow
