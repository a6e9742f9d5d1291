"""What a step of the C++ top is made of: variables that processes share, and calls that make an array's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accel.hls.buffers import MirrorProcess
from accel.hls.embedding import EmbeddingProcess
from accel.hls.process import NOTHING, Process
from accel.hls.regions import Held, Variable
from accel.model.design import Design

FLAG = "bool"
COUNTERS = ("gate", "cell", "state")
"""What narrowing clipped, counted by each recurrent layer."""


@dataclass(frozen=True)
class Parts:
    """What a top is made of."""

    design: Design
    processes: Sequence[Process[Any]]
    mirrors: Mapping[int, MirrorProcess]
    embedding: EmbeddingProcess | None

    @property
    def layers(self) -> Sequence[Process[Any]]:
        """The recurrent ones."""
        return [process for process in self.processes if process.recurrent]

    @property
    def states(self) -> bool:
        """Whether streams bring and take states."""
        return self.design.spec.engine.state_streams

    @property
    def loaded(self) -> bool:
        """Whether weights are loaded."""
        return self.design.spec.engine.memory == "scratchpad"

    @property
    def streamed(self) -> bool:
        """Whether weights come in every step."""
        return self.design.spec.engine.memory == "stream"

    @property
    def fillers(self) -> bool:
        """Whether steps may only fill a turn."""
        return self.design.net.layers[0].streams > 1


def own(process: Process[Any]) -> list[Variable]:
    """What an array has of its own: its operands, whether the step ends a sequence, its weights."""
    found = [Variable(f"Operands<{process.type}>", process.x, "memory"), Variable(FLAG, process.end, "scalar")]
    if process.array.streamed:
        found.append(Variable(f"StreamedPacket<{process.type}>", f"{process.array.name}_weights", "stream"))
    if process.kept:
        beat = f"Packet<{process.type}::kXWidth, {process.type}::kInputWords>"
        found.append(Held(beat, process.kept, "stream", process.array.input_beats))
    return found


def between(process: Process[Any]) -> Variable:
    """The stream behind an array."""
    width = "kOutWidth" if process.activated else "kStateWidth"
    return Variable(f"Packet<{process.type}::{width}, {process.type}::kCells>", process.out, "stream")


def kept(process: Process[Any]) -> str:
    """The argument that takes a copy of what is received, where somebody wants one."""
    return f", {process.kept}" if process.kept else ""


def looked_up(parts: Parts) -> list[Variable]:
    """The stream of an embedding's rows."""
    first = parts.processes[0]
    beat = f"Packet<{first.type}::kXWidth, {first.type}::kInputWords>"
    return [] if parts.embedding is None else [Variable(beat, first.source, "stream")]


def pooled(parts: Parts) -> Variable:
    last = parts.layers[-1]
    return Variable(f"Packet<Pooling::kStateWidth, {last.type}::kCells>", "pooled", "stream")


def received(parts: Parts, process: Process[Any]) -> list[str]:
    """What brings an array its vector from the process before, through the pool where one is between."""
    last = parts.layers[-1]
    given = process.link.to if process.link else last.out
    pool = f"PoolSteps<{last.type}, Pooling>({given}, pooled, kPoolFactors);"
    pooled = [process.link.call] if process.link and process.mirror is None else []
    pooled += [pool] if process.source == "pooled" else []
    if process.before is not None:
        answer = f"ReceiveAnswer<{process.type}>({process.source}, {process.x}, {process.end}, {process.before});"
        return [*pooled, answer]
    return [*pooled, f"Receive<{process.type}>({process.source}, {process.x}, {process.end}{kept(process)});"]


def computed(process: Process[Any]) -> list[str]:
    """What makes an array's result of its vector."""
    kind, name = process.type, process.array.name
    calls = []
    if process.array.streamed:
        waits = [] if process.recurrent else [process.end]
        calls = [call("FrameTurn", kind, [f"s_weights_{name}", f"{name}_weights", *waits, f"{name}_weights_torn"])]
    read = [process.x, process.end, *process.memories]
    chosen = "set" if process.array.writable else NOTHING
    counters = [f"{name}_{one}" for one in COUNTERS]
    if process.in_levels:
        types = ", ".join([kind, f"{kind}Layers"] if process.own_levels else [kind])
        return [*calls, call(process.step_in_levels, types, [*read, process.out, *counters, process.cell_tables])]
    if not process.recurrent:
        function = "LinearLayer" if process.activated else "LinearHead"
        return [*calls, call(function, kind, [*read, chosen, process.out])]
    wanted = [*read, chosen, *process.threshold, process.out, *process.states, *counters, process.cell_tables]
    return [*calls, call(process.step, kind, wanted)]


def call(function: str, kind: str, arguments: Sequence[str]) -> str:
    return f"{function}<{kind}>({', '.join(arguments)});"
