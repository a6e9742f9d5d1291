"""Values of a memory word whose gates have widths of their own: read by their own bits, then made as wide as others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from myhdl import always, block

from accel.architecture.array import Array
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits

GATE = """
genvar ${values}_gateGATE;
generate
for (${values}_gateGATE = 0; ${values}_gateGATE < $per_row; ${values}_gateGATE = ${values}_gateGATE + 1)
    begin: ${values}_gateGATE_part
    always @($word)
        $values[GATE*$per_row+${values}_gateGATE] = $$signed($word[START+${values}_gateGATE*WIDTH +: WIDTH]);
end
endgenerate
"""


def _text(gate: int, start: int, width: int) -> str:
    return GATE.replace("GATE", f"{gate}").replace("START", f"{start}").replace("WIDTH", f"{width}")


@block
def of_gates(word: Any, values: Any, widths: Sequence[int]) -> Any:
    """Values apart, those of a row side by side, each as wide as the widest: the sign is what widens them.

    In: word (values of `widths` bits, a row each, below what else there is). Out: values (signed, one a lane, row after
    row). Latency: 0.
    """
    per_row = len(values) // len(widths)
    starts = [per_row * below for below in accumulate(widths[:-1], initial=0)]
    each = (_text(gate, starts[gate], width) for gate, width in enumerate(widths))
    of_gates.verilog_code = "/* verilator no_inline_module */\n" + "".join(each)
    word.read = True
    for value in values:
        value.driven = "reg"  # as in `unflatten`

    @always(word)
    def parting():
        packed = int(word)
        for n in range(len(values)):
            width, start = widths[n // per_row], starts[n // per_row]
            sign = 1 << width - 1
            raw = (packed >> start + n % per_row * width) & (1 << width) - 1
            values[n].next = (raw ^ sign) - sign

    return parting


@block
def take_values(clk: Any, word: Any, kept: Any) -> Any:
    """The values of the memory word, without its indices.

    In: clk, word (word_width bits). Out: kept (values_width bits). Latency: 1.
    """
    end = len(kept)

    @always(clk.posedge)
    def keeping():
        kept.next = word[end:]

    return keeping


@block
def gate_weights(clk: Any, word: Any, values: Any, array: Array, waits: int) -> Any:
    """The value parts of the memory word, one a lane; they wait as narrow as they are stored.

    In: clk, word (word_width bits). Out: values (signed, weight_width bits, one a lane). Latency: 1 + `waits`.
    """
    kept = [bits(array.values_width) for _ in range(1 + waits)]
    taking = take_values(clk, word, kept[0])
    waiting = [register(clk, kept[n], kept[n + 1]) for n in range(waits)]
    return taking, waiting, of_gates(kept[waits], values, array.gate_widths)
