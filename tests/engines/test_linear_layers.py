"""Linear layers in front of the head's last one: right in every engine; one wrong bit of what they make is caught."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import Clip
from accel.architecture.network import network
from accel.base.faults import Refused
from accel.base.files import write_text
from accel.base.fixed import Fixed
from accel.engines.covered import cover
from accel.engines.engine import Engine, Observed, golden
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.hls.render import render_hls
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.golden import run_linear
from accel.model.reach import reach
from accel.rtl import convert, render
from accel.schedule.schedule import schedule
from tests.designs import BASE, spec
from tests.engines.devices import Even

LAYERS = [{"outputs": 5, "activation": "hard_tanh"}, {"outputs": 4, "activation": "sigmoid"}]
FORMATS = BASE["formats"] | {"bias": [12, 8]}


def chosen(layers: list[dict[str, Any]], **head: Any) -> Any:
    model = {"inputs": 3, "hidden": [6], "head": {"outputs": 3, "layers": layers} | head}
    return spec(model=model, formats=FORMATS | {"linear": [6, 3]}, engine={"units": 3})


def built(work: Path, **head: Any) -> Design:
    """A design whose Verilog and C++ lie in `work`; an output of its first linear layer is always beyond 1."""
    made = chosen(LAYERS, **head)
    weights = random_weights.seeded(made)
    weights.layers[1].bias[2] = 2000
    found = Design(made, weights, work)
    for path, text in (render.render(found) | render_hls(found)).items():
        write_text(work / path, text)
    write_text(work / f"rtl/{made.identifier}.v", convert.convert(found))
    return found


def compared(engine: Engine, design: Design, clocked: bool = False) -> Result:
    given = samples.corners(design.spec, 3) + samples.seeded(design.spec, 6, 5)
    return compare("it", DeviceUnderTest(engine, clocked=clocked), design, given, schedule(design))


@pytest.mark.parametrize(
    ("activation", "ends"),
    [
        ("none", (-32, 31)),
        ("relu", (0, 31)),
        ("hard_tanh", (-8, 8)),
        ("hard_sigmoid", (0, 8)),
    ],
)
def test_an_activation_narrows_and_keeps_within_its_ends(activation: str, ends: tuple[int, int]) -> None:
    made = chosen([{"outputs": 5, "activation": activation}])
    (array,) = network(made).linear
    sums = np.arange(-(1 << 20), 1 << 20, 77)[:, None]
    out = run_linear(network(made), array, sums)["out"]
    np.testing.assert_array_equal(out, np.clip(Fixed(6, 3).narrow(sums, array.sum_frac), *ends))
    assert (out.min(), out.max()) == ends


def change_in_verilog(work: Path, before: str, after: str) -> None:
    (path,) = (work / "rtl").glob("*.v")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_wrong_end_of_an_activation_is_caught_in_verilog(tmp_path: Path) -> None:
    design = built(tmp_path, when="step")
    assert compared(icarus, design, clocked=True).status == "equal"
    change_in_verilog(tmp_path, "<= 8;", "<= 7;")
    result = compared(icarus, design, clocked=True)
    assert result.reason.startswith("linear0.out differs first at step ")


@pytest.mark.slow
def test_a_wrong_end_of_an_activation_is_caught_in_cpp(tmp_path: Path) -> None:
    design = built(tmp_path, when="step")
    header = tmp_path / "hls/activations.h"
    assert compared(hls, design).status == "equal"
    write_text(header, header.read_text().replace("(pre, -8LL, 8LL)", "(pre, -8LL, 7LL)"))
    assert compared(hls, design).reason.startswith("linear0.out differs first at step ")


def lose(signal: str) -> Callable[[Observed], None]:
    def change(seen: Observed) -> None:
        del seen.signals["linear0"][signal]

    return change


def turn(seen: Observed) -> None:
    seen.signals["linear1"]["sum"][1, 2] ^= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lose("sum"), "linear0.sum differs first at"),
        (lose("out"), "linear0.out differs first at"),
        (turn, "linear1.sum differs first at step "),
    ],
)
def test_every_engine_must_show_what_linear_layers_make(
    change: Callable[[Observed], None], said: str, tmp_path: Path
) -> None:
    made = chosen(LAYERS)

    def wrong(design: Design, inputs: samples.Samples) -> Observed:
        seen = golden(design, inputs)
        change(seen)
        return seen

    design = Design(made, random_weights.seeded(made), tmp_path)
    assert compare("it", DeviceUnderTest(wrong), design, samples.seeded(made, 4, 3), Even()).reason.startswith(said)


def test_what_linear_layers_clip_is_covered_with_a_reason_where_it_is_not(tmp_path: Path) -> None:
    made = chosen(LAYERS)
    design = Design(made, random_weights.seeded(made), tmp_path)
    reached = reach(design.net, design.weights)
    found = cover(design, samples.seeded(made, 9, 4), reached)
    sides = [side for side in found.clamps if side.layer.startswith("linear")]
    assert [(side.layer, side.signal) for side in sides] == [("linear0", "pre")] * 2 + [("linear1", "pre")] * 2
    assert all(bool(side.clipped) != bool(side.why) for side in sides)
    assert [use.layer for use in found.weights][-3:] == ["linear0", "linear1", "head"]
    trace = golden(design, samples.seeded(made, 9, 4)).signals
    for number, name in enumerate(("linear0", "linear1"), 1):
        interval = reached[number].values["sum"]
        assert (trace[name]["sum"] >= interval.lo).all()
        assert (trace[name]["sum"] <= interval.hi).all()


REFUSED = [
    (
        {"formats": FORMATS},
        "formats.linear: wanted a format where model.before, model.between or model.head.layers",
    ),
    ({"layers": [], "formats": FORMATS | {"linear": [6, 3]}}, "formats.linear: wanted a format where"),
    ({"formats": FORMATS | {"linear": [6, 3], "bias": [16, 12]}}, "formats.bias: wanted at most the 9 fraction bits"),
    ({"layers": [{"outputs": 5, "units": 9}]}, r"model.head.layers[0].units: wanted at most 6: one row a cycle"),
    ({"layers": [{"outputs": 5, "activation": "gelu"}]}, "model.head.layers[0].activation: wanted 'none', 'relu'"),
    ({"training": {"task": "digits", "studies": {"lasso": [0.1]}}}, "training.studies.lasso: wanted nothing with"),
]


@pytest.mark.parametrize(("sections", "said"), REFUSED)
def test_what_cannot_be_is_refused(sections: dict[str, Any], said: str) -> None:
    layers = sections.pop("layers", LAYERS)
    with pytest.raises(Refused) as refused:
        spec(
            model={"inputs": 3, "hidden": [6], "head": {"outputs": 3, "layers": layers}},
            engine={"units": 3},
            **{"formats": FORMATS | {"linear": [6, 3]}} | sections,
        )
    assert any(str(fault).replace("spec: ", "").startswith(said) for fault in refused.value.faults), str(refused.value)


def test_a_cell_does_not_clip() -> None:
    level = network(chosen(LAYERS)).layers[0].cell.level
    with pytest.raises(ValueError, match="a cell does not clip"):
        dataclasses.replace(level, operations=(*level.operations, Clip("more", "h", 0, 1)))
    assert isinstance(level, Level)
