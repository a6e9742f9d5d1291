"""A cell whose levels are not alike: a pipeline for each, side by side; the one that a slot is in counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myhdl import always_comb, block

from accel.architecture.latencies import (
    SLOT_TO_TOTALS,
    clip_times,
    ready,
    totals_to_carried,
    totals_to_gates,
    totals_to_state,
)
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals, cell
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import delay, like


@block
def pick(level: Any, place: int, one: Any, other: Any, o: Any) -> Any:
    """o is `one` where the level is `place`, else `other`.

    In: level (number of a level), one (signed), other (signed). Out: o (as wide as one). Latency: 0.
    """

    @always_comb
    def picking():
        if level == place:
            o.next = one
        else:
            o.next = other

    return picking


@block
def only_in(level: Any, place: int, i: Any, o: Any) -> Any:
    """o is i where the level is `place`, else false.

    In: level (number of a level), i (1 bit). Out: o (1 bit). Latency: 0.
    """

    @always_comb
    def gating():
        o.next = i and level == place

    return gating


@block
def choose(clk: Any, reset: Any, level: Any, values: Any, waits: Sequence[int], o: Any) -> Any:
    """o is the value of the level, each after its wait; `level` comes with the values then.

    In: clk, reset, level (number of a level), values (signed, one a level). Out: o (as wide as values). Latency: the
    wait.
    """
    late = [like(value) if wait else value for value, wait in zip(values, waits, strict=True)]
    waiting = [delay(clk, reset, values[n], late[n], wait) for n, wait in enumerate(waits) if wait]
    between = [late[0], *(like(o) for _ in values[2:]), o]
    picking = [pick(level, n, late[n], between[n - 1], between[n]) for n in range(1, len(values))]
    return waiting, picking


@module
def cell_in_levels(
    clk: Any,
    reset: Any,
    level: Any,
    sums: Any,
    bias: Any,
    earlier: Any,
    aside: Any,
    out: CellSignals,
    constants: CellConstants,
) -> Any:
    """`cell` of the level that comes with a slot, SLOT_TO_TOTALS earlier its totals; all levels take as long.

    In: clk, reset, level (number of a level), sums (S sums of scaled_width bits), bias (S biases of bias_width bits),
    earlier (signed, in formats.cell), aside (signed, in formats.cell). Out: out. Latency: `totals_to_state` from the
    totals.
    """
    kind, late = constants.array.cell, dict[int, Any]()
    levels = kind.pipelines
    own = [CellSignals(constants, one) for one in levels]
    stages = [
        cell(clk, reset, sums, bias, earlier, aside, None, own[n], constants, one) for n, one in enumerate(levels)
    ]
    carried = [ready(kind, one)[one.carried] for one in levels]
    state = [ready(kind, one)[one.state] for one in levels]
    gates = [totals_to_gates(kind)] * len(levels)
    ends = [(totals_to_carried(kind), carried, [one.c for one in own], out.c)]
    ends += [(totals_to_state(kind), state, [one.h for one in own], out.h)]
    ends += [(gates[0], gates, [one.gates[n] for one in own], gate) for n, gate in enumerate(out.gates)]
    ends += [
        (totals_to_carried(kind), carried, [one.aside[n] for one in own], value) for n, value in enumerate(out.aside)
    ]
    for cycle in {*(at for at, *_ in ends), *(at for _, at in clip_times(kind))}:
        late[cycle] = like(level)
    delays = [delay(clk, reset, level, late[cycle], SLOT_TO_TOTALS + cycle) for cycle in sorted(late)]
    choices = [choose(clk, reset, late[at], values, [at - one for one in came], o) for at, came, values, o in ends]
    clips = [(place, flag) for place, one in enumerate(own) for flag in one.clipped]
    gatings = [
        only_in(late[at], place, flag, told)
        for (place, flag), (_, at), told in zip(clips, clip_times(kind), out.clipped, strict=True)
    ]
    return stages, delays, choices, gatings
