"""Signals that nobody reads are left out of the Verilog, whatever statement made them; the netlist stays the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accel.base.tools import paths
from accel.engines.program import finished
from accel.rtl import modules
from accel.rtl.unread import without_unread
from tests.mutation.designs import generated

MODULE = """module small (
    clk,
    a,
    o,
    told
);
input clk;
input [3:0] a;
output [3:0] o;
reg [3:0] o;
output told;
wire told;
reg [3:0] idle;
reg [3:0] alone;
reg [3:0] chain [0:2-1];
wire [3:0] end_of_chain;
reg both;
reg chosen;

always @(posedge clk) begin: keeping
    if (reset == 1) begin
        idle <= 0;
        o <= 0;
    end
    else begin
        if (a[0]) begin
            idle <= a;
        end
        o <= (o + a);
    end
end

always @(posedge clk) begin: counting
    alone <= (alone + 1);
end

always @(posedge clk) begin: shifting
    integer n;
    chain[0] <= a;
    for (n=0; n<1; n=n+1) begin
        chain[(n + 1)] <= chain[n];
    end
end

assign end_of_chain = chain[1];

always @(a) begin: choosing
    case (a)
        0: chosen = 1;
        default: chosen = 0;
    endcase
end

assign told = a[1];
endmodule
"""


def test_only_what_is_read_and_what_leaves_is_written() -> None:
    kept = without_unread(MODULE)
    for name in ("idle", "alone", "chain", "end_of_chain", "both", "chosen", "counting", "shifting", "choosing"):
        assert not re.search(rf"\b{name}\b", kept), name
    for line in ("assign told = a[1];", "        o <= (o + a);", "        o <= 0;", "output told;", "wire told;"):
        assert line in kept
    assert re.search(r"else begin\n        o <= \(o \+ a\);\n    end\nend", kept)


def test_a_module_all_of_which_is_read_stays_as_it_is() -> None:
    kept = without_unread(MODULE)
    assert without_unread(kept) == kept


def test_a_branch_that_does_nothing_stays_where_the_other_one_does_something() -> None:
    text = "reg idle;\nif (a) begin\n    idle <= 1;\nend\nelse begin\n    o <= 1;\nend\n"
    assert without_unread(text) == "if (a) begin\nend\nelse begin\n    o <= 1;\nend\n"


def netlist(source: Path, name: str) -> str:
    """How many cells, registers and memories of each kind and width yosys finds behind the outputs."""
    yosys = paths(["yosys"])["yosys"]
    if not yosys:
        pytest.skip("yosys is not on this machine")
    steps = f"read_verilog {name}.v; hierarchy -top {name}; proc; flatten; opt_clean -purge"
    steps += "; tee -q -o net.txt stat -width"
    assert finished([yosys, "-q", "-p", steps], source).returncode == 0
    cells = (source / "net.txt").read_text().partition(" cells\n")[2]
    assert "dff" in cells
    return cells


def test_yosys_makes_the_same_netlist_with_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated("highway", tmp_path / "short")
    monkeypatch.setattr(modules, "without_unread", lambda text, read: text)
    generated("highway", tmp_path / "long")
    short, long = (tmp_path / each / "rtl" for each in ("short", "long"))
    assert (short / "highway.v").read_text() != (long / "highway.v").read_text()
    assert netlist(short, "highway") == netlist(long, "highway")
    text = (short / "highway.v").read_text()
    (short / "highway.v").write_text(text.replace(" && ", " || ", 1))
    assert netlist(short, "highway") != netlist(long, "highway")
