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
from tests.designs import spec

SPECS = Path(__file__).parents[2] / "specs"
NAMES = ("tiny", "digits", "digits-streams", "digits-highway", "spoken-digits-gru", "tiny-loaded", "digits-columns")
BOTH_WAYS = spec(model={"bidirectional": True, "longest": 6, "head": None})
BANKS = spec(
    model={"inputs": 9, "hidden": [20]},
    sparsity={"pattern": "bank", "input": 0.3, "recurrent": 0.5},
    engine={"units": 2, "lanes_per_row": 4, "cells_per_cycle": 2},
)


def points(count: int) -> list[Spec]:
    """Random designs, as many of each spec."""
    draw, found = random.Random(1), []
    for given in (*(load(SPECS / f"{name}.yaml") for name in NAMES), BOTH_WAYS, BANKS):
        chosen, data, own = axes.proposed(given, networks=True), axes.base(given), 0
        while own < count:
            try:
                found.append(axes.spec_of(data, {axis.key: draw.choice(axis.values) for axis in chosen}))
                own += 1
            except Refused:
                continue
    return found


def agrees(one: Spec) -> None:
    """Cycles as the schedule has them of random weights, the rest as `check` tells it."""
    found = hardware.Machine(one).measure(("cycles", "lanes", "memory_bits", "latency"))
    derived = derive(one, Path("nowhere"))
    assert found["lanes"] == (derived["lanes"], "exact")
    assert found["memory_bits"] == (derived["memory_bits"], "exact")
    made = schedule(Design(one, random_weights.seeded(one), Path()))
    assert found["cycles"] == (made.cycles_per_step, "estimated"), one.name
    assert found["latency"][0] == made.finish([hardware.STEPS])


def test_points_have_the_numbers_of_schedule_and_check() -> None:
    for one in points(6):
        agrees(one)


@pytest.mark.slow
def test_five_hundred_points_have_the_numbers_of_schedule_and_check() -> None:
    for one in points(56):
        agrees(one)


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
