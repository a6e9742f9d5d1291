"""Formats to their limits: what `check` accepts, every engine computes bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from accel.engines.differences import differences
from accel.engines.engine import golden, reference
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.netlist import netlist
from accel.engines.verilator import verilator
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.schedule import load_spec
from accel.spec import Spec, plain
from tests.engines.random_designs import extreme_specs
from tests.engines.test_random_designs import check
from tests.model.test_arithmetic_page import by_golden, by_page
from training.engine import torch_engine

COMMON = {
    "input": [8, 6],
    "bias": [16, 9],
    "gate": [16, 12],
    "activation": [12, 11],
    "cell": [16, 11],
    "state": [12, 11],
}

WIDE: dict[str, dict[str, Any]] = {
    "a cell of 32 bits": {"formats": COMMON | {"cell": [32, 24]}},
    "a shift of 31": {"formats": COMMON | {"activation": [18, 17], "state": [6, 3]}},
    "scaled sums of 57 bits": {
        "formats": COMMON
        | {"input": [18, 16], "activation": [18, 17], "state": [18, 16], "scale": [18, 16]},
        "weights": {"width": 18, "input_frac": 16, "recurrent_frac": 16, "per_row": True},
    },
    "31 and 32 bits everywhere": {
        "formats": {"input": [32, 31], "bias": [32, 20], "gate": [31, 25], "activation": [28, 27]}
        | {"cell": [31, 26], "state": [32, 30]},
        "weights": {"width": 18, "input_frac": 16, "recurrent_frac": 16, "head_frac": 17},
    },
}  # fmt: skip
"""Cells that saturate at 2**31, rounding beyond 2**30, and sums that float64 does not hold."""


def made(name: str) -> Spec:
    """A spec of two units, as small as can be."""
    base = {
        "name": "wide",
        "model": {"inputs": 2, "hidden": [2], "head": {"outputs": 2, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "dense"},
        "tables": {"address": 6},
        "engine": {"units": 2},
        "training": {"task": "seeded"},
    }
    return load_spec.parse(base | WIDE[name])


@pytest.mark.parametrize("name", WIDE)
def test_formats_at_their_limits_give_the_same_bits_everywhere(name: str, tmp_path: Path) -> None:
    check(made(name), tmp_path, {"golden": golden, "torch": torch_engine, "icarus": icarus, "hls": hls})


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDE)
def test_so_do_the_slower_engines(name: str, tmp_path: Path) -> None:
    check(made(name), tmp_path, {"myhdl": native, "verilator": verilator, "netlist": netlist})


@settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=extreme_specs())
def test_extreme_formats_of_any_kind_do(drawn: Spec, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(drawn, tmp_path_factory.mktemp("extreme"), {"torch": torch_engine, "icarus": icarus, "hls": hls})


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=extreme_specs())
def test_golden_model_and_torch_compute_them_as_plain_integers_have_it(
    drawn: Spec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    design = Design(drawn, random_weights.seeded(drawn), tmp_path_factory.mktemp("plain"))
    inputs = samples.corners(drawn, 2) + samples.seeded(drawn, 3, 4)
    wanted = reference(design, inputs)
    required = {array.name: array.cell.required for array in design.net.layers}
    assert not list(differences(wanted, torch_engine(design, inputs), required))
    if drawn.model.cell != "gru":
        weights_file.save(design.work / "weights.npz", design.weights, drawn)
        (design.work / "spec.json").write_text(json.dumps(plain(drawn)))
        assert by_page(drawn, design.work, inputs) == by_golden(drawn, design.weights, inputs)
