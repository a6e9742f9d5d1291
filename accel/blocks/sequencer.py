"""When a step begins, and what the lanes do in each of its cycles."""

from __future__ import annotations

from typing import Any

from myhdl import Signal, always_comb, always_seq, block, intbv

from accel.blocks.register import delay, gather
from accel.blocks.signals import bits, flag, signed
from accel.fixed import index_bits
from accel.pipeline import ADDRESS_TO_FETCH, fetch_to_select
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
        banks = array.h_vector.banks
        self.read_bank = Signal(intbv(banks // 2 - 1)[index_bits(banks) :])
        """Bank of h_{t-1}, as the stream's last step wrote it: half a round of banks ago."""
        self.write_bank = Signal(intbv(banks - 1)[index_bits(banks) :])
        """Bank of h_t."""
        self.stream = Signal(intbv(array.streams - 1)[index_bits(array.streams) :])
        """Whose turn it is."""
        self.weight_set = flag()
        """Set of weights that the sequence began with, where they are loaded."""


@block
def begin_step(clk: Any, reset: Any, inbox: Any, room: Any, always_emits: bool, interval: int) -> Any:
    """A step begins when x is there, its results have room and `interval` cycles have passed since the last one began.

    A step that emits nothing needs no room. `rested` is a register, since much depends on `take`. Latency: 0.
    """
    available, final, take = inbox.available, inbox.final, inbox.take
    countdown = bits(index_bits(interval))
    rested = Signal(bool(1))
    at_once = interval == 1

    @always_seq(clk.posedge, reset=reset)
    def resting():
        if take:
            rested.next = at_once
        elif countdown == 1:
            rested.next = True

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
def take_turns(clk: Any, reset: Any, take: Any, number: Any, count: int) -> Any:
    """Go on to the next of `count` numbers at each step. Latency: 1."""
    last = count - 1

    @always_seq(clk.posedge, reset=reset)
    def turning():
        if take:
            if number == last:
                number.next = 0
            else:
                number.next = number + 1

    return turning


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

    @always_seq(clk.posedge, reset=reset)
    def latching_set():
        if take:
            issue.weight_set.next = inbox.weight_set

    @always_seq(clk.posedge, reset=reset)
    def releasing():
        release.next = active and address == release_at

    turns = [
        take_turns(clk, reset, take, issue.read_bank, array.h_vector.banks),
        take_turns(clk, reset, take, issue.write_bank, array.h_vector.banks),
        take_turns(clk, reset, take, issue.stream, array.streams),
    ]
    if array.writable:
        return framing, stepping, grouping, latching, latching_set, releasing, turns
    return framing, stepping, grouping, latching, releasing, turns


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
def lane_control(clk: Any, reset: Any, issue: Any, reading: Any, array: Array) -> Any:
    """How operands are read, each signal delayed to the stage that uses it. Latency: per signal, see Reading."""
    select = ADDRESS_TO_FETCH + fetch_to_select(array)
    lanes = array.lanes
    from_h, clear = [flag() for _ in lanes], [flag() for _ in lanes]
    late_from_h, late_clear = [flag() for _ in lanes], [flag() for _ in lanes]
    phases = [
        lane_phase(issue.position, issue.fresh, from_h[m], clear[m], lane.x_slots, lane.slots)
        for m, lane in enumerate(lanes)
    ]
    clears = [delay(clk, reset, clear[m], late_clear[m], select) for m in range(len(lanes))]
    clearing = gather(late_clear, reading.clear)
    banks = delay(clk, reset, issue.x_bank, reading.x_bank, ADDRESS_TO_FETCH)
    if not array.recurrent:
        return phases, clears, clearing, banks
    froms = [delay(clk, reset, from_h[m], late_from_h[m], select) for m in range(len(lanes))]
    choosing = gather(late_from_h, reading.from_h)
    h_banks = delay(clk, reset, issue.read_bank, reading.h_bank, ADDRESS_TO_FETCH)
    return phases, clears, clearing, banks, froms, choosing, h_banks


@block
def count_place(position: Any, place: Any, stride: int, x_slots: int, x_start: int, h_start: int) -> Any:
    """Column that one lane of a dense row reads at a position: a count over x, then one over h. Latency: 0."""
    scaled = bits(len(place) - 1)

    @always_comb
    def scaling():
        scaled.next = position * stride

    @always_comb
    def placing():
        if position >= x_slots:
            place.next = scaled + h_start
        else:
            place.next = scaled + x_start

    return scaling, placing


@block
def dense_places(clk: Any, reset: Any, position: Any, word: Any, array: Array) -> Any:
    """Columns of all lanes of a dense row side by side, in place of stored indices. Latency: ADDRESS_TO_FETCH."""
    count = array.lanes_per_row
    width = index_bits((array.cycles_per_group + 1) * count + array.kept[0])
    places = [signed(max(width, array.index_width) + 1) for _ in array.lanes]
    counting = [
        count_place(position, places[m], count, lane.x_slots, m, m - array.kept[0])
        for m, lane in enumerate(array.lanes)
    ]
    joined_now = bits(len(word))
    gathering = gather([place(array.index_width, 0) for place in places], joined_now)
    delaying = delay(clk, reset, joined_now, word, ADDRESS_TO_FETCH)
    return counting, gathering, delaying
