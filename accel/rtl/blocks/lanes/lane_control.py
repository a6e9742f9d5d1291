"""What each lane does in a cycle: which operand it reads, and from where."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, block

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import ADDRESS_TO_FETCH, fetch_to_select
from accel.base.fixed import index_bits
from accel.rtl.blocks.lanes.levels import Work, lane_work
from accel.rtl.blocks.lanes.sequencer import Issue
from accel.rtl.blocks.primitives.register import delay, gather
from accel.rtl.blocks.primitives.signals import bits, flag, signed


@block
def lane_phase(position: Any, fresh: Any, waiting: Any, from_h: Any, clear: Any, x_slots: int, slots: int) -> Any:
    """What one lane of a row does at a position: x, then h (zero in a fresh sequence), then nothing. Latency: 0.

    It does nothing, too, while it waits for weights; `waiting` is None where it never does.
    """

    @always_comb
    def reading_h():
        from_h.next = position >= x_slots

    @always_comb
    def clearing():
        clear.next = position >= slots or (fresh and position >= x_slots)

    @always_comb
    def clearing_waits():
        clear.next = waiting or position >= slots or (fresh and position >= x_slots)

    return reading_h, clearing if waiting is None else clearing_waits


@block
def lane_control(clk: Any, reset: Any, issue: Any, reading: Any, array: RowArray) -> Any:
    """How operands are read, each signal delayed to the stage that uses it. Latency: per signal, see Reading."""
    select = ADDRESS_TO_FETCH + fetch_to_select(array)
    lanes, work = array.lanes, Work(array)
    working = [lane_work(issue.level, work, array)] if array.levels > 1 else []
    from_h, clear = [flag() for _ in lanes], [flag() for _ in lanes]
    late_from_h, late_clear = [flag() for _ in lanes], [flag() for _ in lanes]
    phases = [
        lane_phase(
            issue.position,
            issue.fresh,
            issue.waiting if array.fed else None,
            from_h[m],
            clear[m],
            work.x_slots[m],
            work.slots[m],
        )
        for m in range(len(lanes))
    ]
    clears = [delay(clk, reset, clear[m], late_clear[m], select) for m in range(len(lanes))]
    clearing = gather(late_clear, reading.clear)
    banks = delay(clk, reset, issue.x_bank, reading.x_bank, ADDRESS_TO_FETCH)
    if not array.recurrent:
        return phases, clears, clearing, banks
    froms = [delay(clk, reset, from_h[m], late_from_h[m], select) for m in range(len(lanes))]
    choosing = gather(late_from_h, reading.from_h)
    h_banks = delay(clk, reset, issue.read_bank, reading.h_bank, ADDRESS_TO_FETCH)
    return working, phases, clears, clearing, banks, froms, choosing, h_banks


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
def dense_places(clk: Any, reset: Any, issue: Issue, word: Any, array: RowArray) -> Any:
    """Columns of all lanes of a dense row side by side, in place of stored indices. Latency: ADDRESS_TO_FETCH."""
    count, work = array.lanes_per_row, Work(array)
    working = [lane_work(issue.level, work, array)] if array.levels > 1 else []
    width = index_bits((array.cycles_per_group + 1) * count + array.kept[0])
    places = [signed(max(width, array.index_width) + 1) for _ in array.lanes]
    counting = [
        count_place(issue.position, places[m], count, work.x_slots[m], m, work.h_start[m])
        for m in range(len(array.lanes))
    ]
    joined_now = bits(len(word))
    gathering = gather([place(array.index_width, 0) for place in places], joined_now)
    delaying = delay(clk, reset, joined_now, word, ADDRESS_TO_FETCH)
    return working, counting, gathering, delaying
