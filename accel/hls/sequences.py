"""The C++ top of bidirectional layers, in which whole sequences wait: a loop over the steps between two buffers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from accel.hls.beats import input_beat
from accel.hls.between import Clipped, Summed
from accel.hls.buffers import LIMITED, MirrorProcess
from accel.hls.regions import ENDED, Port, Region, Variable, region
from accel.hls.step import FLAG, Parts, between, computed, looked_up, own, pooled, received


def buffered(parts: Parts, ports: tuple[Port, ...]) -> tuple[tuple[Region, ...], Region]:
    """Regions of a design that buffers whole sequences, between two buffers a loop over the steps of a sequence; and
    what the top does in a call.
    """
    stops = sorted({0, *parts.mirrors, len(parts.processes)})
    streams: list[Variable] = []
    calls, inner = [], []
    for place, until in pairwise(stops):
        mirror = parts.mirrors.get(place)
        if mirror is None:
            streams.append(limited_beats(parts))
            calls.append(limited(parts))
        else:
            streams.append(Variable(f"Packet<{mirror.type}::kWidth, {mirror.type}::kWords>", mirror.given, "stream"))
            calls.append(mirrored(parts, mirror, mirror.given))
        if until in parts.mirrors:
            streams.append(sent(parts, until))
        one = segment(parts, place, until, [*ports, *streams])
        inner.append(one)
        calls.append(f"{one.loop};")
    if len(parts.processes) in parts.mirrors:
        calls.append(mirrored(parts, parts.mirrors[len(parts.processes)], "m_axis"))
    if parts.embedding is not None:
        streams += [Variable(FLAG, "cut", "scalar"), Variable(FLAG, "unknown", "scalar")]
        calls.append("Either(cut, unknown, torn);")
    return tuple(inner), region("One sequence.", "", ports, streams, calls)


def limited_beats(parts: Parts) -> Variable:
    """The stream of sequences that are not too long."""
    beat = input_beat(parts.design.net)
    return Variable(f"Packet<{beat.width}, {beat.words}>", LIMITED, "stream")


def limited(parts: Parts) -> str:
    """What takes a sequence from outside that no buffer takes."""
    net, torn = parts.design.net, "torn" if parts.embedding is None else "cut"
    return f"LimitInput<{net.x_beats}, {net.spec.model.longest}>(s_axis, {LIMITED}, {torn}, steps);"


def mirrored(parts: Parts, mirror: MirrorProcess, given: str) -> str:
    """The buffer of a sequence; the first one takes it from outside."""
    if mirror.source == "s_axis":
        torn = "torn" if parts.embedding is None else "cut"
        return f"MirrorInput<{mirror.type}>({mirror.source}, {given}, {torn}, steps);"
    return f"MirrorSteps<{mirror.type}>({mirror.source}, {given});"


def linked(parts: Parts, until: int) -> Clipped | Summed | None:
    """What stands in front of the buffer of an array."""
    return parts.processes[until].link if until < len(parts.processes) else None


def sent(parts: Parts, until: int) -> Variable:
    """The stream in front of a buffer."""
    link = linked(parts, until)
    if link is None:
        return between(parts.processes[until - 1])
    return Variable(link.beat, parts.mirrors[until].source, "stream")


def segment(parts: Parts, place: int, until: int, outside: Sequence[Variable]) -> Region:
    """One step of the arrays between two buffers, or in front of the first one."""
    arrays, link = parts.processes[place:until], linked(parts, until)
    variables = [one for process in arrays for one in own(process)] + [between(one) for one in arrays[:-1]]
    calls = [call for process in arrays for call in (*received(parts, process), *computed(process))]
    if link is not None:
        variables.append(between(arrays[-1]))
        calls.append(link.call)
    if parts.embedding is not None and arrays[0] is parts.processes[0]:
        variables += looked_up(parts)
        calls = [f"LookUp<Embedding>({parts.embedding.source}, {arrays[0].source}, kEmbeddingRows, unknown);", *calls]
        outside = [*outside, Variable(FLAG, "unknown", "scalar")]
    variables += [Variable(one.link.beat, one.link.to, "stream") for one in arrays if one.link and one.mirror is None]
    if any(process.source == "pooled" for process in arrays):
        variables.append(pooled(parts))
    told = [*outside, Variable(FLAG, ENDED, "scalar")]
    title = f"One step of what reads a sequence in front of {arrays[0].array.name}; `ended` tells its last one."
    label = parts.mirrors[place].label if place in parts.mirrors else f"{arrays[0].type}Step"
    return region(title, label, told, variables, [*calls, f"TellEnd({arrays[0].end}, {ENDED});"])
