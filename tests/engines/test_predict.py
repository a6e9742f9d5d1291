"""A person's own sequences through a design: layout, rounding, and that an engine which differs is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Different
from accel.engines.engine import Observed, golden, reference
from accel.engines.predict import predict
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.sequences import Data
from tests.designs import design, spec

LENGTHS = np.array([4, 2, 1])
DATA = Data(np.random.default_rng(0).normal(0, 0.4, (3, 4, 3)) * (np.arange(4) < LENGTHS[:, None])[..., None], LENGTHS)


def made(tmp_path: Path, **head: object) -> Design:
    return design(spec(model={"head": {"outputs": 3, **head} if head else None}), tmp_path)


def traced(given: Design) -> Samples:
    return Samples(given.spec.formats.input.quantize(DATA.x), LENGTHS, np.full(3, -1))


def test_logits_of_every_step_are_real_numbers_and_nothing_behind_the_end(tmp_path: Path) -> None:
    given = made(tmp_path, kind="logits", when="step")
    y = predict(given, DATA, golden, "golden").y
    assert y.shape == (3, 4, 3)
    np.testing.assert_array_equal(np.isnan(y).all(axis=2), np.arange(4) >= LENGTHS[:, None])
    assert given.net.head is not None
    exact = reference(given, traced(given)).outputs / 2.0**given.net.head.frac
    np.testing.assert_array_equal(y[~np.isnan(y)].reshape(-1, 3), exact)


def test_logits_after_the_last_step_have_no_axis_of_steps(tmp_path: Path) -> None:
    every = predict(made(tmp_path, kind="logits", when="step"), DATA, golden, "golden").y
    last = predict(made(tmp_path, kind="logits", when="last"), DATA, golden, "golden").y
    np.testing.assert_array_equal(last, every[np.arange(3), LENGTHS - 1])


def test_classes_are_those_of_the_largest_logits(tmp_path: Path) -> None:
    logits = predict(made(tmp_path, kind="logits", when="step"), DATA, golden, "golden").y
    classes = predict(made(tmp_path, kind="argmax", when="step"), DATA, golden, "golden").y
    assert classes.dtype == np.int64
    real = np.arange(4) < LENGTHS[:, None]
    np.testing.assert_array_equal(classes[real], logits[real].argmax(axis=1))
    assert np.all(classes[~real] == -1)


def test_without_a_head_h_comes_out(tmp_path: Path) -> None:
    given = made(tmp_path)
    y = predict(given, DATA, golden, "golden").y
    h = reference(given, traced(given)).signals["lstm0"]["h"]
    np.testing.assert_array_equal(y[~np.isnan(y)].reshape(-1, 8), given.spec.formats.state.real(h))


def test_h_is_close_to_that_of_the_float_equations(tmp_path: Path) -> None:
    """Computed here by the equations of the LSTM from the weights' real values, in double precision."""
    given = made(tmp_path)
    array, layer = given.net.layers[0], given.weights.layers[0]
    w_x, w_h = array.w_x.real(layer.w_x.values), array.w_h.real(layer.w_h.values)
    h = c = np.zeros(8)
    for x_t, y_t in zip(DATA.x[0], predict(given, DATA, golden, "golden").y[0], strict=True):
        i, f, g, o = np.split(w_x @ x_t + w_h @ h + array.bias.real(layer.bias), 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        np.testing.assert_allclose(y_t, h, atol=0.02)


def test_states_that_come_through_streams_begin_with_zeros(tmp_path: Path) -> None:
    streams = design(spec(engine={"state_streams": True}), tmp_path)
    plain = design(spec(), tmp_path)
    np.testing.assert_array_equal(*(predict(one, DATA, golden, "golden").y for one in (streams, plain)))


def test_what_the_input_format_does_not_hold_is_told(tmp_path: Path) -> None:
    wide = Data(DATA.x * 1e3, LENGTHS)
    assert predict(made(tmp_path), DATA, golden, "golden").clipped == 0.0
    assert predict(made(tmp_path), wide, golden, "golden").clipped > 0.9


def test_an_engine_that_answers_otherwise_is_found(tmp_path: Path) -> None:
    def flipped(given: Design, inputs: Samples) -> Observed:
        seen = golden(given, inputs)
        seen.outputs[1, 0] ^= 1
        return seen

    with pytest.raises(Different, match="flipped does not answer what the golden model does"):
        predict(made(tmp_path, kind="logits", when="step"), DATA, flipped, "flipped")
