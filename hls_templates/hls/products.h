#pragma once

#include "platform.h"

namespace sparrow {

/// A weight times an operand; digits (-1, 0, 1 in two bits, or 0 for 1 and -1 in one bit) need no multiplier.
template <typename A>
Int<A::kProductWidth> Product(const Int<A::kWeightWidth> &value, const Int<A::kOperandWidth> &factor) {
  #pragma HLS INLINE
  if (A::kMultiplies) return value * factor;
  if (value < 0) return Int<A::kProductWidth>(0) - factor;
  if (A::kWeightWidth > 1 && value == 0) return 0;
  return factor;
}

/// Two weights times an operand by one multiplication: (high 2^k + low) factor, with k bits a product. The low product is
/// what the low k bits say in two's complement; where it is negative, it has borrowed one of the bits above.
template <typename A>
void TwoProducts(const Int<A::kWeightWidth> &low, const Int<A::kWeightWidth> &high, const Int<A::kOperandWidth> &factor,
                 Int<A::kProductWidth> &of_low, Int<A::kProductWidth> &of_high) {
  #pragma HLS INLINE
  constexpr int kBits = A::kProductWidth;
  constexpr long long kTurn = 1LL << kBits;
  const Int<A::kPackedWidth> packed = (Int<A::kPackedWidth>(high) << kBits) + low;
  const Int<2 * kBits> both = packed * factor;
  const Int<kBits + 1> rest = both & (kTurn - 1);
  const bool borrowed = rest >= kTurn / 2;
  of_low = borrowed ? rest - kTurn : static_cast<long long>(rest);
  of_high = (both >> kBits) + (borrowed ? 1 : 0);
}

/// Lanes of a unit: row after row, those of a row.
template <typename A>
constexpr int kUnitLanes = A::kRowsPerUnit * A::kLanesPerRow;

/// Something of each lane of a unit.
template <typename A, int kWidth>
using OfLanes = Int<kWidth>[kUnitLanes<A>];

/// Whether multipliers serve two lanes each.
template <bool kPacked>
struct Packed {};

/// The products of all lanes of a unit.
template <typename A>
void Multiply(const Packed<false> &, const OfLanes<A, A::kWeightWidth> &weights,
              const OfLanes<A, A::kOperandWidth> &factors, OfLanes<A, A::kProductWidth> &products) {
  #pragma HLS INLINE
Lanes:
  for (int lane = 0; lane < kUnitLanes<A>; ++lane) {
    #pragma HLS UNROLL
    products[lane] = Product<A>(weights[lane], factors[lane]);
  }
}

/// Rows 2n and 2n + 1 share their operands: a lane of the one and one of the other share a multiplier.
template <typename A>
void Multiply(const Packed<true> &, const OfLanes<A, A::kWeightWidth> &weights,
              const OfLanes<A, A::kOperandWidth> &factors, OfLanes<A, A::kProductWidth> &products) {
  #pragma HLS INLINE
Lanes:
  for (int lane = 0; lane < kUnitLanes<A>; ++lane) {
    #pragma HLS UNROLL
    const int row = lane / A::kLanesPerRow;
    if (row % 2 == 0 && row == A::kRowsPerUnit - 1) {
      products[lane] = Product<A>(weights[lane], factors[lane]);
    } else if (row % 2 == 0) {
      const int other = lane + A::kLanesPerRow;
      TwoProducts<A>(weights[lane], weights[other], factors[lane], products[lane], products[other]);
    }
  }
}

}  // namespace sparrow
