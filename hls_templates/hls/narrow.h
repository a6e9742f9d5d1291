#pragma once

#include "platform.h"

namespace sparrow {

constexpr int Max(int a, int b) { return a > b ? a : b; }

/// Drop kShift fraction bits, round half up, saturate to kOut bits.
template <int kIn, int kShift, int kOut>
Int<kOut> Narrow(const Int<kIn> &x) {
  #pragma HLS INLINE
  static_assert(kShift >= 0, "a number cannot be narrowed to more fraction bits than it has");
  static_assert(kIn <= 62 && kShift <= 62, "an exact sum of more than 62 bits cannot be narrowed");
  constexpr long long kHalf = (1LL << kShift) >> 1;
  constexpr long long kHigh = (1LL << (kOut - 1)) - 1;
  constexpr long long kLow = -kHigh - 1;
  constexpr int kRounded = Max(kIn, kShift) + 1;
  const Int<kRounded> rounded = x + Int<kRounded>(kHalf);
  const Int<kRounded> dropped = rounded >> kShift;
  if (dropped > kHigh) return kHigh;
  if (dropped < kLow) return kLow;
  return dropped;
}

}  // namespace sparrow
