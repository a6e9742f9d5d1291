#pragma once

#include "platform.h"
#include "receive.h"

namespace sparrow {

/// What a process that withholds has to know of a step: whether a sequence ends with it, and whether it is a filler.
struct Mark {
  bool ends;
  bool filler;
};

/// Process: one x_t as `Receive` takes it, and a mark for each process that withholds a filler's result.
template <typename A, typename In, int kMarks>
void ReceiveMarked(Stream<In> &in, Operands<A> &x, bool &end, bool &torn, Mark (&marks)[kMarks]) {
  #pragma HLS INLINE
  bool filler = false;
  Receive<A>(in, x, end, torn, filler);
Marks:
  for (int n = 0; n < kMarks; ++n) {
    #pragma HLS UNROLL
    marks[n] = {end, filler};
  }
}

/// Process: kBeats beats of every step, or of the last one of a sequence alone, leave; those of a filler do not.
template <bool kEveryStep, int kBeats, typename Made, typename Out>
void Withhold(Stream<Made> &made, Stream<Out> &out, const Mark &mark) {
  if (!kEveryStep && !mark.ends) return;
Beats:
  for (int beat = 0; beat < kBeats; ++beat) {
    #pragma HLS PIPELINE II=1
    const Made from = made.read();
    Out packet;
    packet.data = from.data;
    packet.last = from.last;
    KeepAll(packet);
    if (!mark.filler) out.write(packet);
  }
}

}  // namespace sparrow
