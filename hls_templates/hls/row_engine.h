#pragma once

#include "narrow.h"
#include "operands.h"
#include "platform.h"
#include "products.h"

namespace sparrow {

/// Weights in the lanes' memories: [group and cycle][unit, row, lane of the row].
template <typename A>
using Values = Constant<A::kWeightWidth>[A::kDepth][A::kLanes];

/// Column indices beside them, one for each operand that is read: [group and cycle][reader].
template <typename A>
using Columns = Index<A::kIndexWidth>[A::kDepth][A::kReaders];

/// In place of indices where every weight is kept: the column follows from the cycle.
struct NoColumns {};

/// Which operand read serves a lane: each its own; one for the rows of a unit where they share their columns; one for
/// all units, or all of a direction, where every column is read.
template <typename A>
constexpr int Reader(int unit, int row, int m) {
  if (A::kDense) return unit / A::kCells % kDirections<A> * A::kLanesPerRow + m;
  if (A::kSharedByGates) return unit * A::kLanesPerRow + m;
  return (unit * A::kRowsPerUnit + row) * A::kLanesPerRow + m;
}

/// Index bits that select one of the values within a word.
constexpr int LowBits(int values) { return values > 1 ? 1 + LowBits((values + 1) / 2) : 0; }

/// Number of the value at a place: the memory word above the place within it, kWords values a word.
template <int kWords>
int ColumnAt(int place) {
  #pragma HLS INLINE
  constexpr int kLow = LowBits(kWords);
  return (place >> kLow) * kWords + (place & ((1 << kLow) - 1));
}

/// Number of the operand at a place, among those that a reader's copy holds.
template <typename A>
int OperandAt(int place, bool of_x) {
  #pragma HLS INLINE
  return of_x ? ColumnAt<BankOf<A>::kInputWords>(place) : ColumnAt<BankOf<A>::kCells>(place);
}

/// The value of a lane of a unit in a memory word, whose bits are `bit(n)`: of as many as its gate's values have.
template <typename A, typename Bit>
Constant<A::kWeightWidth> ValueOf(int lane, const Bit &bit) {
  #pragma HLS INLINE
  const int gate = lane / A::kLanesPerRow;
  const int width = A::kGateWidths[gate];
  const int begin = A::kGateStarts[gate] + lane % A::kLanesPerRow * width;
  int value = 0;
Bits:
  for (int n = 0; n < A::kWeightWidth; ++n) {
    #pragma HLS UNROLL
    if (n < width && bit(begin + n)) value |= 1 << n;
  }
  const int sign = 1 << (width - 1);
  return static_cast<Constant<A::kWeightWidth>>((value ^ sign) - sign);
}

/// The column whose operand a reader reads, counted within its bank.
template <typename A, std::size_t kWords>
int Column(const Index<A::kIndexWidth> (&columns)[kWords][A::kReaders], int word, int, int reader) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=columns type=complete dim=2
  return columns[word][reader];
}

template <typename A>
int Column(const NoColumns &, int, int cycle, int reader) {
  #pragma HLS INLINE
  const int m = reader % A::kLanesPerRow;
  const int position = cycle * A::kLanesPerRow + m;
  if (cycle < A::kXSlots[m]) return position;
  const int column = position - A::kInputs / kDirections<A>;
  return column < A::kOutputs / kDirections<A> ? column : 0;  // what an idle lane reads does not count
}

/// Exact sums of kCount units: one a row, two where the x part and the h part of a row stay apart.
template <typename A, int kCount>
using Sums = Int<A::kTotalWidth>[kCount][A::kSumsPerUnit];

/// h of the E units from `first_unit` on, as `update` makes each of them of its sums; the packet of a sequence's last ones
/// at its `end` is marked. `clips` counts what was clipped on the way.
template <class A, class Out, class Update>
Out CellsOf(int first_unit, const Sums<A, A::kCells> &sums, bool end, const Update &update, Clips &clips) {
  #pragma HLS INLINE
  Out packet;
Cells:
  for (int n = 0; n < A::kCells; ++n) {
    #pragma HLS UNROLL
    const int unit = first_unit + n;
    packet.data.element[n] = unit < A::kOutputs ? update(unit, sums[n], clips) : Int<A::kStateWidth>(0);
  }
  packet.last = end && first_unit + A::kCells >= A::kOutputs;
  KeepAll(packet);
  return packet;
}

/// One cycle of all lanes: each multiplies its weight by the operand that its column names.
template <typename A, typename Held, typename Indices, typename Operand>
void MultiplyAccumulate(const Held &values, const Indices &indices, int word, int cycle, const Operand &operand,
                        Sums<A, A::kUnits> &sums) {
  #pragma HLS INLINE
Units:
  for (int unit = 0; unit < A::kUnits; ++unit) {
    #pragma HLS UNROLL
    OfLanes<A, A::kWeightWidth> weights;
    OfLanes<A, A::kOperandWidth> factors;
    OfLanes<A, A::kProductWidth> products;
    #pragma HLS ARRAY_PARTITION variable=weights type=complete
    #pragma HLS ARRAY_PARTITION variable=factors type=complete
    #pragma HLS ARRAY_PARTITION variable=products type=complete
  Read:
    for (int lane = 0; lane < kUnitLanes<A>; ++lane) {
      #pragma HLS UNROLL
      const int m = lane % A::kLanesPerRow;
      const int reader = Reader<A>(unit, lane / A::kLanesPerRow, m);
      const int column = Column<A>(indices, word, cycle, reader);
      const Int<A::kOperandWidth> read = operand(reader, column, cycle < A::kXSlots[m]);
      factors[lane] = cycle < A::kSlots[m] ? read : Int<A::kOperandWidth>(0);
      weights[lane] = values[word][unit * kUnitLanes<A> + lane];
    }
    Multiply<A>(Packed<A::kPacked>(), weights, factors, products);
  Rows:
    for (int row = 0; row < A::kRowsPerUnit; ++row) {
      #pragma HLS UNROLL
      const bool apart = A::kSumOfX[row] != A::kSumOfH[row];
      Int<A::kTotalWidth> sum = cycle == 0 ? Int<A::kTotalWidth>(0) : sums[unit][A::kSumOfX[row]];
      Int<A::kTotalWidth> sum_of_h = cycle == 0 ? Int<A::kTotalWidth>(0) : sums[unit][A::kSumOfH[row]];
    Lanes:
      for (int m = 0; m < A::kLanesPerRow; ++m) {
        #pragma HLS UNROLL
        if (apart && cycle >= A::kXSlots[m]) {
          sum_of_h = sum_of_h + products[row * A::kLanesPerRow + m];
        } else {
          sum = sum + products[row * A::kLanesPerRow + m];
        }
      }
      if (apart) sums[unit][A::kSumOfH[row]] = sum_of_h;
      sums[unit][A::kSumOfX[row]] = sum;
    }
  }
}

/// As many units of `from` as `to` holds, beginning with `unit`.
template <typename A, int kFrom, int kTo>
void CopySums(const Sums<A, kFrom> &from, int unit, Sums<A, kTo> &to) {
  #pragma HLS INLINE
Units:
  for (int n = 0; n < kTo; ++n) {
    #pragma HLS UNROLL
  Sums:
    for (int sum = 0; sum < A::kSumsPerUnit; ++sum) {
      #pragma HLS UNROLL
      to[n][sum] = from[unit + n][sum];
    }
  }
}

/// Iterations from laying a group's sums aside to going on with them. Those of group g are laid aside with iteration
/// (g + 1) a - 1, a being the cycles ahead, and read with iteration G a + g r, r being the others: (G - 1 - g) a + g r + 1
/// apart, least at one of the ends.
template <typename A>
struct LaidAside {
  static constexpr int kRest = A::kCycles - A::kAhead;
  static constexpr int kApart =
      A::kAhead == 0 ? kMemoryCycles : (A::kGroups - 1) * (A::kAhead < kRest ? A::kAhead : kRest) + 1;
  static constexpr int kBanks = kApart < kMemoryCycles ? A::kGroups : 1;  // registers where a memory would be too slow
};

/// Sums of the rows of a group with the x that comes ahead of all h.
template <typename A>
using Begun = Carried<Int<A::kPartialWidth>, LaidAside<A>::kApart>[A::kUnits][A::kRowsPerUnit];

/// What came ahead of a group, laid aside.
template <typename A>
void LayAside(const Sums<A, A::kUnits> &sums, Begun<A> &begun) {
  #pragma HLS INLINE
Units:
  for (int unit = 0; unit < A::kUnits; ++unit) {
    #pragma HLS UNROLL
  Rows:
    for (int row = 0; row < A::kRowsPerUnit; ++row) {
      #pragma HLS UNROLL
      begun[unit][row] = sums[unit][A::kSumOfX[row]];
    }
  }
}

/// The sums of a group as they were laid aside; those over h alone begin.
template <typename A>
void GoOn(const Begun<A> &begun, Sums<A, A::kUnits> &sums) {
  #pragma HLS INLINE
Units:
  for (int unit = 0; unit < A::kUnits; ++unit) {
    #pragma HLS UNROLL
  Rows:
    for (int row = 0; row < A::kRowsPerUnit; ++row) {
      #pragma HLS UNROLL
      sums[unit][A::kSumOfH[row]] = 0;
      const Int<A::kPartialWidth> laid_aside = begun[unit][row];
      sums[unit][A::kSumOfX[row]] = laid_aside;
    }
  }
}

/// One cycle of all lanes with weights that are held.
template <typename A, std::size_t kWords, typename Indices, typename Operand>
void RunCycle(const Constant<A::kWeightWidth> (&values)[kWords][A::kLanes], const Indices &indices, int slot, int cycle,
              const Operand &operand, Sums<A, A::kUnits> &sums) {
  #pragma HLS INLINE
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=2
  MultiplyAccumulate<A>(values, indices, slot, cycle, operand, sums);
}

/// Row engine: groups of kUnits units, one after the other, each row's nonzeros read x first, then h, by its lanes.
/// `operand(reader, column, from_x)` is what a lane multiplies by. `emit(unit, sums)` takes the sums of kCells units from
/// `unit` on; it works on a group while the lanes are in the next one. The last group is emitted alone. The lanes' words
/// begin at `first_word`. The first kAhead cycles of all groups come before the others.
template <typename A, typename Source, typename Indices, typename Operand, typename Emit>
void RowEngine(Source &values, const Indices &indices, const Operand &operand, const Emit &emit, int first_word = 0) {
  #pragma HLS INLINE
  constexpr int kEmitSlots = A::kUnits / A::kCells;
  static_assert(A::kUnits % A::kCells == 0, "the cells of a cycle have to divide the units of a group");
  static_assert(kEmitSlots <= A::kCycles - A::kAhead, "the cells have to be through with a group when the lanes are with the next");
  constexpr int kWords = A::kGroups * A::kCycles;  // one a group and cycle
  constexpr int kWordsAhead = A::kGroups * A::kAhead;
  Sums<A, A::kUnits> running;
  Sums<A, A::kUnits> done;
  Begun<A> begun[A::kGroups];
  #pragma HLS ARRAY_PARTITION variable=running type=complete dim=0
  #pragma HLS ARRAY_PARTITION variable=done type=complete dim=0
  #pragma HLS ARRAY_PARTITION variable=begun type=cyclic factor=LaidAside<A>::kBanks dim=1
  #pragma HLS ARRAY_PARTITION variable=begun type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=begun type=complete dim=3
  #pragma HLS DEPENDENCE variable=begun type=inter direction=RAW distance=LaidAside<A>::kApart dependent=true
  int group = 0;
  int cycle = 0;
  LoopBegins();
Slots:
  for (int slot = 0; slot < kWords + kEmitSlots; ++slot) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    const int behind = cycle - A::kAhead;
    if (slot >= kWordsAhead && group > 0 && behind < kEmitSlots) {
      Sums<A, A::kCells> sums;
      CopySums<A>(done, behind * A::kCells, sums);
      emit((group - 1) * A::kUnits + behind * A::kCells, sums);
    }
    if (A::kAhead > 0 && cycle == A::kAhead && group < A::kGroups) GoOn<A>(begun[group], running);
    if (slot < kWords) RunCycle<A>(values, indices, first_word + slot, cycle, operand, running);
    ++cycle;
    if (cycle == A::kCycles) {
      CopySums<A>(running, 0, done);
      cycle = A::kAhead;
      ++group;
    } else if (slot < kWordsAhead && cycle == A::kAhead) {
      LayAside<A>(running, begun[group]);
      const bool through = group == A::kGroups - 1;
      cycle = through ? A::kAhead : 0;
      group = through ? 0 : group + 1;
    }
  }
}

}  // namespace sparrow
