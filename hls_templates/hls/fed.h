#pragma once

#include "platform.h"
#include "row_engine.h"

namespace sparrow {

/// A beat of the stream that an array's values and indices come through in every step.
template <typename A>
using StreamedBeat = Port<8, A::kStreamedBytes>;

/// What all lanes read in one cycle, as it came: byte after byte.
template <typename A>
using StreamedSet = std::uint8_t[A::kSetBeats * A::kStreamedBytes];

/// Process: the weights of a turn from their stream, as many beats as there should be: what tlast cuts short is filled up
/// with zeros, what is too much is dropped, and both raise `torn` for good.
template <typename A>
void FrameTurn(Stream<StreamedBeat<A>> &in, Stream<StreamedBeat<A>> &out, bool &torn) {
  static bool torn_before = false;
  #pragma HLS RESET variable=torn_before
  constexpr int kBeats = A::kDepth * A::kSetBeats;
  bool ended = false;
Beats:
  for (int beat = 0; beat < kBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    StreamedBeat<A> packet = {};
    if (!ended) {
      packet = in.read();
      ended = packet.last;
      if (ended != (beat == kBeats - 1)) torn_before = true;
    }
    out.write(packet);
  }
Surplus:
  while (!ended) ended = in.read().last;
  torn = torn_before;
}

/// Process: the same for a head, which has no turn in a step that it does not answer.
template <typename A>
void FrameTurn(Stream<StreamedBeat<A>> &in, Stream<StreamedBeat<A>> &out, const bool &end, bool &torn) {
  #pragma HLS INLINE
  if (A::kEveryStep || end) FrameTurn<A>(in, out, torn);
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

/// One cycle of all lanes with weights from outside: units side by side, each its values below its indices.
template <typename A, typename Operand>
void RunCycle(Stream<StreamedBeat<A>> &weights, const NoColumns &none, int, int cycle, const Operand &operand,
              Sums<A, A::kUnits> &sums) {
  #pragma HLS INLINE
  constexpr int kLanes = A::kRowsPerUnit * A::kLanesPerRow;
  constexpr int kIndices = A::kDense ? 0 : A::kReaders / A::kUnits;
  constexpr int kWord = kLanes * A::kWeightWidth + kIndices * A::kIndexWidth;
  constexpr unsigned kSign = 1u << (A::kWeightWidth - 1);
  StreamedSet<A> set;
  Constant<A::kWeightWidth> values[1][A::kLanes];
  #pragma HLS ARRAY_PARTITION variable=set type=complete
  #pragma HLS ARRAY_PARTITION variable=values type=complete dim=0
Beats:
  for (int beat = 0; beat < A::kSetBeats; ++beat) {
    #pragma HLS UNROLL
    const StreamedBeat<A> packet = weights.read();
  Bytes:
    for (int byte = 0; byte < A::kStreamedBytes; ++byte) {
      #pragma HLS UNROLL
      set[beat * A::kStreamedBytes + byte] = static_cast<std::uint8_t>(static_cast<long long>(packet.data.element[byte]));
    }
  }
Lanes:
  for (int lane = 0; lane < A::kLanes; ++lane) {
    #pragma HLS UNROLL
    const unsigned code = StreamedField<A, A::kWeightWidth>(set, lane / kLanes * kWord + lane % kLanes * A::kWeightWidth);
    values[0][lane] = static_cast<int>((code ^ kSign) - kSign);
  }
  if constexpr (A::kDense) {
    MultiplyAccumulate<A>(values, none, 0, cycle, operand, sums);
  } else {
    Index<A::kIndexWidth> columns[1][A::kReaders];
    #pragma HLS ARRAY_PARTITION variable=columns type=complete dim=0
  Readers:
    for (int reader = 0; reader < A::kReaders; ++reader) {
      #pragma HLS UNROLL
      const int offset = reader / kIndices * kWord + kLanes * A::kWeightWidth + reader % kIndices * A::kIndexWidth;
      const int place = StreamedField<A, A::kIndexWidth>(set, offset);
      const bool of_x = cycle < A::kXSlots[reader % A::kLanesPerRow];
      columns[0][reader] = OperandAt<A>(place, of_x);
    }
    MultiplyAccumulate<A>(values, columns, 0, cycle, operand, sums);
  }
}

}  // namespace sparrow
