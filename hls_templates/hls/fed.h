#pragma once

#include "platform.h"
#include "row_engine.h"

namespace sparrow {

/// A beat of the stream that an array's values and indices come through in every step.
template <typename A>
using StreamedBeat = Port<8, A::kStreamedBytes>;

/// The same between processes: only a port of the top is an AXI4-Stream.
template <typename A>
using StreamedPacket = Packet<8, A::kStreamedBytes>;

/// What all lanes read in one cycle, as it came: byte after byte.
template <typename A>
using StreamedSet = std::uint8_t[A::kSetBeats * A::kStreamedBytes];

/// The weights of a turn from their stream, as many beats as there should be: what tlast cuts short is filled up
/// with zeros, what is too much is dropped, and both set `torn`.
template <typename A>
void TakeTurn(Stream<StreamedBeat<A>> &in, Stream<StreamedPacket<A>> &out, bool &torn) {
  #pragma HLS INLINE
  constexpr int kBeats = A::kDepth * A::kSetBeats;
  bool ended = false;
Beats:
  for (int beat = 0; beat < kBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    StreamedPacket<A> packet = {};
    if (!ended) {
      const StreamedBeat<A> beat_in = in.read();
      packet.data = beat_in.data;
      ended = beat_in.last;
      if (ended != (beat == kBeats - 1)) torn = true;
    }
    out.write(packet);
  }
Surplus:
  while (!ended) ended = in.read().last;
}

/// Process: the weights of every step; `torn` stays set once a turn of them was cut short or too long.
template <typename A>
void FrameTurn(Stream<StreamedBeat<A>> &in, Stream<StreamedPacket<A>> &out, bool &torn) {
  #pragma HLS INLINE off
  static bool torn_before = false;
  #pragma HLS RESET variable=torn_before
  TakeTurn<A>(in, out, torn_before);
  torn = torn_before;
}

/// Process: the same for a head, which has no turn in a step that it does not answer.
template <typename A>
void FrameTurn(Stream<StreamedBeat<A>> &in, Stream<StreamedPacket<A>> &out, const bool &end, bool &torn) {
  #pragma HLS INLINE off
  static bool torn_before = false;
  #pragma HLS RESET variable=torn_before
  if (A::kEveryStep || end) TakeTurn<A>(in, out, torn_before);
  torn = torn_before;
}

/// kWidth bits of a set from bit `offset` on.
template <typename A, int kWidth>
unsigned StreamedField(const StreamedSet<A> &set, int offset) {
  #pragma HLS INLINE
  unsigned value = 0;
Bits:
  for (int n = 0; n < kWidth; ++n) {
    #pragma HLS UNROLL
    value |= static_cast<unsigned>((set[(offset + n) / 8] >> ((offset + n) % 8)) & 1) << n;
  }
  return value;
}

/// The columns of a cycle's readers: none are sent where every column is read.
template <typename A>
const NoColumns &StreamedColumns(const StreamedSet<A> &, int, const NoColumns &none) {
  #pragma HLS INLINE
  return none;
}

/// The same, out of a set.
template <typename A>
const Index<A::kIndexWidth> (&StreamedColumns(const StreamedSet<A> &set, int cycle,
                                              Index<A::kIndexWidth> (&columns)[1][A::kReaders]))[1][A::kReaders] {
  #pragma HLS INLINE
  constexpr int kIndices = A::kReaders / A::kUnits;
  constexpr int kWord = A::kValuesWidth + kIndices * A::kIndexWidth;
Readers:
  for (int reader = 0; reader < A::kReaders; ++reader) {
    #pragma HLS UNROLL
    const int offset = reader / kIndices * kWord + A::kValuesWidth + reader % kIndices * A::kIndexWidth;
    const int place = static_cast<int>(StreamedField<A, A::kIndexWidth>(set, offset));
    const bool of_x = cycle < A::kXSlots[reader % A::kLanesPerRow];
    columns[0][reader] = static_cast<Index<A::kIndexWidth>>(OperandAt<A>(place, of_x));
  }
  return columns;
}

/// One cycle of all lanes with weights from outside: units side by side, each its values below its indices.
template <typename A, typename Operand>
void RunCycle(Stream<StreamedPacket<A>> &weights, const NoColumns &, int, int cycle, const Operand &operand,
              Sums<A, A::kUnits> &sums) {
  #pragma HLS INLINE
  constexpr int kLanes = A::kRowsPerUnit * A::kLanesPerRow;
  constexpr int kIndices = A::kDense ? 0 : A::kReaders / A::kUnits;
  constexpr int kWord = A::kValuesWidth + kIndices * A::kIndexWidth;
  StreamedSet<A> set;
  Constant<A::kWeightWidth> values[1][A::kLanes];
  std::conditional_t<A::kDense, NoColumns, Index<A::kIndexWidth>[1][A::kReaders]> columns;
  #pragma HLS ARRAY_PARTITION variable=set type=complete
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=0
  #pragma HLS ARRAY_PARTITION variable=columns type=complete dim=0
Beats:
  for (int beat = 0; beat < A::kSetBeats; ++beat) {
    #pragma HLS UNROLL
    const StreamedPacket<A> packet = weights.read();
  Bytes:
    for (int byte = 0; byte < A::kStreamedBytes; ++byte) {
      #pragma HLS UNROLL
      set[beat * A::kStreamedBytes + byte] = static_cast<std::uint8_t>(static_cast<long long>(packet.data.element[byte]));
    }
  }
Lanes:
  for (int lane = 0; lane < A::kLanes; ++lane) {
    #pragma HLS UNROLL
    const int begin = lane / kLanes * kWord;
    values[0][lane] = ValueOf<A>(lane % kLanes, [&](int bit) { return (set[(begin + bit) / 8] >> ((begin + bit) % 8)) & 1; });
  }
  MultiplyAccumulate<A>(values, StreamedColumns<A>(set, cycle, columns), 0, cycle, operand, sums);
}

}  // namespace sparrow
