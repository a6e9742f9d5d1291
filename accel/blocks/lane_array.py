"""All units of a layer with their weight memories, shifting their totals towards the cell stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import always, block

from accel.blocks.lanes import LaneControl
from accel.blocks.memory import rom
from accel.blocks.register import register
from accel.blocks.sequencer import Issue, lane_control
from accel.blocks.signals import bits
from accel.blocks.unit import feedforward_instance, recurrent_instance, unit
from accel.shape import Array


@dataclass(frozen=True)
class ArrayConstants:
    """What the lanes of a layer are built from: memory contents of each unit, their files, the unit's module.

    `module` names the Verilog module that stands for a unit while converting; natively it is empty.
    """

    array: Array
    words: tuple[tuple[int, ...], ...]
    files: tuple[str, ...]
    module: str


@block
def nought(clk: Any, o: Any) -> Any:
    """Nothing comes from beyond the last unit. Latency: 1."""

    @always(clk.posedge)
    def resting():
        o.next = 0

    return resting


@block
def lane_array(clk: Any, reset: Any, issue: Issue, x: Any, h: Any, heads: Any, constants: ArrayConstants) -> Any:
    """P units; `heads` are the chain words of the first E. Latency: capture_delay + 1 from a group's last address."""
    array = constants.array
    control = LaneControl(array)
    controlling = lane_control(clk, reset, issue, control, array)
    rest = array.units - len(heads)
    nothing = bits(len(heads[0]))
    chains = [*heads, *[bits(len(heads[0])) for _ in range(rest)], *[nothing for _ in heads]]
    read = [bits(array.word_width) for _ in range(array.units)]
    words = [bits(array.word_width) for _ in range(array.units)]
    memories = [rom(clk, issue.address, read[n], constants.words[n], constants.files[n]) for n in range(array.units)]
    registers = [register(clk, read[n], words[n]) for n in range(array.units)]
    units = []
    for n in range(array.units):
        after, own = chains[n + len(heads)], chains[n]
        if not constants.module:
            units.append(unit(clk, words[n], control, x, h, after, own, array))
        elif h is None:
            units.append(feedforward_instance(clk, words[n], control, x, after, own, constants.module, n))
        else:
            units.append(recurrent_instance(clk, words[n], control, x, h, after, own, constants.module, n))
    ending = nought(clk, nothing)
    return controlling, memories, registers, units, ending
