"""Beats of the HLS design's streams at its ends."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.network import Network
from accel.base.fixed import index_bits
from accel.hls.process import container


@dataclass(frozen=True)
class Beat:
    """What one beat of a port holds: words of 8, 16, 32 or 64 bits."""

    width: int
    words: int


def result_values(net: Network) -> int:
    """Values of one result."""
    head = net.spec.model.head
    if head is None:
        return net.layers[-1].outputs
    return head.outputs if head.kind == "logits" else 1


def input_beat(net: Network) -> Beat:
    """What a beat of the input port holds."""
    return Beat(container(net.spec.incoming.fmt.width), net.spec.incoming.words)


def output_beat(net: Network) -> Beat:
    """What a beat of the output port holds."""
    if net.head is None:
        return Beat(container(net.layers[-1].h.width), net.layers[-1].cells)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        return Beat(container(net.head.sum_width), 1)
    return Beat(container(index_bits(net.head.outputs) + 1), 1)
