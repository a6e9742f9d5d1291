#pragma once

#include "platform.h"

namespace sparrow {

/// A function as a table of 2**kAddress entries over its kIn-bit input: shift right by kShift, clamp, look up. Entries
/// stand at the unsigned address, which is the two's complement of the signed index.
template <int kIn, int kShift, int kAddress, int kOut>
struct Table {
  static constexpr int kEntries = 1 << kAddress;
  using Entries_t = Constant<kOut>[kEntries];

  static Int<kOut> Lookup(const Entries_t &entries, const Int<kIn> &x) {
    #pragma HLS INLINE
    const Int<kIn> shifted = x >> kShift;
    return static_cast<long long>(entries[Clamped(shifted) & (kEntries - 1)]);
  }

 private:
  static int Clamped(const Int<kIn> &index) {
    #pragma HLS INLINE
    if (index < -kEntries / 2) return -kEntries / 2;
    if (index > kEntries / 2 - 1) return kEntries / 2 - 1;
    return static_cast<int>(index);
  }
};

}  // namespace sparrow
