"""What is known of a step on its way to the slots of the cell stage."""

from __future__ import annotations

from typing import Any

from myhdl import block

from accel.architecture.array import Array
from accel.architecture.latencies import scale_delay, slot_delay
from accel.rtl.blocks.cells.scale import ScaleConstants, scale_totals
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.slots import Slot, slots
from accel.rtl.blocks.primitives.register import delay
from accel.rtl.blocks.primitives.signals import flag


@block
def slot_control(clk: Any, reset: Any, issue: Issue, slot: Any, array: Any) -> Any:
    """Start the slots so that a group's first one meets its totals.

    In: clk, reset, issue. Out: slot.bank, .beat, .closing, .final, .fresh, .given, .leaving, .level, .real, .stream,
    .valid, .weight_set. Latency: slot_delay - scale_delay.
    """
    ahead = slot_delay(array) - scale_delay(array) - 1
    late = Issue(array)
    capture, opening = flag(), flag()
    capturing = delay(clk, reset, issue.last, capture, ahead)
    openings = delay(clk, reset, issue.opening, opening, ahead)
    freshes = delay(clk, reset, issue.fresh, late.fresh, ahead)
    finals = delay(clk, reset, issue.final, late.final, ahead)
    banks = delay(clk, reset, issue.write_bank, late.write_bank, ahead)
    streams = delay(clk, reset, issue.stream, late.stream, ahead)
    counting = slots(clk, reset, capture, opening, late, slot, array)
    common = (capturing, openings, freshes, finals, banks, streams, counting)
    sets = [delay(clk, reset, issue.weight_set, late.weight_set, ahead)] if array.writable else []
    givens = [delay(clk, reset, issue.given, late.given, ahead)] if array.initial_state else []
    levels = [delay(clk, reset, issue.level, late.level, ahead)] if array.levels > 1 else []
    return common, sets, givens, levels


@block
def slot_later(clk: Any, reset: Any, early: Any, slot: Any, cycles: int, array: Array) -> Any:
    """The slot, some cycles later.

    In: clk, reset, early. Out: slot.bank, .beat, .closing, .final, .fresh, .given, .real, .stream, .valid, .weight_set.
    Latency: `cycles`.
    """
    valids = delay(clk, reset, early.valid, slot.valid, cycles)
    beats = delay(clk, reset, early.beat, slot.beat, cycles)
    closings = delay(clk, reset, early.closing, slot.closing, cycles)
    freshes = delay(clk, reset, early.fresh, slot.fresh, cycles)
    finals = delay(clk, reset, early.final, slot.final, cycles)
    banks = delay(clk, reset, early.bank, slot.bank, cycles)
    streams = delay(clk, reset, early.stream, slot.stream, cycles)
    reals = delay(clk, reset, early.real, slot.real, cycles)
    common = (valids, reals, beats, closings, freshes, finals, banks, streams)
    sets = [delay(clk, reset, early.weight_set, slot.weight_set, cycles)] if array.writable else []
    givens = [delay(clk, reset, early.given, slot.given, cycles)] if array.initial_state else []
    return common, sets, givens


@block
def scaled_slots(
    clk: Any,
    reset: Any,
    issue: Issue,
    slot: Any,
    unit_totals: Any,
    scaled: Any,
    array: Any,
    scales: ScaleConstants,
    stores: Any,
) -> Any:
    """Slots whose totals are scaled on the way to the cell stage.

    In: clk, reset, issue, unit_totals (E words of S totals), stores (or None). Out: slot.bank, .beat, .closing, .final,
    .fresh, .given, .real, .stream, .valid, .weight_set, scaled (E words of S scaled sums). Latency: slot_delay.
    """
    early = Slot(array)
    slotting = slot_control(clk, reset, issue, early, array)
    waiting = slot_later(clk, reset, early, slot, scale_delay(array), array)
    scaling = scale_totals(clk, early, unit_totals, scaled, array, scales, stores)
    return slotting, waiting, scaling
