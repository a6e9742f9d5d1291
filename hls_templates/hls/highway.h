#pragma once

#include "cell.h"
#include "platform.h"
#include "receive.h"
#include "row_engine.h"

namespace sparrow {

/// What an array is in the levels behind the first: the same lanes, without x.
template <typename A>
struct Later : A {
  static constexpr int kInputs = 0;
  static constexpr int kCycles = A::kLaterCycles;
  static constexpr int kDepth = A::kGroups * kCycles;
  static constexpr int kXSlots[A::kLanesPerRow] = {};
  static constexpr const int (&kSlots)[A::kLanesPerRow] = A::kLaterSlots;
};

/// Biases, [level][unit][row].
template <typename A>
using LevelBiases = Constant<A::kBiasWidth>[A::kLevels][A::kOutputs][A::kRowsPerUnit];

/// Signals of a level in the order of the golden model; those of the next level follow.
enum LevelSignal { kHighwayPre, kTransformPre, kHighway, kTransform, kKept, kRead, kLevelSignals };

/// s_l = h t + s_{l-1} (1 - t), exact, then narrowed to the format in which it is carried on. As s + t (h - s) it is the
/// same number with one product in place of two.
template <typename F>
Int<F::kCellWidth> Carry(const Int<F::kActivationWidth> &h, const Int<F::kActivationWidth> &t,
                         const Int<F::kCellWidth> &s, LayerStatus &saturations) {
  #pragma HLS INLINE
  constexpr int kFine = Max(F::kActivationFrac, F::kCellFrac);
  constexpr int kAlignedH = F::kActivationWidth + kFine - F::kActivationFrac;
  constexpr int kAlignedS = F::kCellWidth + kFine - F::kCellFrac;
  constexpr int kDifference = Max(kAlignedH, kAlignedS) + 1;
  constexpr int kProduct = F::kActivationWidth + kDifference;
  constexpr int kRaised = kAlignedS + F::kActivationFrac;
  constexpr int kSum = Max(kProduct, kRaised) + 1;
  const Int<kAlignedH> aligned_h = Int<kAlignedH>(h) << (kFine - F::kActivationFrac);
  const Int<kAlignedS> aligned_s = Int<kAlignedS>(s) << (kFine - F::kCellFrac);
  const Int<kDifference> difference = aligned_h - aligned_s;
  const Int<kProduct> product = t * difference;
  const Int<kRaised> raised = Int<kRaised>(aligned_s) << F::kActivationFrac;
  const Int<kSum> sum = product + raised;
  return Narrow<kSum, F::kActivationFrac + kFine - F::kCellFrac, F::kCellWidth>(sum, saturations.cell);
}

/// s_l as it is carried on, and as lanes, next layer and head read it.
template <typename F>
struct LevelValues {
  Int<F::kCellWidth> kept;
  Int<F::kStateWidth> read;
};

/// One level of one unit: exact row sums and s_{l-1} to s_l.
template <typename A>
LevelValues<A> UpdateLevel(const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit],
                           const Constant<A::kBiasWidth> (&bias)[A::kRowsPerUnit], const Int<A::kCellWidth> &s,
                           const typename SigmoidTable<A>::Entries_t &sigmoid,
                           const typename TanhTable<A>::Entries_t &tanh, int level, int unit, LayerStatus &saturations) {
  #pragma HLS INLINE
  const Int<A::kGateWidth> h_pre = PreActivation<A>(sums[0], bias[0], saturations);
  const Int<A::kGateWidth> t_pre = PreActivation<A>(sums[1], bias[1], saturations);
  const Int<A::kActivationWidth> h = TanhTable<A>::Lookup(tanh, h_pre);
  const Int<A::kActivationWidth> t = SigmoidTable<A>::Lookup(sigmoid, t_pre);
  const Int<A::kCellWidth> kept = Carry<A>(h, t, s, saturations);
  constexpr int kFiner = Max(0, A::kStateFrac - A::kCellFrac);
  const Int<A::kCellWidth + kFiner> raised = Int<A::kCellWidth + kFiner>(kept) << kFiner;
  const Int<A::kStateWidth> read =
      Narrow<A::kCellWidth + kFiner, A::kCellFrac + kFiner - A::kStateFrac, A::kStateWidth>(raised, saturations.state);
  const int first = level * kLevelSignals;
  Observe(first + kHighwayPre, A::kLayer, unit, h_pre);
  Observe(first + kTransformPre, A::kLayer, unit, t_pre);
  Observe(first + kHighway, A::kLayer, unit, h);
  Observe(first + kTransform, A::kLayer, unit, t);
  Observe(first + kKept, A::kLayer, unit, kept);
  Observe(first + kRead, A::kLayer, unit, read);
  return {kept, read};
}

/// Process: one step of a recurrent highway layer (arXiv 1607.03474), x_t in, s of the last level out. s lives as long as
/// the hardware, that is from call to call; the step after the end of a sequence reads it as zero (unless the model is
/// stateful), so nothing has to clear it.
template <typename A, typename Indices, typename Out>
void HighwayStep(const Operands<A> &x, const bool &end, const Values<A> &values, const Indices &indices,
                 const LevelBiases<A> &bias, const typename SigmoidTable<A>::Entries_t &sigmoid,
                 const typename TanhTable<A>::Entries_t &tanh, Stream<Out> &out, LayerStatus &saturations) {
  #pragma HLS ARRAY_PARTITION variable=x type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=bias type=complete dim=3
  #pragma HLS ARRAY_PARTITION variable=bias type=cyclic factor=A::kCells dim=2
  #pragma HLS BIND_STORAGE variable=sigmoid type=rom_np
  #pragma HLS BIND_STORAGE variable=tanh type=rom_np
  static_assert(A::kRowsPerUnit == 2, "a highway unit has the rows h and t");
  static Int<A::kStateWidth> read[Copies(A::kReaders)][2][A::kOutputs];  // s_{l-1} and s_l
  static Int<A::kCellWidth> kept[A::kOutputs];
  static bool goes_on = false;
  static bool bank = false;
  static LayerStatus counted = {0, 0, 0, false};
  #pragma HLS ARRAY_PARTITION variable=read type=complete dim=1
  #pragma HLS ARRAY_PARTITION variable=read type=cyclic factor=A::kCells dim=3
  #pragma HLS ARRAY_PARTITION variable=kept type=cyclic factor=A::kCells
  // Lanes read another bank than the cells write, and a unit's s is touched once a level.
  #pragma HLS DEPENDENCE variable=read type=inter dependent=false
  #pragma HLS DEPENDENCE variable=kept type=inter dependent=false
  #pragma HLS RESET variable=goes_on
  #pragma HLS RESET variable=bank
  #pragma HLS RESET variable=counted
  int level = 0;
  bool fresh = !goes_on;

  const auto operand = [&](int reader, int column, bool from_x) -> Int<A::kOperandWidth> {
    #pragma HLS INLINE
    const int copy = reader % Copies(A::kReaders);
    if (from_x) return Int<A::kOperandWidth>(x[copy][column]) << A::kXShift;
    if (fresh) return 0;
    return Int<A::kOperandWidth>(read[copy][bank][column]) << A::kHShift;
  };

  const auto update = [&](int unit, const Int<A::kTotalWidth> (&sums)[A::kRowsPerUnit]) -> Int<A::kStateWidth> {
    #pragma HLS INLINE
    const Int<A::kCellWidth> before = fresh ? Int<A::kCellWidth>(0) : kept[unit];
    const LevelValues<A> values = UpdateLevel<A>(sums, bias[level][unit], before, sigmoid, tanh, level, unit, counted);
    kept[unit] = values.kept;
  Copies:
    for (int copy = 0; copy < Copies(A::kReaders); ++copy) {
      #pragma HLS UNROLL
      read[copy][!bank][unit] = values.read;
    }
    return values.read;
  };

  const auto emit = [&](int first_unit, const Sums<A, A::kCells> &sums) {
    #pragma HLS INLINE
    if (first_unit >= A::kOutputs) return;
    Out packet;
  Cells:
    for (int n = 0; n < A::kCells; ++n) {
      #pragma HLS UNROLL
      const int unit = first_unit + n;
      packet.data.element[n] = unit < A::kOutputs ? update(unit, sums[n]) : Int<A::kStateWidth>(0);
    }
    if (level < A::kLevels - 1) return;
    packet.last = end && first_unit + A::kCells >= A::kOutputs;
    KeepAll(packet);
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
  saturations = counted;
}

}  // namespace sparrow
