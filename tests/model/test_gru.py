"""The GRU: the golden model against its equations one number at a time, its two sums of a row, and its state."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from accel.architecture.cells import GRU
from accel.engines.engine import reference
from accel.model import samples, weights
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


def step(chosen: Spec, given: weights.Weights, x: list, kept: list, read: list) -> tuple[list, list]:
    """One step on exact fractions: PyTorch's equations, r before the product of row n with h is not taken."""
    net, formats = given.network(chosen), chosen.formats
    array, layer = net.layers[0], given.layers[0]

    def part(matrix: weights.Matrix, frac: int, row: int, values: list) -> Fraction:
        return sum((Fraction(int(w), 2**frac) * v for w, v in zip(matrix.values[row], values, strict=True)), Fraction())

    def pre(number: int, unit: int, total: Fraction) -> Fraction:
        place = number * array.outputs + unit
        scale = 1 if array.scale is None else Fraction(int(layer.scale[place]), 2**array.scale.frac)
        return narrow(total * scale + Fraction(int(layer.bias[place]), 2**formats.bias.frac), formats.gate)

    def look_up(name: str, value: Fraction) -> Fraction:
        return Fraction(int(net.tables[name](int(value * 2**formats.gate.frac))), 2**formats.activation.frac)

    found = []
    for unit in range(array.outputs):
        rows = [row * array.outputs + unit for row in range(3)]
        of_x = [part(layer.w_x, array.w_x.frac, row, x) for row in rows]
        of_h = [part(layer.w_h, array.w_h.frac, row, read) for row in rows]
        r = look_up("sigmoid", pre(0, unit, of_x[0] + of_h[0]))
        z = look_up("sigmoid", pre(1, unit, of_x[1] + of_h[1]))
        n = look_up("tanh", narrow(pre(2, unit, of_x[2]) + r * pre(3, unit, of_h[2]), formats.gate))
        found.append(narrow((1 - z) * n + z * kept[unit], formats.cell))
    return found, [narrow(value, formats.state) for value in found]


@pytest.mark.parametrize(
    "sections",
    [{}, {"formats": TIGHT}, {"formats": FINE_ACTIVATION}, {"formats": READ_MORE_FINELY}, {"formats": NO_STEP}, SCALED],
    ids=["usual", "tight", "fine activation", "fine state", "hardly a bit", "a scale a sum"],
)
def test_golden_model_equals_the_equations_one_number_at_a_time(sections: dict) -> None:
    weight = {"width": 6, "input_frac": 3, "recurrent_frac": 3, "head_frac": 3} | sections.get("weights", {})
    chosen = spec(model=MODEL, weights=weight, formats=sections.get("formats", {}))
    given, inputs = weights.seeded(chosen), samples.seeded(chosen, 2, 4) + samples.corners(chosen, 2)
    trace = run(given.network(chosen), given, inputs.x, inputs.lengths).layers[0]
    for number, length in enumerate(inputs.lengths):
        kept = read = [Fraction(0)] * 7
        for t in range(length):
            x = [Fraction(int(value), 2**chosen.formats.input.frac) for value in inputs.x[number, t]]
            kept, read = step(chosen, given, x, kept, read)
            for name, values, fmt in (("h_kept", kept, "cell"), ("h", read, "state")):
                scale = 2 ** getattr(chosen.formats, fmt).frac
                assert trace.signals[name][number, t].tolist() == [int(value * scale) for value in values]


def test_a_unit_has_three_rows_and_four_sums_with_a_bias_each() -> None:
    chosen = spec(model=MODEL)
    array = weights.seeded(chosen).network(chosen).layers[0]
    assert (array.rows_per_unit, array.sums_per_unit, array.rows, array.sums) == (3, 4, 21, 28)
    assert weights.seeded(chosen).layers[0].bias.shape == (28,)
    assert array.multipliers == 3 * chosen.engine.units


def test_what_is_given_and_taken_of_a_sequence_is_h_alone(tmp_path: Path) -> None:
    assert GRU.states == ("h_kept",)
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
