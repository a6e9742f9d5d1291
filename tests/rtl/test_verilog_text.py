"""The Verilog that is left: the same at every run, nets said, lines that fit, and the same text to a compiler."""

from __future__ import annotations

import os
import subprocess
import sys

from accel.rtl.verilog_text import NETS, WIDEST, finished

MODULE = """`default_nettype none

module small (
    clk
);
input clk;
always @(b, a, c) begin: choosing
    x = a;
end
always @(posedge clk) begin: counting
    if (reset == 1) begin
        second[0] <= 0;
        first <= 0;
    end
    else begin
        second <= 1;
        first <= second;
    end
end
endmodule
"""


def test_sets_of_signals_come_in_one_order() -> None:
    other = MODULE.replace("b, a, c", "c, b, a").replace(
        "        second[0] <= 0;\n        first <= 0;\n", "        first <= 0;\n        second[0] <= 0;\n"
    )
    assert other != MODULE
    assert finished(other) == finished(MODULE)
    assert "always @(a, b, c)" in finished(MODULE)


def test_only_resets_are_sorted() -> None:
    assert "        second <= 1;\n        first <= second;\n" in finished(MODULE)


def test_inputs_are_wires_and_the_nets_of_the_next_file_are_its_own() -> None:
    assert "input wire clk;" in finished(MODULE)
    assert finished(MODULE).endswith(f"endmodule\n\n{NETS}\n")


def test_long_lines_are_folded_between_words() -> None:
    name = "a_long_name_that_hierarchy_makes_" * 2
    line = f"assign {name} = ({name} & {name});"
    folded = finished(f"module m;\n    {line}\nendmodule")
    assert max(map(len, folded.split("\n"))) <= WIDEST
    assert line in " ".join(folded.split())


def test_a_comment_or_a_string_is_never_folded() -> None:
    line = 'initial $readmemh("' + "folder " * 30 + '", memory);'
    assert line in finished(line)
    assert "// " + "word " * 40 in finished("// " + "word " * 40 + ".")


CONVERT = """
import sys
from pathlib import Path
from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.schedule.load_spec import load
spec = load("specs/tiny.yaml")
design = Design(spec, random_weights.seeded(spec), Path(sys.argv[1]))
for path, text in render(design).items():
    write_text(design.work / path, text)
print(convert(design))
"""


def test_two_runs_leave_the_same_verilog(tmp_path: object) -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-c", CONVERT, str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    text = texts.pop()
    assert "\ninput clk" not in text
