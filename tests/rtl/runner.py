"""Runs a block of one input and one output natively and as Verilog in Icarus: a value a cycle, latency measured."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from myhdl import Simulation, StopSimulation, ToVerilogWarning, block, delay, instance

from accel.rtl.blocks.primitives.signals import flag


def native(make: Callable[[Any, Any, Any], Any], i: Any, o: Any, values: Sequence[int], latency: int) -> list[int]:
    """What `make(clk, i, o)` gives for each value, `latency` cycles after it."""
    clk, seen = flag(), []

    @block
    def bench() -> Any:
        @instance
        def driving():
            for number in range(len(values) + latency):
                i.next = values[min(number, len(values) - 1)]
                yield delay(1)
                clk.next = True
                yield delay(1)
                clk.next = False
                yield delay(1)
                if number + 1 >= latency and len(seen) < len(values):
                    seen.append(int(o))
            raise StopSimulation

        return driving

    Simulation(make(clk, i, o), bench()).run(quiet=1)
    return seen


BENCH = """
`timescale 1ns/10ps
module bench;
    reg clk = 0; reg signed [{i}-1:0] i; wire signed [{o}-1:0] o; integer n;
    dut dut(.clk(clk), .i(i), .o(o));
    initial begin
        for (n = {lo}; n < {hi} + {latency}; n = n + 1) begin
            i = n < {hi} ? n : {hi} - 1;
            #1 clk = 1; #1 clk = 0; #1 if (n + 1 >= {lo} + {latency}) $display("%0d", o);
        end
    end
endmodule
"""


def icarus(made: Any, i: Any, o: Any, lo: int, hi: int, latency: int, folder: Path) -> list[int]:
    """The same for a block instance, converted, for every value from lo to below hi."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ToVerilogWarning)
        made.convert(hdl="Verilog", name="dut", path=str(folder), no_testbench=True, no_myhdl_header=True)
    text = BENCH.format(i=len(i), o=len(o), lo=lo, hi=hi, latency=latency)
    (folder / "bench.v").write_text(text)
    iverilog = shutil.which("iverilog")
    assert iverilog is not None
    subprocess.run([iverilog, "-o", "bench", "bench.v", "dut.v"], cwd=folder, check=True)
    lines = subprocess.run(["vvp", "-n", "bench"], cwd=folder, check=True, capture_output=True, text=True).stdout
    return [int(line) for line in lines.split()][: hi - lo]
