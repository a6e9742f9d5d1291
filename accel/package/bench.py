"""The self-checking bench of a package: what it drives, what it demands, and its text.

It drives the script of the engines' bench (`accel.engines.script`), with damaged frames of weights and torn vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accel.base.templates import read, render
from accel.engines.bench import IDLE_AFTER, RESET_CYCLES, Beat, Script
from accel.engines.ports import STATUS, listed
from accel.engines.script import script
from accel.model.design import Design
from accel.model.samples import Samples
from accel.package import expected

PARTS = ("stream_source.v", "stream_sink.v", "step_watch.v")
"""Modules of the bench that are the same in every package."""
WAIT = 16
"""Bits of a wait or pause."""


@dataclass(frozen=True)
class Stream:
    """A stream of the bench: its port's name, its file, the words in it, bits of `tdata`, whether it has `tuser`."""

    name: str
    file: str
    count: int
    width: int
    marked: bool = False


@dataclass(frozen=True)
class Bench:
    """The files of a bench by their names; what it drives, ties to constants, and how many cycles it waits at most."""

    files: dict[str, str]
    sources: tuple[Stream, ...]
    sinks: tuple[Stream, ...]
    tied: dict[str, int]
    status: dict[str, int]
    """What the ports of the status word hold at the end, but for cycles."""
    limit: int
    steps: int
    results: int


def bench(design: Design, samples: Samples, signals: dict[str, Any], memories: bool) -> Bench:
    """The bench of a design with these ports; `memories` tells whether the top has the parameter for their folder."""
    driven = script(design, samples)
    inputs, outputs = listed(signals)
    widths = {port.name: port.width for port in [*inputs, *outputs]}
    leaving = expected.streams(design, samples, driven)
    cycles = expected.intervals(design, samples, driven)
    sources = [
        Stream(name, f"{name}.hex", len(beats), widths[f"{name}_tdata"], f"{name}_tuser" in widths)
        for name, beats in driven.sources.items()
        if beats
    ]
    sinks = [Stream(name, f"{name}.hex", len(words), widths[f"{name}_tdata"]) for name, words in leaving.items()]
    top, begins = design.spec.identifier, f"{design.in_hardware.net.layers[0].name}_begin"
    tied = {port.name: driven.threshold for port in inputs if port.name == "states_threshold"}
    status = {f"{STATUS}{part}": value for part, value in expected.status(design, samples, driven).items()}
    text = render(
        "accel",
        "package/bench/bench.v.j2",
        top=top,
        inputs=inputs,
        outputs=outputs,
        sources=sources,
        sinks=sinks,
        steps={"file": "steps.hex", "count": len(cycles), "begins": begins},
        watchers=[*sources, *sinks, begins],
        memories=memories,
        tied=tied,
        status=status,
        results=len(leaving["m_axis"]),
        steps_sent=len(driven.turns),
        limit=driven.limit,
        reset_cycles=RESET_CYCLES,
        idle_after=IDLE_AFTER,
    )
    files = {name: read("accel", f"package/bench/{name}") for name in PARTS} | {f"{top}_bench.v": text}
    files |= {one.file: _beats(driven.sources[one.name], one.width) for one in sources}
    files |= {one.file: _words(driven, one, leaving[one.name]) for one in sinks}
    files["steps.hex"] = _hex("cycles to the next step", cycles, 32)
    ends, sent, left = (tuple(sources), tuple(sinks)), len(driven.turns), len(leaving["m_axis"])
    return Bench(files, *ends, tied, status, driven.limit, sent, left)


def _beats(beats: Iterable[Beat], width: int) -> str:
    packed = (beat.wait << width + 2 | beat.filler << width + 1 | beat.last << width | beat.word for beat in beats)
    return _hex(f"wait ({WAIT} bits), tuser, tlast, tdata ({width} bits)", packed, width + 2 + WAIT)


def _words(driven: Script, one: Stream, words: list[expected.Word]) -> str:
    pauses, width = driven.sinks[one.name], one.width
    packed = (
        pause << 2 * width + 1 | word.last << 2 * width | word.used << width | word.bits
        for pause, word in zip(pauses, words, strict=True)
    )
    return _hex(
        f"pause ({WAIT} bits), tlast, which bits of tdata count, tdata ({width} bits)", packed, 2 * width + 1 + WAIT
    )


def _hex(holds: str, words: Iterable[int], width: int) -> str:
    """A file for `$readmemh`, which says what a word of it holds, from the highest bit on."""
    digits = -(-width // 4)
    return "".join([f"// {holds}\n", *(f"{word:0{digits}x}\n" for word in words)])
