#pragma once

#include "cell.h"
#include "observe.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// Exact row sums of one unit to the activations of its gates.
template <typename A>
Gates<A> Activate(const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit],
                  const Constant<A::kBiasWidth> (&bias)[A::kRowsPerUnit],
                  const typename SigmoidTable<A>::Entries_t &sigmoid, const typename TanhTable<A>::Entries_t &tanh,
                  int unit) {
  #pragma HLS INLINE
  Int<A::kGateWidth> pre[A::kRowsPerUnit];
  #pragma HLS ARRAY_PARTITION variable=pre type=complete
Rows:
  for (int row = 0; row < A::kRowsPerUnit; ++row) {
    #pragma HLS UNROLL
    pre[row] = PreActivation<A>(sums[row], bias[row]);
    Observe(static_cast<Signal>(kInputPre + row), A::kLayer, unit, pre[row]);
  }
  const Gates<A> gates = {SigmoidTable<A>::Lookup(sigmoid, pre[0]), SigmoidTable<A>::Lookup(sigmoid, pre[1]),
                          TanhTable<A>::Lookup(tanh, pre[2]), SigmoidTable<A>::Lookup(sigmoid, pre[3])};
  Observe(kInput, A::kLayer, unit, gates.i);
  Observe(kForget, A::kLayer, unit, gates.f);
  Observe(kCandidate, A::kLayer, unit, gates.g);
  Observe(kOutput, A::kLayer, unit, gates.o);
  return gates;
}

/// Process: one step of an LSTM layer, x_t in, h_t out. h and c live as long as the hardware, that is from call to
/// call; a step after the end of a sequence reads them as zero, so nothing has to clear them.
template <typename A, typename Out>
void LstmStep(const Operands<A> &x, const bool &end, const Values<A> &values, const Columns<A> &columns,
              const Biases<A> &bias, const typename SigmoidTable<A>::Entries_t &sigmoid,
              const typename TanhTable<A>::Entries_t &tanh, const typename CellTanhTable<A>::Entries_t &cell_tanh,
              Stream<Out> &out) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  #pragma HLS BIND_STORAGE variable=sigmoid type=rom_np
  #pragma HLS BIND_STORAGE variable=tanh type=rom_np
  #pragma HLS BIND_STORAGE variable=cell_tanh type=rom_np
  static_assert(A::kRowsPerUnit == 4, "an LSTM unit has the gates input, forget, cell, output");
  static Int<A::kStateWidth> h[Copies(A::kLanes)][2][A::kOutputs];  // h_{t-1} in one half, h_t in the other
  static Int<A::kCellWidth> c[A::kOutputs];
  static bool first = true;
  static bool half = false;
  #pragma HLS ARRAY_PARTITION variable=h type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=h type=cyclic factor=A::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells
  // Lanes read the half that the cells do not write, and a unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=h type=inter dependent=false
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  #pragma HLS RESET variable=first
  #pragma HLS RESET variable=half

  const auto operand = [&](int lane, int column, bool from_x) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = lane % Copies(A::kLanes);
    if (from_x) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    if (first) return 0;
    return Int<A::kOperandWidth>(h[copy][half][column]) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit]) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Gates<A> gates = Activate<A>(sums, bias[unit], sigmoid, tanh, unit);
    const Int<A::kCellWidth> old_c = first ? Int<A::kCellWidth>(0) : c[unit];
    const Int<A::kCellWidth> c_t = NextCell<A>(gates, old_c);
    const Int<A::kActivationWidth> tanh_c = CellTanhTable<A>::Lookup(cell_tanh, c_t);
    const Int<A::kStateWidth> h_t = NextState<A>(gates.o, tanh_c);
    Observe(kC, A::kLayer, unit, c_t);
    Observe(kTanhC, A::kLayer, unit, tanh_c);
    Observe(kH, A::kLayer, unit, h_t);
    c[unit] = c_t;
  Copies:
    for (int copy = 0; copy < Copies(A::kLanes); ++copy) {
      #pragma HLS UNROLL
      h[copy][!half][unit] = h_t;
    }
    return h_t;
  };

  const auto emit = [&](int first_unit, const Sums<A, A::kCells> &sums) {
    #pragma HLS INLINE
    Out packet;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      packet.data.element[n] = first_unit + n < A::kOutputs ? update(first_unit + n, sums[n]) : Int<A::kStateWidth>(0);
    }
    packet.last = end && first_unit + A::kCells >= A::kOutputs;
    KeepAll(packet);
    if (first_unit < A::kOutputs) out.write(packet);
  };

  RowEngine<A>(values, columns, operand, emit);
  first = end;
  half = !half;
}

}  // namespace sparrow
