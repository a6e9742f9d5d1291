"""Sequences that begin with constants of their own: as if these were given, in every engine; a wrong one is caught."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from accel.base.faults import Refused
from accel.engines.engine import reference
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.verify import DeviceUnderTest, compare
from accel.hls.render import render_hls
from accel.model import golden, random_weights, samples, weights_file
from accel.model.design import Design
from accel.rtl import convert, render
from accel.schedule.schedule import schedule
from tests.designs import design, spec
from training.engine import torch_engine
from training.export import integers, restored

MODEL: dict[str, Any] = {"inputs": 3, "hidden": [5, 4]}
HELD = spec(model=MODEL | {"initial": "constant"}, engine={"units": 4})
GRU = spec(model=MODEL | {"initial": "constant", "cell": "gru"}, engine={"units": 4})


@pytest.mark.parametrize("chosen", [HELD, GRU], ids=["LSTM", "GRU"])
def test_constants_are_what_the_same_states_given_would_be(chosen: Any, tmp_path: Path) -> None:
    made, inputs = design(chosen, tmp_path), samples.seeded(chosen, 4, 5)
    initial = [layer.initial for layer in made.weights.layers if layer.initial is not None]
    given = dataclasses.replace(inputs, states=np.tile(np.concatenate(initial), (4, 1)))
    np.testing.assert_array_equal(reference(made, inputs).outputs, reference(made, given).outputs)
    zeros = dataclasses.replace(given, states=np.zeros_like(given.states))
    assert not np.array_equal(
        reference(made, inputs).signals["gru0" if chosen is GRU else "lstm0"]["h"],
        reference(made, zeros).signals["gru0" if chosen is GRU else "lstm0"]["h"],
    )


@pytest.mark.parametrize("chosen", [HELD, GRU], ids=["LSTM", "GRU"])
def test_the_module_begins_with_them_too(chosen: Any) -> None:
    weights, inputs = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    model, net = restored(chosen, weights), weights.network(chosen)
    with torch.no_grad():
        h, _ = model.hidden(torch.from_numpy(chosen.formats.input.real(inputs.x)))
    wanted = golden.run(net, weights, inputs.x).h
    np.testing.assert_array_equal(h.numpy(), chosen.formats.state.real(wanted))
    again = integers(model, net)
    assert all(np.array_equal(a.initial, b.initial) for a, b in zip(again.layers, weights.layers, strict=True))


def test_one_wrong_constant_is_caught_in_verilog_and_in_cpp(tmp_path: Path) -> None:
    weights = random_weights.seeded(HELD)
    first, *others = weights.layers
    assert first.initial is not None
    wrong = first.initial.copy()
    wrong[6] ^= 64
    other = dataclasses.replace(weights, layers=(dataclasses.replace(first, initial=wrong), *others))
    for path, text in (
        render.render(Design(HELD, other, tmp_path)) | render_hls(Design(HELD, other, tmp_path))
    ).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    made = Design(HELD, weights, tmp_path)
    (tmp_path / f"rtl/{HELD.identifier}.v").write_text(convert.convert(made))
    for engine, clocked in ((icarus, True), (hls, False), (torch_engine, False)):
        result = compare(
            "it", DeviceUnderTest(engine, clocked=clocked), made, samples.seeded(HELD, 2, 3), schedule(made)
        )
        assert result.status == ("equal" if engine is torch_engine else "different")


def test_weights_without_them_or_beyond_their_format_are_refused(tmp_path: Path) -> None:
    weights = random_weights.seeded(HELD)
    first, *others = weights.layers
    assert first.initial is not None
    for initial, said in (
        (None, "h_0 and c_0"),
        (first.initial[1:], r"shape \(10,\)"),
        (first.initial * 99, "to 2047"),
    ):
        other = dataclasses.replace(weights, layers=(dataclasses.replace(first, initial=initial), *others))
        with pytest.raises(Refused, match=said):
            weights_file.save(tmp_path / "weights.npz", other, HELD)


@pytest.mark.parametrize(
    "sections",
    [
        {"model": MODEL | {"stateful": True}},
        {"engine": {"units": 4, "state_streams": True}},
        {"engine": {"units": 4, "memory": "scratchpad"}},
    ],
    ids=["stateful", "streams of states", "loaded"],
)
def test_what_does_not_go_with_them_is_refused(sections: dict[str, Any]) -> None:
    model = MODEL | sections.get("model", {}) | {"initial": "constant"}
    with pytest.raises(Refused, match=r"model.initial: wanted zeros beside"):
        spec(**sections | {"model": model})
