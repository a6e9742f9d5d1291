#pragma once

namespace sparrow {

/// Signals of a cell, in the order of the golden model.
enum Signal { kInputPre, kForgetPre, kCellPre, kOutputPre, kInput, kForget, kCandidate, kOutput, kC, kTanhC, kH, kSignals };

/// Shows a value to the bench that watches the simulation; nothing at all in hardware.
#if defined(__SYNTHESIS__)
inline void Observe(Signal, int, int, long long) {}
#else
void Observe(Signal signal, int layer, int unit, long long value);
#endif

}  // namespace sparrow
