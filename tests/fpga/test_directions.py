"""What lanes of its own for each direction take of a chip is what yosys counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from fpga.board import find
from fpga.build import estimate
from fpga.estimate import exact
from tests.designs import spec
from tests.fpga.test_memories import needs_yosys

BOTH: dict[str, Any] = {"inputs": 4, "hidden": [12], "head": None, "bidirectional": True, "longest": 20}
DENSE = {"pattern": "dense", "input": None, "recurrent": None}


@pytest.mark.slow
@needs_yosys
@pytest.mark.parametrize("sparsity", [{}, DENSE], ids=["rows", "dense"])
def test_multipliers_and_block_rams_are_those_that_yosys_counts(sparsity: dict[str, Any], tmp_path: Path) -> None:
    engine = {"units": 4, "directions": "own", "operand_memory": "block"}
    chosen, board = spec(model=BOTH, sparsity=sparsity, engine=engine), find("ulx3s-85f")
    made = Design(chosen, random_weights.seeded(chosen), tmp_path)
    for path, text in render(made).items():
        write_text(tmp_path / path, text)
    write_text(tmp_path / "rtl" / f"{chosen.identifier}.v", convert(made))
    seen = estimate(made, board)
    assert {one.resource: one.used for one in exact(made.net, board)} == {
        name: seen.used[name] for name in ("multipliers", "block_rams")
    }
