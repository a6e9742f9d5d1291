"""What each lane does in a cycle: which operand it reads, and from where."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, block

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import ADDRESS_TO_FETCH, fetch_to_select
from accel.base.fixed import index_bits
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.levels import Work, lane_work
from accel.rtl.blocks.primitives.register import delay, follow, gather
from accel.rtl.blocks.primitives.signals import bits, flag, wrapping
from accel.rtl.blocks.primitives.widths import multiple, pad


def none(slots: Any) -> bool:
    """Whether a lane has no slots of a kind, in any level."""
    return isinstance(slots, int) and slots == 0


@block
def reaches(position: Any, slots: Any, o: Any) -> Any:
    """Whether a position is `slots` or beyond.

    In: position (number of a cycle of the group), slots (cycles). Out: o (1 bit). Latency: 0.
    """

    @always_comb
    def comparing():
        o.next = position >= slots

    return comparing


@block
def reaches_none(position: Any, o: Any) -> Any:
    """Any position is 0 or beyond.

    In: position (number of a cycle of the group). Out: o (1 bit). Latency: 0.
    """
    reaches_none.verilog_code = "assign $o = 1'b1;"
    o.driven = "wire"

    @always_comb
    def telling():
        o.next = position >= 0

    return telling


@block
def lane_phase(position: Any, fresh: Any, going: Any, from_h: Any, clear: Any, x_slots: int, slots: int) -> Any:
    """What one lane of a row does at a position: x, then h (zero in a fresh sequence), then nothing.

    It does nothing, too, where weights come from outside and the lanes do not go on (`going`, None where weights are
    always there): what their memory gives then is of any column, and sums of it have no bound. `fresh` is None where no
    row reads h.

    In: position (number of a cycle of the group), fresh (1 bit, or None), going (1 bit, or None). Out: from_h
    (1 bit), clear (1 bit). Latency: 0.
    """
    past, without = flag(), flag()
    reading_h = reaches_none(position, from_h) if none(x_slots) else reaches(position, x_slots, from_h)
    passing = reaches_none(position, past) if none(slots) else reaches(position, slots, past)

    @always_comb
    def sparing():
        without.next = past or (fresh and from_h)

    @always_comb
    def clearing():
        clear.next = not going or without

    spared = follow(past, without) if fresh is None else sparing
    return reading_h, passing, spared, follow(without, clear) if going is None else clearing


@block
def layer_phase(
    position: Any,
    level: Any,
    fresh: Any,
    old_bank: Any,
    from_h: Any,
    own: Any,
    bank: Any,
    clear: Any,
    x_slots: Any,
    slots: Any,
) -> Any:
    """What one lane of a row does at a position where layers share lanes.

    In the first layer x, then its h of the step before. In a later one its h of the step before, then h that the layer
    in front has just made, which is in the other bank. A fresh sequence has no h of a step before. At last nothing.

    In: position (number of a cycle of the group), level (number of a layer), fresh (1 bit), old_bank (number of a
    bank), x_slots (cycles of the level's first part), slots (cycles of both). Out: from_h (1 bit), own (1 bit: the
    layer's own h), bank (number of a bank), clear (1 bit). Latency: 0.
    """
    late, past, behind = flag(), flag(), flag()
    reading_late, passing = reaches(position, x_slots, late), reaches(position, slots, past)

    @always_comb
    def counting():
        behind.next = level != 0

    @always_comb
    def choosing():
        from_h.next = late or behind
        own.next = late != behind
        bank.next = old_bank != (late and behind)

    @always_comb
    def clearing():
        clear.next = past or (fresh and own)

    return reading_late, passing, counting, choosing, clearing


@block
def room_to_compare(position: Any, wide: Any) -> Any:
    """The position in as many bits as its largest bound.

    In: position (number of a cycle of the group). Out: wide (a bit more). Latency: 0.
    """
    return follow(position, wide) if len(position) == len(wide) else pad(position, wide)


@block
def lane_control(clk: Any, reset: Any, issue: Any, reading: Any, array: RowArray) -> Any:
    """How operands are read, each signal delayed to the stage that uses it.

    In: clk, reset, issue. Out: reading.clear, reading.from_h, reading.h_bank, reading.x_bank. Latency: per signal, see
    Reading.
    """
    select = ADDRESS_TO_FETCH + fetch_to_select(array)
    lanes, work = array.lanes, Work(array)
    working = [lane_work(issue.level, work, array)] if array.levels > 1 else []
    from_h, clear = [flag() for _ in lanes], [flag() for _ in lanes]
    late_from_h, late_clear = [flag() for _ in lanes], [flag() for _ in lanes]
    position = bits(index_bits(array.cycles_per_group + 1))
    widening = room_to_compare(issue.position, position)
    phases = [
        lane_phase(
            position,
            issue.fresh if array.recurrent else None,
            issue.going if array.streamed else None,
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
        return widening, phases, clears, clearing, banks
    froms = [delay(clk, reset, from_h[m], late_from_h[m], select) for m in range(len(lanes))]
    choosing = gather(late_from_h, reading.from_h)
    h_banks = delay(clk, reset, issue.read_bank, reading.h_bank, ADDRESS_TO_FETCH)
    return working, widening, phases, clears, clearing, banks, froms, choosing, h_banks


@block
def shared_control(clk: Any, reset: Any, issue: Any, reading: Any, array: RowArray) -> Any:
    """`lane_control` where layers share lanes.

    In: clk, reset, issue. Out: reading.clear, reading.from_h, reading.h_bank, reading.of_h, reading.x_bank. Latency:
    per signal, see Reading.
    """
    select, work = ADDRESS_TO_FETCH + fetch_to_select(array), Work(array)
    from_h, own, bank, clear = ([flag() for _ in array.lanes] for _ in range(4))
    position = bits(index_bits(array.cycles_per_group + 1))
    phases = [
        layer_phase(
            position,
            issue.level,
            issue.fresh,
            issue.read_bank,
            from_h[m],
            own[m],
            bank[m],
            clear[m],
            work.x_slots[m],
            work.slots[m],
        )
        for m in range(len(array.lanes))
    ]
    every = {"clear": (clear, select), "from_h": (from_h, select), "h_bank": (bank, ADDRESS_TO_FETCH)}
    if array.separate_sums:
        every["of_h"] = own, select
    waiting = []
    for name, (each, cycles) in every.items():
        late = [flag() for _ in each]
        waiting += [delay(clk, reset, one, late[m], cycles) for m, one in enumerate(each)]
        waiting.append(gather(late, getattr(reading, name)))
    banks = delay(clk, reset, issue.x_bank, reading.x_bank, ADDRESS_TO_FETCH)
    working = lane_work(issue.level, work, array)
    return working, room_to_compare(issue.position, position), phases, waiting, banks


@block
def count_place(position: Any, place: Any, stride: int, x_slots: int, x_start: int, h_start: Any) -> Any:
    """Column that one lane of a dense row reads at a position: a count over x, then one over h.

    Where no row reads h, `h_start` is None.

    In: position (number of a cycle of the group), h_start (number of an operand, or None). Out: place
    (number of a column). Latency: 0.
    """
    scaled = wrapping(len(place))
    scaling = multiple(position, scaled, stride)

    @always_comb
    def placing_x():
        place.next = scaled + x_start

    if h_start is None:
        return scaling, placing_x

    @always_comb
    def placing():
        if position >= x_slots:
            place.next = scaled + h_start
        else:
            place.next = scaled + x_start

    @always_comb
    def placing_h():
        place.next = scaled + h_start

    return scaling, placing_h if none(x_slots) else placing


@block
def dense_places(clk: Any, reset: Any, issue: Issue, word: Any, array: RowArray) -> Any:
    """Columns of all lanes of a dense row side by side, in place of stored indices.

    In: clk, reset, issue. Out: word (a column's number a lane). Latency: ADDRESS_TO_FETCH.
    """
    count, work = array.lanes_per_row, Work(array)
    working = [lane_work(issue.level, work, array)] if array.levels > 1 else []
    places = [wrapping(array.index_width) for _ in array.lanes]
    position = bits(index_bits(array.cycles_per_group + 1))
    widening = room_to_compare(issue.position, position)
    h_start = work.h_start if array.recurrent else [None] * count
    counting = [count_place(position, places[m], count, work.x_slots[m], m, h_start[m]) for m in range(count)]
    joined_now = bits(len(word))
    gathering = gather(places, joined_now)
    delaying = delay(clk, reset, joined_now, word, ADDRESS_TO_FETCH)
    return working, widening, counting, gathering, delaying
