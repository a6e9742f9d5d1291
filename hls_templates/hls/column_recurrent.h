#pragma once

#include "cell.h"
#include "column_engine.h"
#include "platform.h"
#include "receive.h"
#include "update.h"

namespace sparrow {

/// Below what an integer of h counts as zero in the recurrence, if it is smaller in magnitude; 0 keeps all.
template <typename A>
using Threshold = Int<A::kStateWidth>;

/// Process: one step of a recurrent layer by columns, x_t in, h_t out; what is zero of x_t and of h_{t-1} takes no cycle
/// (where W_x goes by rows, x_t is read whole). State lives from call to call as in `RecurrentStep`; the encoder behind the
/// cells keeps what of h_t the stream's next step reads.
template <typename A, typename Factors, typename Out, typename... Tables>
void ColumnStep(const Operands<A> &x, const bool &end, const Values<A> &values, const LaneRows<A> &rows,
                const Biases<A> &bias, const Factors &scales, const Threshold<A> &threshold, Stream<Out> &out,
                LayerStatus &saturations, const Tables &...tables) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  static_assert(A::kOutputs == A::kUnits * A::kGroups, "every lane has as many rows as the others");
  static Nonzeros<A::kStateWidth, A::kOutputs> h[A::kStreams];
  static Int<A::kCellWidth> c[A::kStreams][A::kOutputs];
  static Accumulators<A> sums;
  static bool goes_on[A::kStreams];
  static int stream = 0;
  static LayerStatus counted = {0, 0, 0, false};
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells dim=2
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=goes_on type=complete
  // A unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=stream
  #pragma HLS RESET variable=counted
  const bool first = !goes_on[stream];
  Nonzeros<A::kXWidth, A::kInputs> given;
  if (first) h[stream].count = 0;
  if constexpr (A::kXByRows) {
    RowsOfX<A>(values, rows, x, sums);
  } else {
  Inputs:
    for (int column = 0; column < A::kInputs; ++column) {
      #pragma HLS PIPELINE II=1
      if (x[0][column] != 0) given.Append(x[0][column], column);
    }
  }
  ColumnEngine<A>(values, rows, given, h[stream], sums);
  h[stream].count = 0;
Units:
  for (int first_unit = 0; first_unit < A::kOutputs; first_unit += A::kCells) {
    #pragma HLS PIPELINE II=1
    Sums<A, A::kCells> taken;
    Out packet;
    TakeSums<A>(sums, first_unit, taken);
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const int unit = first_unit + n;
      const Int<A::kCellWidth> old_c = first ? Int<A::kCellWidth>(0) : c[stream][unit];
      const CellValues<A> cell = UpdateCell<A>(taken[n], scales, bias[unit], old_c, 0, unit, counted, tables...);
      c[stream][unit] = cell.c;
      if (cell.h >= threshold || cell.h <= -threshold) h[stream].Append(cell.h, unit);
      packet.data.element[n] = cell.h;
    }
    packet.last = end && first_unit + A::kCells >= A::kOutputs;
    KeepAll(packet);
    out.write(packet);
  }
  saturations = counted;
  goes_on[stream] = !end || A::kStateful;
  stream = stream == A::kStreams - 1 ? 0 : stream + 1;
}

}  // namespace sparrow
