#pragma once

#include "cell.h"
#include "observe.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// Process: linear layer behind the last LSTM layer. Writes every exact logit, or the index of the largest one (the
/// lowest on a tie), after every step or after the last one of a sequence.
template <typename A, typename Source, typename Indices, typename Bias, typename Set, typename Out>
void LinearHead(const Operands<A> &x, const bool &end, Source &values, const Indices &indices,
                const Bias &bias, const Set &set, Stream<Out> &out) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  static_assert(A::kRowsPerUnit == 1 && A::kCells == 1, "a head has one row an output and emits one at a time");
  if (!A::kEveryStep && !end) return;
  Int<A::kSumWidth> largest = 0;
  int winner = 0;
  const int first_bias = Begin(set, kUnitWords<A>);

  const auto operand = [&](int reader, int column, bool) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    return Int<A::kOperandWidth>(x[reader % Copies(A::kReaders)][column]) << A::kXShift;
  };

  const auto write = [&](long long value, bool last) {
    #pragma HLS INLINE
    Out packet;
    packet.data.element[0] = value;
    packet.last = last;
    KeepAll(packet);
    out.write(packet);
  };

  const auto emit = [&](int row, const Sums<A, 1> &sums) {
    #pragma HLS INLINE
    if (row >= A::kOutputs) return;
    const bool last_row = row == A::kOutputs - 1;
    const Int<A::kSumWidth> logit = WithBias<A>(sums[0][0], bias[first_bias + row][0]);
    Observe(kLogit, A::kLayer, row, logit);
    if (row == 0 || logit > largest) {
      largest = logit;
      winner = row;
    }
    if (!A::kArgMax) write(logit, end && last_row);
    if (A::kArgMax && last_row) write(winner, end);
  };

  RowEngine<A>(values, indices, operand, emit, Begin(set, A::kDepth));
}

}  // namespace sparrow
