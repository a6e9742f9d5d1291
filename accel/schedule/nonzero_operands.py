"""What of every step is not zero, which decides its cycles where a dataflow skips zeros."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accel.architecture.network import Network
from accel.architecture.vector import Vector
from accel.base.fixed import Integers
from accel.model import golden
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.schedule.stage import TurnOperands
from accel.schedule.turns import Turn, turns

Operands = list[tuple[TurnOperands, ...]]
"""The operands of each turn, a layer each."""


def operands(net: Network, weights: Weights, samples: Samples) -> Operands:
    """What of every turn is not zero, as the golden model finds it."""
    taken = turns(samples.lengths.tolist(), net.spec.engine.streams)
    real = _counts(net, weights, samples.x, samples.lengths)
    empty = np.zeros((1, 1, net.spec.incoming.values), dtype=np.int64)
    filler = [] if all(turn.real for turn in taken) else _counts(net, weights, empty, np.array([1]))
    return [
        tuple(_operands(net, layer, turn, number) for layer in (real if turn.real else filler))
        for number, turn in enumerate(taken)
    ]


def dense_operands(net: Network, lengths: Sequence[int]) -> Operands:
    """Turns without a single zero."""
    longest = (len(lengths), max(lengths))
    full = [
        (
            _beats(np.ones((*longest, a.inputs), bool), a.x_vector),
            _beats(np.ones((*longest, a.outputs), bool), a.h_vector),
        )
        for a in net.layers
    ]
    taken = turns(lengths, net.spec.engine.streams)
    return [tuple(_operands(net, layer, turn, number) for layer in full) for number, turn in enumerate(taken)]


def _counts(net: Network, weights: Weights, x: Integers, lengths: Integers) -> list[tuple[Integers, Integers]]:
    """For each layer, what is not zero in every beat of x and of h: [sequences, steps, beats]."""
    found = []
    for array, trace in zip(net.layers, golden.run(net, weights, x, lengths).layers, strict=True):
        kept = np.abs(trace.h) >= weights.threshold_at(array)
        found.append((_beats(trace.read != 0, array.x_vector), _beats(kept, array.h_vector)))
    return found


def _beats(counts: np.ndarray, vector: Vector) -> Integers:
    """Elements that count, [..., elements], as their number in each beat."""
    spare = vector.beats * vector.words - counts.shape[-1]
    padded = np.pad(counts, [(0, 0)] * (counts.ndim - 1) + [(0, spare)])
    found: Integers = padded.reshape(*counts.shape[:-1], vector.beats, vector.words).sum(axis=-1)
    return found


def _operands(net: Network, layer: tuple[Integers, Integers], turn: Turn, number: int) -> TurnOperands:
    x, h = (counts[max(0, turn.sequence), turn.step].tolist() for counts in layer)
    stateful = net.spec.model.stateful
    return TurnOperands(x, h if stateful or not turn.final else None, fresh=number == 0 if stateful else turn.step == 0)
