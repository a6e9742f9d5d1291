#pragma once

#include "platform.h"

namespace sparrow {

/// Process: kBeats beats of every step, or of the last one of a sequence alone, leave; those of a filler do not.
template <bool kEveryStep, int kBeats, typename Made, typename Out>
void Withhold(Stream<Made> &made, Stream<Out> &out, const bool &end, const bool &filler) {
  #pragma HLS INLINE off
  if (!kEveryStep && !end) return;
Beats:
  for (int beat = 0; beat < kBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const Made from = made.read();
    Out packet;
    packet.data = from.data;
    packet.last = from.last;
    KeepAll(packet);
    if (!filler) out.write(packet);
  }
}

}  // namespace sparrow
