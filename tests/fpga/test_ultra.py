"""Loaded weights in UltraRAM: where it is refused, and that yosys makes as many as `check` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.architecture.network import network
from accel.base.faults import Refused
from accel.base.files import write_text
from accel.base.tools import paths
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.spec.yaml_file import Document
from fpga.board import find
from fpga.build import Wishes, plan
from fpga.build import estimate as counted
from fpga.estimate import exact
from sparrow.admission import admitted
from tests.designs import data, spec

LOADED: dict[str, Any] = {
    "model": {"inputs": 4, "hidden": [6], "head": None},
    "engine": {"units": 2, "memory": "scratchpad", "loaded_memory": "ultra"},
}


def said(board: str, **sections: Any) -> list[str]:
    """What the command refuses."""
    try:
        admitted(Document("spec", data(**LOADED | sections) | {"target": {"board": board}}), Path())
    except Refused as refused:
        return [str(fault) for fault in refused.faults]
    return []


@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker", "arty-a7-100", "xcku9p"])
def test_a_board_without_ultraram_is_refused_with_those_that_have_it(board: str) -> None:
    wanted = f"auto, as {board} has no UltraRAM; or target.board: alveo-u250 or kv260 or zcu104"
    assert said(board) == [f'spec: engine.loaded_memory: wanted {wanted}, got "ultra"']
    assert said("zcu104") == []


def test_a_build_for_another_board_is_held_against_that(tmp_path: Path) -> None:
    chosen = spec(**LOADED)
    made = Design(chosen, random_weights.seeded(chosen), tmp_path)
    with pytest.raises(Refused, match="ulx3s-85f has no UltraRAM"):
        plan(made, find("ulx3s-85f"), Wishes(alone=True))


def test_more_ultraram_than_a_board_has_is_refused() -> None:
    model = {"inputs": 256, "hidden": [256], "head": None}
    faults = said("kv260", model=model, engine=LOADED["engine"] | {"units": 128, "cells_per_cycle": 8})
    assert any("128 large RAMs" in fault for fault in faults)


@pytest.mark.slow
@pytest.mark.parametrize("flow", [{}, {"dataflow": "column"}])
def test_yosys_counts_as_many(flow: dict[str, Any], tmp_path: Path) -> None:
    if not paths(["yosys"])["yosys"]:
        pytest.skip("yosys not found; not run")
    pattern = {"sparsity": {"pattern": "column"}} if flow else {}
    chosen, board = spec(**LOADED | pattern | {"engine": LOADED["engine"] | flow}), find("zcu104")
    made = Design(chosen, random_weights.seeded(chosen), tmp_path)
    for path, text in render(made).items():
        write_text(made.work / path, text)
    write_text(made.work / f"rtl/{chosen.identifier}.v", convert(made))
    used = counted(made, board).used
    told = {one.resource: one.used for one in exact(made.net, board)}
    assert {name: used[name] for name in told} == told
    assert told["large_rams"] == network(chosen).layers[0].units
