"""The cell stage: exact operations, and every value of a cell's list when the latencies say that it comes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.cells import LSTM
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE, Mix, Product, Sum
from accel.architecture.cells.sizes import Size, size_of
from accel.architecture.latencies import (
    SLOT_TO_TOTALS,
    clip_times,
    cycles,
    ready,
    totals_to_carried,
    totals_to_gates,
    totals_to_state,
)
from accel.base.fixed import Fixed
from accel.memory.images import bias_shift, bias_width, half_unit, sum_format
from accel.model.design import Design
from accel.model.golden import level_values
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals, TableFile, cell
from accel.rtl.blocks.cells.cell_in_levels import cell_in_levels
from accel.rtl.blocks.cells.exact import exact
from accel.rtl.blocks.primitives.signals import bits, signed
from tests.designs import design, spec
from tests.rtl.cycles import Plan, numbers, outputs, packed
from tests.rtl.traffic import Clocked

OF = {"a": Size(5, 3), "b": Size(7, 1), "c": Size(6, 5)}
EXACT = {
    "product": (Product("p", "a", "b"), lambda a, b: a * b),
    "sum, the second one coarser": (Sum("s", "a", "b"), lambda a, b: a + (b << 2)),
    "sum, the first one coarser": (Sum("s", "b", "a"), lambda b, a: (b << 2) + a),
    "sum of one fraction": (Sum("s", "a", "a"), lambda a, b: a + b),
    "mix": (Mix("m", "a", "b", "c"), lambda a, b, c: a * c + (b << 2) * (32 - c)),
}


@pytest.mark.parametrize("registers", [False, True], ids=["at once", "multiplier registers"])
@pytest.mark.parametrize(("operation", "wanted"), EXACT.values(), ids=EXACT)
def test_an_exact_operation_keeps_every_bit(operation: Any, wanted: Any, registers: bool) -> None:
    rng, clocked, latency = (
        random.Random(1),
        Clocked(),
        cycles(replace(LSTM, multiplier_registers=registers), operation),
    )
    sizes = OF | {operation.name: size_of(operation, OF, None)}
    operands = [signed(OF[name].width) for name in operation.operands]
    o = signed(sizes[operation.name].width)
    given = [[numbers(rng, len(operand), 1)[0] for operand in operands] for _ in range(200)]
    made = exact(clocked.clk, clocked.reset, operands, o, operation, sizes, registers)
    shown = outputs(clocked, made, operands, given, [o])
    for values, (after,) in zip(given, shown[latency:], strict=False):
        assert after == wanted(*values)


TIGHT = {"input": [4, 2], "bias": [6, 2], "gate": [5, 2], "activation": [5, 4], "cell": [4, 3], "state": [4, 4]}
CELLS: dict[str, dict[str, Any]] = {
    "LSTM": {},
    "LSTM that clips": {"formats": TIGHT, "weights": {"width": 6, "input_frac": 2, "recurrent_frac": 2}},
    "GRU": {"model": {"cell": "gru", "inputs": 3, "hidden": [8]}},
    "GRU that clips": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8]},
        **{"formats": TIGHT, "weights": {"width": 6, "input_frac": 2, "recurrent_frac": 2}},
    },
    "highway": {"model": {"cell": "highway", "depth": 2, "inputs": 3, "hidden": [8]}},
    "LSTM, multiplier registers": {"engine": {"multiplier_registers": True}},
    "GRU, multiplier registers": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8]},
        "engine": {"multiplier_registers": True},
    },
}
RESETS_FIRST: dict[str, Any] = {"model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [8]}}


class Stage:
    """A cell, what goes into it in each cycle, at random, and what the golden model makes of it."""

    def __init__(self, sections: dict[str, Any]) -> None:
        self.made: Design = design(spec(**sections), Path())
        self.array = array = self.made.net.layers[0]
        self.kind, self.rng, self.plan, self.clocked = array.cell, random.Random(2), Plan(), Clocked()
        narrowed = sum_format(array)
        self.width, self.shift, self.half = (
            bias_width(array, narrowed),
            bias_shift(array, narrowed),
            half_unit(array, narrowed),
        )
        tables = {name: TableFile(table, "") for name, table in self.made.net.tables_of(array).items()}
        self.constants = CellConstants(array, tables, self.width, self.shift)
        self.sums = bits(array.sums_per_unit * array.scaled_width)
        self.bias = bits(array.sums_per_unit * self.width)
        self.before, self.aside = signed(array.formats.cell.width), signed(array.formats.activation.width)

    def add(self, cycle: int, level: Level) -> dict[str, int]:
        """Plan a unit whose totals come in a cycle; returns every value of the level."""
        array, rng, at = self.array, self.rng, ready(self.kind, level)
        reach = min(array.scaled_width, array.formats.gate.width + self.constants.dropped + rng.randrange(2))
        totals = [rng.randint(-(1 << reach - 1), (1 << reach - 1) - 1) for _ in range(array.sums_per_unit)]
        biases = numbers(rng, array.bias.width, array.sums_per_unit)
        before, aside = numbers(rng, len(self.before), 1)[0], numbers(rng, len(self.aside), 1)[0]
        stored = [((bias << array.bias_shift) + self.half) >> self.shift for bias in biases]
        self.plan.at(cycle, (self.sums, packed(totals, array.scaled_width)), (self.bias, packed(stored, self.width)))
        self.plan.at(cycle + at[BEFORE], (self.before, before), (self.aside, aside))
        sums = np.array([t + (b << array.bias_shift) for t, b in zip(totals, biases, strict=True)]).reshape(1, -1, 1)
        last = np.array([[before]]), np.array([[aside]])
        values = level_values(self.made.net, array, level, sums, last)
        return {name: int(np.asarray(value).reshape(-1)[0]) for name, value in values.items()}

    def clips(self, level: Level, values: dict[str, int]) -> list[bool]:
        """Whether each narrowing of a level saturates."""
        sizes = self.constants.sizes_of(level)
        found = []
        for one in level.narrowings:
            fmt: Fixed = getattr(self.array.formats, one.format)
            found.append(bool(fmt.saturations(np.array([values[one.source]]), sizes[one.source].frac)))
        return found


@pytest.mark.parametrize("sections", CELLS.values(), ids=CELLS)
def test_a_cell_makes_what_its_list_says_when_it_says(sections: dict[str, Any]) -> None:
    stage = Stage(sections)
    level, out, at = stage.constants.level, CellSignals(stage.constants), ready(stage.kind, stage.constants.level)
    outs = [*out.gates, out.c, out.h, *out.clipped]
    times = [totals_to_gates(stage.kind)] * len(out.gates) + [at[level.carried], at[level.state]]
    times += [at[one.name] for one in level.narrowings]
    wanted = []
    for cycle in range(80):
        values = stage.add(cycle, level)
        names = [*level.gates, level.carried, level.state]
        wanted.append([*(values[name] for name in names), *stage.clips(level, values)])
    clocked, ports = stage.clocked, (stage.sums, stage.bias, stage.before, None, None, out)
    made = cell(clocked.clk, clocked.reset, *ports, stage.constants, level)
    shown = stage.plan.run(clocked, made, outs, max(times))
    for cycle, values in enumerate(wanted):
        assert [shown[cycle + time][n] for n, time in enumerate(times)] == values
    assert {values[-1] for values in wanted} == {False, True} or "clips" not in str(sections)


def test_h_of_a_gru_follows_a_state_that_is_given_in_place_of_what_is_kept() -> None:
    stage = Stage(CELLS["GRU"])
    level, out, at = stage.constants.level, CellSignals(stage.constants), ready(stage.kind, stage.constants.level)
    kept, formats, wanted = signed(len(out.c)), stage.array.formats, list[int]()
    for cycle in range(60):
        stage.add(cycle, level)
        given = numbers(stage.rng, len(kept), 1)[0]
        stage.plan.at(cycle + at[level.carried], (kept, given))
        wanted.append(int(formats.state.narrow(np.array([given]), formats.cell.frac)[0]))
    clocked, ports = stage.clocked, (stage.sums, stage.bias, stage.before, None, kept, out)
    made = cell(clocked.clk, clocked.reset, *ports, stage.constants, level)
    shown = stage.plan.run(clocked, made, [out.h], at[level.state])
    assert [row[0] for row in shown[at[level.state] :]][: len(wanted)] == wanted


def test_levels_that_are_not_alike_come_at_the_same_times_and_each_tells_its_own_clips() -> None:
    stage = Stage(RESETS_FIRST)
    kind, out, level = stage.kind, CellSignals(stage.constants), bits(2)
    levels, names = kind.pipelines, [one.name for pipeline in kind.pipelines for one in pipeline.narrowings]
    outs = [*out.gates, out.c, out.h, *out.aside, *out.clipped]
    times = [totals_to_gates(kind)] * len(out.gates) + [totals_to_carried(kind), totals_to_state(kind)]
    times += [totals_to_carried(kind)] * len(out.aside) + [at for _, at in clip_times(kind)]
    wanted = []
    for cycle in range(SLOT_TO_TOTALS, 90):
        number = stage.rng.randrange(len(levels))
        one, values = levels[number], stage.add(cycle, levels[number])
        stage.plan.at(cycle - SLOT_TO_TOTALS, (level, number))
        told = dict(zip((each.name for each in one.narrowings), stage.clips(one, values), strict=True))
        kept = [values[name] for name in (*one.gates, one.carried, one.state)]
        aside = [values[one.aside]] * len(out.aside)
        own = [told.get(name, False) for name in names]
        wanted.append((cycle, [*kept, *aside, *own]))
    ports = stage.sums, stage.bias, stage.before, stage.aside, out
    clocked = stage.clocked
    made = cell_in_levels(clocked.clk, clocked.reset, level, *ports, stage.constants)
    shown = stage.plan.run(clocked, made, outs, max(times))
    for cycle, values in wanted:
        assert [shown[cycle + time][n] for n, time in enumerate(times)] == values
    assert ASIDE not in [one.aside for one in levels[:1]]
