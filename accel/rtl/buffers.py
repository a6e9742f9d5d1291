"""The sequence buffers of bidirectional layers in a top, call by call: in front of each layer, and behind the last one.

Results of a layer wait for their buffer in a FIFO, which holds what is under way as that of the output does.
"""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.network import Network
from accel.model.design import Design
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.streams.limit import limit_steps
from accel.rtl.blocks.streams.mirror import mirror_steps
from accel.rtl.blocks.streams.output_fifo import output_fifo
from accel.rtl.blocks.streams.ping_pong import Beats
from accel.rtl.call import Call
from accel.rtl.layers import leaving
from accel.schedule.schedule import Schedule

WHOLE = "whole"
"""Beats of x_t as they come in, whole vectors."""
LIMITED = "limited"
"""Beats of x_t as they enter the first buffer, of sequences that are not too long."""


def constants(net: Network) -> Iterator[tuple[str, str]]:
    """Every buffer."""
    for number, mirror in net.mirrors.items():
        yield _constant(net, number), repr(mirror)


def signals(design: Design) -> Iterator[Call]:
    """What is between them and the rest."""
    net = design.net
    if not net.mirrors:
        return
    yield from (Call(name, Beats, (net.mirrors[0].width,)) for name in (WHOLE, LIMITED))
    for array in net.arrays[: max(net.mirrors)]:
        yield Call(f"{array.name}_sent", Beats, (leaving(design, array),))
    yield Call("cut", flag)


def entrance(net: Network, to: str) -> Iterator[Call]:
    """From whole vectors, or tokens, to pairs of them."""
    ends = "clk", "reset", WHOLE, LIMITED, "cut", "status.torn", net.x_beats, net.spec.model.longest
    yield Call("limiting", limit_steps, ends)
    yield _mirroring(net, 0, LIMITED, to)


def behind(net: Network, built: Schedule, number: int) -> Iterator[Call]:
    """From the results of an array to the array, or the output, number `number`."""
    before = net.arrays[number - 1]
    stage = built.stages[number - 1]
    results, to = f"{before.name}_sent", "leaving"
    if number < len(net.arrays):
        to = f"{net.arrays[number].name}_beats"
    ends = "clk", "reset", f"{before.name}_results", results, stage.results, stage.under_way
    yield Call(f"{before.name}_emitting", output_fifo, ends)
    yield _mirroring(net, number, results, to)


def _mirroring(net: Network, number: int, entering: str, to: str) -> Call:
    name = _constant(net, number)
    return Call(f"{name.lower()}ing", mirror_steps, ("clk", "reset", entering, to, name))


def _constant(net: Network, number: int) -> str:
    """A buffer's name: that of the array behind it."""
    owner = net.arrays[number].name if number < len(net.arrays) else "leaving"
    return f"{owner.upper()}_MIRROR"
