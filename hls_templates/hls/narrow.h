#pragma once

#include "platform.h"

namespace sparrow {

constexpr int Max(int a, int b) { return a > b ? a : b; }

/// The status word of a layer: how often narrowing clipped a signal, modulo 2**32, and whether a frame of h_0 and c_0 did
/// not end with its last beat.
struct LayerStatus {
  std::uint32_t gate;
  std::uint32_t cell;
  std::uint32_t state;
  bool state_torn;
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
  if (above || below) ++clipped;
  if (above) return kHigh;
  if (below) return kLow;
  return dropped;
}

}  // namespace sparrow
