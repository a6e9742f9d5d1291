"""The status word: what happened since reset, as counters modulo 2**32 and flags that are ports of the top."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, always_seq, block

from accel.architecture.array import Array
from accel.architecture.latencies import SLOT_TO_TOTALS, clip_times
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import delay, follow, gather, register
from accel.rtl.blocks.primitives.signals import bits, flag, joined, wrapping
from accel.rtl.blocks.primitives.widths import pad

COUNTER = 32
"""Bits of a counter."""


class Status:
    """Ports of the status word."""

    def __init__(self, writable: bool) -> None:
        self.steps = wrapping(COUNTER)
        """Steps that began in the first layer."""
        self.cycles = wrapping(COUNTER)
        """Clock cycles."""
        self.torn = flag()
        """A `tlast` cut an x_t short: the rest of it counted as zeros, and its sequence ended with it. Or, in front of
        an embedding, a number came that no row has, and counted as token 0.
        """
        if writable:
            self.loaded = flag()
            """There are weights; before, no input is taken."""
            self.load_short = flag()
            """The last frame of weights was shorter than it should be; it changed nothing."""
            self.load_long = flag()
            """It was longer."""
            self.load_shape = flag()
            """It was made for an accelerator of another shape."""
            self.load_checksum = flag()
            """Its checksum was wrong."""


class LayerStatus:
    """Ports of the status word for one layer: how often narrowing to a format clipped, in all levels.

    `gate` counts pre-activations, `cell` what is kept (c_t of an LSTM), `state` what is read (h_t).
    """

    def __init__(self, initial_state: bool, streamed: bool) -> None:
        self.gate = wrapping(COUNTER)
        self.cell = wrapping(COUNTER)
        self.state = wrapping(COUNTER)
        if initial_state:
            self.state_torn = flag()
            """A frame of h_0 and c_0 did not end with its last beat: zeros took the place of what was missing, and what
            was too much was dropped."""
        if streamed:
            self.weights_torn = flag()
            """The weights of a turn did not end with their last beat: likewise."""


class StreamedStatus:
    """Ports of the status word for a linear layer whose weights come in every step."""

    def __init__(self) -> None:
        self.weights_torn = flag()
        """As that of a recurrent layer."""


@block
def count(clk: Any, reset: Any, event: Any, counter: Any) -> Any:
    """Count the cycles in which `event` is true, modulo 2**width.

    In: clk, reset, event (1 bit). Out: counter (32 bits, modulo 2**32). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if event:
            counter.next = counter + 1

    return counting


@block
def count_steps(clk: Any, reset: Any, begin: Any, status: Any) -> Any:
    """Steps and cycles.

    In: clk, reset, begin (1 bit). Out: status.cycles, status.steps. Latency: 1.
    """
    awake = flag()

    @always_comb
    def running():
        awake.next = not reset

    steps = count(clk, reset, begin, status.steps)
    cycles = count(clk, reset, awake, status.cycles)
    return running, steps, cycles


@block
def tally(clk: Any, flags: Any, o: Any) -> Any:
    """How many of 2**n flags are true.

    In: clk, flags (1 bit each). Out: o (a count, n + 1 bits). Latency: n + 1.
    """
    if len(flags) == 1:
        return register(clk, flags[0], o)
    half = len(flags) // 2
    lower, upper = bits(len(o) - 1), bits(len(o) - 1)
    counting_lower = tally(clk, flags[:half], lower)
    counting_upper = tally(clk, flags[half:], upper)

    @always(clk.posedge)
    def adding():
        o.next = lower + upper

    return counting_lower, counting_upper, adding


@block
def hold_all(clk: Any, reset: Any, valid: Any, flags: Any, held: Any) -> Any:
    """The flags of a valid cycle side by side, else none.

    In: clk, reset, valid (1 bit), flags (1 bit each). Out: held (a bit a flag). Latency: 1.
    """
    word = joined(flags)

    @always_seq(clk.posedge, reset=reset)
    def holding():
        held.next = 0
        if valid:
            held.next = word

    return holding


@block
def hold_present(clk: Any, reset: Any, valid: Any, closing: Any, present: int, flags: Any, held: Any) -> Any:
    """`hold_all`, of a closing cycle the first `present` flags alone.

    In: clk, reset, valid (1 bit), closing (1 bit), flags (1 bit each). Out: held (a bit a flag). Latency: 1.
    """
    first, real, word = bits(present), bits(len(flags)), joined(flags)
    leaving_out = gather(flags[:present], first), pad(first, real)

    @always_seq(clk.posedge, reset=reset)
    def holding():
        held.next = 0
        if valid and closing:
            held.next = real
        elif valid:
            held.next = word

    return leaving_out, holding


@block
def count_flags(clk: Any, reset: Any, valid: Any, closing: Any, present: int, flags: Any, counter: Any) -> Any:
    """Count the true ones of up to 2**n flags in valid cycles, modulo 2**width; of a closing one, the first `present`.

    Where all of them always are, `closing` is None.

    In: clk, reset, valid (1 bit), closing (1 bit, or None), flags (1 bit each). Out: counter (32 bits, modulo 2**32).
    Latency: n + 3.
    """
    count = 1 << (len(flags) - 1).bit_length()
    held, padded = bits(len(flags)), bits(count)
    filling = pad(held, padded) if count > len(flags) else follow(held, padded)
    holding = hold_all(clk, reset, valid, flags, held)
    if closing is not None:
        holding = hold_present(clk, reset, valid, closing, present, flags, held)
    found, more = bits((count - 1).bit_length() + 1), bits(len(counter))
    parts = [padded(n + 1, n) for n in range(count)]

    @always_seq(clk.posedge, reset=reset)
    def counting():
        counter.next = counter + more

    tallying = tally(clk, parts, found)
    widening = pad(found, more)
    return filling, holding, tallying, widening, counting


@block
def count_narrowed(clk: Any, reset: Any, slot: Any, latency: int, present: int, flags: Any, counter: Any) -> Any:
    """Count the flags that come `latency` cycles after their slot.

    In: clk, reset, slot, flags (1 bit each). Out: counter (32 bits, modulo 2**32). Latency: `latency` + log2 of them +
    3.
    """
    valid = flag()
    coming = delay(clk, reset, slot.real, valid, latency)
    if present == len(flags):
        return coming, count_flags(clk, reset, valid, None, present, flags, counter)
    closing = flag()
    closes = delay(clk, reset, slot.closing, closing, latency)
    return coming, closes, count_flags(clk, reset, valid, closing, present, flags, counter)


@module
def count_saturations(clk: Any, reset: Any, slot: Any, signals: Any, saturations: Any, array: Array) -> Any:
    """Count what the cells clip, by format, those beyond the last unit left out.

    In: clk, reset, slot, signals. Out: saturations. Latency: as `count_narrowed`.
    """
    present, told = array.outputs - (array.output_beats - 1) * array.cells, clip_times(array.cell)
    counting = []
    for key, counter in (("gate", saturations.gate), ("cell", saturations.cell), ("state", saturations.state)):
        places = [(n, at) for n, (fmt, at) in enumerate(told) if fmt == key]
        last = max(cycle for _, cycle in places)
        waits = [(out.clipped[n], last - cycle) for out in signals for n, cycle in places]
        flags = [flag() if cycles else clipped for clipped, cycles in waits]
        late = [delay(clk, reset, one, flags[n], cycles) for n, (one, cycles) in enumerate(waits) if cycles]
        count = len(places) * present
        counting += [late, count_narrowed(clk, reset, slot, SLOT_TO_TOTALS + last, count, flags, counter)]
    return counting
