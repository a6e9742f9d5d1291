"""The golden model against a second implementation: one number at a time, in plain Python, from the equations."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel.base.fixed import Fixed
from accel.engines.engine import golden, reference
from accel.model import random_weights, samples
from accel.model.golden import run
from accel.model.products import product, sparse_product
from accel.model.samples import Samples
from accel.model.weights import LayerWeights, Weights
from accel.spec import Spec
from tests.designs import design, spec, stimuli

NARROW = {"input": [4, 2], "bias": [6, 2], "gate": [5, 2], "activation": [5, 4], "cell": [5, 2], "state": [4, 3]}


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    layers = draw(st.lists(st.integers(1, 6), min_size=1, max_size=2))
    kind, when = draw(st.sampled_from(["argmax", "logits"])), draw(st.sampled_from(["last", "step"]))
    head = draw(st.sampled_from([None, {"outputs": 4, "kind": kind, "when": when}]))
    formats = draw(st.sampled_from([NARROW, spec().formats.model_dump()]))
    formats = {name: [fmt["width"], fmt["frac"]] if isinstance(fmt, dict) else fmt for name, fmt in formats.items()}
    fracs = [draw(st.integers(2, 5)) for _ in range(3)]
    weights_kind = draw(st.sampled_from(["fixed", "ternary", "binary"]))
    scale = draw(st.sampled_from([None, [6, 4]]))
    return spec(
        model={"inputs": draw(st.integers(1, 5)), "hidden": layers, "head": head},
        sparsity={"input": draw(st.floats(0, 0.5)), "recurrent": draw(st.floats(0, 0.5))},
        formats=formats | {"bias": [8, 2], "scale": scale},
        weights={
            **{"kind": weights_kind, "per_row": scale is not None, "width": 6},
            **{"input_frac": fracs[0], "recurrent_frac": fracs[1], "head_frac": fracs[2]},
        },
        tables={"address": 6, "sigmoid": 4, "tanh": 2},
        engine={"units": 1},
        training={"seed": draw(st.integers(0, 2**16))},
    )


def narrow(value: Fraction, fmt: Fixed) -> Fraction:
    """Round half up and saturate, on real numbers."""
    return Fraction(min(max(math.floor(value * 2**fmt.frac + Fraction(1, 2)), fmt.lo), fmt.hi), 2**fmt.frac)


class Scalar:
    """The network on exact fractions."""

    def __init__(self, chosen: Spec, given_weights: Weights) -> None:
        self.spec, self.weights = chosen, given_weights
        self.net = given_weights.network(chosen)

    def look_up(self, name: str, value: Fraction) -> Fraction:
        table = self.net.tables[name]
        return Fraction(int(table(int(value * 2**table.input.frac))), 2**table.output.frac)

    def row(self, layer: LayerWeights, number: int, fmt_x: Fixed, fmt_h: Fixed, x: list, h: list) -> Fraction:
        total = Fraction(0)
        for column, value in enumerate(x):
            total += Fraction(int(layer.w_x.values[number, column]), 2**fmt_x.frac) * value
        for column, value in enumerate(h):
            total += Fraction(int(layer.w_h.values[number, column]), 2**fmt_h.frac) * value
        if layer.scale is not None and self.spec.formats.scale is not None:
            total *= Fraction(int(layer.scale[number]), 2**self.spec.formats.scale.frac)
        return total + Fraction(int(layer.bias[number]), 2**self.spec.formats.bias.frac)

    def step(self, number: int, x: list, h: list, c: list) -> tuple[list, list]:
        layer, array, formats = self.weights.layers[number], self.net.layers[number], self.spec.formats
        new_h, new_c = [], []
        for unit in range(array.outputs):
            rows = [gate * array.outputs + unit for gate in range(4)]
            i, f, g, o = (narrow(self.row(layer, row, array.w_x, array.w_h, x, h), formats.gate) for row in rows)
            i, f, o = (self.look_up("sigmoid", value) for value in (i, f, o))
            new_c.append(narrow(f * c[unit] + i * self.look_up("tanh", g), formats.cell))
            new_h.append(narrow(o * self.look_up("cell_tanh", new_c[-1]), formats.state))
        return new_h, new_c

    def sequence(self, x: np.ndarray) -> tuple[list, list]:
        """h of the last layer and the result after every step."""
        states = [([Fraction(0)] * a.outputs, [Fraction(0)] * a.outputs) for a in self.net.layers]
        hidden, results = [], []
        for row in x:
            signal = [Fraction(int(value), 2**self.spec.formats.input.frac) for value in row]
            for number in range(len(states)):
                states[number] = self.step(number, signal, *states[number])
                signal = states[number][0]
            hidden.append(signal)
            results.append(self.result(signal))
        return hidden, results

    def result(self, h: list) -> list:
        if self.net.head is None:
            return [int(value * 2**self.spec.formats.state.frac) for value in h]
        layer, head = self.weights.layers[-1], self.net.head
        logits = [self.row(layer, row, head.w_x, head.w_h, h, []) for row in range(head.outputs)]
        if self.spec.model.head is not None and self.spec.model.head.kind == "logits":
            return [int(logit * 2**head.frac) for logit in logits]
        return [logits.index(max(logits))]


@settings(max_examples=60, deadline=None)
@given(specs())
def test_golden_model_equals_the_equations_one_number_at_a_time(chosen: Spec) -> None:
    given_weights = random_weights.seeded(chosen)
    inputs = samples.seeded(chosen, 2, 4) + samples.corners(chosen, 2)
    trace = run(given_weights.network(chosen), given_weights, inputs.x, inputs.lengths)
    once = chosen.model.head is not None and chosen.model.head.when == "last"
    for number, length in enumerate(inputs.lengths):
        hidden, results = Scalar(chosen, given_weights).sequence(inputs.x[number, :length])
        scale = 2**chosen.formats.state.frac
        assert trace.h[number, :length].tolist() == [[int(value * scale) for value in row] for row in hidden]
        expected = results[-1:] if once else results
        assert trace.outputs[number][: len(expected)].tolist() == expected


@pytest.mark.parametrize("head", [None, {"outputs": 3}, {"outputs": 3, "kind": "logits", "when": "step"}])
def test_neither_neighbours_nor_padding_matter(head: dict | None, tmp_path) -> None:
    chosen = spec(model={"head": head})
    made, inputs = design(chosen, tmp_path), stimuli(chosen)
    whole, alone = reference(made, inputs), golden(made, inputs)
    np.testing.assert_array_equal(whole.outputs, alone.outputs)
    for name, signal in whole.signals["lstm0"].items():
        np.testing.assert_array_equal(signal, alone.signals["lstm0"][name])


def test_saturations_are_counted_by_signal() -> None:
    tight = {**NARROW, "state": [2, 2]}
    chosen = spec(formats=tight, weights={"width": 6, "input_frac": 2, "recurrent_frac": 2, "head_frac": 3})
    given_weights = random_weights.seeded(chosen)
    trace = run(given_weights.network(chosen), given_weights, samples.corners(chosen, 16).x)
    assert all(count > 0 for count in trace.layers[0].saturations.values())


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        pytest.param(np.zeros((1, 2, 4), np.int64), r"wanted integers \[sequences, steps, 3\], got int64", id="inputs"),
        pytest.param(np.zeros((1, 2, 3)), r"wanted integers \[sequences, steps, 3\], got float64", id="floats"),
        pytest.param(np.full((1, 2, 3), 128), r"wanted -128 to 127 \(fixed<8,6>\), got 128 to 128", id="range"),
    ],
)
def test_wrong_inputs_raise(x: np.ndarray, sentence: str) -> None:
    given_weights = random_weights.seeded(spec())
    with pytest.raises(ValueError, match=sentence):
        run(given_weights.network(spec()), given_weights, x)


def test_a_tie_of_logits_goes_to_the_lowest_index() -> None:
    chosen = spec()
    given_weights = random_weights.seeded(chosen)
    head = given_weights.layers[-1]
    head.w_x.values[:] = 0
    head.bias[:] = [1, 7, 7]
    inputs = Samples(np.zeros((1, 2, 3), np.int64), np.array([2]), np.array([-1]))
    assert run(given_weights.network(chosen), given_weights, inputs.x).outputs.tolist() == [[[1]]]


@pytest.mark.parametrize("width", [40, 60])
def test_sparse_and_dense_products_are_the_plain_one(width: int) -> None:
    matrix = random_weights.seeded(spec()).layers[0].w_h
    h = np.random.default_rng(1).integers(-2000, 2000, (3, matrix.values.shape[1]))
    plain = h @ matrix.values.T
    np.testing.assert_array_equal(product(matrix.values, width)(h), plain)
    np.testing.assert_array_equal(sparse_product(matrix.packed, width)(h), plain)
