#pragma once

#include "lookup.h"
#include "narrow.h"
#include "platform.h"

namespace sparrow {

template <typename F>
using SigmoidTable = Table<F::kGateWidth, F::kSigmoidShift, F::kSigmoidAddress, F::kActivationWidth>;
template <typename F>
using TanhTable = Table<F::kGateWidth, F::kTanhShift, F::kTanhAddress, F::kActivationWidth>;
template <typename F>
using CellTanhTable = Table<F::kCellWidth, F::kCellTanhShift, F::kCellTanhAddress, F::kActivationWidth>;

/// Biases, [unit][sum].
template <typename A>
using Biases = Constant<A::kBiasWidth>[A::kOutputs][A::kSumsPerUnit];

/// What each sum is multiplied with, [unit][sum].
template <typename A>
using Scales = Constant<A::kScaleWidth>[A::kOutputs][A::kSumsPerUnit];

/// In place of scales where sums are taken as they are.
struct NoScales {};
const NoScales kNoScales = {};

/// Units of an array's last group counted as whole: words of biases and of scales of one set.
template <typename A>
constexpr int kUnitWords = A::kGroups * A::kUnits;

/// Scales of one unit.
template <typename A, typename Factor, std::size_t kUnits>
const Factor (&ScalesOf(const Factor (&scales)[kUnits][A::kSumsPerUnit], int unit))[A::kSumsPerUnit] {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=scales type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=scales type=cyclic factor=A::kCells dim=1
  return scales[unit];
}

template <typename A>
const NoScales &ScalesOf(const NoScales &none, int) {
  #pragma HLS INLINE
  return none;
}

/// A row's exact sum times its scale.
template <typename A, typename Factor>
Int<A::kScaledWidth> Scaled(const Int<A::kTotalWidth> &sum, const Factor (&scales)[A::kSumsPerUnit], int row) {
  #pragma HLS INLINE
  return sum * Int<A::kScaleWidth>(scales[row]);
}

template <typename A>
Int<A::kScaledWidth> Scaled(const Int<A::kTotalWidth> &sum, const NoScales &, int) {
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
                                 Clips &saturations) {
  #pragma HLS INLINE
  return Narrow<A::kSumWidth, A::kFrac - A::kGateFrac, A::kGateWidth>(WithBias<A>(sum, bias), saturations.gate);
}

/// A value with kFrac fraction bits in a format with kOutFrac: rounded half up, saturated; counts where that clips.
template <int kIn, int kFrac, int kOut, int kOutFrac>
Int<kOut> Narrowed(const Int<kIn> &x, std::uint32_t &clipped) {
  #pragma HLS INLINE
  constexpr int kFiner = Max(0, kOutFrac - kFrac);
  const Int<kIn + kFiner> raised = Int<kIn + kFiner>(x) << kFiner;
  return Narrow<kIn + kFiner, kFrac + kFiner - kOutFrac, kOut>(raised, clipped);
}

/// a * 2**kAShift + b * 2**kBShift, exact.
template <int kA, int kAShift, int kB, int kBShift>
Int<Max(kA + kAShift, kB + kBShift) + 1> Added(const Int<kA> &a, const Int<kB> &b) {
  #pragma HLS INLINE
  const Int<kA + kAShift> aligned_a = Int<kA + kAShift>(a) << kAShift;
  const Int<kB + kBShift> aligned_b = Int<kB + kBShift>(b) << kBShift;
  return aligned_a + aligned_b;
}

/// Width of a mix: of share * (one - other), or of other, one bit more.
constexpr int MixWidth(int one, int other, int share, int share_frac) {
  return Max(share + Max(one, other) + 1, other + share_frac) + 1;
}

/// one * share + other * (1 - share), exact, 1 being 2**kShareFrac. As other + share * (one - other) it is the same number
/// with one product in place of two.
template <int kOne, int kOneShift, int kOther, int kOtherShift, int kShare, int kShareFrac>
Int<MixWidth(kOne + kOneShift, kOther + kOtherShift, kShare, kShareFrac)> Mixed(const Int<kOne> &one,
                                                                                const Int<kOther> &other,
                                                                                const Int<kShare> &share) {
  #pragma HLS INLINE
  constexpr int kAlignedOther = kOther + kOtherShift;
  constexpr int kDifference = Max(kOne + kOneShift, kAlignedOther) + 1;
  const Int<kOne + kOneShift> aligned_one = Int<kOne + kOneShift>(one) << kOneShift;
  const Int<kAlignedOther> aligned_other = Int<kAlignedOther>(other) << kOtherShift;
  const Int<kDifference> difference = aligned_one - aligned_other;
  const Int<kShare + kDifference> product = share * difference;
  const Int<kAlignedOther + kShareFrac> raised = Int<kAlignedOther + kShareFrac>(aligned_other) << kShareFrac;
  return product + raised;
}

/// What a cell keeps of one unit, and what is read of it: c_t and h_t of an LSTM.
template <typename F>
struct CellValues {
  Int<F::kCellWidth> c;
  Int<F::kStateWidth> h;
};

/// What is read of a kept value, in a cell where nothing else bears on it.
template <typename F>
Int<F::kStateWidth> ReadOf(const Int<F::kCellWidth> &c) {
  #pragma HLS INLINE
  std::uint32_t uncounted = 0;
  return Narrowed<F::kCellWidth, F::kCellFrac, F::kStateWidth, F::kStateFrac>(c, uncounted);
}

}  // namespace sparrow
