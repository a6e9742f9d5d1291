"""A bench in Verilog that does in Icarus what the engines' benches do, in a fifth of their time.

It drives the same script, cycle for cycle, and leaves a record that the engines' own code judges. `test_mutation` holds
it against the engine `icarus`.
"""

from __future__ import annotations

import copy
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from accel.engines.bench import Beat, Record, blank, require_results
from accel.engines.cosimulation import Watch
from accel.engines.engine import EngineFailed, Observed, Ports, ProgramFailed
from accel.engines.observe import observe
from accel.engines.peers import first_difference
from accel.engines.script import script
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.convert import load_top, top_signals
from tests.mutation.bench_text import bench_text
from tests.mutation.registers import registers


class Bench:
    """A design's ports and script, made once; then any Verilog with these ports can be run."""

    def __init__(self, design: Design, samples: Samples, folder: Path) -> None:
        self.design, self.folder = design, folder.resolve()
        self.driven = script(design, samples)
        self.layers = tuple(array.name for array in design.net.layers)
        signals = top_signals(load_top(design.work, design.spec.identifier))
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = registers((design.work / "rtl" / f"{design.spec.identifier}.v").read_text(encoding="utf-8"))
        (self.folder / "bench.v").write_text(
            bench_text(design, signals, self.driven, self.folder, kept), encoding="ascii"
        )
        for name, beats in self.driven.sources.items():
            width = len(signals[name].tdata)
            _memory(self.folder / name, (_bits(beat) << width | beat.word for beat in beats))
            before = self.driven.before[name]
            _memory(self.folder / f"{name}.before", (_bits(beat) << width | beat.word for beat in before))
        for name, pauses in self.driven.sinks.items():
            _memory(self.folder / name, pauses)
        self.names = Watch(signals).names
        self.usual: Record | None = None
        self.unlike = ""

    def learn(self, source: Path, memories: Path) -> None:
        """Remember what the unchanged Verilog does: `observed` stops where another one differs from it."""
        self.usual = self.record(source, memories)

    @property
    def ports(self) -> Ports:
        """The outputs of the unchanged Verilog in every cycle."""
        assert self.usual is not None
        return Ports(self.names, self.usual.ports)

    def observed(self, source: Path, memories: Path) -> Observed:
        """What a Verilog file does, whose memory files lie in a folder. Where it differs from what was learned, in a
        way that is observed at all, the rest is taken from there: one difference is enough.
        """
        return observe(self.design, self.driven, self.record(source, memories))

    def state(self, source: Path, memories: Path) -> tuple[Record, list[str]]:
        """The whole record of a Verilog file, and what its registers and memories hold in cycle SETTLED."""
        self._compile(source)
        done = subprocess.run(
            ["vvp", "-n", str(self.folder / "bench.vvp"), "+state"],
            cwd=memories,
            capture_output=True,
            text=True,
            check=True,
        )
        record, lines = blank(self.layers, self.driven), done.stdout.splitlines()
        for line in lines:
            if line.startswith("> "):
                _note(record, line)
        return record, [line for line in lines if line.startswith("= ")]

    def _compile(self, source: Path) -> None:
        program, bench = self.folder / "bench.vvp", self.folder / "bench.v"
        _run(["iverilog", "-g2005", "-o", str(program), str(bench), str(source.resolve())])

    def record(self, source: Path, memories: Path) -> Record:
        """Compile and run. Raises EngineFailed where results stay away or an unknown value comes out.

        `unlike` says where the outputs are first others than what was learned, in any cycle.
        """
        self._compile(source)
        self.unlike = ""
        record, different = blank(self.layers, self.driven), None
        command = ["vvp", "-n", str(self.folder / "bench.vvp")]
        with subprocess.Popen(command, cwd=memories, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                different = self._different(_note(record, line)) if line.startswith("> ") else None
                if different is not None or record.unknown:
                    running.kill()
                    break
        if record.unknown:
            raise EngineFailed("an unknown value (x) reached a port")
        if different is not None:
            return different
        require_results(record, self.driven)
        record.outputs = self.names
        if self.usual is not None:
            self.unlike = first_difference(self.ports, Ports(self.names, record.ports))
        return record

    def _different(self, noted: Noted | None) -> Record | None:
        """The usual record with one entry changed, where that is seen."""
        if noted is None or self.usual is None:
            return None
        entries = noted.entries(self.usual)
        if noted.place < len(entries) and noted.is_same(entries[noted.place]):
            return None
        changed = copy.deepcopy(self.usual)
        entries = noted.entries(changed)
        entries[noted.place : noted.place + 1] = [noted.entry]
        return changed if self._is_seen(changed) else None

    def _is_seen(self, changed: Record) -> bool:
        assert self.usual is not None
        try:
            seen = observe(self.design, self.driven, changed)
        except EngineFailed:
            return True
        usual = observe(self.design, self.driven, self.usual)
        return not _equal(seen, usual)


@dataclass(frozen=True)
class Noted:
    """One entry of a record: the stream or layer, the part of it, its place there."""

    group: str
    part: str
    place: int
    entry: Any

    def entries(self, record: Record) -> list[Any]:
        """Where a record keeps such entries."""
        return _entries(record, self.group, self.part)

    def is_same(self, other: Any) -> bool:
        """Whether another entry is the same, but for the cycle of a word in a stream."""
        return bool(self.entry[1:] == other[1:] if isinstance(self.entry, tuple) else self.entry == other)


def _note(record: Record, line: str) -> Noted | None:
    """A line of the bench into the record; what it was, if it comes in the course of the run."""
    event, cycle, word = line[2:].split()
    group, part = event.split(".")
    if group == "ports":
        record.ports.append((int(cycle), word))
        return None
    if group == "unknown" or "x" in word or "z" in word:
        record.unknown = True
        return None
    if group == "flag":
        record.flags.setdefault(part, []).append((int(cycle), int(word, 16)))
        return None
    if group in record.taken:
        if part == "end":
            record.ends[group].append(int(cycle))
        else:
            record.taken[group] = int(word, 16)
        return None
    if group == "status":
        record.status[part], record.cycles = int(word, 16), int(cycle)
        return None
    entry: Any = int(cycle) if part == "begin" else int(word, 16)
    if group in record.sinks:
        entry = (int(cycle), int(word, 16), part == "last")
    entries = _entries(record, group, part)
    entries.append(entry)
    return Noted(group, part, len(entries) - 1, entry)


def _entries(record: Record, group: str, part: str) -> list[Any]:
    """Where a record keeps the entries of a stream, of the head or of a part of a layer."""
    if group in record.sinks:
        return record.sinks[group]
    return record.logits if group == "head" else record.layers[group][part]


def _equal(one: Observed, other: Observed) -> bool:
    """Whether two observations are the same in everything that is compared."""
    parts = [
        *(
            (one.signals[layer][name], other.signals[layer][name])
            for layer, named in one.signals.items()
            for name in named
        ),
        *zip(one.lags, other.lags, strict=True),
        (one.outputs, other.outputs),
        (one.step_cycles, other.step_cycles),
        (one.last_states, other.last_states),
    ]
    return all(np.array_equal(a, b) if a is not None and b is not None else a is b for a, b in parts)


def _bits(beat: Beat) -> int:
    """Wait, filler and tlast of a beat, as the bench reads them above its word."""
    return beat.wait << 2 | beat.filler << 1 | beat.last


def _memory(path: Path, words: Any) -> None:
    path.write_text("".join(f"{word:x}\n" for word in words), encoding="ascii")


def _run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
