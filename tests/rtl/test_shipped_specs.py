"""Every shipped spec of moderate size becomes Verilog, whatever its cell, dataflow, memory and head."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.architecture.network import network
from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl import convert, render
from accel.schedule import load_spec

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
LARGE = 600_000
"""Weights, zeros too, from which on a spec is left out: those differ from others in size alone."""


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_it_is_converted(path: Path, tmp_path: Path) -> None:
    spec = load_spec.load(path)
    if sum(array.rows * (array.inputs + array.outputs) for array in network(spec).layers) > LARGE:
        pytest.skip("large")
    design = Design(spec, random_weights.seeded(spec), tmp_path)
    for name, text in render.render(design).items():
        write_text(tmp_path / name, text)
    assert f"module {spec.identifier} (" in convert.convert(design)
