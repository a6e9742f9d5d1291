#pragma once

namespace sparrow {

/// Signals of an LSTM cell, in the order of the golden model.
enum Signal { kInputPre, kForgetPre, kCellPre, kOutputPre, kInput, kForget, kCandidate, kOutput, kC, kTanhC, kH };

/// Shows a value to the bench that watches the simulation; nothing at all in hardware.
#if defined(__SYNTHESIS__)
inline void Observe(int, int, int, long long) {}
#else
void Observe(int signal, int layer, int unit, long long value);
#endif

}  // namespace sparrow
