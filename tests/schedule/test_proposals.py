"""Proposed designs keep what was asked for, and their estimated cycles are those of the schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel.architecture.network import network
from accel.base.faults import Refused
from accel.model import random_weights, weights_file
from accel.model.design import Design
from accel.schedule.dataflows import row_estimate
from accel.schedule.load_spec import load, parse
from accel.schedule.proposals import estimated_cycles, for_cycles, for_lanes
from accel.schedule.schedule import schedule
from sparrow import steps
from tests.designs import data, spec

SPECS = Path("specs")
LAYER = {"model": {"inputs": 20, "hidden": [48], "head": None}, "sparsity": {"input": 0.5, "recurrent": 0.75}}


@pytest.mark.parametrize("name", ["tiny", "digits", "speech-128"])
def test_the_estimate_is_exact_for_a_seeded_pattern(name: str) -> None:
    chosen = load(SPECS / f"{name}.yaml")
    made = Design(chosen, random_weights.seeded(chosen), Path())
    assert estimated_cycles(made.net) == schedule(made).cycles_per_step


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize(("units", "lanes", "cells"), [(1, 1, 1), (4, 1, 1), (16, 2, 4), (48, 4, 16)])
def test_rows_that_are_not_drawn_decide_nothing(
    units: int, lanes: int, cells: int, streams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = {"units": units, "lanes_per_row": lanes, "cells_per_cycle": cells, "streams": streams}
    net = network(spec(**LAYER, engine=engine))
    (layer,) = net.layers
    few = estimated_cycles(net)
    assert row_estimate._drawn(layer) < layer.outputs or units == layer.outputs
    monkeypatch.setattr(row_estimate, "_drawn", lambda array: array.outputs)
    assert estimated_cycles(net) == few


@settings(max_examples=12, deadline=None)
@given(st.integers(4, 300))
def test_no_proposal_has_more_lanes_than_wanted(lanes: int) -> None:
    found = for_lanes(spec(**LAYER), lanes)
    assert found
    assert all(one.lanes <= lanes for one in found)
    assert [one.cycles_per_step for one in found] == sorted(one.cycles_per_step for one in found)


@settings(max_examples=12, deadline=None)
@given(st.integers(60, 1200))
def test_every_proposal_keeps_the_wanted_cycles_as_a_spec_of_its_own(cycles: int) -> None:
    for one in for_cycles(spec(**LAYER), cycles):
        keys = ("units", "lanes_per_row", "cells_per_cycle", "input_words")
        chosen = spec(**LAYER, engine={key: getattr(one, key) for key in keys} | {"target_cycles": cycles})
        exact = schedule(Design(chosen, random_weights.seeded(chosen), Path())).cycles_per_step
        assert exact == pytest.approx(one.cycles_per_step, rel=0.05, abs=4)  # another random pattern


def test_lanes_that_are_too_few_are_refused_with_some_that_do() -> None:
    with pytest.raises(Refused) as refused:
        spec(**LAYER, engine={"target_cycles": 100})
    sentence = str(refused.value.faults[0])
    assert "engine.target_cycles: wanted at least 264, which these lanes take; or units: " in sentence
    words = sentence.partition("or ")[2].partition(" (")[0]
    choice = {key: int(number) for key, number in (pair.split(": ") for pair in words.split(", "))}
    assert spec(**LAYER, engine=choice | {"target_cycles": 100}).engine.target_cycles == 100


def test_a_pattern_that_misses_the_target_is_refused_before_anything_is_generated(tmp_path: Path) -> None:
    free = spec(**LAYER)
    cycles = schedule(Design(free, random_weights.seeded(free), tmp_path)).cycles_per_step
    hurried = parse(data(**LAYER, engine={"target_cycles": cycles}))
    pace = hurried.model_copy(update={"engine": hurried.engine.model_copy(update={"target_cycles": cycles - 1})})
    weights_file.save(tmp_path / "weights.npz", random_weights.seeded(pace), pace)
    with pytest.raises(Refused, match=rf"wanted at least {cycles}, which these weights take, got {cycles - 1}"):
        steps.step("generate").perform(pace, tmp_path)
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["weights.npz"]
