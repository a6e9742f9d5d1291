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
from accel.hls.process import NOTHING, Process
from accel.hls.regions import ENDED, Port, Region, Variable, region
from accel.model.design import Design

COUNTER, FLAG = "std::uint32_t", "bool"
COUNTERS = ("gate", "cell", "state")
"""What narrowing clipped, counted by each recurrent layer."""
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


@dataclass(frozen=True)
class _Parts:
    """What a top is made of."""

    design: Design
    processes: Sequence[Process[Any]]
    mirrors: Mapping[int, MirrorProcess]
    embedding: EmbeddingProcess | None

    @property
    def layers(self) -> Sequence[Process[Any]]:
        return [process for process in self.processes if process.recurrent]

    @property
    def states(self) -> bool:
        return self.design.spec.engine.state_streams

    @property
    def loaded(self) -> bool:
        return self.design.spec.engine.memory == "scratchpad"

    @property
    def streamed(self) -> bool:
        return self.design.spec.engine.memory == "stream"

    @property
    def fillers(self) -> bool:
        return self.design.net.layers[0].streams > 1


def top(
    design: Design,
    processes: Sequence[Process[Any]],
    mirrors: Mapping[int, MirrorProcess],
    embedding: EmbeddingProcess | None = None,
) -> Top:
    """The top of a design whose arrays are `processes`; `mirrors` are the sequence buffers in front of them.

    `embedding` is the table in front of all.
    """
    parts = _Parts(design, processes, mirrors, embedding)
    ports = tuple(addressed(_ports(parts)))
    if mirrors:
        return _buffered(parts, ports)
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


def _ports(parts: _Parts) -> list[Port]:
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


def _step(parts: _Parts) -> tuple[list[Variable], list[str]]:
    """Variables and calls of one step of all layers."""
    variables = [Variable(FLAG, "filler", "scalar"), *(one for process in parts.processes for one in _own(process))]
    calls = []
    for process in parts.processes:
        first = process is parts.processes[0]
        calls += [*(_entering(parts, process) if first else _received(parts, process)), *_computed(process)]
    variables += _looked_up(parts) + [_between(before) for before, _ in pairwise(parts.processes)]
    if parts.design.net.pool:
        variables.append(_pooled(parts))
    variables += [Variable(one.link.beat, one.source, "stream") for one in parts.processes if one.link]
    if parts.fillers:
        withheld, withholding = _withheld(parts)
        variables += withheld
        calls += withholding
    return variables, calls


def _entering(parts: _Parts, first: Process[Any]) -> list[str]:
    """What takes x_t from outside, or a token, which becomes its row."""
    if parts.embedding is None:
        read = f"{first.source}, {first.x}, {first.end}, torn, steps, filler{_kept(first)}"
        return [f"ReceiveInput<{first.type}>({read});"]
    rows = f"LookUpInput<Embedding>({parts.embedding.source}, {first.source}, kEmbeddingRows, torn, steps, filler);"
    return [rows, *_received(parts, first)]


def _kept(process: Process[Any]) -> str:
    """The argument that takes a copy of what is received, where somebody wants one."""
    return f", {process.kept}" if process.kept else ""


def _looked_up(parts: _Parts) -> list[Variable]:
    """The stream of an embedding's rows."""
    first = parts.processes[0]
    beat = f"Packet<{first.type}::kXWidth, {first.type}::kInputWords>"
    return [] if parts.embedding is None else [Variable(beat, first.source, "stream")]


def _own(process: Process[Any]) -> list[Variable]:
    """What an array has of its own: its operands, whether the step ends a sequence, its weights."""
    found = [Variable(f"Operands<{process.type}>", process.x, "memory"), Variable(FLAG, process.end, "scalar")]
    if process.array.streamed:
        found.append(Variable(f"StreamedPacket<{process.type}>", f"{process.array.name}_weights", "stream"))
    if process.kept:
        kept = f"Packet<{process.type}::kXWidth, {process.type}::kInputWords>"
        found.append(Variable(kept, process.kept, "stream"))
    return found


def _between(process: Process[Any]) -> Variable:
    """The stream behind an array."""
    width = "kOutWidth" if process.activated else "kStateWidth"
    return Variable(f"Packet<{process.type}::{width}, {process.type}::kCells>", process.out, "stream")


def _pooled(parts: _Parts) -> Variable:
    last = parts.layers[-1]
    return Variable(f"Packet<{last.type}::kStateWidth, {last.type}::kCells>", "pooled", "stream")


def _received(parts: _Parts, process: Process[Any]) -> list[str]:
    """What brings an array its vector from the process before, through the pool where one is between."""
    last = parts.layers[-1]
    pool = f"PoolSteps<{last.type}, Pooling>({last.out}, pooled, kPoolFactors);"
    pooled = [pool] if process.source == "pooled" else []
    pooled += [process.link.call(process.source)] if process.link else []
    if process.before is not None:
        answer = f"ReceiveAnswer<{process.type}>({process.source}, {process.x}, {process.end}, {process.before});"
        return [*pooled, answer]
    return [*pooled, f"Receive<{process.type}>({process.source}, {process.x}, {process.end}{_kept(process)});"]


def _computed(process: Process[Any]) -> list[str]:
    """What makes an array's result of its vector."""
    kind, name = process.type, process.array.name
    calls = []
    if process.array.streamed:
        waits = [] if process.recurrent else [process.end]
        calls = [_call("FrameTurn", kind, [f"s_weights_{name}", f"{name}_weights", *waits, f"{name}_weights_torn"])]
    read = [process.x, process.end, *process.memories]
    chosen = "set" if process.array.writable else NOTHING
    counters = [f"{name}_{one}" for one in COUNTERS]
    if process.levelled:
        return [*calls, _call("LevelledStep", kind, [*read, process.out, *counters, process.cell_tables])]
    if not process.recurrent:
        function = "LinearLayer" if process.activated else "LinearHead"
        return [*calls, _call(function, kind, [*read, chosen, process.out])]
    wanted = [*read, chosen, *process.threshold, process.out, *process.states, *counters, process.cell_tables]
    return [*calls, _call(process.step, kind, wanted)]


def _call(function: str, kind: str, arguments: Sequence[str]) -> str:
    return f"{function}<{kind}>({', '.join(arguments)});"


def _withheld(parts: _Parts) -> tuple[list[Variable], list[str]]:
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


def _buffered(parts: _Parts, ports: tuple[Port, ...]) -> Top:
    """The top of a design that buffers whole sequences: between two buffers a loop over the steps of a sequence."""
    stops = sorted({*parts.mirrors, len(parts.processes)})
    streams: list[Variable] = []
    calls, inner = [], []
    for place, until in pairwise(stops):
        mirror, segment = parts.mirrors[place], parts.processes[place:until]
        streams.append(Variable(f"Packet<{mirror.type}::kWidth, {mirror.type}::kWords>", mirror.given, "stream"))
        if until in parts.mirrors:
            streams.append(_between(segment[-1]))
        calls.append(_mirrored(parts, mirror, mirror.given))
        one = _segment(parts, segment, [*ports, *streams], mirror)
        inner.append(one)
        calls.append(f"{one.loop};")
    if len(parts.processes) in parts.mirrors:
        calls.append(_mirrored(parts, parts.mirrors[len(parts.processes)], "m_axis"))
    if parts.embedding is not None:
        streams += [Variable(FLAG, "cut", "scalar"), Variable(FLAG, "unknown", "scalar")]
        calls.append("Either(cut, unknown, torn);")
    return Top(ports, tuple(inner), region("One sequence.", "", ports, streams, calls))


def _mirrored(parts: _Parts, mirror: MirrorProcess, given: str) -> str:
    """The buffer of a sequence; the first one takes it from outside."""
    if mirror.source == "s_axis":
        torn = "torn" if parts.embedding is None else "cut"
        return f"MirrorInput<{mirror.type}>({mirror.source}, {given}, {torn}, steps);"
    return f"MirrorSteps<{mirror.type}>({mirror.source}, {given});"


def _segment(
    parts: _Parts, segment: Sequence[Process[Any]], outside: Sequence[Variable], mirror: MirrorProcess
) -> Region:
    """One step of the arrays between two buffers."""
    variables = [one for process in segment for one in _own(process)] + [_between(one) for one in segment[:-1]]
    calls = [call for process in segment for call in (*_received(parts, process), *_computed(process))]
    if parts.embedding is not None and segment[0] is parts.processes[0]:
        variables += _looked_up(parts)
        calls = [f"LookUp<Embedding>({parts.embedding.source}, {segment[0].source}, kEmbeddingRows, unknown);", *calls]
        outside = [*outside, Variable(FLAG, "unknown", "scalar")]
    if any(process.source == "pooled" for process in segment):
        variables.append(_pooled(parts))
    told = [*outside, Variable(FLAG, ENDED, "scalar")]
    title = f"One step of what reads a sequence in front of {segment[0].array.name}; `ended` tells its last one."
    return region(title, mirror.label, told, variables, [*calls, f"TellEnd({segment[0].end}, {ENDED});"])
