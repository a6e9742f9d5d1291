"""Between two recurrent layers: words of h_t through an activation, each value between two ends of its own format."""

from __future__ import annotations

from typing import Any

from accel.architecture.array import Array
from accel.architecture.cells.operations import Clip
from accel.architecture.latencies import CLIPPED
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, follow, gather, like
from accel.rtl.blocks.primitives.signals import signed
from accel.rtl.blocks.rows.activation import clip
from accel.rtl.blocks.streams.output_fifo import credit


@module
def clip_words(clk: Any, reset: Any, results: Any, beats: Any, released: Any, array: Array, operation: Clip) -> Any:
    """Results of a layer become the next layer's input, every value within the ends of the operation; the two banks of
    that are the room.

    In: clk, reset, results, released (1 bit). Out: results.room, beats.last, beats.valid, beats.weight_set, beats.word.
    Latency: CLIPPED.
    """
    width, word = array.h.width, like(results.word)
    values, clipped = ([signed(width) for _ in range(array.cells)] for _ in range(2))
    reading = [as_signed(word((n + 1) * width, n * width), values[n]) for n in range(array.cells)]
    clipping = [clip(clk, values[n], clipped[n], operation, array.h) for n in range(array.cells)]
    ways = [(results.valid, beats.valid), (results.final, beats.last)]
    ways += [(results.weight_set, beats.weight_set)] if array.writable else []
    waiting = [delay(clk, reset, i, o, CLIPPED) for i, o in ways]
    crediting = credit(clk, reset, results.reserve, released, results.room, 2)
    return follow(results.word, word), reading, clipping, gather(clipped, beats.word), waiting, crediting
