"""What stands behind recurrent layers in a top, call by call: ends of h_t, or the addition of x_t."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.network import Network
from accel.architecture.residual import IN_BANKS, LINKED
from accel.rtl.blocks.rows.between import add_inputs, clip_words
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.call import Call


def result(net: Network, place: int) -> str | None:
    """What goes on to array number `place` in place of the results of the one before; None where those do."""
    number = net.link(place)
    linked = number in net.clips or number in net.residuals
    return f"{net.arrays[place - 1].name}_linked" if linked else None


def signals(net: Network) -> Iterator[Call]:
    """Results behind each."""
    for place in range(1, len(net.arrays)):
        if name := result(net, place):
            yield Call(name, Results, (net.arrays[place - 1].cells * net.arrays[place].x.width,))


def instance(net: Network, place: int, under_way: int) -> Call:
    """The block in front of array number `place`, behind a layer of which `under_way` steps can be under way."""
    number, before, after = net.link(place), net.arrays[place - 1].name, net.arrays[place].name
    ends = "clk", "reset", f"{before}_results", f"{before}_linked"
    assert number is not None
    if number in net.clips:
        return Call(f"{after}_linking", clip_words, (*ends, before.upper(), net.clips[number]))
    residual = net.residuals[number]
    steps = IN_BANKS + (under_way if residual.ahead else LINKED)
    return Call(f"{after}_linking", add_inputs, (*ends, f"{before}_beats", before.upper(), residual, steps))
