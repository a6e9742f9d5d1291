"""The C++ top, composed: its ports, and its processes call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

from accel.base.templates import c_bool
from accel.hls.beats import output_beat
from accel.hls.buffers import MirrorProcess
from accel.hls.embedding import EmbeddingProcess
from accel.hls.process import Process
from accel.hls.regions import ENDED, Port, Region, Variable, region
from accel.hls.sequences import buffered
from accel.hls.step import COUNTERS, FLAG, Parts, between, computed, kept, looked_up, own, pooled, received
from accel.model.design import Design

COUNTER = "std::uint32_t"
REGISTERS, REGISTER = 0x20, 0x10
"""Where registers begin, behind those of control, and the bytes of each: its word, a word of its protocol, room."""
LOAD_ERRORS = ("load_short", "load_long", "load_shape", "load_checksum")


@dataclass(frozen=True)
class Top:
    """Ports, and the regions that the top is made of."""

    ports: tuple[Port, ...]
    inner: tuple[Region, ...]
    """Regions of one step, each in a loop of its own; nothing where the top's calls are one step."""
    outer: Region
    """What the top does in a call."""


def top(
    design: Design,
    processes: Sequence[Process[Any]],
    mirrors: Mapping[int, MirrorProcess],
    embedding: EmbeddingProcess | None = None,
) -> Top:
    """The top of a design whose arrays are `processes`; `mirrors` are the sequence buffers in front of them.

    `embedding` is the table in front of all.
    """
    parts = Parts(design, processes, mirrors, embedding)
    ports = tuple(addressed(_ports(parts)))
    if mirrors:
        inner, outer = buffered(parts, ports)
        return Top(ports, inner, outer)
    variables, calls = _step(parts)
    if not parts.loaded:
        return Top(ports, (), region("One step.", "", ports, variables, calls))
    sets = [Variable(kind, name, "memory") for process in processes for kind, name in process.sets]
    outside = [*ports, *sets, Variable("int", "set", "input"), Variable(FLAG, ENDED, "scalar")]
    tell = f"TellEnd({processes[0].end}, {ENDED});"
    title = "One step of all layers with a set of weights."
    return Top(ports, (), region(title, "Step", outside, variables, [*calls, tell]))


def addressed(ports: Sequence[Port]) -> list[Port]:
    """The registers one behind the other from `REGISTERS` on."""
    offsets = count(REGISTERS, REGISTER)
    return [one if one.kind == "stream" else replace(one, offset=next(offsets)) for one in ports]


def _ports(parts: Parts) -> list[Port]:
    """Streams first, then registers: those of a step, of the layers, of weights."""
    named = [(f"saturations[{one.number}]", one.array.name) for one in parts.layers]
    found = [Port("Word_t", "s_weights", "stream", "weights")] if parts.loaded else []
    found += [Port("In_t", "s_axis", "stream", "in"), Port("Out_t", "m_axis", "stream", "out")]
    if parts.streamed:
        found += [
            Port(f"StreamedBeat<{one.type}>", f"s_weights_{one.array.name}", "stream", f"streamed_{one.number}")
            for one in parts.processes
        ]
    if parts.states:
        found += [
            Port(f"State_t<{one.type}>", f"{side}_state_{one.array.name}", "stream", f"state_{way}_{one.number}")
            for one in parts.layers
            for side, way in (("s", "in"), ("m", "out"))
        ]
    if parts.loaded:
        found.append(Port(COUNTER, "frames", "input", "bench.Frames()"))
    if parts.design.spec.skips_states:
        found.append(Port("Threshold<Formats>", "states_threshold", "input", f"{parts.design.weights.threshold}"))
    found += [Port(COUNTER, "steps", "scalar", "steps"), Port(FLAG, "torn", "scalar", "torn")]
    found += [Port(COUNTER, f"{name}_{one}", "scalar", f"{bench}.{one}") for bench, name in named for one in COUNTERS]
    if parts.states:
        found += _flags("state_torn", parts.layers)
    if parts.streamed:
        found += _flags("weights_torn", parts.processes)
    if parts.loaded:
        found += [Port(FLAG, name, "scalar", name) for name in ("loaded", *LOAD_ERRORS)]
    return found


def _flags(name: str, processes: Sequence[Process[Any]]) -> list[Port]:
    """A flag of each of some arrays."""
    return [Port(FLAG, f"{one.array.name}_{name}", "scalar", f"{name}[{one.number}]") for one in processes]


def _step(parts: Parts) -> tuple[list[Variable], list[str]]:
    """Variables and calls of one step of all layers."""
    variables = [Variable(FLAG, "filler", "scalar"), *(one for process in parts.processes for one in own(process))]
    calls = []
    for process in parts.processes:
        first = process is parts.processes[0]
        calls += [*(_entering(parts, process) if first else received(parts, process)), *computed(process)]
    variables += looked_up(parts) + [between(before) for before, _ in pairwise(parts.processes)]
    if parts.design.net.pool:
        variables.append(pooled(parts))
    variables += [Variable(one.link.beat, one.link.to, "stream") for one in parts.processes if one.link]
    if parts.fillers:
        withheld, withholding = _withheld(parts)
        variables += withheld
        calls += withholding
    return variables, calls


def _entering(parts: Parts, first: Process[Any]) -> list[str]:
    """What takes x_t from outside, or a token, which becomes its row."""
    if parts.embedding is None:
        read = f"{first.source}, {first.x}, {first.end}, torn, steps, filler{kept(first)}"
        return [f"ReceiveInput<{first.type}>({read});"]
    rows = f"LookUpInput<Embedding>({parts.embedding.source}, {first.source}, kEmbeddingRows, torn, steps, filler);"
    return [rows, *received(parts, first)]


def _withheld(parts: Parts) -> tuple[list[Variable], list[str]]:
    """What keeps the results and the states of fillers inside."""
    net, first, head = parts.design.net, parts.processes[0], parts.design.spec.model.head
    made, calls = [], []
    for process in parts.layers if parts.states else ():
        values = f"{process.type}::kStateValues * {process.type}::kCells"
        made.append(Variable(f"Packet<{process.type}::kStateBits, {values}>", process.made_state, "stream"))
        state = f"{process.made_state}, m_state_{process.array.name}"
        calls.append(f"Withhold<false, {process.array.output_beats}>({state}, {first.end}, filler);")
    beat = output_beat(net)
    made.append(Variable(f"Packet<{beat.width}, {beat.words}>", "made", "stream"))
    beats = 1 if head and head.kind == "argmax" else net.arrays[-1].output_beats
    every = c_bool(head is None or head.when == "step")
    calls.append(f"Withhold<{every}, {beats}>(made, m_axis, {first.end}, filler);")
    return made, calls
