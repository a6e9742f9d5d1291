"""Two products of one multiplier: which families hold them, what is refused, and what yosys makes of designs."""

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
from fpga.able import refusals
from fpga.board import find
from fpga.build import estimate as counted
from fpga.build import plan
from fpga.estimate import exact
from fpga.pairs import holds
from sparrow.admission import admitted
from tests.designs import data, spec

COLUMNS: dict[str, Any] = {
    "model": {"inputs": 4, "hidden": [6], "head": None},
    "sparsity": {"pattern": "column", "input": 0.0, "recurrent": 0.5},
    "formats": {"input": [8, 7], "state": [8, 7], "activation": [8, 7], "gate": [12, 8], "bias": [12, 8]},
    "engine": {"dataflow": "column", "units": 3, "pack": True},
}


@pytest.mark.parametrize(
    ("family", "widest"),
    [
        ("xcup", {8: 10, 6: 14, 4: 18, 2: 18, 12: 2, 13: 0}),
        ("xc7", {8: 8, 6: 12, 4: 16, 11: 2, 12: 0}),
        ("ecp5", {5: 7, 4: 9, 3: 11, 2: 13, 7: 3, 8: 0}),
        ("ice40", {4: 7, 3: 9, 2: 11, 8: 0}),
        ("gowin", {3: 11, 4: 0, 8: 0}),
    ],
)
def test_a_family_holds_pairs_up_to_some_operand(family: str, widest: dict[int, int]) -> None:
    for weight, most in widest.items():
        assert max((bits for bits in range(2, 33) if holds(weight, bits, family)), default=0) == most


@pytest.mark.parametrize("family", ["xcup", "xc7", "ecp5"])
def test_what_is_held_lies_in_one_multiplier_even_at_its_corner(family: str) -> None:
    wide, narrow = {"xcup": (27, 18), "xc7": (25, 18), "ecp5": (18, 18)}[family]
    for weight in range(2, 14):
        for operand in range(2, 20):
            most = 1 << weight - 1
            corner = -most * (1 << weight + operand) - most
            if holds(weight, operand, family):
                assert -(1 << wide - 1) <= corner
                assert operand <= narrow


def said(board: str | None, **sections: Any) -> list[str]:
    """What the command refuses."""
    given = data(**COLUMNS | sections) | ({"target": {"board": board}} if board else {})
    try:
        admitted(Document("spec", given), Path())
    except Refused as refused:
        return [str(fault) for fault in refused.faults]
    return []


def test_without_a_board_what_is_assumed_is_said() -> None:
    assert said(None) == []
    assert said(None, formats={"state": [12, 7]}) == [
        "spec: engine.pack: wanted false or weights of at most 7 bits or operands of at most 10 bits: two weights of 8 "
        "bits and an operand of 12, x and h aligned, are 29 x 12 bits in lstm0, and one of 27 x 18 is assumed, as no "
        "board is named, got true"
    ]


def test_a_board_that_does_not_hold_two_weights_is_refused_with_what_would() -> None:
    assert said("zcu104") == said("arty-a7-100") == []
    xilinx = "alveo-u250 or arty-a7-100 or kv260 or pynq-z2 or xcku9p or zcu104"
    assert said("ulx3s-85f") == [
        f"spec: engine.pack: wanted false or weights of at most 4 bits or target.board: {xilinx}: two weights of 8 "
        "bits and an operand of 8 are 25 x 8 bits in lstm0, and ulx3s-85f has multipliers of 18 x 18, got true"
    ]
    assert "and ice40-hx8k has none" in said("ice40-hx8k")[0]
    assert "36 x 36 and 18 x 18 and 9 x 9" in said("tang-nano-20k")[0]
    assert said("ulx3s-85f", weights={"width": 4, "input_frac": 2, "recurrent_frac": 2}) == []


def test_a_build_for_another_board_is_held_against_that(tmp_path: Path) -> None:
    chosen = spec(**COLUMNS)
    made = Design(chosen, random_weights.seeded(chosen), tmp_path)
    with pytest.raises(Refused, match="ulx3s-85f has multipliers of 18 x 18"):
        plan(made, find("ulx3s-85f"))


def test_multipliers_are_half_the_lanes_and_a_row_that_is_left_over_keeps_its_own() -> None:
    def multipliers(pack: bool, cell: str) -> int:
        model = COLUMNS["model"] | {"cell": cell}
        engine = COLUMNS["engine"] | {"pack": pack}
        net = network(spec(**COLUMNS | {"model": model, "engine": engine}))
        return exact(net, find("zcu104"))[0].used

    assert multipliers(False, "lstm") - multipliers(True, "lstm") == 6  # of 12 lanes
    assert multipliers(False, "gru") - multipliers(True, "gru") == 3  # of 9 lanes, whose third rows have no other
    assert not list(refusals(spec(**COLUMNS)))


YOSYS = {
    "zcu104": ({}, "DSP48E2"),
    "ulx3s-85f": ({"weights": {"width": 4, "input_frac": 2, "recurrent_frac": 2}}, "MULT18X18D"),
}


@pytest.mark.slow
@pytest.mark.parametrize("board", YOSYS)
def test_yosys_counts_as_many_multipliers(board: str, tmp_path: Path) -> None:
    if not paths(["yosys"])["yosys"]:
        pytest.skip("yosys not found; not run")
    sections, _ = YOSYS[board]
    used = {}
    for pack in (False, True):
        chosen = spec(**COLUMNS | sections | {"engine": COLUMNS["engine"] | {"pack": pack}})
        made = Design(chosen, random_weights.seeded(chosen), tmp_path / str(pack))
        for path, text in render(made).items():
            write_text(made.work / path, text)
        write_text(made.work / f"rtl/{chosen.identifier}.v", convert(made))
        used[pack] = counted(made, find(board)).used["multipliers"]
        assert used[pack] == exact(made.net, find(board))[0].used
    assert used[False] - used[True] == 6
