#pragma once

#include "cell.h"
#include "observe.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// What a linear layer in front of another one shows: its exact sums with their biases, and what leaves it.
enum LinearSignal { kSum, kOut };

/// A value within two ends of its own format.
template <int kWidth>
Int<kWidth> Clipped(const Int<kWidth> &x, long long least, long long most) {
  #pragma HLS INLINE
  if (x < least) return least;
  if (x > most) return most;
  return x;
}

/// Process: one vector from the linear layer before, or from a pool, which answer at `answered` alone unless after every
/// step. That flag is of a process which is through when this one begins: waiting for both it and the vector cannot lock.
template <typename A, typename In>
void ReceiveAnswer(Stream<In> &in, Operands<A> &x, bool &end, const bool &answered) {
  #pragma HLS INLINE off
  end = answered;
  bool ended = false;
  bool torn = false;
  bool filler = false;
  if (A::kEveryStep || answered) TakeVector<A>(in, x, ended, torn, filler, kNothing);
}

/// Process: linear layer in front of another one. Writes what its activation makes of every exact sum, after every step or
/// after the last one of a sequence.
template <typename A, typename Source, typename Indices, typename Bias, typename Set, typename Out>
void LinearLayer(const Operands<A> &x, const bool &end, Source &values, const Indices &indices,
                 const Bias &bias, const Set &set, Stream<Out> &out) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  static_assert(A::kRowsPerUnit == 1 && A::kCells == 1, "a linear layer has one row an output and emits one at a time");
  if (!A::kEveryStep && !end) return;
  const int first_bias = Begin(set, kUnitWords<A>);

  const auto operand = [&](int reader, int column, bool) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    return Int<A::kOperandWidth>(x[reader % Copies(A::kReaders)][column]) << A::kXShift;
  };

  const auto emit = [&](int row, const Sums<A, 1> &sums) {
    #pragma HLS INLINE
    if (row >= A::kOutputs) return;
    const Int<A::kSumWidth> sum = WithBias<A>(sums[0][0], bias[first_bias + row][0]);
    const Int<A::kOutWidth> value = Activated(A(), sum);
    Observe(kSum, A::kLayer, row, sum);
    Observe(kOut, A::kLayer, row, value);
    Out packet;
    packet.data.element[0] = value;
    packet.last = end && row == A::kOutputs - 1;
    KeepAll(packet);
    out.write(packet);
  };

  RowEngine<A>(values, indices, operand, emit, Begin(set, A::kDepth));
}

}  // namespace sparrow
