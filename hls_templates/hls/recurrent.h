#pragma once

#include "cell.h"
#include "operands.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"
#include "update.h"

namespace sparrow {

/// c of the units of a stream.
template <typename A>
using Cells = Carried<Int<A::kCellWidth>, kNever>[A::kOutputs];

/// What every sequence begins with, [h, c; or what is kept alone, where h follows from it][unit].
template <typename A>
using Initial = Constant<A::kStateBits>[A::kStateValues][A::kOutputs];

/// A beat of a state: the values of h of the units that the cell stage takes together, then those of c; those of what is
/// kept alone where h follows from it.
template <typename A>
using State_t = Port<A::kStateBits, A::kStateValues * A::kCells>;

/// h_0 into the bank that the next step of its sequence reads, and c_0. What is missing of a frame that tlast cuts short
/// counts as zeros, what comes beyond its beats is dropped up to tlast, and both are `torn`.
template <typename A, int kBanks>
void TakeState(Stream<State_t<A>> &in, States<A, kBanks> &h, int bank, Cells<A> &c, bool &torn) {
  #pragma HLS INLINE
  bool ended = false;
  LoopBegins();
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    const bool missing = ended;
    State_t<A> packet;
    if (!missing) {
      packet = in.read();
      ended = packet.last;
      if (ended != (first + A::kCells >= A::kOutputs)) torn = true;
    }
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      if (first + n >= A::kOutputs) continue;
      const Int<A::kCellWidth> kept =
          missing ? 0 : static_cast<long long>(packet.data.element[(A::kStateValues - 1) * A::kCells + n]);
      const Int<A::kStateWidth> given =
          A::kStateValues == 1 ? ReadOf<A>(kept)
                               : Int<A::kStateWidth>(missing ? 0 : static_cast<long long>(packet.data.element[n]));
      c[first + n] = kept;
      KeepState<A, kBanks>(h, bank, first + n, given);
    }
  }
Surplus:
  while (!ended) ended = in.read().last;
}

/// The same of constants, which nothing can cut short.
template <typename A, int kBanks>
void TakeState(const Initial<A> &in, States<A, kBanks> &h, int bank, Cells<A> &c, bool &) {
  #pragma HLS INLINE
  LoopBegins();
Units:
  for (int unit = 0; unit < A::kOutputs; ++unit) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    const Int<A::kCellWidth> kept = static_cast<long long>(in[A::kStateValues - 1][unit]);
    const Int<A::kStateWidth> read =
        A::kStateValues == 1 ? ReadOf<A>(kept) : Int<A::kStateWidth>(static_cast<long long>(in[0][unit]));
    c[unit] = kept;
    KeepState<A, kBanks>(h, bank, unit, read);
  }
}

/// Every sequence begins with zeros.
template <typename A, int kBanks>
void TakeState(const Nothing &, States<A, kBanks> &, int, Cells<A> &, bool &) {
  #pragma HLS INLINE
}

/// h_n and c_n.
template <typename A, int kBanks, typename Out>
void GiveState(Stream<Out> &out, const States<A, kBanks> &h, int bank, const Cells<A> &c) {
  #pragma HLS INLINE
  LoopBegins();
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    NextIteration();
    Out packet;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const int unit = first + n;
      const bool real = unit < A::kOutputs;
      if (A::kStateValues > 1) {
        const int column = unit / kColumnBanks<A>;
        const Int<A::kStateWidth> read = h[unit % kColumnBanks<A>][bank][real ? column : 0];
        packet.data.element[n] = real ? static_cast<long long>(read) : 0;
      }
      const Int<A::kCellWidth> kept = c[real ? unit : 0];
      packet.data.element[(A::kStateValues - 1) * A::kCells + n] = real ? static_cast<long long>(kept) : 0;
    }
    packet.last = first + A::kCells >= A::kOutputs;
    KeepAll(packet);
    out.write(packet);
  }
}

template <typename A, int kBanks>
void GiveState(const Nothing &, const States<A, kBanks> &, int, const Cells<A> &) {
  #pragma HLS INLINE
}

/// Process: one step of a recurrent layer, x_t in, h_t out; several streams take turns, a step each. h and c live as long as
/// the hardware, that is from call to call; a stream's step after the end of a sequence reads them as zero (unless the
/// model is stateful), so nothing has to clear them. Where the state of a sequence is given, by a stream or by constants, a
/// turn of its own takes h_0 and c_0 from `state_in` before the first step, and h_n and c_n leave through `state_out` after
/// the last; `state_torn` stays set once a frame of them was cut short. `gate`, `cell` and `state` count what narrowing
/// clipped. `set` says which of two sets of memories the step reads; `tables` are those that the cell reads.
template <typename A, typename Source, typename Indices, typename Bias, typename Factors, typename Set, typename Out,
          typename StateIn, typename StateOut, typename Torn, typename... Tables>
void RecurrentStep(const Operands<A> &x, const bool &end, Source &values, const Indices &indices, const Bias &bias,
                   const Factors &scales, const Set &set, Stream<Out> &out, StateIn &state_in, StateOut &state_out,
                   Torn &state_torn, std::uint32_t &gate, std::uint32_t &cell, std::uint32_t &state,
                   const Tables &...tables) {
  #pragma HLS INLINE off
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  constexpr int kBanks = 2 * A::kStreams;  // a stream's h_{t-1} and its h_t
  static States<A, kBanks> h;
  static Cells<A> c[A::kStreams];
  static bool goes_on[A::kStreams];
  static int turn = 0;
  static bool torn = false;
  static std::uint32_t gates = 0;
  static std::uint32_t cells = 0;
  static std::uint32_t states = 0;
  #pragma HLS ARRAY_PARTITION variable=h type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=h type=cyclic factor=BankOf<A>::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells dim=2
  #pragma HLS ARRAY_PARTITION variable=goes_on type=complete
  // Lanes read another bank than the cells write, and a unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=h type=inter dependent=false
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=turn
  #pragma HLS RESET variable=torn
  #pragma HLS RESET variable=gates
  #pragma HLS RESET variable=cells
  #pragma HLS RESET variable=states
  while (A::kInitialState && !goes_on[turn % A::kStreams]) {
    TakeState<A, kBanks>(state_in, h, turn, c[turn % A::kStreams], torn);
    goes_on[turn % A::kStreams] = true;
    turn = turn == kBanks - 1 ? 0 : turn + 1;
  }
  const int stream = turn % A::kStreams;
  const int old_bank = (turn + A::kStreams) % kBanks;
  const bool first = !goes_on[stream];
  const int first_word = Begin(set, A::kDepth);
  const int first_bias = Begin(set, kUnitWords<A>);

  const auto operand = [&](int reader, int column, bool from_x) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = CopyOf<A>(reader);
    if (from_x) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    if (first) return 0;
    const Int<A::kStateWidth> read = h[copy][old_bank][column];
    return Int<A::kOperandWidth>(read) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kSumsPerUnit],
                          Clips &clips) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Int<A::kCellWidth> kept = c[stream][unit];
    const Int<A::kCellWidth> old_c = first ? Int<A::kCellWidth>(0) : kept;
    const int place = first_bias + unit;
    const CellValues<A> values =
        UpdateCell<A>(sums, ScalesOf<A>(scales, place), bias[place], old_c, 0, unit, clips, tables...);
    c[stream][unit] = values.c;
    KeepState<A, kBanks>(h, turn, unit, values.h);
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
    out.write(packet);
  };

  RowEngine<A>(values, indices, operand, emit, first_word);
  goes_on[stream] = !end || A::kStateful;
  if (A::kInitialState && end) GiveState<A, kBanks>(state_out, h, turn, c[stream]);
  turn = turn == kBanks - 1 ? 0 : turn + 1;
  Tell(state_torn, torn);
  gate = gates;
  cell = cells;
  state = states;
}

}  // namespace sparrow
