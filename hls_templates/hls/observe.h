#pragma once

namespace sparrow {

/// What a head shows, as the layer behind the last: its exact sums with their biases.
enum HeadSignal { kLogit };

/// Shows a value to the bench that watches the simulation, under its number in the order of the golden model; nothing at
/// all in hardware.
#if defined(__SYNTHESIS__)
inline void Observe(int, int, int, long long) {}
#else
void Observe(int signal, int layer, int unit, long long value);
#endif

}  // namespace sparrow
