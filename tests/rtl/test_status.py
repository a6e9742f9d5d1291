"""Scales on the way to the cell stage, and the counters of the status word."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from accel.architecture.latencies import SCALED, SLOT_TO_TOTALS, clip_times
from accel.architecture.network import network
from accel.base.fixed import index_bits
from accel.memory.load_frame import sections
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals
from accel.rtl.blocks.cells.scale import ScaleConstants, scale_totals
from accel.rtl.blocks.cells.status import (
    COUNTER,
    LayerStatus,
    Status,
    count_flags,
    count_saturations,
    count_steps,
    tally,
)
from accel.rtl.blocks.lanes.slots import Slot
from accel.rtl.blocks.primitives.signals import bits, flag, wrapping
from accel.rtl.blocks.streams.load_fill import Store
from tests.designs import spec
from tests.rtl.cycles import Plan, fields, numbers, outputs, packed
from tests.rtl.traffic import Clocked


@pytest.mark.parametrize("memory", ["rom", "scratchpad"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_every_total_of_a_slot_is_multiplied_by_its_own_factor(cell: str, memory: str) -> None:
    net = network(
        spec(
            model={"cell": cell, "inputs": 3, "hidden": [8], "head": None},
            weights={"per_row": True},
            formats={"scale": [6, 4]},
            engine={"cells_per_cycle": 2, "memory": memory},
        )
    )
    array, rng, clocked, plan = net.layers[0], random.Random(1), Clocked(), Plan()
    assert array.scale is not None
    rows, slot = array.sums_per_unit, Slot(array)
    unit_totals = [bits(rows * array.total_width) for _ in range(array.cells)]
    scaled = [bits(rows * array.scaled_width) for _ in range(array.cells)]
    factors = [numbers(rng, array.scale.width, array.cells * rows) for _ in range(array.beats)]
    words = tuple(packed(values, array.scale.width) for values in factors)
    stores, start = None, 0
    if array.writable:
        stores = SimpleNamespace(scales=Store(sections(array, net)["scales"]))
        store, upper = stores.scales, 1 << index_bits(array.beats)
        for start, word in enumerate(words):
            plan.at(start, (store.enable, 1), (store.address, upper + start), (store.word, word))
        plan.at(start + 1, (store.enable, 0), (slot.weight_set, 1))
    wanted = {}
    for cycle in range(start + 2, start + 60):
        beat, totals = rng.randrange(array.beats), [numbers(rng, array.total_width, rows) for _ in unit_totals]
        plan.at(cycle, (slot.beat, beat))
        for head, values in zip(unit_totals, totals, strict=True):
            plan.at(cycle + SLOT_TO_TOTALS, (head, packed(values, array.total_width)))
        flat = [total for values in totals for total in values]
        wanted[cycle + SLOT_TO_TOTALS + SCALED] = [t * f for t, f in zip(flat, factors[beat], strict=True)]
    constants = ScaleConstants(array.scale, words, "")
    shown = plan.run(
        clocked, scale_totals(clocked.clk, slot, unit_totals, scaled, array, constants, stores), scaled, SCALED
    )
    for cycle, products in wanted.items():
        assert [v for word in shown[cycle] for v in fields(word, array.scaled_width, rows)] == products


@pytest.mark.parametrize("count", [1, 2, 8])
def test_flags_are_counted_in_a_tree(count: int) -> None:
    rng, clocked, levels = random.Random(2), Clocked(), (count - 1).bit_length()
    flags, o = [bits(1) for _ in range(count)], bits(levels + 1)
    given = [[rng.randrange(2) for _ in flags] for _ in range(40)]
    shown = outputs(clocked, tally(clocked.clk, flags, o), flags, given, [o])
    for values, (after,) in zip(given, shown[levels + 1 :], strict=False):
        assert after == sum(values)


@pytest.mark.parametrize(("count", "present"), [(1, 1), (3, 2), (6, 6)])
def test_flags_of_valid_cycles_are_counted_of_a_closing_one_those_that_are_present(count: int, present: int) -> None:
    rng, clocked, latency = random.Random(3), Clocked(), (count - 1).bit_length() + 3
    valid, closing, flags, counter = flag(), flag(), [flag() for _ in range(count)], wrapping(6)
    given = [[rng.random() < 0.6, rng.random() < 0.3, *(rng.randrange(2) for _ in flags)] for _ in range(80)]
    ends = closing if present < count else None
    made = count_flags(clocked.clk, clocked.reset, valid, ends, present, flags, counter)
    shown, total = outputs(clocked, made, [valid, closing, *flags], given, [counter]), 0
    for (there, last, *told), (after,) in zip(given, shown[latency:], strict=False):
        total += sum(told[:present] if last else told) if there else 0
        assert after == total % 64


def test_steps_and_cycles_are_counted() -> None:
    rng, clocked, begin, status = random.Random(4), Clocked(), flag(), Status(False)
    given = [[rng.random() < 0.4] for _ in range(50)]
    made = count_steps(clocked.clk, clocked.reset, begin, status)
    shown = outputs(clocked, made, [begin], given, [status.steps, status.cycles])
    for cycle, (steps, cycles) in enumerate(shown):
        assert (steps, cycles) == (sum(began for (began,) in given[:cycle]), cycle)


@pytest.mark.parametrize("cell", ["lstm", "gru_reset_first"])
def test_what_clips_in_real_slots_is_counted_by_its_format_without_units_that_do_not_exist(cell: str) -> None:
    array = network(
        spec(model={"cell": cell, "inputs": 3, "hidden": [7], "head": None}, engine={"cells_per_cycle": 2})
    ).layers[0]
    rng, clocked, plan, counted = random.Random(5), Clocked(), Plan(), LayerStatus(False, False)
    constants, slot, told = CellConstants(array, {}, 4, 0), Slot(array), clip_times(array.cell)
    signals = [CellSignals(constants) for _ in range(array.cells)]
    totals, settled = {"gate": 0, "cell": 0, "state": 0}, 0
    for cycle in range(60):
        beat, real = cycle % array.output_beats, rng.random() < 0.7
        closing = beat == array.output_beats - 1
        plan.at(cycle, (slot.beat, beat), (slot.closing, closing), (slot.real, real))
        for unit, out in enumerate(signals):
            exists = beat * array.cells + unit < array.outputs
            for clipped, (fmt, at) in zip(out.clipped, told, strict=True):
                clips = rng.random() < 0.5
                plan.at(cycle + SLOT_TO_TOTALS + at, (clipped, clips))
                totals[fmt] += clips and real and exists
    last = max(plan.values)
    plan.at(60, (slot.real, 0))
    settled = last + 12
    made = count_saturations(clocked.clk, clocked.reset, slot, signals, counted, array)
    outs = [counted.gate, counted.cell, counted.state]
    shown = plan.run(clocked, made, outs, settled - last)
    assert shown[-1] == [totals["gate"], totals["cell"], totals["state"]]
    assert shown[-1] == shown[-3]
    assert min(shown[-1]) > 0


def test_counters_have_the_bits_that_the_interface_says() -> None:
    assert COUNTER == len(Status(True).steps) == len(LayerStatus(True, True).gate) == 32
