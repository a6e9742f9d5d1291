"""What has to leave an accelerator that the engines' bench drives, word for word: the golden model's answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from accel.architecture.latencies import byte_width
from accel.base.fixed import Integers
from accel.engines.bench import Script
from accel.engines.engine import Observed, Status, filler_status, reference, sum_status
from accel.engines.flags import final
from accel.engines.script import result_words
from accel.engines.status import SIGNALS
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.layers import result_width
from accel.schedule.schedule import schedule
from accel.schedule.turns import Turn, in_order


@dataclass(frozen=True)
class Word:
    """A word that leaves, and its `tlast`. Bits outside of `used` mean nothing: a vector may leave its end free."""

    bits: int
    used: int
    last: bool


def streams(design: Design, samples: Samples, driven: Script) -> dict[str, list[Word]]:
    """The words of every output stream, by its name."""
    golden = reference(design, samples)
    return {"m_axis": list(_results(design, driven, golden.outputs)), **_states(design, driven, golden)}


def intervals(design: Design, samples: Samples, driven: Script) -> list[int]:
    """Cycles from each step that runs freely to the next one, as the schedule promises them."""
    return [int(cycles) for cycles in schedule(design).intervals(samples)[: max(0, driven.free - 1)]]


def status(design: Design, samples: Samples, driven: Script) -> dict[str, int]:
    """The status word at the end, but for its cycles, by part."""
    fillers = sum(not turn.real for turn in driven.turns)
    counted = [_counted(reference(design, samples)), *([filler_status(design)] if fillers else [])]
    whole = sum_status(counted, [1, fillers][: len(counted)])
    named = {f"{layer}_{signal}": whole.saturations[layer][signal] for layer in whole.saturations for signal in SIGNALS}
    return {"steps": whole.steps, **named, **final(design, driven)}


def _counted(golden: Observed) -> Status:
    assert golden.status is not None
    return golden.status


def _results(design: Design, driven: Script, outputs: Integers) -> Iterator[Word]:
    head, last = design.spec.model.head, design.net.arrays[-1]
    given = [turn for turn in driven.turns if result_words(design, turn)]
    classes = head is not None and head.kind == "argmax"
    width = byte_width(result_width(design))
    for turn, row in zip(given, _leaving(outputs, given), strict=True):
        beats = packed(row, 1 if classes else last.cells, width)
        yield from _ended(beats) if turn.final else beats


def _states(design: Design, driven: Script, golden: Observed) -> dict[str, list[Word]]:
    """h_n and c_n of every layer, where they leave: a frame a sequence, cells by cells, h before c."""
    if golden.last_states is None:
        return {}
    ends = [turn for turn in driven.turns if turn.final and turn.real]
    rows, found = _leaving(golden.last_states, ends), {}
    sizes = [len(array.cell.states) * array.outputs for array in design.net.layers]
    for array, (first, after) in zip(design.net.layers, pairwise(np.cumsum([0, *sizes]).tolist()), strict=True):
        words: list[Word] = []
        width = byte_width(max(fmt.width for fmt in array.state_formats))
        for row in rows:
            sides = row[first:after].reshape(len(array.cell.states), -1)
            sides = [packed(side, array.cells, width) for side in sides]
            words += _ended([_beside(parts, array.cells * width) for parts in zip(*sides, strict=True)])
        found[f"m_state_{array.name}"] = words
    return found


def _leaving(rows: Integers, given: Sequence[Turn]) -> Integers:
    """Rows sequence by sequence in the order in which their turns come."""
    order = np.empty_like(rows)
    order[in_order(given)] = rows
    return order


def packed(values: Integers, count: int, width: int) -> list[Word]:
    """Words of `count` of the values [values] each, the first one lowest, two's complement in `width` bits."""
    one = (1 << width) - 1
    beats = (values[start : start + count] for start in range(0, len(values), count))
    return [
        Word(sum((int(value) & one) << n * width for n, value in enumerate(beat)), (1 << len(beat) * width) - 1, False)
        for beat in beats
    ]


def _beside(parts: Sequence[Word], width: int) -> Word:
    """Words of `width` bits side by side in one, the first one lowest."""
    bits, used = (sum(getattr(part, name) << n * width for n, part in enumerate(parts)) for name in ("bits", "used"))
    return Word(bits, used, False)


def _ended(words: Sequence[Word]) -> list[Word]:
    return [*words[:-1], replace(words[-1], last=True)]
