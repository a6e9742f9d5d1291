#pragma once

#include <type_traits>

#include "platform.h"

namespace sparrow {

/// Banks that the columns of an operand are dealt to, column c to bank c mod kColumnBanks, so that reader r needs the bank
/// r mod kColumnBanks alone; one where an array names none.
template <typename A, typename = void>
constexpr int kColumnBanks = 1;
template <typename A>
constexpr int kColumnBanks<A, std::enable_if_t<(A::kColumnBanks > 0)>> = A::kColumnBanks;

/// Copies of an operand memory of an array.
template <typename A>
constexpr int kCopies = Copies(A::kReaders, kColumnBanks<A>);

/// Columns of a vector that a copy holds.
template <typename A>
constexpr int InBank(int columns) {
  return (columns + kColumnBanks<A> - 1) / kColumnBanks<A>;
}

/// Values of a word that a copy holds.
template <typename A>
struct BankOf {
  static constexpr int kInputWords = A::kInputWords > kColumnBanks<A> ? A::kInputWords / kColumnBanks<A> : 1;
  static constexpr int kCells = A::kCells > kColumnBanks<A> ? A::kCells / kColumnBanks<A> : 1;
};

/// Whether a copy holds a column.
template <typename A>
constexpr bool Holds(int copy, int column) {
  return copy % kColumnBanks<A> == column % kColumnBanks<A>;
}

/// What the lanes of an array read x_t from: [copy][column of its bank].
template <typename A>
using Operands = Int<A::kXWidth>[kCopies<A>][InBank<A>(A::kInputs)];

/// What the lanes read h_{t-1} from: [copy][bank of the memory][column of its bank].
template <typename A, int kBanks>
using States = Carried<Int<A::kStateWidth>, kNever>[kCopies<A>][kBanks][InBank<A>(A::kOutputs)];

/// h of a unit into every copy that holds it.
template <typename A, int kBanks>
void KeepState(States<A, kBanks> &h, int bank, int unit, const Int<A::kStateWidth> &value) {
  #pragma HLS INLINE
Copies:
  for (int copy = 0; copy < kCopies<A>; ++copy) {
    #pragma HLS UNROLL
    if (Holds<A>(copy, unit)) h[copy][bank][unit / kColumnBanks<A>] = value;
  }
}

}  // namespace sparrow
