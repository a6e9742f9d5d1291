#pragma once

// Where vendor types live, and nowhere else.
//   SPARROW_VITIS     Vitis HLS, all of its steps: vendor integers, streams and AXI4-Stream packets.
//   SPARROW_AP_TYPES  C simulation with vendor integers and our own streams.
//   neither           C simulation that checks the range of every integer.
// The open vendor headers refuse __SYNTHESIS__, so the choice has macros of its own.

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

template <typename T>
constexpr bool kMarked = false;
template <int kWidth, int kWords>
constexpr bool kMarked<MarkedPort<kWidth, kWords>> = true;

/// Whether a beat is one of a filler, where beats can be.
template <typename T>
bool IsFiller(const T &packet) {
  #pragma HLS INLINE
  if constexpr (kMarked<T>) return packet.user != 0;
  return false;
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
