#pragma once

#include "cell.h"
#include "column_engine.h"
#include "platform.h"
#include "row_engine.h"
#include "status.h"

namespace sparrow {

/// A beat of the stream that weights come in.
using Word_t = Port<32, 1>;

/// Two sets of each memory of an array, one behind the other: a frame fills one while sequences are computed with the other.
template <typename A>
using ValueSets = Constant<A::kWeightWidth>[2 * A::kDepth][A::kLanes];
template <typename A>
using ColumnSets = std::conditional_t<A::kDense, NoColumns, Index<A::kIndexWidth>[2 * A::kDepth][A::kReaders]>;
template <typename A>
using RowSets = Index<A::kIndexWidth>[2 * A::kDepth][A::kLanes];
template <typename A>
using BiasSets = Constant<A::kBiasWidth>[2 * kUnitWords<A>][A::kSumsPerUnit];
template <typename A>
using ScaleSets = Constant<A::kScaleWidth>[2 * kUnitWords<A>][A::kSumsPerUnit];

/// A frame of weights on its way in.
struct Frame {
  std::uint32_t crc;
  bool ended;
  LoadErrors errors;
};

/// CRC-32 (reflected, before its final inversion) with one more word.
inline std::uint32_t CrcStep(std::uint32_t crc, std::uint32_t word) {
  #pragma HLS INLINE
  crc ^= word;
Bits:
  for (int n = 0; n < 32; ++n) {
    #pragma HLS UNROLL
    crc = (crc & 1) ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
  }
  return crc;
}

/// The next word of a frame; zero behind its end, which is an error.
inline std::uint32_t NextWord(Stream<Word_t> &in, Frame &frame) {
  #pragma HLS INLINE
  if (frame.ended) {
    frame.errors.too_short = true;
    return 0;
  }
  const Word_t packet = in.read();
  const std::uint32_t word = static_cast<std::uint32_t>(static_cast<long long>(packet.data.element[0]));
  frame.ended = packet.last;
  return word;
}

/// The same, counted in the checksum.
inline std::uint32_t NextSummed(Stream<Word_t> &in, Frame &frame) {
  #pragma HLS INLINE
  const std::uint32_t word = NextWord(in, frame);
  frame.crc = CrcStep(frame.crc, word);
  return word;
}

/// kWidth bits of a memory word from bit `offset` on.
template <int kWidth, int kParts>
unsigned long long Field(const std::uint32_t (&parts)[kParts], int offset) {
  #pragma HLS INLINE
  unsigned long long value = 0;
Bits:
  for (int n = 0; n < kWidth; ++n) {
    #pragma HLS UNROLL
    value |= static_cast<unsigned long long>((parts[(offset + n) / 32] >> ((offset + n) % 32)) & 1) << n;
  }
  return value;
}

/// The same bits as a two's complement number.
template <int kWidth, int kParts>
long long SignedField(const std::uint32_t (&parts)[kParts], int offset) {
  #pragma HLS INLINE
  constexpr unsigned long long kSign = 1ULL << (kWidth - 1);
  return static_cast<long long>((Field<kWidth>(parts, offset) ^ kSign) - kSign);
}

/// The value of a lane of a unit in a memory word, of as many bits as its gate's have.
template <typename A, int kParts>
Constant<A::kWeightWidth> StoredValue(const std::uint32_t (&parts)[kParts], int lane) {
  #pragma HLS INLINE
  return ValueOf<A>(lane, [&](int bit) { return (parts[bit / 32] >> (bit % 32)) & 1; });
}

/// The columns of a unit's readers in a memory word.
template <typename A, int kParts>
void KeepColumns(Index<A::kIndexWidth> (&columns)[2 * A::kDepth][A::kReaders], const std::uint32_t (&parts)[kParts],
                 int word, int unit, int cycle) {
  #pragma HLS INLINE
  constexpr int kIndices = A::kReaders / A::kUnits;
Readers:
  for (int n = 0; n < kIndices; ++n) {
    #pragma HLS UNROLL
    const int offset = A::kValuesWidth + n * A::kIndexWidth;
    const int place = static_cast<int>(Field<A::kIndexWidth>(parts, offset));
    const bool of_x = cycle < A::kXSlots[n % A::kLanesPerRow];
    columns[word][unit * kIndices + n] = static_cast<Index<A::kIndexWidth>>(OperandAt<A>(place, of_x));
  }
}

template <typename A, int kParts>
void KeepColumns(NoColumns &, const std::uint32_t (&)[kParts], int, int, int) {
  #pragma HLS INLINE
}

/// Values and indices of an array into a set: the memory words of one unit after the other, values below indices.
template <typename A>
void FillWeights(Stream<Word_t> &in, Frame &frame, int set, ValueSets<A> &values, ColumnSets<A> &columns) {
  constexpr int kLanes = A::kRowsPerUnit * A::kLanesPerRow;
  constexpr int kIndices = A::kDense ? 0 : A::kReaders / A::kUnits;
  constexpr int kParts = (A::kValuesWidth + kIndices * A::kIndexWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int word = 0;
  int cycle = 0;
  int unit = 0;
Beats:
  for (int beat = 0; beat < A::kUnits * A::kDepth * kParts; ++beat) {
    #pragma HLS PIPELINE II=1
    parts[part] = NextSummed(in, frame);
    if (++part < kParts) continue;
    part = 0;
    const int place = Begin(set, A::kDepth) + word;
  Lanes:
    for (int n = 0; n < kLanes; ++n) {
      #pragma HLS UNROLL
      values[place][unit * kLanes + n] = StoredValue<A>(parts, n);
    }
    KeepColumns<A>(columns, parts, place, unit, cycle);
    if (++cycle == A::kCycles) cycle = 0;
    if (++word < A::kDepth) continue;
    word = 0;
    ++unit;
  }
}

/// The same by columns: an index is a row of the lane, or, where W_x goes by rows, at first the place of an x.
template <typename A>
void FillColumns(Stream<Word_t> &in, Frame &frame, int set, ValueSets<A> &values, RowSets<A> &rows) {
  constexpr int kLanes = A::kRowsPerUnit;
  constexpr int kParts = (A::kValuesWidth + kLanes * A::kIndexWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int word = 0;
  int unit = 0;
Beats:
  for (int beat = 0; beat < A::kUnits * A::kDepth * kParts; ++beat) {
    #pragma HLS PIPELINE II=1
    parts[part] = NextSummed(in, frame);
    if (++part < kParts) continue;
    part = 0;
    const int place = Begin(set, A::kDepth) + word;
  Lanes:
    for (int n = 0; n < kLanes; ++n) {
      #pragma HLS UNROLL
      const int offset = A::kValuesWidth + n * A::kIndexWidth;
      const int index = static_cast<int>(Field<A::kIndexWidth>(parts, offset));
      const bool of_x = A::kXByRows && word < A::kHStart;
      values[place][unit * kLanes + n] = StoredValue<A>(parts, n);
      rows[place][unit * kLanes + n] =
          static_cast<Index<A::kIndexWidth>>(of_x ? ColumnAt<A::kInputWords>(index) : index);
    }
    if (++word < A::kDepth) continue;
    word = 0;
    ++unit;
  }
}

/// Biases of an array into a set, those of the units that the cell stage takes together in one word. They come with half a
/// unit of the gate format, which rounding adds here.
template <typename A>
void FillBiases(Stream<Word_t> &in, Frame &frame, int set, BiasSets<A> &biases) {
  constexpr int kParts = (A::kCells * A::kSumsPerUnit * A::kStoredBiasWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int unit = Begin(set, kUnitWords<A>);
Beats:
  for (int beat = 0; beat < kUnitWords<A> / A::kCells * kParts; ++beat) {
    #pragma HLS PIPELINE II=1
    parts[part] = NextSummed(in, frame);
    if (++part < kParts) continue;
    part = 0;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
    Sums:
      for (int sum = 0; sum < A::kSumsPerUnit; ++sum) {
        #pragma HLS UNROLL
        const long long stored =
            SignedField<A::kStoredBiasWidth>(parts, (n * A::kSumsPerUnit + sum) * A::kStoredBiasWidth);
        const long long bias = (stored * (1LL << A::kStoredBiasShift) - A::kStoredHalf) >> A::kBiasShift;
        biases[unit + n][sum] = static_cast<Constant<A::kBiasWidth>>(bias);
      }
    }
    unit += A::kCells;
  }
}

/// Scales of an array's sums, as biases.
template <typename A>
void FillScales(Stream<Word_t> &in, Frame &frame, int set, ScaleSets<A> &scales) {
  constexpr int kParts = (A::kCells * A::kSumsPerUnit * A::kScaleWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int unit = Begin(set, kUnitWords<A>);
Beats:
  for (int beat = 0; beat < kUnitWords<A> / A::kCells * kParts; ++beat) {
    #pragma HLS PIPELINE II=1
    parts[part] = NextSummed(in, frame);
    if (++part < kParts) continue;
    part = 0;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
    Sums:
      for (int sum = 0; sum < A::kSumsPerUnit; ++sum) {
        #pragma HLS UNROLL
        const long long scale = SignedField<A::kScaleWidth>(parts, (n * A::kSumsPerUnit + sum) * A::kScaleWidth);
        scales[unit + n][sum] = static_cast<Constant<A::kScaleWidth>>(scale);
      }
    }
    unit += A::kCells;
  }
}

/// What comes behind the weights: the checksum, and nothing more.
inline void EndFrame(Stream<Word_t> &in, Frame &frame) {
  const std::uint32_t wanted = ~frame.crc;
  const std::uint32_t checksum = NextWord(in, frame);
  frame.errors.too_long = !frame.ended;
  frame.errors.checksum = frame.ended && !frame.errors.too_short && checksum != wanted;
  while (!frame.ended) NextWord(in, frame);
}

/// Whether no sequence is computed with the set that is not active.
template <int kStreams>
bool IdleIsFree(const bool (&under_way)[kStreams], const int (&of_stream)[kStreams], int active) {
  #pragma HLS INLINE
  bool free = true;
Streams:
  for (int n = 0; n < kStreams; ++n) {
    #pragma HLS UNROLL
    if (under_way[n] && of_stream[n] != active) free = false;
  }
  return free;
}

/// The set that the next step is computed with: the one that was active when its sequence began. `ended` says whether the
/// step before ended its sequence. Before it come the frames that were sent and not taken yet, of `frames` since reset,
/// as soon as no sequence is computed with the set that they fill, each read by `load(set)`, which tells what was wrong;
/// the first good one is waited for. Where states are given, turns that take them use no set.
template <typename A, typename Loader>
int NextSet(std::uint32_t frames, bool ended, bool &told_short, bool &told_long, bool &told_shape, bool &told_checksum,
            const Loader &load) {
  #pragma HLS INLINE
  static int active = 0;
  static bool loaded = false;
  static std::uint32_t taken = 0;
  static bool too_short = false;
  static bool too_long = false;
  static bool shape = false;
  static bool checksum = false;
  static int of_stream[A::kStreams];
  static bool under_way[A::kStreams];
  static bool given[A::kStreams];
  static int stream = 0;
  static bool begun = false;
  #pragma HLS ARRAY_PARTITION variable=of_stream type=complete
  #pragma HLS ARRAY_PARTITION variable=under_way type=complete
  #pragma HLS ARRAY_PARTITION variable=given type=complete
  #pragma HLS RESET variable=active
  #pragma HLS RESET variable=loaded
  #pragma HLS RESET variable=taken
  #pragma HLS RESET variable=too_short
  #pragma HLS RESET variable=too_long
  #pragma HLS RESET variable=shape
  #pragma HLS RESET variable=checksum
  #pragma HLS RESET variable=under_way
  #pragma HLS RESET variable=given
  #pragma HLS RESET variable=stream
  #pragma HLS RESET variable=begun
  if (begun) {
    under_way[stream] = !ended;
    given[stream] = !ended;
    stream = stream == A::kStreams - 1 ? 0 : stream + 1;
  }
  begun = true;
  while (!loaded || (taken != frames && IdleIsFree<A::kStreams>(under_way, of_stream, active))) {
    const LoadErrors wrong = load(1 - active);
    too_short = wrong.too_short;
    too_long = wrong.too_long;
    shape = wrong.shape;
    checksum = wrong.checksum;
    ++taken;
    if (too_short || too_long || shape || checksum) continue;
    active = 1 - active;
    loaded = true;
  }
  while (A::kInitialState && !given[stream]) {
    given[stream] = true;
    stream = stream == A::kStreams - 1 ? 0 : stream + 1;
  }
  if (!under_way[stream]) of_stream[stream] = active;
  under_way[stream] = true;
  told_short = too_short;
  told_long = too_long;
  told_shape = shape;
  told_checksum = checksum;
  return of_stream[stream];
}

}  // namespace sparrow
