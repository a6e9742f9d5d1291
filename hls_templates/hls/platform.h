#pragma once

// Where vendor types live, and nowhere else.
//   SPARROW_VITIS     Vitis HLS, all of its steps: vendor integers, streams and AXI4-Stream packets.
//   SPARROW_AP_TYPES  C simulation with vendor integers and our own streams.
//   neither           C simulation that checks the range of every integer.
// The open vendor headers refuse __SYNTHESIS__, so the choice has macros of its own.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(SPARROW_VITIS)
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>
#elif defined(SPARROW_AP_TYPES)
#include <ap_int.h>

#include "checked_stream.h"
#else
#include "checked_int.h"
#include "checked_stream.h"
#endif

namespace sparrow {

#if defined(SPARROW_VITIS) || defined(SPARROW_AP_TYPES)
template <int kWidth>
using Int = ap_int<kWidth>;
#else
template <int kWidth>
using Int = CheckedInt<kWidth>;
#endif

#if defined(SPARROW_VITIS)
template <typename T>
using Stream = hls::stream<T>;
#else
template <typename T>
using Stream = CheckedStream<T>;
#endif

/// Smallest type of the language that holds kWidth bits: the contents of a memory. Vendor integers have no constant
/// initialiser, and a million of them would be assigned one by one before main; synthesis trims to the exact width.
template <int kWidth>
using NativeInt = std::conditional_t<
    (kWidth <= 8), std::int8_t,
    std::conditional_t<(kWidth <= 16), std::int16_t, std::conditional_t<(kWidth <= 32), std::int32_t, std::int64_t>>>;

#if defined(SPARROW_VITIS) && defined(__SYNTHESIS__)
template <int kWidth>
using Constant = ap_int<kWidth>;
template <int kWidth>
using Index = ap_uint<kWidth>;
#else
template <int kWidth>
using Constant = NativeInt<kWidth>;
template <int kWidth>
using Index = std::make_unsigned_t<NativeInt<kWidth>>;
#endif

/// kWords integers that travel together.
template <int kWidth, int kWords>
struct Beat {
  Int<kWidth> element[kWords];
};

/// A beat between processes; `last` marks the last beat of a sequence.
template <int kWidth, int kWords>
struct Packet {
  Beat<kWidth, kWords> data;
  bool last;
};

/// A beat at a port of the accelerator: AXI4-Stream with tlast. Elements have 8, 16, 32 or 64 bits.
#if defined(SPARROW_VITIS)
template <int kWidth, int kWords>
using Port = hls::axis<Beat<kWidth, kWords>, 0, 0, 0>;
#else
template <int kWidth, int kWords>
using Port = Packet<kWidth, kWords>;
#endif

/// A beat of x_t where streams take turns: `user` with the last beat marks a step that nobody waits for, a filler.
#if defined(SPARROW_VITIS)
template <int kWidth, int kWords>
using MarkedPort = hls::axis<Beat<kWidth, kWords>, 1, 0, 0>;
#else
template <int kWidth, int kWords>
struct MarkedPort {
  Beat<kWidth, kWords> data;
  bool last;
  bool user;
};
#endif

/// Whether a beat is one of a filler, where beats can be.
template <typename T>
bool IsFiller(const T &) {
  #pragma HLS INLINE
  return false;
}

template <int kWidth, int kWords>
bool IsFiller(const MarkedPort<kWidth, kWords> &packet) {
  #pragma HLS INLINE
  return packet.user != 0;
}

/// Every byte of a packet between processes counts anyway.
template <int kWidth, int kWords>
void KeepAll(Packet<kWidth, kWords> &) {
  #pragma HLS INLINE
}

/// Nor does anybody drop bytes of what a bench sends.
template <int kWidth, int kWords>
void KeepAll(MarkedPort<kWidth, kWords> &packet) {
#if defined(SPARROW_VITIS)
  packet.keep = -1;
  packet.strb = -1;
#else
  (void)packet;
#endif
}

#if defined(SPARROW_VITIS)
/// A DMA engine drops the bytes that tkeep does not name.
template <int kWidth, int kWords>
void KeepAll(Port<kWidth, kWords> &packet) {
  #pragma HLS INLINE
  packet.keep = -1;
  packet.strb = -1;
}
#endif

/// In place of what a design does not have.
struct Nothing {};
const Nothing kNothing = {};

/// One flag of a step for everybody outside.
inline void Tell(bool &told, bool value) {
  #pragma HLS INLINE
  told = value;
}

/// Nobody to tell.
inline void Tell(const Nothing &, bool) {
  #pragma HLS INLINE
}

/// Where a set of weights begins in a memory that has `words` words of each.
inline int Begin(int set, int words) {
  #pragma HLS INLINE
  return set == 0 ? 0 : words;
}

/// The only one.
inline int Begin(const Nothing &, int) {
  #pragma HLS INLINE
  return 0;
}

/// Iterations from the one that writes a word of a memory to the first that may read it with a loop that begins an
/// iteration every cycle: block RAM with registers on either side of the adder.
constexpr int kMemoryCycles = 4;

/// Iterations within one run of a loop never are as many.
constexpr int kNever = 1 << 19;

}  // namespace sparrow

// A word of a memory that a pipelined loop reads and writes: a word is read kDistance iterations after it was written, or
// later, or in the iteration that wrote it. Simulation with SPARROW_SCHEDULE holds every access to that.
#if defined(SPARROW_SCHEDULE)
#include "schedule.h"
#else
namespace sparrow {

template <typename T, int kDistance>
using Carried = T;

inline void LoopBegins() {
  #pragma HLS INLINE
}

inline void NextIteration() {
  #pragma HLS INLINE
}

}  // namespace sparrow
#endif

namespace sparrow {

/// Copies of an operand memory: every reader has its own in hardware. Those of a bank hold the same, so C simulation keeps
/// one of each.
constexpr int Copies(int readers, int banks = 1) {
#if defined(__SYNTHESIS__) || defined(SPARROW_COPIES)
  return banks > 0 ? readers : 0;
#else
  return readers > 0 ? banks : 0;
#endif
}

}  // namespace sparrow
