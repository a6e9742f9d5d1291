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
template <typename A, typename Weights, typename Rows, typename Bias, typename Factors, typename Set, typename Out,
          typename... Tables>
void ColumnStep(const Operands<A> &x, const bool &end, const Weights &values, const Rows &rows, const Bias &bias,
                const Factors &scales, const Set &set, const Threshold<A> &threshold, Stream<Out> &out,
                std::uint32_t &gate, std::uint32_t &cell, std::uint32_t &state, const Tables &...tables) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  static_assert(A::kOutputs == A::kUnits * A::kGroups, "every lane has as many rows as the others");
  static NonzeroValues<A::kStateWidth, A::kCells, A::kStreams * kListPlaces<A>> h;
  static NonzeroColumns<A::kCells, A::kStreams * kListPlaces<A>> h_columns;
  static Counts<A::kCells> counts[A::kStreams];
  static Carried<Int<A::kCellWidth>, kNever> c[A::kStreams][A::kOutputs];
  static Accumulators<A> sums;
  static bool goes_on[A::kStreams];
  static int stream = 0;
  static std::uint32_t gates = 0;
  static std::uint32_t cells = 0;
  static std::uint32_t states = 0;
  #pragma HLS ARRAY_PARTITION variable=h type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=h_columns type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=counts type=complete dim=0
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells dim=2
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=3
  #pragma HLS ARRAY_PARTITION variable=sums type=complete dim=4
  #pragma HLS ARRAY_PARTITION variable=goes_on type=complete
  // A unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  // Turn n of kMemoryCycles adds to copy n of a sum.
  #pragma HLS DEPENDENCE variable=sums type=inter direction=RAW distance=kMemoryCycles dependent=true
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=stream
  #pragma HLS RESET variable=gates
  #pragma HLS RESET variable=cells
  #pragma HLS RESET variable=states
  const bool first = !goes_on[stream];
  const int first_word = Begin(set, A::kDepth);
  const int first_bias = Begin(set, kUnitWords<A>);
  const int first_place = stream * kListPlaces<A>;
  NonzeroValues<A::kXWidth, 1, A::kInputs> given;
  NonzeroColumns<1, A::kInputs> given_columns;
  int given_count = 0;
  if (first) Clear<A::kCells>(counts[stream]);
  if (A::kXByRows) {
    RowsOfX<A>(values, rows, x, first_word, sums);
  } else {
  Inputs:
    for (int column = 0; column < A::kInputs; ++column) {
      #pragma HLS PIPELINE II=1
      const Int<A::kXWidth> value = x[0][column];
      if (value == 0) continue;
      given[0][given_count] = value;
      given_columns[0][given_count] = column;
      ++given_count;
    }
  }
  ColumnEngine<A>(values, rows, first_word, given, given_columns, given_count, h, h_columns, first_place,
                  counts[stream], sums);
  Clear<A::kCells>(counts[stream]);
  LoopBegins();
Units:
  for (int first_unit = 0; first_unit < A::kOutputs; first_unit += A::kCells) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    Sums<A, A::kCells> taken;
    Out packet;
    Clips clips = {0, 0, 0};
    TakeSums<A>(sums, first_unit, taken);
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const int unit = first_unit + n;
      const Int<A::kCellWidth> kept = c[stream][unit];
      const Int<A::kCellWidth> old_c = first ? Int<A::kCellWidth>(0) : kept;
      const int place = first_bias + unit;
      const CellValues<A> made =
          UpdateCell<A>(taken[n], ScalesOf<A>(scales, place), bias[place], old_c, 0, unit, clips, tables...);
      c[stream][unit] = made.c;
      if (made.h >= threshold || made.h <= -threshold) {
        h[n][first_place + counts[stream][n]] = made.h;
        h_columns[n][first_place + counts[stream][n]] = unit;
        ++counts[stream][n];
      }
      packet.data.element[n] = made.h;
    }
    gates += clips.gate;
    cells += clips.cell;
    states += clips.state;
    packet.last = end && first_unit + A::kCells >= A::kOutputs;
    KeepAll(packet);
    out.write(packet);
  }
  goes_on[stream] = !end || A::kStateful;
  stream = stream == A::kStreams - 1 ? 0 : stream + 1;
  gate = gates;
  cell = cells;
  state = states;
}

}  // namespace sparrow
