"""AXI4-Stream at the edge: each value in whole bytes, sign-extended, the first one lowest."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, block

from accel.architecture.latencies import byte_width
from accel.rtl.blocks.primitives.register import as_signed, follow
from accel.rtl.blocks.primitives.signals import bits, flag, joined, signed
from accel.rtl.blocks.primitives.widths import fit, pad
from accel.rtl.blocks.primitives.words import cut_fields


class AxiStream:
    """Ports of one AXI4-Stream: `words` values of `width` bits a beat; `tlast` ends a sequence.

    With `marked`, `tuser` marks fillers (`accel.rtl.blocks.streams.fillers`).
    """

    def __init__(self, words: int, width: int, marked: bool = False) -> None:
        self.tdata = bits(words * byte_width(width))
        self.tvalid = flag()
        self.tready = flag()
        self.tlast = flag()
        if marked:
            self.tuser = flag()


class AxiWords:
    """Ports of one AXI4-Stream of plain words."""

    def __init__(self, width: int) -> None:
        self.tdata = bits(width)
        self.tvalid = flag()
        self.tready = flag()
        self.tlast = flag()


@block
def axis_input(axis: Any, beats: Any, words: int, width: int) -> Any:
    """Values out of their bytes.

    In: axis, beats. Out: axis.tready, beats.last, beats.valid, beats.word. Latency: 0.
    """
    step = byte_width(width)
    word = bits(words * width)
    parting = cut_fields(axis.tdata, word, step, width)

    @always_comb
    def entering():
        beats.word.next = word
        beats.valid.next = axis.tvalid
        beats.last.next = axis.tlast
        axis.tready.next = beats.ready

    return parting, entering


@block
def axis_output(beats: Any, axis: Any, words: int, width: int, unsigned: bool) -> Any:
    """Values into their bytes.

    In: beats, axis. Out: beats.ready, axis.tdata, axis.tlast, axis.tvalid. Latency: 0.
    """
    step = byte_width(width)
    parts = [beats.word((n + 1) * width, n * width) for n in range(words)]
    values = [signed(width) for _ in range(words)]
    wide = [bits(step) if unsigned else signed(step) for _ in range(words)]
    tdata = joined(wide)

    @always_comb
    def leaving():
        axis.tdata.next = tdata
        axis.tvalid.next = beats.valid
        axis.tlast.next = beats.last
        beats.ready.next = axis.tready

    if unsigned:
        return leaving, [
            pad(parts[n] if width > 1 else beats.word(n), wide[n]) if width < step else follow(parts[n], wide[n])
            for n in range(words)
        ]
    reading = [as_signed(parts[n], values[n]) for n in range(words)]
    extending = [fit(values[n], wide[n]) for n in range(words)]
    return leaving, reading, extending
