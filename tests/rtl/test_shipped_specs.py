"""Every shipped spec of moderate size becomes Verilog, whatever its cell, dataflow, memory and head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def chosen() -> Iterator[Any]:
    """The first spec of each kind of design is converted at once, others of the kind wait for `make test-all`."""
    seen = set()
    for path in SPECS:
        spec = load_spec.load(path)
        head = spec.model.head
        kind = (spec.model.cell, spec.model.bidirectional, head and (head.kind, head.when), str(spec.engine.dataflow))
        kind += (spec.engine.memory, spec.engine.order, spec.weights.kind, spec.sparsity.pattern)
        yield pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if kind in seen else [])
        seen.add(kind)


@pytest.mark.parametrize("path", list(chosen()))
def test_it_is_converted(path: Path, tmp_path: Path) -> None:
    spec = load_spec.load(path)
    if sum(array.rows * (array.inputs + array.outputs) for array in network(spec).layers) > LARGE:
        pytest.skip("large")
    design = Design(spec, random_weights.seeded(spec), tmp_path)
    for name, text in render.render(design).items():
        write_text(tmp_path / name, text)
    assert f"module {spec.identifier} (" in convert.convert(design)
