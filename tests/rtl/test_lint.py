"""Every tool finds nothing in what is generated, finds a fault that is put there, and is "not run" where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.base.files import write_text
from tests.mutation.designs import generated
from tests.rtl import lint

FAULTY = """`default_nettype none

`timescale 1ns/10ps

module faulty (
    clk,
    o
);
input wire clk;
output [3:0] o;
reg [3:0] o;
wire [3:0] missing;
reg [4:0] wide;
always @(posedge clk) wide <= wide + 1;
always @(posedge clk) o <= wide;
{more}
endmodule

`default_nettype wire
"""
MORE = {
    "iverilog -Wall": "always @(*) o = missing[5:2];",
    "yosys check -assert": "assign missing = 4'd1; assign missing = wide[3:0];",
}


def found(source: Path, folder: Path) -> dict[str, str | None]:
    return {each.tool: each.said for each in lint.lint(source, folder)}


def test_nothing_is_found_in_a_design(tmp_path: Path) -> None:
    generated("highway", tmp_path)
    said = found(tmp_path / "rtl" / "highway.v", tmp_path / "lint")
    assert set(said) >= set(lint.TOOLS)
    assert not any(said.values()), said


@pytest.mark.parametrize("tool", lint.TOOLS)
def test_a_fault_is_found(tool: str, tmp_path: Path) -> None:
    write_text(tmp_path / "faulty.v", FAULTY.format(more=MORE.get(tool, "")))
    said = lint.TOOLS[tool]("faulty", ["faulty.v"], tmp_path)
    if said is None:
        pytest.skip(f"{tool}: not on this machine")
    assert said


def test_a_tool_that_is_missing_says_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint, "paths", lambda names: dict.fromkeys(names, ""))
    monkeypatch.setattr(lint.importlib.util, "find_spec", lambda name: None)
    assert [run("top", ["top.v"], tmp_path) for run in lint.TOOLS.values()] == [None] * len(lint.TOOLS)


def test_a_file_that_is_not_modules_is_no_input() -> None:
    with pytest.raises(ValueError, match="not one module"):
        lint.modules("module m ();\nendmodule\n")
