"""A linear layer: the same lanes with one row a unit, ending in exact logits, the index of the largest, or, in front of
another linear layer, in what an activation makes of them.
"""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.array import Array
from accel.architecture.latencies import SLOT_TO_LOGIT, slot_to_out
from accel.architecture.linear import LinearArray
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_array import lane_array
from accel.rtl.blocks.lanes.sequencer import sequence
from accel.rtl.blocks.lanes.slots import Slot
from accel.rtl.blocks.primitives.arithmetic import add, align
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, like
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.rows.activation import activate, watch_activated
from accel.rtl.blocks.rows.begin import begin_step
from accel.rtl.blocks.rows.cell_path import emit_set, read_biases
from accel.rtl.blocks.rows.layer import reserve
from accel.rtl.blocks.rows.slot_path import slot_control


class HeadObserved:
    """What a test bench may watch of a head, arg max or not; left open, synthesis removes it."""

    def __init__(self, array: Array) -> None:
        self.logit_valid = flag()
        self.logit = bits(array.sum_width)


class LinearObserved(HeadObserved):
    """What a test bench may watch of a linear layer in front of the last one: its sums, and what leaves it."""

    def __init__(self, array: LinearArray) -> None:
        super().__init__(array)
        self.out_valid = flag()
        self.out = bits(array.made.width)


@block
def observe_logits(clk: Any, reset: Any, slot: Any, logit: Any, observed: Any) -> Any:
    """Copies of the exact logits for the test bench.

    In: clk, reset, slot, logit (signed, sum_width bits). Out: observed.logit, observed.logit_valid. Latency: 0 from the
    logit.
    """
    word = logit(len(logit), 0)
    valids = delay(clk, reset, slot.valid, observed.logit_valid, SLOT_TO_LOGIT)

    @always_comb
    def copying():
        observed.logit.next = word

    return valids, copying


@block
def logits(
    clk: Any, slot: Any, sums: Any, logit: Any, layer: Any, bias_width: int, bias_shift: int, stores: Any
) -> Any:
    """Exact row sums with their biases, one a cycle.

    In: clk, slot, sums (two's complement, total_width bits), stores (or None). Out: logit (signed, sum_width bits).
    Latency: SLOT_TO_LOGIT from a slot.
    """
    bias = bits(bias_width)
    total, stored = signed(len(sums)), signed(bias_width)
    aligned = signed(bias_width + bias_shift)

    reading_biases = read_biases(clk, slot, bias, layer, stores)
    reading_total = as_signed(sums, total)
    reading_bias = as_signed(bias, stored)
    aligning = align(stored, aligned, bias_shift)
    adding = add(clk, total, aligned, logit)
    return reading_biases, reading_total, reading_bias, aligning, adding


@block
def emit_words(clk: Any, reset: Any, slot: Any, value: Any, results: Any, latency: int) -> Any:
    """Every value leaves, which comes `latency` cycles behind its slot.

    In: clk, reset, slot, value (signed, a word of results). Out: results.closing, results.final, results.valid,
    results.word. Latency: 0 from the value.
    """
    valid, closing, final = like(slot.valid), like(slot.closing), like(slot.final)
    valids = delay(clk, reset, slot.valid, valid, latency)
    closings = delay(clk, reset, slot.closing, closing, latency)
    finals = delay(clk, reset, slot.final, final, latency)
    word = value(len(value), 0)

    @always_comb
    def emitting():
        results.valid.next = valid
        results.word.next = word
        results.closing.next = closing
        results.final.next = final

    return valids, closings, finals, emitting


@block
def emit_largest(clk: Any, reset: Any, slot: Any, logit: Any, results: Any) -> Any:
    """The index of a step's largest logit leaves, the lowest one on a tie.

    In: clk, reset, slot, logit (signed, sum_width bits). Out: results.closing, results.final, results.valid,
    results.word. Latency: 1 from the last logit.
    """
    valid = like(slot.valid)
    valids = delay(clk, reset, slot.valid, valid, SLOT_TO_LOGIT)
    beat = like(slot.beat)
    beats = delay(clk, reset, slot.beat, beat, SLOT_TO_LOGIT)
    closing = like(slot.closing)
    closings = delay(clk, reset, slot.closing, closing, SLOT_TO_LOGIT)
    final = like(slot.final)
    finals = delay(clk, reset, slot.final, final, SLOT_TO_LOGIT)
    largest, place = signed(len(logit)), bits(len(slot.beat))
    better = flag()

    @always_comb
    def comparing():
        better.next = beat == 0 or logit > largest

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if valid and better:
            largest.next = logit
            place.next = beat

    @always_seq(clk.posedge, reset=reset)
    def emitting():
        results.valid.next = valid and closing
        results.closing.next = closing
        results.final.next = final

    @always_comb
    def showing():
        results.word.next = place

    return valids, beats, closings, finals, comparing, keeping, emitting, showing


@module
def head_layer(
    clk: Any,
    reset: Any,
    ping_pong: Any,
    results: Any,
    observed: Any,
    layer: Any,
    argmax: bool,
    bias_width: int,
    bias_shift: int,
    stores: Any,
    activation: Any = None,
) -> Any:
    """Linear layer over what arrives; `stores` as for an LSTM layer. Of one in front of another, `activation` are the
    ActivationConstants.

    In: clk, reset, ping_pong, results. Out: ping_pong.take, ping_pong.turn, results.closing, .final, .reserve, .valid,
    .weight_set, .word, observed.logit, observed.logit_valid, observed.out, observed.out_valid, stores.ready.
    Latency: `last_result` of its Stage in the schedule.
    """
    array = layer.lanes.array
    issue, slot = Issue(array), Slot(array)
    unit_totals = [bits(array.total_width)]
    logit = signed(array.sum_width)

    waiting = issue.waiting if array.streamed else None
    beginning = begin_step(clk, reset, ping_pong, results.room, waiting, True, sum(layer.intervals))
    reserving = reserve(ping_pong.take, ping_pong.final, results.reserve, True)
    stepping = sequence(clk, reset, ping_pong, issue, array, layer.release_at)
    lanes = lane_array(clk, reset, issue, ping_pong.write, None, unit_totals, layer.lanes, stores)
    slotting = slot_control(clk, reset, issue, slot, array)
    summing = logits(clk, slot, unit_totals[0], logit, layer, bias_width, bias_shift, stores)
    latency = SLOT_TO_LOGIT + argmax
    if activation is not None:
        latency, out = slot_to_out(array), signed(activation.array.made.width)
        activating, watching_out = activate(clk, logit, out, activation), watch_activated(results.valid, out, observed)
        emitting = activating, emit_words(clk, reset, slot, out, results, latency), watching_out
    elif argmax:
        emitting = emit_largest(clk, reset, slot, logit, results)
    else:
        emitting = emit_words(clk, reset, slot, logit, results, latency)
    watching = observe_logits(clk, reset, slot, logit, observed)
    working = (beginning, reserving, stepping, lanes, slotting, summing, emitting, watching)
    if not array.writable:
        return working
    return (*working, emit_set(clk, reset, slot, results, latency))
