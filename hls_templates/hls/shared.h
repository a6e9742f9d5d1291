#pragma once

#include "cell.h"
#include "operands.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"
#include "update.h"

namespace sparrow {

/// The layers of a network in their order, each with what the lanes do for it.
template <typename... Layer>
struct Layers {};

template <typename Run>
void EachLayer(const Layers<> &, const Run &) {
  #pragma HLS INLINE
}

template <typename First, typename... Rest, typename Run>
void EachLayer(const Layers<First, Rest...> &, const Run &run) {
  #pragma HLS INLINE
  run(First());
  EachLayer(Layers<Rest...>(), run);
}

/// Process: one step of layers that share lanes, x_t in, the state of the last one out. A layer is A with cycles, groups and
/// first places of its own; units are those of all layers, one layer behind the other. The first layer reads x, then its h
/// of the step before; each later one its h of the step before, then what the layer in front has just made. What is kept
/// lives as long as the hardware, that is from call to call; the step after the end of a sequence reads it as zero (unless
/// the model is stateful), so nothing has to clear it.
template <typename A, typename Every, typename Indices, typename Out, typename... Tables>
void SharedStep(const Operands<A> &x, const bool &end, const Values<A> &values, const Indices &indices,
                const Biases<A> &bias, Stream<Out> &out, std::uint32_t &gate, std::uint32_t &cell, std::uint32_t &state,
                const Tables &...tables) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  static States<A, 2> h;  // of the step before, and of this one
  static Carried<Int<A::kCellWidth>, kNever> c[A::kOutputs];
  static bool goes_on = false;
  static bool bank = false;
  static std::uint32_t gates = 0;
  static std::uint32_t cells = 0;
  static std::uint32_t states = 0;
  #pragma HLS ARRAY_PARTITION variable=h type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=h type=cyclic factor=BankOf<A>::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells
  // Within a layer lanes read no unit that the cells write in that bank, and a unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=h type=inter dependent=false
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=bank
  #pragma HLS RESET variable=gates
  #pragma HLS RESET variable=cells
  #pragma HLS RESET variable=states
  const bool fresh = !goes_on;
  int number = 0;
  int begin = 0;

  const auto operand = [&](int reader, int column, bool first) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = reader % kCopies<A>;
    if (first && number == 0) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    const bool made = !first && number > 0;  // in this step, by the layer in front
    if (fresh && !made) return 0;
    const Int<A::kStateWidth> read = h[copy][made ? !bank : bank][column];
    return Int<A::kOperandWidth>(read) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kSumsPerUnit],
                          Clips &clips) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Int<A::kCellWidth> found = c[unit];
    const Int<A::kCellWidth> before = fresh ? Int<A::kCellWidth>(0) : found;
    const NoScales none;
    const CellValues<A> made = UpdateCell<A>(sums, none, bias[unit], before, 0, unit, clips, tables...);
    c[unit] = made.c;
    KeepState<A, 2>(h, !bank, unit, made.h);
    return made.h;
  };

  const auto emit = [&](int first_unit, const Sums<A, A::kCells> &sums) {
    #pragma HLS INLINE
    const int unit = begin + first_unit;
    if (unit >= A::kOutputs) return;
    Clips clips = {0, 0, 0};
    const Out packet = CellsOf<A, Out>(unit, sums, end, update, clips);
    gates += clips.gate;
    cells += clips.cell;
    states += clips.state;
    if (number == A::kLevels - 1) out.write(packet);
  };

  EachLayer(Every(), [&](auto layer) {
    #pragma HLS INLINE
    using L = decltype(layer);
    number = L::kNumber;
    begin = L::kFirstUnit;
    RowEngine<L>(values, indices, operand, emit, L::kFirstWord);
  });
  bank = !bank;
  goes_on = !end || A::kStateful;
  gate = gates;
  cell = cells;
  state = states;
}

}  // namespace sparrow
