#pragma once

#include "cell.h"
#include "operands.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"
#include "update.h"

namespace sparrow {

/// In place of the streams of states where there are none.
struct NoStates {};

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
void TakeState(Stream<State_t<A>> &in, States<A, kBanks> &h, int bank,
               Int<A::kCellWidth> (&c)[A::kOutputs], bool &torn) {
  bool ended = false;
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
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
      c[first + n] =
          missing ? 0 : static_cast<long long>(packet.data.element[(A::kStateValues - 1) * A::kCells + n]);
      const Int<A::kStateWidth> given =
          A::kStateValues == 1 ? ReadOf<A>(c[first + n])
                               : Int<A::kStateWidth>(missing ? 0 : static_cast<long long>(packet.data.element[n]));
      KeepState<A, kBanks>(h, bank, first + n, given);
    }
  }
Surplus:
  while (!ended) ended = in.read().last;
}

/// The same of constants, which nothing can cut short.
template <typename A, int kBanks>
void TakeState(const Initial<A> &in, States<A, kBanks> &h, int bank,
               Int<A::kCellWidth> (&c)[A::kOutputs], bool &) {
Units:
  for (int unit = 0; unit < A::kOutputs; ++unit) {
    #pragma HLS PIPELINE II=1
    c[unit] = static_cast<long long>(in[A::kStateValues - 1][unit]);
    const Int<A::kStateWidth> read =
        A::kStateValues == 1 ? ReadOf<A>(c[unit]) : Int<A::kStateWidth>(static_cast<long long>(in[0][unit]));
    KeepState<A, kBanks>(h, bank, unit, read);
  }
}

/// h_n and c_n.
template <typename A, int kBanks, typename Out>
void GiveState(Stream<Out> &out, const States<A, kBanks> &h, int bank, const Int<A::kCellWidth> (&c)[A::kOutputs]) {
Beats:
  for (int first = 0; first < A::kOutputs; first += A::kCells) {
    #pragma HLS PIPELINE II=1
    Out packet;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const int unit = first + n;
      const bool real = unit < A::kOutputs;
      if (A::kStateValues > 1) {
        const int column = unit / kColumnBanks<A>;
        packet.data.element[n] = real ? static_cast<long long>(h[unit % kColumnBanks<A>][bank][column]) : 0;
      }
      packet.data.element[(A::kStateValues - 1) * A::kCells + n] = real ? static_cast<long long>(c[unit]) : 0;
    }
    packet.last = first + A::kCells >= A::kOutputs;
    KeepAll(packet);
    out.write(packet);
  }
}

template <typename A, int kBanks>
void GiveState(NoStates &, const States<A, kBanks> &, int, const Int<A::kCellWidth> (&)[A::kOutputs]) {}

/// Process: one step of a recurrent layer, x_t in, h_t out; several streams take turns, a step each. h and c live as long as
/// the hardware, that is from call to call; a stream's step after the end of a sequence reads them as zero (unless the
/// model is stateful), so nothing has to clear them. Where the state of a sequence is given, by a stream or by constants, a turn of its own takes h_0
/// and c_0 from `state_in` before the first step, and h_n and c_n leave through `state_out` after the last.
/// `tables` are those that the cell reads.
template <typename A, typename Source, typename Indices, typename Factors, typename Out, typename StateIn,
          typename StateOut, typename... Tables>
void RecurrentStep(const Operands<A> &x, const bool &end, Source &values, const Indices &indices,
                   const Biases<A> &bias, const Factors &scales, Stream<Out> &out, StateIn &state_in,
                   StateOut &state_out, LayerStatus &saturations, const Tables &...tables) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=2
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=1
  constexpr int kBanks = 2 * A::kStreams;  // a stream's h_{t-1} and its h_t
  static States<A, kBanks> h;
  static Int<A::kCellWidth> c[A::kStreams][A::kOutputs];
  static bool goes_on[A::kStreams];
  static int turn = 0;
  static LayerStatus counted = {0, 0, 0, false};
  #pragma HLS ARRAY_PARTITION variable=h type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=h type=cyclic factor=BankOf<A>::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=c type=cyclic factor=A::kCells dim=2
  #pragma HLS ARRAY_PARTITION variable=goes_on type=complete
  // Lanes read another bank than the cells write, and a unit's c is touched once a step.
  #pragma HLS DEPENDENCE variable=h type=inter dependent=false
  #pragma HLS DEPENDENCE variable=c type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=turn
  #pragma HLS RESET variable=counted
  if constexpr (A::kInitialState) {
    while (!goes_on[turn % A::kStreams]) {
      TakeState<A, kBanks>(state_in, h, turn, c[turn % A::kStreams], counted.state_torn);
      goes_on[turn % A::kStreams] = true;
      turn = turn == kBanks - 1 ? 0 : turn + 1;
    }
  }
  const int stream = turn % A::kStreams;
  const int old_bank = (turn + A::kStreams) % kBanks;
  const bool first = !goes_on[stream];

  const auto operand = [&](int reader, int column, bool from_x) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = reader % kCopies<A>;
    if (from_x) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    if (first) return 0;
    return Int<A::kOperandWidth>(h[copy][old_bank][column]) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kSumsPerUnit]) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Int<A::kCellWidth> old_c = first ? Int<A::kCellWidth>(0) : c[stream][unit];
    const CellValues<A> values = UpdateCell<A>(sums, scales, bias[unit], old_c, 0, unit, counted, tables...);
    c[stream][unit] = values.c;
    KeepState<A, kBanks>(h, turn, unit, values.h);
    return values.h;
  };

  const auto emit = [&](int first_unit, const Sums<A, A::kCells> &sums) {
    #pragma HLS INLINE
    if (first_unit >= A::kOutputs) return;
    const Out packet = CellsOf<A, Out>(first_unit, sums, end, update);
    out.write(packet);
  };

  RowEngine<A>(values, indices, operand, emit);
  goes_on[stream] = !end || A::kStateful;
  if constexpr (A::kInitialState) {
    if (end) GiveState<A, kBanks>(state_out, h, turn, c[stream]);
  }
  saturations = counted;
  turn = turn == kBanks - 1 ? 0 : turn + 1;
}

}  // namespace sparrow
