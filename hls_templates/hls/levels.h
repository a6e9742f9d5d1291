#pragma once

#include "cell.h"
#include "operands.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"
#include "update.h"

namespace sparrow {

/// What an array is in the levels behind the first: the same lanes, with x or without.
template <typename A>
struct Later : A {
  static constexpr int kInputs = A::kLaterInputs;
  static constexpr int kCycles = A::kLaterCycles;
  static constexpr int kAhead = A::kLaterAhead;
  static constexpr int kDepth = A::kGroups * kCycles;
  static constexpr const int (&kXSlots)[A::kLanesPerRow] = A::kLaterXSlots;
  static constexpr const int (&kSlots)[A::kLanesPerRow] = A::kLaterSlots;
};

/// Biases, [level][unit][sum].
template <typename A>
using LevelBiases = Constant<A::kBiasWidth>[A::kLevels][A::kOutputs][A::kSumsPerUnit];

/// Process: one step of a layer in levels, x_t in, the state of the last level out. What is kept lives as long as the
/// hardware, that is from call to call; the step after the end of a sequence reads it as zero (unless the model is
/// stateful), so nothing has to clear it. What is laid aside lives within a step.
template <typename A, typename Indices, typename Out, typename... Tables>
void LevelledStep(const Operands<A> &x, const bool &end, const Values<A> &values, const Indices &indices,
                  const LevelBiases<A> &bias, Stream<Out> &out, std::uint32_t &gate, std::uint32_t &cell,
                  std::uint32_t &state, const Tables &...tables) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=3
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=2
  static States<A, 2> read;  // what the level before left, and this one does
  static Carried<Int<A::kCellWidth>, kNever> kept[A::kOutputs];
  static Carried<Int<A::kActivationWidth>, kNever> aside[A::kOutputs];
  static bool goes_on = false;
  static bool bank = false;
  static std::uint32_t gates = 0;
  static std::uint32_t cells = 0;
  static std::uint32_t states = 0;
  #pragma HLS ARRAY_PARTITION variable=read type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=read type=cyclic factor=BankOf<A>::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=kept type=cyclic factor=A::kCells
  #pragma HLS ARRAY_PARTITION variable=aside type=cyclic factor=A::kCells
  // Lanes read another bank than the cells write, and what a unit keeps is touched once a level.
  #pragma HLS DEPENDENCE variable=read type=inter dependent=false
  #pragma HLS DEPENDENCE variable=kept type=inter dependent=false
  #pragma HLS DEPENDENCE variable=aside type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=bank
  #pragma HLS RESET variable=gates
  #pragma HLS RESET variable=cells
  #pragma HLS RESET variable=states
  int level = 0;
  bool fresh = !goes_on;

  const auto operand = [&](int reader, int column, bool from_x) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = reader % kCopies<A>;
    if (from_x) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    if (fresh) return 0;
    const Int<A::kStateWidth> left = read[copy][bank][column];
    return Int<A::kOperandWidth>(left) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kSumsPerUnit],
                          Clips &clips) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Int<A::kCellWidth> found = kept[unit];
    const Int<A::kCellWidth> before = fresh ? Int<A::kCellWidth>(0) : found;
    Int<A::kActivationWidth> beside = aside[unit];
    const NoScales none;
    const CellValues<A> values =
        UpdateCell<A>(sums, none, bias[level][unit], before, beside, level, unit, clips, tables...);
    kept[unit] = values.c;
    aside[unit] = beside;
    KeepState<A, 2>(read, !bank, unit, values.h);
    return values.h;
  };

  const auto emit = [&](int first_unit, const Sums<A, A::kCells> &sums) {
    #pragma HLS INLINE
    if (first_unit >= A::kOutputs) return;
    Clips clips = {0, 0, 0};
    const Out packet = CellsOf<A, Out>(first_unit, sums, end, update, clips);
    gates += clips.gate;
    cells += clips.cell;
    states += clips.state;
    if (level < A::kLevels - 1) return;
    out.write(packet);
  };

  RowEngine<A>(values, indices, operand, emit);
Levels:
  for (level = 1; level < A::kLevels; ++level) {
    #pragma HLS LOOP_FLATTEN off
    fresh = false;
    bank = !bank;
    RowEngine<Later<A>>(values, indices, operand, emit, A::kGroups * A::kCycles + (level - 1) * Later<A>::kDepth);
  }
  bank = !bank;
  goes_on = !end || A::kStateful;
  gate = gates;
  cell = cells;
  state = states;
}

}  // namespace sparrow
