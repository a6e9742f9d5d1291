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

/// A row's exact sum with its bias.
template <typename A>
Int<A::kSumWidth> WithBias(const Int<A::kTotalWidth> &sum, const Constant<A::kBiasWidth> &bias) {
  #pragma HLS INLINE
  const Int<A::kSumWidth> aligned = Int<A::kSumWidth>(bias) << A::kBiasShift;
  return sum + aligned;
}

/// Pre-activation of a gate: bias added, narrowed.
template <typename A>
Int<A::kGateWidth> PreActivation(const Int<A::kTotalWidth> &sum, const Constant<A::kBiasWidth> &bias) {
  #pragma HLS INLINE
  return Narrow<A::kSumWidth, A::kFrac - A::kGateFrac, A::kGateWidth>(WithBias<A>(sum, bias));
}

/// Activations of the four gates.
template <typename F>
struct Gates {
  Int<F::kActivationWidth> i, f, g, o;
};

/// c_t = f * c_{t-1} + i * g, exact, then narrowed.
template <typename F>
Int<F::kCellWidth> NextCell(const Gates<F> &gates, const Int<F::kCellWidth> &c) {
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
  return Narrow<kSum, kFrac - F::kCellFrac, F::kCellWidth>(sum);
}

/// h_t = o * tanh(c_t), exact, then narrowed.
template <typename F>
Int<F::kStateWidth> NextState(const Int<F::kActivationWidth> &o, const Int<F::kActivationWidth> &tanh_c) {
  #pragma HLS INLINE
  const Int<2 * F::kActivationWidth> product = o * tanh_c;
  return Narrow<2 * F::kActivationWidth, 2 * F::kActivationFrac - F::kStateFrac, F::kStateWidth>(product);
}

}  // namespace sparrow
