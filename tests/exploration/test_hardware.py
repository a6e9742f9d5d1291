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
from fpga import board as boards
from fpga import estimate

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


@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker", "tang-nano-20k", "arty-a7-100", "kv260"])
def test_every_family_and_dataflow_has_its_resources(board: str) -> None:
    for name in ("digits", "digits-columns", "tiny-dataflows"):
        spec = load(SPECS / f"{name}.yaml")
        on_board = spec.model_copy(update={"target": spec.target.model_copy(update={"board": board})})
        counted = hardware.Machine(on_board).measure(("luts", "registers", "block_rams"))
        assert {key: stage for key, (_, stage) in counted.items()} == {
            "luts": "estimated",
            "registers": "estimated",
            "block_rams": "exact",
        }
        rows = {one.resource: one.used for one in estimate.resources(hardware.Machine(spec).net, boards.find(board))}
        assert all(value == rows[key] for key, (value, _) in counted.items())
