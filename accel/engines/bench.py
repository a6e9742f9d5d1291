"""The one test bench of the hardware engines: what is driven, what is recorded, and what it means.

The first half of the steps runs freely, so that cycles can be counted; the rest has gaps in the input stream and
back-pressure on the output. One sequence ends in the middle of an x_t (`accel.engines.torn`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from accel.architecture.latencies import byte_width
from accel.base.fixed import Integers
from accel.engines.engine import EngineFailed
from accel.engines.status import frames
from accel.engines.torn import sent_beats
from accel.memory.load_frame import fed_beats
from accel.model.design import Design
from accel.model.golden import before
from accel.model.samples import Samples, state_formats
from accel.schedule.schedule import schedule
from accel.schedule.turns import Turn, all_turns

RESET_CYCLES = 16
"""Longer than any pipeline of valid bits that reset does not reach at once."""
IDLE_AFTER = 64
"""Cycles watched after the last expected result, for results that should not come."""


@dataclass(frozen=True)
class Beat:
    """One input beat: cycles to wait before it is presented, its word, its `tlast`, and its `tuser` if it has one."""

    wait: int
    word: int
    last: bool
    filler: bool = False


@dataclass(frozen=True)
class Script:
    """Everything a bench drives and expects to count.

    `turns` are the steps in the order of the input. `sources` maps input streams to their beats, `sinks` output streams
    to the cycles that they are not ready before each word; the first `free` turns run freely; `limit` bounds the run.
    """

    turns: tuple[Turn, ...]
    sources: dict[str, tuple[Beat, ...]]
    sinks: dict[str, tuple[int, ...]]
    free: int
    limit: int
    threshold: int
    """Where the column dataflow has one: what counts as zero of h, given under reset."""


@dataclass
class Record:
    """What a bench saw. Cycles count from the first one after reset; words are unsigned.

    `unknown` tells whether an unknown value reached a port (where the simulator knows such values). `taken` maps
    an input stream to how many beats it gave, `sinks` an output stream to (cycle, word, `tlast`) of what left it.
    `layers` maps layer name to `begin` (cycles), `gates`, `c` (what cells keep) and `h` (words in order) and `queued`
    (most entries in the queue of h), `logits` are the words of the head, `linear` maps the name of a linear layer in
    front of it to its sums (`logit`) and what leaves it (`out`), words in order, `status` maps the parts of the status
    word to what they were in the last cycle, number `cycles`.
    """

    unknown: bool = False
    taken: dict[str, int] = field(default_factory=dict)
    sinks: dict[str, list[tuple[int, int, bool]]] = field(default_factory=dict)
    layers: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    logits: list[int] = field(default_factory=list)
    linear: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    cycles: int = 0


def blank(layers: Sequence[str], driven: Script) -> Record:
    """A record of nothing yet."""
    return Record(
        taken=dict.fromkeys(driven.sources, 0),
        sinks={name: [] for name in driven.sinks},
        layers={name: {"begin": [], "gates": [], "c": [], "h": [], "queued": []} for name in layers},
    )


def unseen() -> dict[str, list[int]]:
    """What is recorded of a linear layer in front of the head's last one: nothing yet."""
    return {"logit": [], "out": []}


def complete(record: Record, driven: Script) -> bool:
    """Whether everything was taken, and everything came that was expected."""
    return next(_missing(record, driven), None) is None


def require_results(record: Record, driven: Script) -> None:
    """Raises EngineFailed where results stayed away until the limit, or an input stream was not taken to its end."""
    for missing in _missing(record, driven):
        raise EngineFailed(f"{missing} after {driven.limit} cycles")


def _missing(record: Record, driven: Script) -> Iterator[str]:
    for name, pauses in driven.sinks.items():
        if len(record.sinks[name]) < len(pauses):
            what = "result words" if name == "m_axis" else f"words of {name}"
            yield f"{len(record.sinks[name])} of {len(pauses)} {what}"
    for name, beats in driven.sources.items():
        if record.taken[name] < len(beats):
            yield f"{record.taken[name]} of {len(beats)} beats of {name}"


def script(design: Design, samples: Samples, seed: int = 1) -> Script:
    """Drive samples; the second half of the steps with gaps and back-pressure (few steps run freely altogether)."""
    rng = random.Random(seed)
    lengths = [int(length) for length in samples.lengths]
    given_state = design.spec.engine.state_streams
    order = all_turns(lengths, design.spec.engine.streams, design.net.layers[0].given_state)
    taken = [turn for turn in order if turn.is_step]
    free = len(taken) if len(taken) < 4 else len(taken) // 2 + 1
    beats: list[Beat] = []
    pauses: list[int] = []
    for number, (turn, sent) in enumerate(zip(taken, sent_beats(design, samples, taken), strict=True)):
        stalls = number >= free
        x_t = samples.x[turn.sequence, turn.step] if turn.real else np.zeros_like(samples.x[0, 0])
        words = list(_words(design, x_t))[:sent]
        for place, word in enumerate(words):
            wait = rng.choice((0, 0, 1, 5)) if stalls else 0
            beats.append(Beat(wait, word, turn.final and place == len(words) - 1, not turn.real))
        pauses += [rng.choice((0, 0, 3, 40)) if stalls else 0 for _ in range(result_words(design, turn))]
    sources, sinks = {"s_axis": tuple(beats)}, {"m_axis": tuple(pauses)}
    if design.spec.engine.memory == "scratchpad":
        loads = frames(design)
        sources["s_weights"] = tuple(Beat(0, word, n == len(load) - 1) for load in loads for n, word in enumerate(load))
    if given_state:
        steps = [n for n, turn in enumerate(order) if turn.is_step]
        calm = steps[free] if free < len(steps) else len(order)
        for number, array in enumerate(design.net.layers):
            waits = [rng.choice((0, 0, 1, 5)) if n >= calm else 0 for n, turn in enumerate(order) if not turn.is_step]
            sources[f"s_state_{array.name}"] = tuple(_frames(design, samples, order, number, waits))
            ends = [n for n, turn in enumerate(order) if turn.final and turn.real]
            sinks[f"m_state_{array.name}"] = tuple(
                rng.choice((0, 0, 3, 40)) if n >= calm else 0 for n in ends for _ in range(array.output_beats)
            )
    if design.spec.engine.memory == "stream":
        sources |= {f"s_weights_{name}": beats for name, beats in _fed(design, order, rng, free)}
    built = schedule(design)
    limit = 2 * built.finish(lengths, built.loads(samples)) + 1000
    limit += sum(beat.wait + 1 for source in sources.values() for beat in source) + sum(map(sum, sinks.values()))
    return Script(tuple(taken), sources, sinks, free, limit, design.weights.threshold)


def _fed(
    design: Design, order: Sequence[Turn], rng: random.Random, free: int
) -> Iterator[tuple[str, tuple[Beat, ...]]]:
    """Weights of every array, once a turn; slower, now and then, behind the steps that run freely."""
    steps = [n for n, turn in enumerate(order) if turn.is_step]
    calm = steps[free] if free < len(steps) else len(order)
    for array, layer in zip(design.net.arrays, design.weights.layers, strict=True):
        taken = order if array.recurrent else [turn for turn in order if turn.is_step and computes(design, turn)]
        words = fed_beats(array, layer)
        yield (
            array.name,
            tuple(
                Beat(rng.choice((0, 0, 0, 7)) if array.recurrent and n >= calm else 0, word, place == len(words) - 1)
                for n in range(len(taken))
                for place, word in enumerate(words)
            ),
        )


def _frames(
    design: Design, samples: Samples, order: Sequence[Turn], number: int, waits: Sequence[int]
) -> Iterator[Beat]:
    """What a layer begins each sequence with (h_0 and c_0 of an LSTM), zeros for one that fills a turn."""
    assert samples.states is not None
    array, count = design.net.layers[number], len(design.net.layers[number].cell.states)
    step, cells = byte_width(max(fmt.width for fmt in state_formats(design.spec))), array.cells
    states = before(design.net, samples.states)[number]
    taken = [turn for turn in order if not turn.is_step]
    for turn, wait in zip(taken, waits, strict=True):
        sides = np.zeros((count, array.output_beats * cells), dtype=np.int64)
        if turn.real:
            sides[:, : array.outputs] = states[turn.sequence].reshape(count, -1)
        for beat in range(array.output_beats):
            values = sides[:, beat * cells : (beat + 1) * cells].ravel()
            word = sum((int(value) & (1 << step) - 1) << n * step for n, value in enumerate(values))
            yield Beat(wait if beat == 0 else 0, word, beat == array.output_beats - 1)


def _words(design: Design, x_t: Integers) -> Iterator[int]:
    """Beats of one x_t, each value in whole bytes."""
    array = design.net.layers[0]
    step, count = byte_width(array.x.width), array.input_words
    for start in range(0, array.inputs, count):
        values = x_t[start : start + count]
        yield sum((int(value) & ((1 << step) - 1)) << n * step for n, value in enumerate(values))


def computes(design: Design, turn: Turn) -> bool:
    """Whether the head has something to do in a turn."""
    head = design.spec.model.head
    return head is None or head.when == "step" or turn.final


def result_words(design: Design, turn: Turn) -> int:
    """Result words of a turn; those of a filler do not leave."""
    head, last = design.spec.model.head, design.net.arrays[-1]
    if not turn.real or not computes(design, turn):
        return 0
    return 1 if head and head.kind == "argmax" else last.output_beats
