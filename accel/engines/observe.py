"""What the bench of the hardware engines recorded, as signals of every step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.latencies import byte_width
from accel.base.fixed import Integers
from accel.engines.bench import Record, Script
from accel.engines.dataflows import CHECKED
from accel.engines.engine import LOGITS, EngineFailed, Observed, Ports
from accel.engines.flags import check_flags
from accel.engines.script import computes, result_words
from accel.engines.shared import by_layer
from accel.engines.status import status_of
from accel.model.design import Design
from accel.schedule.turns import Turn, in_order


def observe(design: Design, driven: Script, record: Record) -> Observed:
    """A record as signals of every step. Raises EngineFailed where the stream's protocol was broken."""
    layers = design.in_hardware.net.layers
    signals = by_layer(design, {array.name: _layer(array, driven, record) for array in layers})
    answering = [turn for turn in driven.turns if computes(design, turn)]
    for array in (*design.net.feeding, *design.net.linear):
        widths, seen = {SUM: array.sum_width, OUT: array.made.width}, record.linear[array.name]
        words = zip(widths.items(), (seen["logit"], seen["out"]), strict=True)
        turns = driven.turns if array in design.net.feeding else answering
        signals[array.name] = {name: _answers(array, width, one, turns) for (name, width), one in words}
    if design.net.head is not None:
        head = design.net.head
        signals[head.name] = {LOGITS: _answers(head, head.sum_width, record.logits, answering)}
    _check_ends(design, driven, record)
    check_flags(design, driven, record)
    if record.status["cycles"] != record.cycles:
        raise EngineFailed(f"status word: wanted {record.cycles} cycles, got {record.status['cycles']}")
    check_queues(design, record)
    _check_begins(design, driven, record)
    begins = record.layers[layers[0].name]["begin"][: driven.free]
    cycles = [after - before for before, after in pairwise(begins)]
    status = status_of(design, driven.turns, record.status)
    step_cycles = np.array(cycles, dtype=np.int64)
    last_states = _last_states(design, driven, record)
    ports = Ports(record.outputs, record.ports) if driven.watched else None
    outputs, lags = _outputs(design, driven, record), _lags(design, driven, record)
    return Observed(signals, outputs, step_cycles, status, last_states, lags, ports)


def _lags(design: Design, driven: Script, record: Record) -> list[Integers]:
    """Cycles from the begin of each step that ran freely at the first layer to its begin at each later one."""
    first, *later = ([*record.layers[array.name]["begin"]][: driven.free] for array in design.in_hardware.net.layers)
    return [np.array(layer, dtype=np.int64) - np.array(first[: len(layer)], dtype=np.int64) for layer in later]


def _check_begins(design: Design, driven: Script, record: Record) -> None:
    """Every step began once at every layer."""
    for array in design.in_hardware.net.layers:
        begun = len(record.layers[array.name]["begin"])
        if begun != len(driven.turns):
            raise EngineFailed(f"{array.name}: {begun} steps began, not {len(driven.turns)}")


def _layer(array: Array, driven: Script, record: Record) -> dict[str, Integers]:
    formats = array.formats
    seen, rows = record.layers[array.name], len(array.cell.level.gates)
    widths = {"c": formats.cell.width, "h": formats.state.width}
    carried, read = (_vectors(seen[name], array.cells, width, array.output_beats) for name, width in widths.items())
    gates = _vectors(seen["gates"], array.cells * rows, formats.activation.width, array.output_beats)
    gates = gates.reshape(len(gates), -1, rows)
    found: dict[str, Integers] = {}
    for place, level in enumerate(array.cell.levels):
        own = slice(place, None, array.unit_levels)
        found |= {level.carried: carried[own], level.state: read[own]}
        found |= {name: gates[own, :, n] for n, name in enumerate(level.gates)}
    return {name: ordered(values[:, : array.outputs], driven.turns) for name, values in found.items()}


def _answers(array: Array, width: int, words: Sequence[int], turns: Sequence[Turn]) -> Integers:
    """Values of a linear layer, a row for each of the turns that it answers in; those of fillers are left out."""
    return ordered(_vectors(words, array.cells, width, array.output_beats)[:, : array.outputs], turns)


def ordered(rows: Integers, taken: Sequence[Turn]) -> Integers:
    """[turns, values] to [real steps, values], sequence by sequence; rows that should not be there stay at the end."""
    order = [place for place in in_order(taken) if place < len(rows)]
    return np.concatenate([rows[order], rows[len(taken) :]])


def _vectors(words: Sequence[int], count: int, width: int, beats: int) -> Integers:
    """Words of `count` signed values each to [steps, beats * count]. EngineFailed where one is cut short."""
    if len(words) % beats:
        raise EngineFailed(f"{len(words)} words where vectors have {beats}: one is cut short")
    mask, sign = (1 << width) - 1, 1 << (width - 1)
    values = [((word >> n * width & mask) ^ sign) - sign for word in words for n in range(count)]
    return np.array(values, dtype=np.int64).reshape(-1, beats * count)


def _outputs(design: Design, driven: Script, record: Record) -> Integers:
    """Results, a row each, as the golden model gives them."""
    head, last = design.spec.model.head, design.net.arrays[-1]
    words = [word for _, word, _ in record.sinks["m_axis"]]
    if head and head.kind == "argmax":
        rows = np.array(words, dtype=np.int64).reshape(-1, 1)
    else:
        width = byte_width(last.sum_width if head else last.h.width)
        rows = _vectors(words, last.cells, width, last.output_beats)[:, : last.outputs]
    return ordered(rows, [turn for turn in driven.turns if result_words(design, turn)])


def check_queues(design: Design, record: Record) -> None:
    """No queue of h ever held more than it has places, and where one is, it was watched."""
    for array in design.in_hardware.net.layers:
        if fault := CHECKED[array.dataflow].fault(array, record.layers[array.name]):
            raise EngineFailed(fault)


def _check_ends(design: Design, driven: Script, record: Record) -> None:
    """`tlast` marks the last result word of each sequence and no other."""
    counts = np.cumsum([result_words(design, turn) for turn in driven.turns])
    ends = [int(count) for count, turn in zip(counts, driven.turns, strict=True) if turn.final and turn.real]
    marked = [n + 1 for n, (_, _, last) in enumerate(record.sinks["m_axis"]) if last]
    if marked != ends:
        raise EngineFailed(f"tlast: wanted after results {ends[:8]}, got after {marked[:8]}")


def _last_states(design: Design, driven: Script, record: Record) -> Integers | None:
    """The states of every sequence as they left, laid out as `Samples.states`."""
    if not design.spec.engine.state_streams:
        return None
    parts = []
    ends = [turn for turn in driven.turns if turn.final and turn.real]
    for array in design.net.layers:
        seen = record.sinks[f"m_state_{array.name}"]
        marked = [n for n, (_, _, last) in enumerate(seen) if last]
        wanted = [(n + 1) * array.output_beats - 1 for n in range(len(ends))]
        if marked != wanted:
            raise EngineFailed(f"tlast of m_state_{array.name}: wanted with words {wanted[:8]}, got {marked[:8]}")
        count, step = len(array.cell.states), byte_width(max(fmt.width for fmt in array.state_formats))
        words = _vectors([word for _, word, _ in seen], count * array.cells, step, array.output_beats)
        sides = words.reshape(len(words), array.output_beats, count, array.cells)
        parts += [sides[:, :, side].reshape(len(words), -1)[:, : array.outputs] for side in range(count)]
    return np.concatenate(parts, axis=1)[in_order(ends)]
