"""The one test bench of the hardware engines: what is driven, what is recorded, and what it means.

The first half of the sequences runs freely, so that cycles can be counted; the rest has gaps in the input stream and
back-pressure on the output.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from accel.engines.engine import Design, EngineFailed, Observed
from accel.fixed import Integers
from accel.golden import GATES
from accel.pipeline import byte_width
from accel.samples import Samples
from accel.schedule import schedule

RESET_CYCLES = 16
"""Longer than any pipeline of valid bits that reset does not reach at once."""
IDLE_AFTER = 64
"""Cycles watched after the last expected result, for results that should not come."""


@dataclass(frozen=True)
class Beat:
    """One input beat: cycles to wait before it is presented, its word, and whether it ends a sequence."""

    wait: int
    word: int
    last: bool


@dataclass(frozen=True)
class Script:
    """Everything a bench drives and expects to count.

    `pauses` are the cycles that the output is not ready before each result word; `limit` bounds the run.
    """

    beats: tuple[Beat, ...]
    pauses: tuple[int, ...]
    limit: int
    free: int
    """Sequences that run freely."""


@dataclass
class Record:
    """What a bench saw. Cycles count from the first one after reset; words are unsigned.

    `layers` maps layer name to `begin` (cycles), `gates`, `c` and `h` (words in order).
    """

    started: int = 0
    results: list[tuple[int, int, bool]] = field(default_factory=list)
    layers: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def script(design: Design, samples: Samples, seed: int = 1) -> Script:
    """Drive samples; the second half of the sequences (where there is more than one) with gaps and back-pressure."""
    rng = random.Random(seed)
    free = -(-len(samples.lengths) // 2)
    beats: list[Beat] = []
    pauses: list[int] = []
    results = _results_of(design)
    for number, length in enumerate(samples.lengths):
        stalls = number >= free
        for step in range(int(length)):
            for place, word in enumerate(_words(design, samples.x[number, step])):
                last = step == length - 1 and place == design.net.layers[0].input_beats - 1
                beats.append(Beat(rng.choice((0, 0, 1, 5)) if stalls else 0, word, last))
        pauses += [rng.choice((0, 0, 3, 40)) if stalls else 0 for _ in range(results(int(length)))]
    limit = 2 * schedule(design).finish([int(n) for n in samples.lengths]) + 1000
    limit += sum(beat.wait for beat in beats) + sum(pauses)
    return Script(tuple(beats), tuple(pauses), limit, free)


def _results_of(design: Design):  # type: ignore[no-untyped-def]
    """Result words of a sequence of some steps."""
    head, last = design.spec.model.head, design.net.arrays[-1]
    words = 1 if head and head.kind == "argmax" else last.output_beats
    return lambda steps: words if head and head.when == "last" else words * steps


def _words(design: Design, x_t: Integers) -> Iterator[int]:
    """Beats of one x_t, each value in whole bytes."""
    array = design.net.layers[0]
    step, count = byte_width(array.x.width), array.input_words
    for start in range(0, array.inputs, count):
        values = x_t[start : start + count]
        yield sum((int(value) & ((1 << step) - 1)) << n * step for n, value in enumerate(values))


def observe(design: Design, samples: Samples, driven: Script, record: Record) -> Observed:
    """A record as signals of every step. Raises EngineFailed where the stream's protocol was broken."""
    signals = {array.name: _layer(design, number, samples, record) for number, array in enumerate(design.net.layers)}
    _check_ends(design, samples, record)
    outputs = _outputs(design, [word for _, word, _ in record.results])
    return Observed(signals, outputs, _step_cycles(design, samples, driven, record))


def _layer(design: Design, number: int, samples: Samples, record: Record) -> dict[str, Integers]:
    array, formats = design.net.layers[number], design.spec.formats
    seen = record.layers[array.name]
    widths = {"c": formats.cell.width, "h": formats.state.width}
    found = {name: _vectors(seen[name], array.cells, width, array.output_beats) for name, width in widths.items()}
    gates = _vectors(seen["gates"], array.cells * 4, formats.activation.width, array.output_beats)
    by_unit = gates.reshape(len(gates), -1, 4)
    found |= {name: by_unit[:, :, n] for n, name in enumerate(GATES)}
    return {name: values[:, : array.outputs] for name, values in found.items()}


def _vectors(words: Sequence[int], count: int, width: int, beats: int) -> Integers:
    """Words of `count` signed values each to [steps, beats * count]; a step cut short is left out."""
    whole = len(words) // beats * beats
    mask, sign = (1 << width) - 1, 1 << (width - 1)
    values = [((word >> n * width & mask) ^ sign) - sign for word in words[:whole] for n in range(count)]
    return np.array(values, dtype=np.int64).reshape(-1, beats * count)


def _outputs(design: Design, words: Sequence[int]) -> Integers:
    """Result words to [results, values], as the golden model gives them."""
    head, last = design.spec.model.head, design.net.arrays[-1]
    if head and head.kind == "argmax":
        return np.array(words, dtype=np.int64).reshape(-1, 1)
    width = byte_width(last.sum_width if head else last.h.width)
    return _vectors(words, last.cells, width, last.output_beats)[:, : last.outputs]


def _check_ends(design: Design, samples: Samples, record: Record) -> None:
    """`tlast` marks the last result of each sequence and no other."""
    ends = np.cumsum([_results_of(design)(int(length)) for length in samples.lengths])
    marked = [n + 1 for n, (_, _, last) in enumerate(record.results) if last]
    if marked != ends.tolist():
        raise EngineFailed(f"tlast: wanted after results {ends.tolist()[:8]}, got after {marked[:8]}")


def _step_cycles(design: Design, samples: Samples, driven: Script, record: Record) -> Integers:
    """Cycles between the first layer's steps of the sequences that ran freely."""
    steps = int(samples.lengths[: driven.free].sum())
    begins = np.array(record.layers[design.net.layers[0].name]["begin"][:steps], dtype=np.int64)
    return np.diff(begins)
