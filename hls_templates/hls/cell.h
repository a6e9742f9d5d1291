#pragma once

#include "lookup.h"
#include "narrow.h"
#include "observe.h"
#include "platform.h"

namespace sparrow {

template <typename F>
using SigmoidTable = Table<F::kGateWidth, F::kSigmoidShift, F::kSigmoidAddress, F::kActivationWidth>;
template <typename F>
using TanhTable = Table<F::kGateWidth, F::kTanhShift, F::kTanhAddress, F::kActivationWidth>;
template <typename F>
using CellTanhTable = Table<F::kCellWidth, F::kCellTanhShift, F::kCellTanhAddress, F::kActivationWidth>;

/// Biases, [unit][row].
template <typename A>
using Biases = Constant<A::kBiasWidth>[A::kOutputs][A::kRowsPerUnit];

/// What each row's sum is multiplied with, [unit][row].
template <typename A>
using Scales = Constant<A::kScaleWidth>[A::kOutputs][A::kRowsPerUnit];

/// In place of scales where sums are taken as they are.
struct NoScales {};

/// A row's exact sum times its scale.
template <typename A>
Int<A::kScaledWidth> Scaled(const Int<A::kTotalWidth> &sum, const Scales<A> &scales, int unit, int row) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=scales type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=scales type=cyclic factor=A::kCells dim=1
  return sum * Int<A::kScaleWidth>(scales[unit][row]);
}

template <typename A>
Int<A::kScaledWidth> Scaled(const Int<A::kTotalWidth> &sum, const NoScales &, int, int) {
  #pragma HLS INLINE
  return sum;
}

/// A row's exact sum with its bias.
template <typename A>
Int<A::kSumWidth> WithBias(const Int<A::kScaledWidth> &sum, const Constant<A::kBiasWidth> &bias) {
  #pragma HLS INLINE
  const Int<A::kSumWidth> aligned = Int<A::kSumWidth>(bias) << A::kBiasShift;
  return sum + aligned;
}

/// Pre-activation of a gate: bias added, narrowed.
template <typename A>
Int<A::kGateWidth> PreActivation(const Int<A::kScaledWidth> &sum, const Constant<A::kBiasWidth> &bias,
                                 LayerStatus &saturations) {
  #pragma HLS INLINE
  return Narrow<A::kSumWidth, A::kFrac - A::kGateFrac, A::kGateWidth>(WithBias<A>(sum, bias), saturations.gate);
}

/// Activations of the four gates.
template <typename F>
struct Gates {
  Int<F::kActivationWidth> i, f, g, o;
};

/// Exact row sums of one unit to the activations of its gates.
template <typename A, typename Factors>
Gates<A> Activate(const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit], const Factors &scales,
                  const Constant<A::kBiasWidth> (&bias)[A::kRowsPerUnit],
                  const typename SigmoidTable<A>::Entries_t &sigmoid, const typename TanhTable<A>::Entries_t &tanh,
                  int unit, LayerStatus &saturations) {
  #pragma HLS INLINE
  Int<A::kGateWidth> pre[A::kRowsPerUnit];
  #pragma HLS ARRAY_PARTITION variable=pre type=complete
Rows:
  for (int row = 0; row < A::kRowsPerUnit; ++row) {
    #pragma HLS UNROLL
    pre[row] = PreActivation<A>(Scaled<A>(sums[row], scales, unit, row), bias[row], saturations);
    Observe(kInputPre + row, A::kLayer, unit, pre[row]);
  }
  const Gates<A> gates = {SigmoidTable<A>::Lookup(sigmoid, pre[0]), SigmoidTable<A>::Lookup(sigmoid, pre[1]),
                          TanhTable<A>::Lookup(tanh, pre[2]), SigmoidTable<A>::Lookup(sigmoid, pre[3])};
  Observe(kInput, A::kLayer, unit, gates.i);
  Observe(kForget, A::kLayer, unit, gates.f);
  Observe(kCandidate, A::kLayer, unit, gates.g);
  Observe(kOutput, A::kLayer, unit, gates.o);
  return gates;
}

/// c_t = f * c_{t-1} + i * g, exact, then narrowed.
template <typename F>
Int<F::kCellWidth> NextCell(const Gates<F> &gates, const Int<F::kCellWidth> &c, LayerStatus &saturations) {
  #pragma HLS INLINE
  constexpr int kFrac = Max(F::kActivationFrac + F::kCellFrac, 2 * F::kActivationFrac);
  constexpr int kOldShift = kFrac - F::kActivationFrac - F::kCellFrac;
  constexpr int kNewShift = kFrac - 2 * F::kActivationFrac;
  constexpr int kOld = F::kActivationWidth + F::kCellWidth + kOldShift;
  constexpr int kNew = 2 * F::kActivationWidth + kNewShift;
  constexpr int kSum = Max(kOld, kNew) + 1;
  const Int<kOld> kept = gates.f * c;
  const Int<kNew> added = gates.i * gates.g;
  const Int<kOld> kept_aligned = kept << kOldShift;
  const Int<kNew> added_aligned = added << kNewShift;
  const Int<kSum> sum = kept_aligned + added_aligned;
  return Narrow<kSum, kFrac - F::kCellFrac, F::kCellWidth>(sum, saturations.cell);
}

/// h_t = o * tanh(c_t), exact, then narrowed.
template <typename F>
Int<F::kStateWidth> NextState(const Int<F::kActivationWidth> &o, const Int<F::kActivationWidth> &tanh_c,
                              LayerStatus &saturations) {
  #pragma HLS INLINE
  const Int<2 * F::kActivationWidth> product = o * tanh_c;
  return Narrow<2 * F::kActivationWidth, 2 * F::kActivationFrac - F::kStateFrac, F::kStateWidth>(product, saturations.state);
}

/// c_t and h_t of one unit.
template <typename F>
struct CellValues {
  Int<F::kCellWidth> c;
  Int<F::kStateWidth> h;
};

/// One step of one unit: exact row sums and c_{t-1} to c_t and h_t.
template <typename A, typename Factors>
CellValues<A> UpdateCell(const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit], const Factors &scales,
                         const Constant<A::kBiasWidth> (&bias)[A::kRowsPerUnit], const Int<A::kCellWidth> &c,
                         const typename SigmoidTable<A>::Entries_t &sigmoid,
                         const typename TanhTable<A>::Entries_t &tanh,
                         const typename CellTanhTable<A>::Entries_t &cell_tanh, int unit, LayerStatus &saturations) {
  #pragma HLS INLINE
  const Gates<A> gates = Activate<A>(sums, scales, bias, sigmoid, tanh, unit, saturations);
  const Int<A::kCellWidth> c_t = NextCell<A>(gates, c, saturations);
  const Int<A::kActivationWidth> tanh_c = CellTanhTable<A>::Lookup(cell_tanh, c_t);
  const Int<A::kStateWidth> h_t = NextState<A>(gates.o, tanh_c, saturations);
  Observe(kC, A::kLayer, unit, c_t);
  Observe(kTanhC, A::kLayer, unit, tanh_c);
  Observe(kH, A::kLayer, unit, h_t);
  return {c_t, h_t};
}

}  // namespace sparrow
