"""A family of small networks of strangers: `new` and `run` make of each what its file computes, or refuse it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from accel.base.faults import Refused
from accel.model import sequences
from sparrow import flow, load, new, steps
from sparrow.predicting import answered
from sparrow.reasons import Asked
from training.importing.source import Wishes


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """A state dict, its sequences, and what a person asks for."""
    torch.manual_seed(draw(st.integers(0, 99)))
    inputs, hidden, layers = draw(st.integers(1, 5)), draw(st.integers(1, 9)), draw(st.integers(1, 2))
    kind = draw(st.sampled_from([nn.LSTM, nn.GRU]))
    rnn = kind(inputs, hidden, layers, bias=draw(st.booleans()), batch_first=True)
    outputs = draw(st.sampled_from([None, 1, 4]))
    size, count = draw(st.sampled_from([0.01, 1.0, 30.0])), draw(st.integers(1, 6))
    x = np.random.default_rng(draw(st.integers(0, 99))).normal(0, size, (count, draw(st.integers(1, 7)), inputs))
    with torch.no_grad():
        rnn.weight_ih_l0 *= draw(st.sampled_from([0.0, 1.0, 20.0]))
    return {
        **{"rnn": rnn, "head": None if outputs is None else nn.Linear(hidden, outputs), "x": x},
        **{"error": draw(st.sampled_from([0.3, 0.02, 0.002])), "when": draw(st.sampled_from(["last", "step"]))},
        **{"board": draw(st.sampled_from([None, "ulx3s-85f"])), "sparsity": draw(st.sampled_from([0.0, 0.4]))},
    }


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=networks())
def test_a_network_of_a_stranger_is_right_or_refused(
    drawn: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("stranger")
    rnn, head, x = drawn["rnn"], drawn["head"], drawn["x"]
    state = rnn.state_dict(prefix="rnn.") | ({} if head is None else head.state_dict(prefix="head."))
    torch.save(state, place / "model.pt")
    np.save(place / "x.npy", x)
    wishes = Wishes(head=() if head is None else ("head",))
    asked = Asked(place / "x.npy", drawn["board"], drawn["error"], drawn["sparsity"], drawn["when"], None, wishes)
    try:
        facts = new.write(place / "model.pt", place / "own.yaml", asked)
    except Refused:
        assert not (place / "own.yaml").exists()
        return
    assert max(facts["errors"].values()) <= drawn["error"]
    spec = load(place / "own.yaml")
    flow.run(spec, place / "work", steps=steps.steps(spec)[:1])
    record = json.loads((place / "work" / "training.json").read_text())
    assert record["import"]["compared"][0]["largest_difference"] <= record["import"]["compared"][0]["allowed"]
    data = sequences.checked(x, None, x.shape[2], "x", "x")
    golden = answered(spec, place / "work", data, "golden").y
    np.testing.assert_array_equal(golden, answered(spec, place / "work", data, "torch").y)
    if drawn["sparsity"] == 0.0:
        with torch.no_grad():
            h = rnn.double()(torch.from_numpy(x))[0]
            wanted = h if head is None else head.double()(h if drawn["when"] == "step" else h[:, -1])
        error = np.sqrt(np.mean((golden - wanted.numpy()) ** 2) / np.mean(wanted.numpy() ** 2))
        assert error <= drawn["error"] * 1.001
