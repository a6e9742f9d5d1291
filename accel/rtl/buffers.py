"""The sequence buffers of bidirectional layers in a top, call by call: in front of each layer, and behind the last one.

Results of a layer wait for their buffer in a FIFO, which holds what is under way as that of the output does.
"""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.network import Network
from accel.model.design import Design
from accel.rtl import between
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
    given = design.spec.incoming
    width = given.words * given.fmt.width if net.embedding is None else net.embedding.token_width
    yield from (Call(name, Beats, (width,)) for name in (WHOLE, LIMITED)[: 1 + (0 in net.mirrors)])
    for number in filter(None, net.mirrors):
        before = net.arrays[number - 1]
        width = leaving(design, before) if number == len(net.arrays) else before.cells * net.arrays[number].x.width
        yield Call(f"{before.name}_sent", Beats, (width,))
    yield Call("cut", flag)


def entrance(net: Network, to: str) -> Iterator[Call]:
    """From whole vectors, or tokens, to pairs of them; to themselves in front of a linear layer."""
    limited = LIMITED if 0 in net.mirrors else to
    ends = "clk", "reset", WHOLE, limited, "cut", "status.torn", net.x_beats, net.spec.model.longest
    yield Call("limiting", limit_steps, ends)
    if 0 in net.mirrors:
        yield _mirroring(net, 0, limited, to)


def behind(net: Network, built: Schedule, number: int) -> Iterator[Call]:
    """From the results of an array to the array, or the output, number `number`."""
    before = net.arrays[number - 1]
    stage = built.stages[number - 1]
    results, to = f"{before.name}_sent", "leaving"
    if number < len(net.arrays):
        to = f"{net.arrays[number].name}_beats"
    linked = between.result(net, number)
    if linked:
        yield between.instance(net, number, stage.under_way)
    ends = "clk", "reset", linked or f"{before.name}_results", results, stage.results, stage.under_way
    yield Call(f"{before.name}_emitting", output_fifo, ends)
    yield _mirroring(net, number, results, to)


def _mirroring(net: Network, number: int, entering: str, to: str) -> Call:
    name = _constant(net, number)
    return Call(f"{name.lower()}ing", mirror_steps, ("clk", "reset", entering, to, name))


def _constant(net: Network, number: int) -> str:
    """A buffer's name: that of the array behind it."""
    owner = net.arrays[number].name if number < len(net.arrays) else "leaving"
    return f"{owner.upper()}_MIRROR"
