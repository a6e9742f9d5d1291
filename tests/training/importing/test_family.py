"""A family of graphs, each either read right or refused: the file's own answers come from other people's code."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from onnx.reference import ReferenceEvaluator

from accel.base.faults import Refused
from tests.training.importing.family import SIZES, Drawn, drawn
from training.importing.network import Array, FloatNetwork, ended
from training.importing.onnx_model import read


def wanted(model: onnx.ModelProto, x: Array) -> Array:
    """The file's answers: by onnxruntime where it is there and takes the graph."""
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        return np.asarray(session.run(None, {"x": x})[0])
    except Exception:  # not installed, or an option that it lacks
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(ReferenceEvaluator(model).run(None, {"x": x})[0])


def answers(network: FloatNetwork, made: Drawn, x: Array) -> Array:
    """The same by the network that was read, its axes as the generator of the graph knows them."""
    other = "b" if made.steps == "a" else "a"
    ordered = x.transpose([made.input_axes.index(axis) for axis in (other, made.steps, "f")])
    logits = network.logits(network.over_steps(network.states(ordered.astype(np.float64))[-1]))
    if made.steps not in made.axes:
        assert network.when in ("last", None)
        logits = logits[:, -1]
    else:
        assert network.when in ("step", None)
    axes = [other, *([made.steps] if made.steps in made.axes else []), "f"]
    found = ended(logits, network.ending)
    if "f" not in made.axes:
        found, axes = found[..., 0], axes[:-1]
    return found.transpose([axes.index(axis) for axis in made.axes])


def read_or_refused(path: Path, inputs: int) -> FloatNetwork | str:
    """The network, or what is said in its place."""
    try:
        return read(path, inputs=inputs).network
    except Refused as refused:
        return str(refused.faults[0])


def outcome(made: Drawn) -> str:
    """Right, or refused; fails where it is neither, and where what has a place is refused."""
    model = made.graph.model(made.value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, str(path))
        network = read_or_refused(path, made.inputs)
    if isinstance(network, str):
        assert made.wrong, f"refused though everything has a place: {network}"
        assert "\n" not in network
        return "refused"
    assert not made.wrong, f"taken with {made.wrong}"
    shape = [SIZES.get(axis, made.inputs) for axis in made.input_axes]
    x = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
    got, answered = answers(network, made, x), wanted(model, x)
    if network.ending == "argmax":
        assert np.mean(got == answered) > 0.9
        return "right"
    np.testing.assert_allclose(got, answered, rtol=1e-3, atol=1e-4 * max(1.0, float(np.abs(answered).max())))
    return "right"


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(made=drawn())
def test_a_graph_is_read_right_or_refused(made: Drawn) -> None:
    outcome(made)


@pytest.mark.slow
def test_thousands_of_graphs_are_read_right_or_refused() -> None:
    seen = Counter[str]()

    @settings(max_examples=3000, deadline=None, database=None)
    @given(made=drawn())
    def run(made: Drawn) -> None:
        seen[outcome(made)] += 1

    run()
    assert min(seen["right"], seen["refused"]) > 500
