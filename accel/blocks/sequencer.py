"""When a step begins, and what the lanes do in each of its cycles."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.blocks.register import delay, gather
from accel.blocks.signals import bits, flag
from accel.fixed import index_bits
from accel.pipeline import ADDRESS_TO_FETCH, FETCH_TO_SELECT, capture_delay
from accel.shape import Array


class Issue:
    """The step that is running, at the address stage."""

    def __init__(self, array: Array) -> None:
        self.active = flag()
        self.address = bits(index_bits(array.depth))
        self.position = bits(index_bits(array.cycles_per_group))
        """Cycle within the group."""
        self.first = flag()
        """First cycle of a group; also while no step runs, so that totals do not pile up."""
        self.last = flag()
        """Last cycle of a group."""
        self.opening = flag()
        """The step's first group."""
        self.fresh = flag()
        self.final = flag()
        self.x_bank = flag()
        self.h_bank = flag()
        """Bank that the step reads; it writes the other."""


@block
def begin_step(clk: Any, reset: Any, inbox: Any, room: Any, always_emits: bool, interval: int) -> Any:
    """A step begins when x is there, its results have room and `interval` cycles have passed since the last one began.

    A step that emits nothing needs no room. Latency: 0.
    """
    available, final, take = inbox.available, inbox.final, inbox.take
    countdown = bits(index_bits(interval))
    rested = flag()

    @always_comb
    def resting():
        rested.next = countdown == 0

    @always_comb
    def beginning():
        take.next = available and rested and room

    @always_comb
    def beginning_quietly():
        take.next = available and rested and (room or not final)

    @always_seq(clk.posedge, reset=reset)
    def counting_down():
        if take:
            countdown.next = interval - 1
        elif not rested:
            countdown.next = countdown - 1

    return resting, beginning if always_emits else beginning_quietly, counting_down


@block
def sequence(clk: Any, reset: Any, inbox: Any, issue: Any, array: Array, release_at: int) -> Any:
    """Count through the cycles and groups of a step; release x at address `release_at`. Latency: 1 from `take`."""
    take, release = inbox.take, inbox.release
    active, address, position, opening = issue.active, issue.address, issue.position, issue.opening
    first, last = issue.first, issue.last
    ending = flag()
    last_address, last_cycle = array.depth - 1, array.cycles_per_group - 1

    @always_comb
    def framing():
        first.next = position == 0
        last.next = active and position == last_cycle
        ending.next = active and address == last_address

    @always_seq(clk.posedge, reset=reset)
    def stepping():
        if take:
            active.next = True
            address.next = 0
        elif ending:
            active.next = False
            address.next = 0
        elif active:
            address.next = address + 1

    @always_seq(clk.posedge, reset=reset)
    def grouping():
        if take:
            position.next = 0
            opening.next = True
        elif last:
            position.next = 0
            opening.next = False
        elif active:
            position.next = position + 1

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if take:
            issue.fresh.next = inbox.fresh
            issue.final.next = inbox.final
            issue.x_bank.next = inbox.bank
            issue.h_bank.next = not issue.h_bank

    @always_seq(clk.posedge, reset=reset)
    def releasing():
        release.next = active and address == release_at

    return framing, stepping, grouping, latching, releasing


@block
def lane_phase(position: Any, fresh: Any, from_h: Any, clear: Any, x_slots: int, slots: int) -> Any:
    """What one lane of a row does at a position: x, then h (zero in a fresh sequence), then nothing. Latency: 0."""

    @always_comb
    def reading_h():
        from_h.next = position >= x_slots

    @always_comb
    def clearing():
        clear.next = position >= slots or (fresh and position >= x_slots)

    return reading_h, clearing


@block
def lane_control(clk: Any, reset: Any, issue: Any, control: Any, array: Array) -> Any:
    """Issue flags, each delayed to the stage of the lanes that uses it. Latency: per signal, see LaneControl."""
    select = ADDRESS_TO_FETCH + FETCH_TO_SELECT
    lanes = array.lanes
    from_h, clear = [flag() for _ in lanes], [flag() for _ in lanes]
    late_from_h, late_clear = [flag() for _ in lanes], [flag() for _ in lanes]
    phases = [
        lane_phase(issue.position, issue.fresh, from_h[m], clear[m], lane.x_slots, lane.slots)
        for m, lane in enumerate(lanes)
    ]
    clears = [delay(clk, reset, clear[m], late_clear[m], select) for m in range(len(lanes))]
    clearing = gather(late_clear, control.clear)
    banks = delay(clk, reset, issue.x_bank, control.x_bank, ADDRESS_TO_FETCH)
    firsts = delay(clk, reset, issue.first, control.first, select + 2)
    captures = delay(clk, reset, issue.last, control.capture, capture_delay(array))
    if not array.recurrent:
        return phases, clears, clearing, banks, firsts, captures
    froms = [delay(clk, reset, from_h[m], late_from_h[m], select) for m in range(len(lanes))]
    reading = gather(late_from_h, control.from_h)
    h_banks = delay(clk, reset, issue.h_bank, control.h_bank, ADDRESS_TO_FETCH)
    return phases, clears, clearing, banks, firsts, captures, froms, reading, h_banks
