"""The closed form of a step's energy against gates that computed: designs of docs/energy.md, no part of its fit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accel.architecture.network import Network, network
from accel.schedule.load_spec import load, parse
from accel.spec import plain
from fpga.energy.closed import Work, step_energy, unknown
from tests.designs import spec

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^\| ([\d.]+)% \| ([\d.]+)% \| ([\d.]+) \| ([\d,]+) \| ([\d.]+) \|", re.MULTILINE)
"""Shares of weights and states, cycles, products and energy of a step, the first row's being 1."""


def without_head(name: str, **sparsity: Any) -> Network:
    """The recurrent layers of a shipped spec with another sparsity."""
    data = plain(load(ROOT / "specs" / f"{name}.yaml"))
    data["sparsity"] |= {"search": None, **sparsity}
    return replace(network(parse(data)), linear=(), head=None)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("digits-columns", {"input": 0.5, "recurrent": 0.75}),
        ("digits", {"input": 0.25, "recurrent": 0.8125}),
    ],
)
def test_ratios_are_those_that_gates_were_counted_at(name: str, kept: dict[str, float]) -> None:
    text = (ROOT / "docs" / "energy.md").read_text(encoding="utf-8")
    found = TABLE.findall(text.split(f"`{name}`")[1].split("| weights kept")[1])
    nets = {True: without_head(name, pattern="dense", input=None, recurrent=None), False: without_head(name, **kept)}
    rows = [(nets[weights == "100.0"], float(cycles), float(n.replace(",", "")), float(energy))
            for weights, _, cycles, n, energy in found]  # fmt: skip
    assert len(rows) >= 2
    whole = step_energy(rows[0][0], [Work(*rows[0][1:3])])
    for net, cycles, products, energy in rows:
        assert step_energy(net, [Work(cycles, products)]) / whole == pytest.approx(energy, rel=0.04)


def test_fewer_bits_cycles_and_products_each_take_less() -> None:
    net = network(spec(model={"head": None}))
    few = network(spec(model={"head": None}, weights={"width": 4, "input_frac": 2, "recurrent_frac": 2}))
    most = step_energy(net, [Work(40, 300)])
    assert all(
        step_energy(*one) < most for one in ((few, [Work(40, 300)]), (net, [Work(39, 300)]), (net, [Work(40, 299)]))
    )


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {"cell": "gru_reset_first"}},
        {"engine": {"units": 4, "memory": "scratchpad"}},
        {"weights": {"kind": "ternary"}},
    ],
)
def test_what_was_never_counted_is_said(sections: dict[str, Any]) -> None:
    assert unknown(spec(**sections)).startswith("energy is known")
    assert unknown(spec()) == ""
