"""Layers with as many lanes each as they need: every engine computes the same bits in the cycles that are predicted."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel.architecture.network import network
from accel.base.faults import Refused
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule.proposals import for_cycles, for_lanes
from accel.schedule.schedule import schedule
from accel.schedule.sharing import Need, kept, shared_out, slowed
from accel.spec import Spec
from fpga.board import find
from fpga.estimate import largest_that_fits
from tests.designs import spec
from tests.engines.test_random_designs import check

UNEQUAL: dict[str, Any] = {
    "model": {"inputs": 3, "hidden": [12, 4], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "engine": {"units": [6, 2], "cells_per_cycle": 2},
}


def made(**sections: dict[str, Any]) -> Spec:
    """UNEQUAL with some keys replaced."""
    return spec(**{name: UNEQUAL.get(name, {}) | sections.get(name, {}) for name in (*UNEQUAL, *sections)})


ALL = {"myhdl": native, "icarus": icarus, "hls": hls}
FAST = {"icarus": icarus, "hls": hls}
CASES: dict[str, tuple[Spec, dict[str, Any]]] = {
    "rows": (made(), ALL),
    "x first, loaded": (made(engine={"order": "x_first", "memory": "scratchpad"}), FAST),
    "streamed weights of a GRU": (
        made(model={"cell": "gru"}, engine={"memory": "stream", "memory_width": 32, "units": [4, 2]}),
        FAST,
    ),
    "columns": (made(sparsity={"pattern": "column"}, engine={"dataflow": "column", "units": [4, 2]}), FAST),
    "rows, then columns": (
        made(sparsity={"pattern": "balanced"}, engine={"dataflow": ["row", "column"], "units": [6, 2]}),
        FAST,
    ),
    "both directions": (
        made(model={"bidirectional": True, "longest": 5, "inputs": 4}, engine={"units": [6, 2], "input_words": 2}),
        FAST,
    ),
}


@pytest.mark.parametrize("case", [pytest.param(one, marks=[pytest.mark.slow] * (one != "rows")) for one in CASES])
def test_every_engine_gives_each_layer_lanes_of_its_own(case: str, tmp_path: Path) -> None:
    chosen, engines = CASES[case]
    assert [array.units for array in network(chosen).layers] == list(chosen.units)
    check(chosen, tmp_path, engines)


def cycles(chosen: Spec) -> int:
    return schedule(Design(chosen, random_weights.seeded(chosen), Path())).cycles_per_step


def test_lanes_that_are_shared_out_are_faster_than_as_many_alike() -> None:
    sizes: dict[str, Any] = {"model": {"inputs": 20, "hidden": [96, 32]}, "sparsity": {"input": 0.5, "recurrent": 0.75}}
    best = for_lanes(spec(**sizes), 64)[0]
    assert isinstance(best.units, tuple)
    keys = {key: getattr(best, key) for key in ("lanes_per_row", "cells_per_cycle", "input_words")}
    alike = spec(**sizes, engine=keys | {"units": 8})
    apart = spec(**sizes, engine=keys | {"units": list(best.units)})
    assert sum(array.multipliers for array in network(apart).layers) <= best.lanes <= 64
    assert cycles(apart) < 0.85 * cycles(alike)
    assert cycles(apart) == pytest.approx(best.cycles_per_step, abs=4)


def test_what_is_proposed_for_cycles_has_the_fewest_lanes() -> None:
    sizes: dict[str, Any] = {"model": {"inputs": 9, "hidden": [14, 5]}, "sparsity": {"input": 0.5, "recurrent": 0.5}}
    found = [one for one in for_cycles(spec(**sizes), 120, 50) if one.lanes_per_row == 1]
    fewest = min(
        4 * sum(units)
        for units in product(range(1, 12), range(1, 6))
        if cycles(spec(**sizes, engine={"units": list(units), "cells_per_cycle": 1})) <= 120
    )
    assert [one.lanes for one in found] == [fewest]


NEEDS = st.lists(
    st.builds(
        lambda units, directions, lanes, group: Need(units, directions * units, lanes, group),
        *(st.integers(1, 12), st.integers(1, 2), st.integers(1, 8), st.integers(1, 20)),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(needs=NEEDS, lanes=st.integers(1, 120), multiple=st.integers(1, 3))
def test_no_other_units_within_the_lanes_are_faster(needs: list[Need], lanes: int, multiple: int) -> None:
    def slowest(units: tuple[int, ...]) -> int:
        return max(one.group * -(-one.outputs // n) for one, n in zip(needs, units, strict=True))

    every = product(*(range(multiple, one.units + 1, multiple) for one in needs))
    within = [each for each in every if sum(n * one.lanes for one, n in zip(needs, each, strict=True)) <= lanes]
    found = shared_out(needs, lanes, multiple)
    assert (found is None) == (not within)
    if found is not None:
        assert found in within
        assert slowest(found) == min(map(slowest, within))
        assert any(kept(needs, pace, multiple) == found for pace in slowed(needs))


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ({"units": [6]}, r"engine\.units: wanted one for all, or one for each of 2 layers, got \[6\]"),
        ({"units": [6, 5]}, r"engine\.units: wanted at most the 4 hidden units of the layer, got 5"),
        ({"units": [6, 3]}, r"engine\.cells_per_cycle: wanted a divisor of engine\.units = 3, got 2"),
        ({"units": [6, 0]}, r"engine\.units: wanted a whole number 1 to 1048576, or a list of them"),
        ({"units": []}, r"engine\.units: wanted a whole number 1 to 1048576, or a list of them"),
    ],
)
def test_lists_that_are_none_of_units_are_refused(engine: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        made(engine=engine)


def test_what_fits_a_smaller_board_keeps_the_layers_shares() -> None:
    chosen = made(engine={"units": [12, 4], "cells_per_cycle": 4})
    board = find("ulx3s-85f")
    small = board.model_copy(update={"resources": board.resources.model_copy(update={"multipliers": 80})})
    fitting = largest_that_fits(chosen, [array.nnz for array in network(chosen).layers], small)
    assert isinstance(fitting, tuple)
    assert fitting[0] > fitting[1]
