"""What `check` tells of another choice is what it tells of a spec that has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.report.derived import derive
from accel.report.other_choices import other_choices
from tests.designs import spec
from tests.report.pages import prepared, read, write

BOTH: dict[str, Any] = {"inputs": 3, "hidden": [6, 4], "bidirectional": True, "longest": 4, "head": None}


def told(chosen: dict[str, Any], work: Path, **engine: Any) -> dict[str, Any]:
    """Cycles and memory bits of a spec by `check`."""
    facts = derive(spec(model=chosen, engine=engine), work)
    return {key: facts[key] for key in ("cycles_per_step", "memory_bits")}


def test_each_choice_of_directions_tells_what_the_other_one_costs(tmp_path: Path) -> None:
    shared, own = (other_choices(spec(model=BOTH, engine={"directions": one}), tmp_path) for one in ("shared", "own"))
    assert shared["directions"] == {"own": told(BOTH, tmp_path, directions="own")}
    assert own["directions"] == {"shared": told(BOTH, tmp_path)}
    assert shared["directions"]["own"]["memory_bits"] < own["directions"]["shared"]["memory_bits"]


def test_the_report_tells_it_too(tmp_path: Path) -> None:
    write(prepared(tmp_path, model=BOTH | {"longest": 6}, engine={"directions": "own"}))
    text = " ".join(" ".join(read(tmp_path).text).split())
    cost = other_choices(spec(model=BOTH | {"longest": 6}, engine={"directions": "own"}), tmp_path)["directions"][
        "shared"
    ]
    assert f"With engine.directions: shared a step would take about {cost['cycles_per_step']} cycles" in text


def test_lanes_that_only_one_choice_has_are_not_offered_the_other(tmp_path: Path) -> None:
    assert "directions" not in other_choices(spec(model=BOTH, engine={"units": 3}), tmp_path)
    alone = other_choices(spec(model={"hidden": [4]}, engine={"units": 4}), tmp_path)
    assert "directions" not in alone
