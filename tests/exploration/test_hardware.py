"""Numbers of points against the schedule and `check`, on random points of specs of every kind."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.model import random_weights
from accel.model.design import Design
from accel.report.derived import derive
from accel.schedule.load_spec import load
from accel.schedule.schedule import schedule
from accel.spec import Spec
from exploration import axes, hardware

SPECS = Path(__file__).parents[2] / "specs"
NAMES = ("tiny", "digits", "digits-streams", "digits-highway", "spoken-digits-gru", "tiny-loaded", "digits-columns")


def points(count: int) -> list[Spec]:
    """Random designs, as many of each spec."""
    draw, found = random.Random(1), []
    for name in NAMES:
        given = load(SPECS / f"{name}.yaml")
        chosen, data, own = axes.proposed(given, networks=True), axes.base(given), 0
        while own < count:
            try:
                found.append(axes.spec_of(data, {axis.key: draw.choice(axis.values) for axis in chosen}))
                own += 1
            except Refused:
                continue
    return found


def agrees(spec: Spec) -> None:
    """Cycles as the schedule has them of random weights, the rest as `check` tells it."""
    found = hardware.Machine(spec).measure(("cycles", "lanes", "memory_bits", "latency"))
    derived = derive(spec, Path("nowhere"))
    assert found["lanes"] == (derived["lanes"], "exact")
    assert found["memory_bits"] == (derived["memory_bits"], "exact")
    made = schedule(Design(spec, random_weights.seeded(spec), Path()))
    assert found["cycles"] == (made.cycles_per_step, "estimated"), spec.name
    assert found["latency"][0] == made.finish([hardware.STEPS])


def test_points_have_the_numbers_of_schedule_and_check() -> None:
    for spec in points(6):
        agrees(spec)


@pytest.mark.slow
def test_five_hundred_points_have_the_numbers_of_schedule_and_check() -> None:
    for spec in points(72):
        agrees(spec)


def test_what_no_model_knows_is_said_and_not_guessed() -> None:
    assert "row engine only" in hardware.missing(load(SPECS / "digits-columns.yaml"), ("luts",))
    assert hardware.missing(load(SPECS / "digits-columns.yaml"), ("cycles",)) == ""
    counted = hardware.Machine(load(SPECS / "digits.yaml")).measure(("luts", "block_rams"))
    assert counted["block_rams"][1] == "exact"
    assert counted["luts"][1] == "estimated"
