"""The GRU: the golden model against its equations one number at a time, its two sums of a row, and its state."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from accel.architecture.cells import GRU, RESET_FIRST
from accel.base.faults import Refused
from accel.engines.engine import reference
from accel.model import random_weights, samples, weights
from accel.model.golden import run
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import design, spec
from tests.model.test_golden import narrow

MODEL = {"cell": "gru", "inputs": 3, "hidden": [7], "head": {"outputs": 3}}
TIGHT = {"input": [4, 2], "bias": [6, 2], "gate": [5, 2], "activation": [6, 4], "cell": [5, 4], "state": [3, 3]}
FINE_ACTIVATION = {"gate": [12, 8], "bias": [12, 8], "activation": [12, 11], "cell": [10, 8], "state": [8, 7]}
READ_MORE_FINELY = {"cell": [10, 8], "state": [12, 11]}
NO_STEP = {"gate": [4, 0], "bias": [4, 0], "activation": [3, 2], "cell": [2, 0], "state": [2, 1]}
SCALED = {"weights": {"width": 6, "per_row": True}, "formats": {"scale": [7, 5]}}


class Sums:
    """Exact fractions of a layer: parts of its rows, their pre-activations, its tables."""

    def __init__(self, chosen: Spec, given: weights.Weights) -> None:
        self.net, self.formats = given.network(chosen), chosen.formats
        self.array, self.layer = self.net.layers[0], given.layers[0]

    def of_x(self, row: int, values: list) -> Fraction:
        return self._part(self.layer.w_x, self.array.w_x.frac, row, values)

    def of_h(self, row: int, values: list) -> Fraction:
        return self._part(self.layer.w_h, self.array.w_h.frac, row, values)

    def _part(self, matrix: weights.Matrix, frac: int, row: int, values: list) -> Fraction:
        return sum((Fraction(int(w), 2**frac) * v for w, v in zip(matrix.values[row], values, strict=True)), Fraction())

    def pre(self, number: int, unit: int, total: Fraction) -> Fraction:
        place, scale = number * self.array.outputs + unit, Fraction(1)
        if self.array.scale is not None:
            scale = Fraction(int(self.layer.scale[place]), 2**self.array.scale.frac)
        bias = Fraction(int(self.layer.bias[place]), 2**self.formats.bias.frac)
        return narrow(total * scale + bias, self.formats.gate)

    def look_up(self, name: str, value: Fraction) -> Fraction:
        index = int(value * 2**self.formats.gate.frac)
        return Fraction(int(self.net.tables[name](index)), 2**self.formats.activation.frac)


def step(sums: Sums, x: list, kept: list, read: list) -> tuple[list, list]:
    """One step on exact fractions, r after the product of row n with h."""
    found, hidden, formats = [], sums.array.outputs, sums.formats
    for unit in range(hidden):
        of_x = [sums.of_x(row * hidden + unit, x) for row in range(3)]
        of_h = [sums.of_h(row * hidden + unit, read) for row in range(3)]
        r = sums.look_up("sigmoid", sums.pre(0, unit, of_x[0] + of_h[0]))
        z = sums.look_up("sigmoid", sums.pre(1, unit, of_x[1] + of_h[1]))
        n = sums.look_up("tanh", narrow(sums.pre(2, unit, of_x[2]) + r * sums.pre(3, unit, of_h[2]), formats.gate))
        found.append(narrow((1 - z) * n + z * kept[unit], formats.cell))
    return found, [narrow(value, formats.state) for value in found]


def reset_first(sums: Sums, x: list, kept: list, read: list) -> tuple[list, list]:
    """One step on exact fractions, r before the product; rows are those of z, r and n."""
    hidden, formats = sums.array.outputs, sums.formats

    def gate(number: int, name: str, h: list) -> list:
        rows = [number * hidden + unit for unit in range(hidden)]
        totals = [sums.of_x(row, x) + sums.of_h(row, h) for row in rows]
        return [sums.look_up(name, sums.pre(number, unit, total)) for unit, total in enumerate(totals)]

    z, r = gate(0, "sigmoid", read), gate(1, "sigmoid", [narrow(value, formats.state) for value in kept])
    n = gate(2, "tanh", [narrow(a * b, formats.state) for a, b in zip(r, kept, strict=True)])
    found = [narrow((1 - z[u]) * n[u] + z[u] * kept[u], formats.cell) for u in range(hidden)]
    return found, [narrow(value, formats.state) for value in found]


CASES = {
    "usual": {},
    "tight": {"formats": TIGHT},
    "fine activation": {"formats": FINE_ACTIVATION},
    "fine state": {"formats": READ_MORE_FINELY},
    "hardly a bit": {"formats": NO_STEP},
}


@pytest.mark.parametrize(
    ("equations", "cell", "sections"),
    [
        *(pytest.param(step, "gru", sections, id=f"after, {name}") for name, sections in CASES.items()),
        *(
            pytest.param(reset_first, "gru_reset_first", sections, id=f"before, {name}")
            for name, sections in CASES.items()
        ),
        pytest.param(step, "gru", SCALED, id="after, a scale a sum"),
    ],
)
def test_golden_model_equals_the_equations_one_number_at_a_time(equations: Callable, cell: str, sections: dict) -> None:
    weight = {"width": 6, "input_frac": 3, "recurrent_frac": 3, "head_frac": 3} | sections.get("weights", {})
    chosen = spec(
        model=MODEL | {"cell": cell}, weights=weight, formats=sections.get("formats", {}), engine={"units": 2}
    )
    given, inputs = random_weights.seeded(chosen), samples.seeded(chosen, 2, 4) + samples.corners(chosen, 2)
    trace = run(given.network(chosen), given, inputs.x, inputs.lengths).layers[0]
    sums = Sums(chosen, given)
    for number, length in enumerate(inputs.lengths):
        kept = read = [Fraction(0)] * 7
        for t in range(length):
            x = [Fraction(int(value), 2**chosen.formats.input.frac) for value in inputs.x[number, t]]
            kept, read = equations(sums, x, kept, read)
            for name, values, fmt in (("h_carried", kept, "cell"), ("h", read, "state")):
                scale = 2 ** getattr(chosen.formats, fmt).frac
                assert trace.signals[name][number, t].tolist() == [int(value * scale) for value in values]


def test_a_unit_has_three_rows_and_four_sums_with_a_bias_each() -> None:
    chosen = spec(model=MODEL)
    array = random_weights.seeded(chosen).network(chosen).layers[0]
    assert (array.rows_per_unit, array.sums_per_unit, array.rows, array.sums) == (3, 4, 21, 28)
    assert random_weights.seeded(chosen).layers[0].bias.shape == (28,)
    assert array.multipliers == 3 * chosen.engine.units


def test_what_is_given_and_taken_of_a_sequence_is_h_alone(tmp_path: Path) -> None:
    assert GRU.states == ("h_carried",)
    chosen = spec(model=MODEL, engine={"units": 3, "state_streams": True})
    made, whole = design(chosen, tmp_path), samples.seeded(chosen, 1, 9)
    assert whole.states is not None
    assert whole.states.shape == (1, 7)
    first = dataclasses.replace(whole, x=whole.x[:, :4], lengths=np.array([4]))
    left = reference(made, first).last_states
    second = dataclasses.replace(whole, x=whole.x[:, 4:], lengths=whole.lengths - 4, states=left)
    np.testing.assert_array_equal(reference(made, second).last_states, reference(made, whole).last_states)


def test_lanes_of_a_long_row_never_idle(tmp_path: Path) -> None:
    chosen = spec(
        model={"cell": "gru", "inputs": 40, "hidden": [128]},
        sparsity={"input": 0.5, "recurrent": 0.5},
        engine={"units": 8},
    )
    made = design(chosen, tmp_path)
    assert schedule(made).utilisation == 1.0
    assert schedule(made).cycles_per_step == 128 // 8 * (20 + 64)


def test_a_step_whose_reset_gate_comes_first_goes_through_the_lanes_once_a_gate(tmp_path: Path) -> None:
    chosen = spec(
        model={"cell": "gru_reset_first", "inputs": 40, "hidden": [128]},
        sparsity={"input": 0.5, "recurrent": 0.5},
        engine={"units": 8},
    )
    made = design(chosen, tmp_path)
    array = made.net.layers[0]
    assert (array.rows_per_unit, array.levels, array.x_levels, array.multipliers) == (1, 3, 3, 8)
    assert made.weights.layers[0].w_x.values.shape == (3 * 128, 40)
    assert array.nonzeros == 3 * 128 * (20 + 64)
    assert schedule(made).cycles_per_step == 3 * 128 // 8 * (20 + 64)


def test_levels_tell_what_they_are_of() -> None:
    assert list(RESET_FIRST.signals)[-2:] == ["h_carried", "h"]
    assert (RESET_FIRST.carried, RESET_FIRST.output, RESET_FIRST.tables) == ("h_carried", "h", ("sigmoid", "tanh"))


def test_what_levels_do_not_have_is_refused() -> None:
    with pytest.raises(Refused, match=r"engine.streams: wanted 1 for model.cell: gru_reset_first, got 2"):
        spec(model={"cell": "gru_reset_first"}, engine={"streams": 2})
