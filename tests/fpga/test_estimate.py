"""The estimate of resources against what yosys counted, and the number of units that would fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.architecture.network import Network
from accel.base.faults import Refused
from accel.model import random_weights
from accel.schedule.load_spec import load, parse
from accel.spec import Spec, plain
from fpga.board import Board, find
from fpga.estimate import Estimate, Memory, facts, largest_that_fits, resources
from fpga.fits import require_fit
from fpga.reports import Utilization
from tests.bench.resources import designs
from tests.designs import spec

SPECS = Path(__file__).parents[2] / "specs"
BLOCK = {"operand_register": True, "operand_memory": "block"}
COUNTED: dict[str, tuple[str, dict[str, Any], tuple[int, int, int, int]]] = {
    "32 lanes": ("speech-128", {}, (39, 61, 8123, 5368)),
    "32 lanes, register": ("speech-128", {"operand_register": True}, (39, 61, 8131, 6448)),
    "32 lanes, register, block RAM": ("speech-128", BLOCK, (39, 93, 3694, 6267)),
    "64 lanes, register": ("speech-128", {"operand_register": True, "units": 16}, (77, 105, 16743, 12085)),
    "64 lanes, register, block RAM": ("speech-128", {**BLOCK, "units": 16}, (77, 169, 7509, 11319)),
    "4 lanes": ("tiny", {}, (7, 5, 756, 1168)),
    "4 lanes, x first": ("tiny", {"order": "x_first"}, (7, 5, 1116, 1580)),
    "32 lanes, x first": ("speech-128", {**BLOCK, "order": "x_first"}, (39, 93, 5347, 7919)),
}
"""Multipliers, block RAMs, lookup tables and registers that yosys 0.70 counts for an ECP5 (`synthesised`)."""
COUNTED_SMALL = {
    "little": (22, 5, 2533, 3425),
    "two lanes a row": (41, 10, 4952, 5441),
    "registers": (22, 38, 2195, 3574),
    "no head": (27, 5, 6171, 4308),
    "dense": (21, 5, 2160, 2762),
    "two layers": (39, 10, 6017, 6313),
    "wider": (39, 59, 5783, 6601),
}
"""The same for the small designs of `tests/bench/resources.py`."""


def varied(name: str, engine: dict[str, Any]) -> Spec:
    data = plain(load(SPECS / f"{name}.yaml"))
    return parse({**data, "engine": {**data["engine"], **engine}})


def network_of(chosen: Spec) -> Network:
    return random_weights.seeded(chosen).network(chosen)


@pytest.mark.parametrize(("name", "engine", "counted"), COUNTED.values(), ids=COUNTED.keys())
def test_multipliers_and_block_rams_are_exact_and_logic_is_within_15_percent(
    name: str, engine: dict[str, Any], counted: tuple[int, ...]
) -> None:
    found = resources(network_of(varied(name, engine)), find("ulx3s-85f"))
    require_close(found, counted)


@pytest.mark.parametrize("name", COUNTED_SMALL)
def test_the_same_holds_for_designs_that_differ_in_everything(name: str) -> None:
    require_close(resources(network_of(designs([])[name]), find("ulx3s-85f")), COUNTED_SMALL[name])


def test_multipliers_and_block_rams_of_rows_in_banks_are_exact() -> None:
    found = resources(network_of(designs([])["banks"]), find("ulx3s-85f"))
    assert {one.resource: one.used for one in found if one.origin == "exact"} == {"multipliers": 40, "block_rams": 75}


def require_close(found: list[Estimate], counted: tuple[int, ...]) -> None:
    assert [(one.resource, one.origin) for one in found] == [
        ("multipliers", "exact"),
        ("block_rams", "exact"),
        ("luts", "estimated"),
        ("registers", "estimated"),
    ]
    for one, count in zip(found, counted, strict=True):
        assert one.used == (count if one.origin == "exact" else pytest.approx(count, rel=0.15))


@pytest.mark.parametrize(
    ("memory", "blocks", "lut_rams"),
    [
        (Memory(1, 1024, 12, "rom"), 1, 0),
        (Memory(4, 128, 8, "rom"), 0, 0),
        (Memory(32, 103, 12, "ram"), 0, 32 * 21),
        (Memory(32, 103, 12, "ram", block=True), 32, 0),
        (Memory(1, 256, 12, "ram"), 1, 0),
        (Memory(8, 416, 60, "rom"), 16, 0),
        (Memory(1, 2048, 9, "rom"), 1, 0),
        (Memory(1, 513, 36, "rom"), 2, 0),
    ],
)
def test_a_memory_goes_where_it_costs_yosys_least(memory: Memory, blocks: int, lut_rams: int) -> None:
    assert (memory.blocks, memory.lut_rams) == (blocks, lut_rams)


def small(**resources_of: int) -> Board:
    board = find("ulx3s-85f")
    return board.model_copy(update={"resources": board.resources.model_copy(update=resources_of)})


def test_a_design_too_large_is_told_how_many_lanes_would_fit() -> None:
    chosen = varied("speech-128", BLOCK)
    kept = [layer.nnz_per_row for layer in random_weights.seeded(chosen).layers[:1]]
    board = small(multipliers=30)
    units = largest_that_fits(chosen, kept, board)
    assert units is not None
    assert 0 < units < 8
    fitting = resources(network_of(varied("speech-128", {**BLOCK, "units": units})), board)
    assert all(one.used <= one.available for one in fitting)
    needed = Utilization("yosys", "synthesised", {"multipliers": 39}, {"multipliers": 30})
    with pytest.raises(Refused) as refused:
        require_fit(needed, board, units, 4 * units)
    assert str(refused.value).splitlines() == [
        "ulx3s-85f: multipliers: wanted at most 30, got 39 (9 over)",
        f"engine.units: wanted at most {units} ({4 * units} lanes), which fit by estimate, got more",
    ]
    assert largest_that_fits(chosen, kept, small(multipliers=3)) is None


def test_what_the_model_does_not_know_is_said_and_not_estimated() -> None:
    assert facts(spec(), network_of(spec()), find("icebreaker"))["none"] == "the model knows ECP5 only, not ice40"
    ternary = spec(weights={"kind": "ternary", "per_row": True}, formats={"scale": [8, 6]})
    assert facts(ternary, network_of(ternary), find("ulx3s-85f"))["rows"] == []
