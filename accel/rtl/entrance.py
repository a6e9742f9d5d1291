"""From the input stream to the first layer in a top, call by call: whole vectors of x_t, or tokens and their rows."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.embedding import EMBEDDING
from accel.architecture.network import Network
from accel.model.design import Design
from accel.rtl import buffers
from accel.rtl.blocks.cells.status import count_steps
from accel.rtl.blocks.streams.axis import axis_input
from accel.rtl.blocks.streams.embedding import admit_tokens, look_up_rows
from accel.rtl.blocks.streams.ping_pong import Beats
from accel.rtl.blocks.streams.resynchronise import resynchronise
from accel.rtl.call import Call

TOKENS = "tokens"
"""Tokens that have a row, in front of the table."""


def constants(net: Network) -> Iterator[tuple[str, str]]:
    """The table's sizes."""
    if net.embedding is not None:
        yield EMBEDDING.upper(), repr(net.embedding)


def signals(design: Design) -> Iterator[Call]:
    """What is between the stream and the first layer, or its sequence buffer."""
    given, embedding = design.spec.incoming, design.net.embedding
    width = given.words * given.fmt.width
    yield Call("arriving", Beats, (width,))
    if design.spec.engine.memory == "scratchpad":
        yield Call("early", Beats, (width,))
    if embedding is not None:
        yield Call(TOKENS, Beats, (embedding.token_width,))


def instances(design: Design) -> Iterator[Call]:
    """Blocks from the stream to the first layer's receiver, and the counter of steps."""
    net, given, first = design.net, design.spec.incoming, design.net.arrays[0]
    entered = "early" if design.spec.engine.memory == "scratchpad" else "arriving"
    yield Call("entering", axis_input, ("s_axis", entered, given.words, given.fmt.width))
    ends = "clk", "reset", "arriving", vectors(design), "cut" if net.mirrors else "status.torn"
    if net.embedding is not None:
        yield Call("admitting", admit_tokens, (*ends, f"{EMBEDDING.upper()}.tokens"))
    else:
        yield Call("resynchronising", resynchronise, (*ends, net.x_beats, "framed=False"))
    if net.mirrors:
        yield from buffers.entrance(net, f"{first.name}_beats" if net.embedding is None else TOKENS)
    if net.embedding is not None:
        held = f'*rows_held(RTL, "{design.spec.identifier}")'
        yield Call("looking_up", look_up_rows, ("clk", "reset", TOKENS, f"{first.name}_beats", "EMBEDDING", held))
    yield Call("counting", count_steps, ("clk", "reset", f"{net.layers[0].name}_ping_pong.take", "status"))


def vectors(design: Design) -> str:
    """Whole vectors, or tokens that have a row, as they come behind what may be torn."""
    if design.net.mirrors:
        return buffers.WHOLE
    return TOKENS if design.net.embedding is not None else f"{design.net.arrays[0].name}_beats"
