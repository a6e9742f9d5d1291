#pragma once

#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// Which of its rows each lane's weight belongs to: [word][unit, row of the unit]. Where W_x goes by rows, its words come
/// first and hold columns.
template <typename A>
using LaneRows = Index<A::kIndexWidth>[A::kDepth][A::kLanes];

/// Sums of all rows, [unit, sum of the unit][row of the lane].
template <typename A>
using Accumulators = Int<A::kTotalWidth>[A::kUnits * A::kSumsPerUnit][A::kGroups];

/// The sum that a lane (unit, row of the unit) adds to.
template <typename A>
constexpr int SumOf(int lane, bool from_h) {
  const int row = lane % A::kRowsPerUnit;
  return lane / A::kRowsPerUnit * A::kSumsPerUnit + (from_h ? A::kSumOfH[row] : A::kSumOfX[row]);
}

/// What of a vector is not zero: values and their columns, `count` of them.
template <int kWidth, int kColumns>
struct Nonzeros {
  Int<kWidth> value[kColumns];
  int column[kColumns];
  int count = 0;

  void Append(const Int<kWidth> &added, int number) {
    #pragma HLS INLINE
    value[count] = added;
    column[count] = number;
    ++count;
  }
};

/// The rows of W_x, in each lane one after the other, kKeptX weights each, zero or not.
template <typename A>
void RowsOfX(const Values<A> &values, const LaneRows<A> &columns, const Operands<A> &x, Accumulators<A> &sums) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=columns type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=1
  int row = 0;
  int kept = 0;
Cycles:
  for (int word = 0; word < A::kHStart; ++word) {
    #pragma HLS PIPELINE II=1
  Lanes:
    for (int lane = 0; lane < A::kLanes; ++lane) {
      #pragma HLS UNROLL
      const Int<A::kOperandWidth> factor = Int<A::kOperandWidth>(x[lane % Copies(A::kReaders)][columns[word][lane]])
                                           << A::kXShift;
      const Int<A::kWeightWidth> value = values[word][lane];
      Int<A::kTotalWidth> &sum = sums[SumOf<A>(lane, false)][row];
      sum = sum + Product<A>(value, factor);
    }
    ++kept;
    if (kept == A::kKeptX) {
      kept = 0;
      ++row;
    }
  }
}

/// Column engine: the columns of x that are not zero, then those of h, each in as many cycles as a lane keeps weights of
/// it. Neighbouring columns may add to the same row, so the tool has to see how long an addition takes.
template <typename A>
void ColumnEngine(const Values<A> &values, const LaneRows<A> &rows, const Nonzeros<A::kXWidth, A::kInputs> &x,
                  const Nonzeros<A::kStateWidth, A::kOutputs> &h, Accumulators<A> &sums) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=rows type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=1
  int place = 0;
  int kept = 0;
Cycles:
  for (int cycle = 0; cycle < x.count * A::kKeptX + h.count * A::kKeptH; ++cycle) {
    #pragma HLS PIPELINE II=1
    const bool from_h = place >= x.count;
    const int word = from_h ? A::kHStart + h.column[place - x.count] * A::kKeptH + kept
                            : x.column[place] * A::kKeptX + kept;
    const Int<A::kOperandWidth> factor = from_h ? Int<A::kOperandWidth>(h.value[place - x.count]) << A::kHShift
                                                : Int<A::kOperandWidth>(x.value[place]) << A::kXShift;
  Lanes:
    for (int lane = 0; lane < A::kLanes; ++lane) {
      #pragma HLS UNROLL
      const int row = rows[word][lane];
      const Int<A::kWeightWidth> value = values[word][lane];
      Int<A::kTotalWidth> &sum = sums[SumOf<A>(lane, from_h)][row];
      sum = sum + Product<A>(value, factor);
    }
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
      Int<A::kTotalWidth> &sum = sums[(unit + n) % A::kUnits * A::kSumsPerUnit + number][(unit + n) / A::kUnits];
      taken[n][number] = sum;
      sum = 0;
    }
  }
}

}  // namespace sparrow
