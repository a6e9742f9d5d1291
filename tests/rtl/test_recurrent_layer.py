"""A recurrent layer by rows: h_t of every step, at the cycles that the schedule says, whoever waits outside."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.latencies import SLOT_TO_TOTALS, capture_delay, slot_delay
from accel.engines.engine import reference
from accel.memory.images import bias_shift, bias_width, bias_words, scale_words, state_words, sum_format, unit_words
from accel.model import samples
from accel.model.design import Design
from accel.rtl.blocks.cells.cell import CellConstants, TableFile
from accel.rtl.blocks.cells.scale import ScaleConstants
from accel.rtl.blocks.cells.status import LayerStatus
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.lanes.slots import Slot
from accel.rtl.blocks.primitives.signals import bits
from accel.rtl.blocks.rows.held_state import HeldState
from accel.rtl.blocks.rows.layer import LayerConstants, Observed, recurrent_layer
from accel.rtl.blocks.rows.slot_path import scaled_slots
from accel.rtl.blocks.streams.output_fifo import Results, output_fifo
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.receiver import receive
from accel.schedule.schedule import schedule
from tests.designs import design, spec
from tests.rtl.cycles import Plan, fields, numbers, packed
from tests.rtl.traffic import Beat, Clocked, Sink, Source, run

LAYERS: dict[str, dict[str, Any]] = {
    "LSTM": {"model": {"inputs": 3, "hidden": [8], "head": None}},
    "GRU, two cells": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8], "head": None},
        "engine": {"cells_per_cycle": 2},
    },
    "highway": {"model": {"cell": "highway", "depth": 2, "inputs": 3, "hidden": [8], "head": None}},
    "GRU that resets first": {"model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [8], "head": None}},
    "scales": {
        "model": {"inputs": 3, "hidden": [8], "head": None},
        **{"weights": {"per_row": True}, "formats": {"scale": [6, 4]}},
    },
    "a state of its own": {"model": {"inputs": 3, "hidden": [8], "head": None, "initial": "constant"}},
}


def constants(made: Design) -> tuple[LayerConstants, CellConstants, Any]:
    """What the layer of a design is built from, and the state that its sequences begin with."""
    array, layer, stage = made.net.layers[0], made.weights.layers[0], schedule(made).stages[0]
    narrowed: Any = sum_format(array)
    lanes = ArrayConstants(array, tuple(map(tuple, unit_words(array, layer))), ("",) * array.units)
    scales = ScaleConstants(array.scale, tuple(scale_words(array, layer)), "") if array.scale else None
    words, times = tuple(bias_words(array, layer, narrowed)), (stage.intervals, stage.release_at)
    tables = {name: TableFile(table, "") for name, table in made.net.tables_of(array).items()}
    cells = CellConstants(array, tables, bias_width(array, narrowed), bias_shift(array, narrowed))
    held = [tuple(each) for each, _ in state_words(array, layer).values()]
    state = HeldState(tuple(held), ("",) * len(held)) if held else None
    return LayerConstants(lanes, words, "", scales, *times, True, stage.under_way), cells, state


@pytest.mark.parametrize("hurried", [True, False], ids=["in a hurry", "with pauses"])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_makes_every_h_of_its_sequences(kind: str, hurried: bool) -> None:
    made = design(spec(**LAYERS[kind]), Path())
    array, stage, given = made.net.layers[0], schedule(made).stages[0], samples.seeded(made.spec, 3, 3)
    layer, cells, state = constants(made)
    clocked, beats, ping_pong = Clocked(), Beats(array.x.width), PingPong(array.x_vector)
    results, leaving = Results(array.cells * array.h.width), Beats(array.cells * array.h.width)
    observed, status = Observed(cells), LayerStatus(False, False)
    sent: list[Beat] = []
    for x, length in zip(given.x, given.lengths.tolist(), strict=True):
        for t in range(length):
            sent += [(int(value) % (1 << array.x.width), t == length - 1) for value in x[t]]
    source, sink = Source(beats, sent), Sink(leaving, 1.0 if hurried else 0.2)
    begun, ended, cycle = list[int](), list[int](), [0]

    def each() -> None:
        if observed.begin:
            begun.append(cycle[0])
        if results.valid and results.closing:
            ended.append(cycle[0])
        cycle[0] += 1

    clk, reset = clocked.clk, clocked.reset
    blocks = [receive(clk, reset, beats, ping_pong, array.input_beats, 1, False, False, array.initial_state)]
    blocks += [recurrent_layer(clk, reset, ping_pong, results, observed, status, layer, cells, None, state, None)]
    blocks += [output_fifo(clk, reset, results, leaving, array.output_beats, 2)]
    cycles = 9 * sum(stage.intervals) + (0 if hurried else 40 * array.output_beats) + 60
    run(clocked, blocks, [source], [sink], cycles, 2, each=each)
    got = [value for word, _ in sink.got for value in fields(word, array.h.width, array.cells)]
    np.testing.assert_array_equal(np.array(got).reshape(-1, array.outputs), h_of(made, given))
    assert len(begun) == len(ended) == given.lengths.sum()
    assert {end - begin for begin, end in zip(begun, ended, strict=True)} == {stage.last_result}
    assert all(later - begin >= sum(stage.intervals) for begin, later in pairwise(begun))


def h_of(made: Design, given: Any) -> Any:
    """h_t of all steps, sequence by sequence, as the golden model has them."""
    return reference(made, given).signals[made.net.layers[0].name][made.net.layers[0].cell.output]


def test_scaled_totals_meet_slots_that_come_as_much_later() -> None:
    made = design(spec(**LAYERS["scales"]), Path())
    array, clocked, plan, rng = made.net.layers[0], Clocked(), Plan(), random.Random(5)
    layer, _, _ = constants(made)
    issue, slot = Issue(array), Slot(array)
    unit_totals = [bits(array.sums_per_unit * array.total_width)]
    scaled = [bits(array.sums_per_unit * array.scaled_width)]
    factors = [fields(word, array.scale.width, array.sums_per_unit) for word in layer.scales.words]
    plan.at(2, (issue.last, 1), (issue.opening, 1))
    plan.at(3, (issue.last, 0))
    wanted = {}
    for number in range(array.slots_per_group):
        totals = numbers(rng, array.total_width, array.sums_per_unit)
        plan.at(2 + capture_delay(array) + 1 + number, (unit_totals[0], packed(totals, array.total_width)))
        products = [total * factor for total, factor in zip(totals, factors[number], strict=True)]
        wanted[2 + slot_delay(array) + number + SLOT_TO_TOTALS] = products
    ports = clocked.clk, clocked.reset, issue, slot, unit_totals, scaled, array, layer.scales, None
    shown = plan.run(clocked, scaled_slots(*ports), [scaled[0], slot.valid, slot.beat], 12)
    assert {n: fields(shown[n][0], array.scaled_width, array.sums_per_unit) for n in wanted} == wanted
    slots = {n: beat for n, (_, valid, beat) in enumerate(shown) if valid}
    assert slots == {2 + slot_delay(array) + number: number for number in range(array.slots_per_group)}
