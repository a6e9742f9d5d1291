"""A study: the same for the same seed, stopped and continued to the same points, choices that are none not counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from accel.base.faults import Refused
from exploration.axes import Axis, Choice
from exploration.measures import Limit, measures
from exploration.study import SAMPLERS, Outcome, Plan, Point, Sampler, run

pytest.importorskip("optuna")
KNOWN = measures(None)
AXES = (Axis("engine.units", tuple(range(1, 13))), Axis("engine.streams", (1, 2, 3, 4)))


def plan(sampler: Sampler = "nsga2", seed: int = 1, limits: tuple[Limit, ...] = ()) -> Plan:
    return Plan(AXES, (KNOWN["cycles"], KNOWN["lanes"]), limits, sampler, seed)


def outcome(choice: Choice) -> Outcome:
    units, streams = choice["engine.units"], choice["engine.streams"]
    if units % streams:
        return Outcome({}, {}, refused="streams do not divide units")
    return Outcome({"cycles": 100 / units + streams, "lanes": float(units)}, {})


def evaluate(choices: Sequence[Choice], points: Sequence[Point]) -> Iterator[Outcome]:
    return map(outcome, choices)


def studied(made: Plan, folder: Path, budget: int = 20) -> list[dict[str, object]]:
    return [point.choice for point in run(made, budget, evaluate, folder / "journal.log", lambda done, of: None)]


@pytest.mark.parametrize(
    "sampler", [pytest.param(one, marks=[] if one == "tpe" else [pytest.mark.slow]) for one in SAMPLERS]
)
def test_the_same_seed_gives_the_same_points_and_another_one_others(sampler: Sampler, tmp_path: Path) -> None:
    first, again, other = (studied(plan(sampler, seed), tmp_path / str(n)) for n, seed in enumerate((1, 1, 2)))
    assert len(first) == 20
    assert first == again
    assert (first == other) == (sampler == "all")


@pytest.mark.parametrize(("sampler", "killed_at"), [("nsga2", 7), ("tpe", 25), ("all", 1)])
def test_a_study_that_was_killed_goes_on_to_the_points_it_would_have_had(
    sampler: Sampler, killed_at: int, tmp_path: Path
) -> None:
    left = killed_at

    def dies(choices: Sequence[Choice], points: Sequence[Point]) -> Iterator[Outcome]:
        nonlocal left
        for choice in choices:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            yield outcome(choice)

    with pytest.raises(KeyboardInterrupt):
        run(plan(sampler), 22, dies, tmp_path / "killed" / "journal.log", lambda done, of: None)
    assert studied(plan(sampler), tmp_path / "killed", 22) == studied(plan(sampler), tmp_path / "whole", 22)


def test_all_choices_are_tried_once_and_those_that_are_none_do_not_count(tmp_path: Path) -> None:
    found = studied(plan("all"), tmp_path, 100)
    assert len(found) == 12 + 6 + 4 + 3
    assert len({str(one) for one in found}) == len(found)


@pytest.mark.parametrize(("sampler", "most"), [("random", 1), ("all", 48)])
def test_a_study_of_nothing_but_refusals_ends_and_says_the_first(
    sampler: Sampler, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exploration.study.LOST", most)
    tried: list[Choice] = []

    def refuses(choices: Sequence[Choice], points: Sequence[Point]) -> Iterator[Outcome]:
        tried.extend(choices)
        return (Outcome({}, {}, refused=f"no wings for {choice['engine.units']}") for choice in choices)

    with pytest.raises(Refused, match="is refused; the first one, no wings for "):
        run(plan(sampler), 20, refuses, tmp_path / "journal.log", lambda done, of: None)
    assert most <= len(tried) <= most + 16


def test_a_search_ends_when_there_is_nothing_new(tmp_path: Path) -> None:
    assert len(studied(plan("random"), tmp_path, 1000)) == 25


def test_proposals_look_where_limits_are_kept(tmp_path: Path) -> None:
    bounds = (Limit(KNOWN["lanes"], 2.0),)
    with_limit, without = (studied(plan(seed=5, limits=one), tmp_path / str(len(one)), 18) for one in (bounds, ()))
    narrow = [sum(choice["engine.units"] <= 2 for choice in found) for found in (with_limit, without)]
    assert narrow[0] >= narrow[1]


def test_a_line_that_a_kill_left_half_written_is_forgotten(tmp_path: Path) -> None:
    whole, journal = studied(plan("random"), tmp_path / "whole", 22), tmp_path / "killed" / "journal.log"
    studied(plan("random"), tmp_path / "killed", 9)
    lines = journal.read_bytes()
    journal.write_bytes(lines[: lines.rindex(b"\n", 0, -1) + 20])
    assert studied(plan("random"), tmp_path / "killed", 22) == whole
    assert studied(plan("random"), tmp_path / "killed", 22) == whole
