"""The same design gives the same Verilog, whatever the process did before."""

from __future__ import annotations

from pathlib import Path

from accel.base.files import write_text
from accel.rtl.convert import convert
from accel.rtl.render import render
from tests.designs import design, spec


def converted(work: Path) -> str:
    made = design(spec(), work)
    for path, text in render(made).items():
        write_text(work / path, text)
    return convert(made)


def test_a_design_that_is_converted_again_has_the_same_text(tmp_path: Path) -> None:
    assert converted(tmp_path / "first") == converted(tmp_path / "second")
