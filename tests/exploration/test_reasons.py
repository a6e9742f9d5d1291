"""What keeps a design from being faster: of each kind of reason a design."""

from __future__ import annotations

import pytest

from accel.model import random_weights, samples
from exploration.hardware import Machine
from exploration.reasons import reason
from tests.designs import spec

COLUMN = {"sparsity": {"pattern": "column", "threshold": 0.0}, "engine": {"dataflow": "column", "units": 4}}


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({}, "the lanes of lstm0 work in 12 of "),
        ({"engine": {"units": 4, "streams": 4}}, "the lanes of lstm0 work in every cycle"),
        ({"model": {"inputs": 90}, "engine": {"units": 8}, "sparsity": {"input": 0.95}}, "an x_t comes in 90 beats"),
        ({"engine": {"units": 4, "memory": "stream", "memory_width": 8}}, "the weights of lstm0 come in"),
        (COLUMN, "by columns, here without zeros"),
    ],
)
def test_what_decides_is_said(sections: dict, said: str) -> None:
    assert said in reason(Machine(spec(**sections)))


def test_by_columns_samples_tell_what_lanes_wait_for() -> None:
    made = spec(**COLUMN)
    machine = Machine(made, random_weights.seeded(made), samples.seeded(made, 4, 6))
    assert "% of their cycles, and wait most for h of the step before" in reason(machine)
