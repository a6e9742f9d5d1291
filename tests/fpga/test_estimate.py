"""The estimate of resources against what yosys counted, and the number of units that would fit."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import Refused
from accel.model import random_weights
from accel.schedule.load_spec import load, parse
from accel.spec import Spec, plain
from fpga.board import Board, find
from fpga.coefficients import Coefficients, coefficients
from fpga.estimate import Estimate, facts, largest_that_fits, resources
from fpga.fits import require_fit
from fpga.reports import Utilization
from tests.bench.resource_designs import BOARDS, fitted
from tests.bench.resources import COUNTS, net_of

SPECS = Path(__file__).parents[2] / "specs"
BLOCK = {"operand_register": True, "operand_memory": "block"}
RECORD = json.loads(COUNTS.read_text(encoding="utf-8"))
COUNTED = [(name, kind) for name, by_kind in RECORD["counts"].items() for kind in by_kind if kind in BOARDS]
WITHIN = 0.15
FURTHER = {("layers that share lanes", "ice40", "luts"): 0.16}
"""Known to be further off, as docs/resources.md tells."""


@cache
def estimated(name: str, kind: str) -> dict[str, Estimate]:
    return {one.resource: one for one in resources(net_of(name), find(BOARDS[kind]))}


def beyond(resource: str) -> list[str]:
    """Counts from which the estimate is too far: by anything where it is exact, else by more than `WITHIN`, or what is
    known.
    """
    found = []
    for name, kind in COUNTED:
        one, counted = estimated(name, kind)[resource], RECORD["counts"][name][kind][resource]
        most = FURTHER.get((name, kind, resource), WITHIN)
        if abs(one.used - counted) > (0 if one.origin == "exact" else most * counted):
            found.append(f"{name}, {kind}: {one.used}, counted {counted}")
    return found


@pytest.mark.parametrize("resource", ["multipliers", "block_rams"])
def test_multipliers_and_block_rams_are_those_that_yosys_counts(resource: str) -> None:
    assert beyond(resource) == []
    assert all(one[resource].origin == "exact" for one in (estimated(*of) for of in COUNTED))


@pytest.mark.parametrize("resource", ["luts", "registers"])
def test_logic_is_within_15_percent_of_what_yosys_counts(resource: str) -> None:
    assert beyond(resource) == []


def test_ten_designs_of_each_family_were_counted_and_some_that_no_fit_has_seen() -> None:
    for kind in BOARDS:
        if kind == kind.split()[0]:
            own = [name for name, of in COUNTED if of == kind]
            assert len(own) >= 10, kind
            assert any(name not in fitted() for name in own), kind


def test_a_coefficient_that_is_another_does_not_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = coefficients().model_copy(deep=True)
    wrong.xc7.luts["way"] *= 2
    monkeypatch.setattr("fpga.estimate.fit_of", lambda family: getattr(wrong, family))
    estimated.cache_clear()
    try:
        assert {line.split(", ")[-2].split(":")[0] for line in beyond("luts")} == {"xc7"}
    finally:
        estimated.cache_clear()


def test_the_coefficients_are_those_of_the_counts() -> None:
    assert isinstance(coefficients(), Coefficients)
    assert coefficients().yosys == RECORD["yosys"]


def varied(name: str, engine: dict[str, Any]) -> Spec:
    data = plain(load(SPECS / f"{name}.yaml"))
    return parse({**data, "engine": {**data["engine"], **engine}})


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
    smaller = varied("speech-128", {**BLOCK, "units": units})
    fitting = resources(random_weights.seeded(smaller).network(smaller), board)
    assert all(one.used <= one.available for one in fitting)
    needed = Utilization("yosys", "synthesised", {"multipliers": 39}, {"multipliers": 30})
    with pytest.raises(Refused) as refused:
        require_fit(needed, board, units, 4 * units)
    assert str(refused.value).splitlines() == [
        "ulx3s-85f: multipliers: wanted at most 30, got 39 (9 over)",
        f"engine.units: wanted at most {units} ({4 * units} lanes), which fit by estimate, got more",
    ]
    assert largest_that_fits(chosen, kept, small(multipliers=3)) is None


def test_units_are_proposed_by_rows_only_since_a_column_keeps_its_weights_lane_by_lane() -> None:
    chosen = load(SPECS / "digits-columns.yaml")
    kept = [layer.nnz_per_row for layer in random_weights.seeded(chosen).layers[:1]]
    assert largest_that_fits(chosen, kept, small(multipliers=30)) is None


def test_check_tells_the_resources_of_every_family() -> None:
    for board in BOARDS.values():
        told = facts(net_of("tiny"), find(board))
        assert [row["resource"] for row in told["rows"]] == ["multipliers", "block_rams", "luts", "registers"]
        assert all(row["used"] >= 0 for row in told["rows"])
