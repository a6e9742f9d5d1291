#pragma once

#include "platform.h"

namespace sparrow {

constexpr int Max(int a, int b) { return a > b ? a : b; }

/// How often narrowing clipped a signal: in one iteration of the cells, or, modulo 2**32, since reset.
struct Clips {
  std::uint32_t gate;
  std::uint32_t cell;
  std::uint32_t state;
};

/// Drop kShift fraction bits, round half up, saturate to kOut bits; counts where that clips.
template <int kIn, int kShift, int kOut>
Int<kOut> Narrow(const Int<kIn> &x, std::uint32_t &clipped) {
  #pragma HLS INLINE
  static_assert(kShift >= 0, "a number cannot be narrowed to more fraction bits than it has");
  static_assert(kIn <= 62 && kShift <= 62, "an exact sum of more than 62 bits cannot be narrowed");
  constexpr long long kHalf = (1LL << kShift) >> 1;
  constexpr long long kHigh = (1LL << (kOut - 1)) - 1;
  constexpr long long kLow = -kHigh - 1;
  constexpr int kRounded = Max(kIn, kShift) + 1;
  const Int<kRounded> rounded = x + Int<kRounded>(kHalf);
  const Int<kRounded> dropped = rounded >> kShift;
  const bool above = dropped > kHigh;
  const bool below = dropped < kLow;
  clipped += above || below ? 1 : 0;
  if (above) return kHigh;
  if (below) return kLow;
  return dropped;
}

}  // namespace sparrow
