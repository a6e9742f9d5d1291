#pragma once

#include "cell.h"
#include "column_engine.h"
#include "platform.h"
#include "row_engine.h"
#include "status.h"

namespace sparrow {

/// A beat of the stream that weights come in.
using Word_t = Port<32, 1>;

/// Scales of an array's sums, where they have some.
template <typename A>
using StoredScales =
    std::conditional_t<(A::kScaleWidth > 0), Constant<Max(1, A::kScaleWidth)>[A::kOutputs][A::kSumsPerUnit], NoScales>;

/// One set of the weights of an array by columns.
template <typename A>
struct ColumnWeightSet {
  Values<A> values;
  LaneRows<A> rows;
  Biases<A> bias;
  StoredScales<A> scales;
};

/// One set of an array's weights.
template <typename A>
struct WeightSet {
  Values<A> values;
  std::conditional_t<A::kDense, NoColumns, Columns<A>> columns;
  Biases<A> bias;
  StoredScales<A> scales;
};

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

/// Values and indices of an array: the memory words of one unit after the other, values below indices.
template <typename A>
void FillWeights(Stream<Word_t> &in, Frame &frame, WeightSet<A> &set) {
  constexpr int kLanes = A::kRowsPerUnit * A::kLanesPerRow;
  constexpr int kIndices = A::kDense ? 0 : A::kReaders / A::kUnits;
  constexpr int kParts = (kLanes * A::kWeightWidth + kIndices * A::kIndexWidth + 31) / 32;
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
  Lanes:
    for (int n = 0; n < kLanes; ++n) {
      #pragma HLS UNROLL
      set.values[word][unit * kLanes + n] = SignedField<A::kWeightWidth>(parts, n * A::kWeightWidth);
    }
    if constexpr (!A::kDense) {
    Readers:
      for (int n = 0; n < kIndices; ++n) {
        #pragma HLS UNROLL
        const int place = Field<A::kIndexWidth>(parts, kLanes * A::kWeightWidth + n * A::kIndexWidth);
        const bool of_x = cycle < A::kXSlots[n % A::kLanesPerRow];
        set.columns[word][unit * kIndices + n] = OperandAt<A>(place, of_x);
      }
    }
    if (++cycle == A::kCycles) cycle = 0;
    if (++word < A::kDepth) continue;
    word = 0;
    ++unit;
  }
}

/// The same by columns: an index is a row of the lane, or, where W_x goes by rows, at first the place of an x.
template <typename A>
void FillColumns(Stream<Word_t> &in, Frame &frame, ColumnWeightSet<A> &set) {
  constexpr int kLanes = A::kRowsPerUnit;
  constexpr int kParts = (kLanes * (A::kWeightWidth + A::kIndexWidth) + 31) / 32;
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
  Lanes:
    for (int n = 0; n < kLanes; ++n) {
      #pragma HLS UNROLL
      const int index = Field<A::kIndexWidth>(parts, kLanes * A::kWeightWidth + n * A::kIndexWidth);
      const bool of_x = A::kXByRows && word < A::kHStart;
      set.values[word][unit * kLanes + n] = SignedField<A::kWeightWidth>(parts, n * A::kWeightWidth);
      set.rows[word][unit * kLanes + n] = of_x ? ColumnAt<A::kInputWords>(index) : index;
    }
    if (++word < A::kDepth) continue;
    word = 0;
    ++unit;
  }
}

/// Biases of an array, those of the units that the cell stage takes together in one word. They come with half a unit of
/// the gate format, which rounding adds here.
template <typename A, typename Set>
void FillBiases(Stream<Word_t> &in, Frame &frame, Set &set) {
  constexpr int kParts = (A::kCells * A::kSumsPerUnit * A::kStoredBiasWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int unit = 0;
Beats:
  for (int beat = 0; beat < A::kGroups * A::kUnits / A::kCells * kParts; ++beat) {
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
        if (unit + n < A::kOutputs) set.bias[unit + n][sum] = bias;
      }
    }
    unit += A::kCells;
  }
}

/// Scales of an array's sums, as biases.
template <typename A, typename Set>
void FillScales(Stream<Word_t> &in, Frame &frame, Set &set) {
  constexpr int kParts = (A::kCells * A::kSumsPerUnit * A::kScaleWidth + 31) / 32;
  std::uint32_t parts[kParts] = {};
  #pragma HLS ARRAY_PARTITION variable=parts type=complete
  int part = 0;
  int unit = 0;
Beats:
  for (int beat = 0; beat < A::kGroups * A::kUnits / A::kCells * kParts; ++beat) {
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
        if (unit + n < A::kOutputs) set.scales[unit + n][sum] = scale;
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

/// Which set of weights a sequence is computed with: the one that was active when its first step began.
template <int kStreams, bool kInitialState>
struct Sets {
  int active;
  bool loaded;
  int of_stream[kStreams];
  bool under_way[kStreams];
  bool given[kStreams];
  int stream;

  /// No sequence uses the other set any more.
  bool IdleIsFree() const {
    bool free = true;
  Streams:
    for (int n = 0; n < kStreams; ++n) {
      #pragma HLS UNROLL
      if (under_way[n] && of_stream[n] != active) free = false;
    }
    return free;
  }

  /// The set of the next step. Where states are given, turns that take them come before; these use no set.
  int Begin() {
    while (kInitialState && !given[stream]) {
      given[stream] = true;
      Next();
    }
    if (!under_way[stream]) of_stream[stream] = active;
    under_way[stream] = true;
    return of_stream[stream];
  }

  /// The step is over, and its sequence, if it ended.
  void End(bool ended) {
    under_way[stream] = !ended;
    given[stream] = !ended;
    Next();
  }

 private:
  void Next() { stream = stream == kStreams - 1 ? 0 : stream + 1; }
};

}  // namespace sparrow
