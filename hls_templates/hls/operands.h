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

/// Directions of which each has readers of its own, units of E from word to word in turn; one where an array names none.
template <typename A, typename = void>
constexpr int kDirections = 1;
template <typename A>
constexpr int kDirections<A, std::enable_if_t<(A::kDirections > 0)>> = A::kDirections;

/// Parts of a vector of which a reader needs one.
template <typename A>
constexpr int kParts = kColumnBanks<A> * kDirections<A>;

/// Copies of an operand memory of an array.
template <typename A>
constexpr int kCopies = Copies(A::kReaders, kParts<A>);

/// Columns of a vector that a copy holds.
template <typename A>
constexpr int InBank(int columns) {
  return (columns + kParts<A> - 1) / kParts<A>;
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

/// The direction that a reader serves.
template <typename A>
constexpr int DirectionOf(int reader) {
  if (A::kDense) return reader / A::kLanesPerRow % kDirections<A>;
  return reader * A::kUnits / A::kReaders / A::kCells % kDirections<A>;
}

/// The copy that a reader reads.
template <typename A>
constexpr int CopyOf(int reader) {
  if (kDirections<A> > 1 && kCopies<A> < A::kReaders) return DirectionOf<A>(reader);
  return reader % kCopies<A>;
}

/// The direction that reads a copy.
template <typename A>
constexpr int ReadBy(int copy) {
  return kCopies<A> < A::kReaders ? copy % kDirections<A> : DirectionOf<A>(copy);
}

/// Whether a copy holds h of a unit.
template <typename A>
constexpr bool HoldsUnit(int copy, int unit) {
  if (kDirections<A> > 1) return ReadBy<A>(copy) == unit / A::kCells % kDirections<A>;
  return Holds<A>(copy, unit);
}

/// Where in a copy that is.
template <typename A>
constexpr int PlaceOfUnit(int unit) {
  if (kDirections<A> > 1) return unit / A::kCells / kDirections<A> * A::kCells + unit % A::kCells;
  return unit / kColumnBanks<A>;
}

/// Whether a copy holds a column of x; the first direction reads the first half.
template <typename A>
constexpr bool HoldsInput(int copy, int column) {
  if (kDirections<A> > 1) return ReadBy<A>(copy) == column / InBank<A>(A::kInputs);
  return Holds<A>(copy, column);
}

/// Where in a copy that is.
template <typename A>
constexpr int PlaceOfInput(int column) {
  if (kDirections<A> > 1) return column % InBank<A>(A::kInputs);
  return column / kColumnBanks<A>;
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
    if (HoldsUnit<A>(copy, unit)) h[copy][bank][PlaceOfUnit<A>(unit)] = value;
  }
}

}  // namespace sparrow
