"""Which units the cell stage takes in which cycle: one slot of E units after the other, while the totals shift."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.array import Array
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.signals import bits, flag


class Slot:
    """The slot that enters the stage; `beat` counts the slots of a step."""

    def __init__(self, array: Array) -> None:
        self.valid = flag()
        self.real = flag()
        """Valid, and of a step: not of the turn that takes a sequence's state."""
        self.given = flag()
        """Of the turn that takes a sequence's state."""
        self.beat = bits(index_bits(array.groups * array.slots_per_group))
        self.closing = flag()
        """The step's last slot."""
        self.fresh = flag()
        self.final = flag()
        self.bank = bits(array.h_vector.bank_width)
        """Bank that h_t goes to."""
        self.stream = bits(index_bits(array.streams))
        self.weight_set = flag()
        self.level = bits(index_bits(array.levels))
        self.leaving = flag()
        """Valid, and of a step's last level, where there are several: its result leaves the layer."""


@block
def slot_level(clk: Any, reset: Any, capture: Any, level: Any, slot: Any, array: Array) -> Any:
    """Which level a slot is of, and whether that is the last one.

    In: clk, reset, capture (1 bit), level (number of a level), slot. Out: slot.leaving, slot.level. Latency: 1.
    """
    last_level = array.levels - 1

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if capture:
            slot.level.next = level

    @always_comb
    def telling():
        slot.leaving.next = slot.valid and slot.level == last_level

    return latching, telling


@block
def slot_turn(clk: Any, reset: Any, capture: Any, given: Any, slot: Any) -> Any:
    """Whether a slot is of a step, or of the turn that takes a sequence's state.

    In: clk, reset, capture (1 bit), given (1 bit), slot. Out: slot.given, slot.real. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if capture:
            slot.given.next = given

    @always_comb
    def telling():
        slot.real.next = slot.valid and not slot.given

    return latching, telling


@block
def every_slot_real(slot: Any) -> Any:
    """Every slot is of a step.

    In: slot. Out: slot.real. Latency: 0.
    """

    @always_comb
    def telling():
        slot.real.next = slot.valid

    return telling


@block
def slot_set(clk: Any, reset: Any, capture: Any, weight_set: Any, slot: Any) -> Any:
    """The set of weights that a slot's sums are made with.

    In: clk, reset, capture (1 bit), weight_set (1 bit). Out: slot.weight_set. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if capture:
            slot.weight_set.next = weight_set

    return latching


@block
def count_slots(clk: Any, reset: Any, capture: Any, opening: Any, slot: Any, array: Array) -> Any:
    """One slot after the other from `capture` on; the step's first group is `opening`.

    Of the slot to come there is a number too: so memories that `beat` addresses stand behind a register, not an adder.

    In: clk, reset, capture (1 bit), opening (1 bit). Out: slot.beat, slot.closing, slot.valid. Latency: 1.
    """
    last_slot, last_beat = array.slots_per_group - 1, array.output_beats - 1
    number, width = bits(index_bits(array.slots_per_group)), len(slot.beat)
    following = bits(len(slot.beat) + 1)
    done = flag()

    @always_comb
    def closing():
        slot.closing.next = slot.beat == last_beat

    @always_comb
    def finishing():
        done.next = number == last_slot or slot.beat == last_beat

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if capture:
            number.next = 0
            slot.valid.next = True
        elif done:
            slot.valid.next = False
        elif slot.valid:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def numbering():
        if capture and opening:
            slot.beat.next = 0
            following.next = 1
        elif capture or (slot.valid and not done):
            slot.beat.next = following[width:]
            following.next = following + 1

    return closing, finishing, counting, numbering


@block
def slots(clk: Any, reset: Any, capture: Any, opening: Any, issue: Any, slot: Any, array: Array) -> Any:
    """Count the slots of a group from `capture` on; `opening` marks a step's first group.

    `issue` carries what is known of the step, aligned to `capture`.

    In: clk, reset, capture (1 bit), opening (1 bit), issue. Out: slot.bank, .beat, .closing, .final, .fresh, .given,
    .leaving, .level, .real, .stream, .valid, .weight_set. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if capture:
            slot.fresh.next = issue.fresh
            slot.final.next = issue.final
            slot.bank.next = issue.write_bank
            slot.stream.next = issue.stream

    counting = count_slots(clk, reset, capture, opening, slot, array)
    turns = slot_turn(clk, reset, capture, issue.given, slot) if array.initial_state else every_slot_real(slot)
    sets = [slot_set(clk, reset, capture, issue.weight_set, slot)] if array.writable else []
    levels = [slot_level(clk, reset, capture, issue.level, slot, array)] if array.levels > 1 else []
    return latching, counting, turns, sets, levels
