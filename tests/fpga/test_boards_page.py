"""What docs/boards.md says: its commands are there, and its program compares a board with the golden model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.engines.engine import reference
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.schedule import load_spec
from fpga.board import find

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("off", "wrong"), [(0, 0), (1, 8)])
def test_the_program_of_the_page_tells_whether_the_board_is_right(
    off: int, wrong: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = load_spec.load(ROOT / "specs" / "tiny.yaml")
    design = Design(spec, random_weights.seeded(spec), Path())

    class Board:
        def predict(self, x: Any) -> Any:
            alone = samples.Samples(np.asarray(x)[None], np.array([len(x)]), np.array([-1]))
            return reference(design, alone).outputs + off

        def status(self) -> str:
            return "status"

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sparrow.steps.design", lambda spec, work: design)
    monkeypatch.setattr("accel.model.samples.load", lambda path, spec: samples.seeded(spec, 9, 4))
    monkeypatch.setattr("fpga.host.connect", lambda folder, port: Board())
    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program is not None
    exec(compile(program[1], "docs/boards.md", "exec"), {})
    assert capsys.readouterr().out == f"8 sequences, {wrong} wrong\nstatus\n"


def test_the_commands_of_the_page_load_what_build_makes() -> None:
    assert f"Into the board: {find('icebreaker').loading(Path('build/tiny/fpga/icebreaker/top.bin'))}" in PAGE
    assert f"`-b {find('ulx3s-85f').loader}`" in PAGE
