"""What is not reached is said with its reason, and slow engines get corners for half of their steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accel.engines.covered import Covered, Sequences, Side, cover, sequences
from accel.model import samples
from accel.model.design import Design
from accel.model.reach import reach
from tests.designs import design, spec


def made(work: Path, **sections: Any) -> tuple[Design, Sequences, Covered]:
    built = design(spec(**sections), work)
    reached = reach(built.net, built.weights)
    given = sequences(built, samples.corners(built.spec), samples.seeded(built.spec, 7, 5), reached)
    return built, given, cover(built, given.all, reached)


def side(found: Covered, signal: str, which: str) -> Side:
    return next(one for one in found.clamps if (one.signal, one.side) == (signal, which))


def formats(**changed: list[int]) -> dict[str, Any]:
    return {"formats": {**{"gate": [16, 12], "cell": [16, 11], "state": [12, 11]}, **changed}}


def test_a_cell_whose_levels_all_read_x_and_narrow_what_was_kept_is_covered(tmp_path: Path) -> None:
    model = {"cell": "gru_reset_first", "hidden": [4, 6], "inputs": 3}
    built, _, found = made(tmp_path, model=model, **formats(cell=[14, 12]))
    assert {one.layer for one in found.clamps} >= {layer.name for layer in built.net.layers}
    assert all(one.clipped or one.why for one in found.clamps)


def test_a_side_that_cannot_clip_is_said_with_its_room(tmp_path: Path) -> None:
    found = made(tmp_path, **formats(gate=[20, 12]))[2]
    never = side(found, "i_pre", "above")
    assert (never.clipped, never.clipped_slow) == (0, 0)
    assert never.why.startswith("cannot be: it gets to ")
    assert never.why.endswith("at most, and fixed<20,12> to 127.99976")


def test_a_side_that_clips_needs_no_reason(tmp_path: Path) -> None:
    found = made(tmp_path, **formats(gate=[8, 6]))[2]
    clips = side(found, "i_pre", "above")
    assert clips.clipped >= clips.clipped_slow > 0
    assert clips.why == ""


def test_a_side_that_takes_too_many_steps_is_said_with_their_number(tmp_path: Path) -> None:
    built, given, found = made(tmp_path, **formats(cell=[17, 11]))
    assert side(found, "c", "above").why == "not found in sequences of 48 steps"
    assert side(made(tmp_path, **formats(cell=[20, 11]))[2], "c", "above").why == "not within 64 steps"
    (reached,) = reach(built.net, built.weights)
    late = [replace(reached, earliest={("c", "above"): 50})]
    assert side(cover(built, given.all, late), "c", "above").why == "not before step 50, and 4 were tried"


def test_corners_come_first_and_take_half_of_the_steps_of_slow_engines(tmp_path: Path) -> None:
    for slow_steps in (24, 40, 64, 200):
        built, given, found = made(tmp_path, **formats(gate=[14, 12], cell=[13, 11]), verify={"slow_steps": slow_steps})
        slow = given.all.within(built.spec.verify.slow_steps)
        assert given.corners.steps <= max(16, slow_steps // 2)
        assert slow.steps == found.slow_steps <= slow_steps
        assert len(slow.lengths) > len(given.corners.lengths) or slow_steps == 24
        assert found.steps == given.all.steps


def test_what_is_too_long_for_slow_engines_comes_last(tmp_path: Path) -> None:
    _, few, _ = made(tmp_path, **formats(cell=[13, 11]), verify={"slow_steps": 32})
    _, many, _ = made(tmp_path, **formats(cell=[13, 11]), verify={"slow_steps": 400})
    assert few.longer is not None
    assert many.longer is None
    assert few.all.steps - few.brief.steps == many.all.steps - many.brief.steps
    assert few.all.lengths[-1] == few.longer.lengths[-1]


@pytest.mark.parametrize("table", ["sigmoid", "tanh", "cell_tanh"])
def test_entries_that_cannot_be_read_are_not_counted_as_missing(table: str, tmp_path: Path) -> None:
    found = made(tmp_path, **formats(cell=[24, 11]))[2]
    (entries,) = (one for one in found.tables if one.table == table)
    assert 0 < entries.read_slow <= entries.read <= entries.reachable <= entries.entries
