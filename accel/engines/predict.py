"""The accelerator's answers to a person's own sequences: real numbers in, its integers inside, real numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accel.base.faults import Different, Fault, Refused
from accel.base.fixed import Integers
from accel.engines.engine import Engine, reference
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.sequences import Array, Data
from accel.spec import Spec

NO_CLASS = -1
"""The answer of a step behind the end of a sequence, where answers are classes; NaN where they are numbers."""


@dataclass(frozen=True)
class Prediction:
    """Answers to some sequences.

    `y` is [sequences, steps, outputs], or [sequences, outputs] of a head that answers after the last step: logits as
    real numbers, or h_t where there is no head. Of a head that answers with a class it is int64 [sequences, steps] or
    [sequences]. `clipped` is the share of x that `formats.input` does not hold.
    """

    y: Array
    clipped: float


def predict(design: Design, data: Data, engine: Engine, name: str) -> Prediction:
    """Run an engine on real sequences, from h = c = 0. x is rounded to `formats.input` as everywhere, half up, clipped.

    Raises Different where the engine's answers are not the golden model's, and what the engine raises.
    """
    samples = quantized(design, data)
    found = engine(design, samples).outputs
    wanted = reference(design, samples).outputs
    if found.shape != wanted.shape or np.any(found != wanted):
        raise Different({}, "", f"{name} does not answer what the golden model does")
    return Prediction(real(design, found, data.lengths), clipped(design, data))


def quantized(design: Design, data: Data) -> Samples:
    """The sequences as the accelerator takes them. Refused: longer ones than it holds."""
    spec, count = design.spec, len(data.x)
    require_short(spec, data)
    values = sum(array.outputs * len(array.state_formats) for array in design.net.layers)
    states = np.zeros((count, values), dtype=np.int64) if spec.engine.state_streams else None
    return Samples(spec.incoming.integers(data.x), data.lengths, np.full(count, -1), states)


def require_short(spec: Spec, data: Data) -> None:
    """Refuse sequences that the buffers of bidirectional layers do not hold."""
    most = int(data.lengths.max())
    if spec.model.longest is not None and most > spec.model.longest:
        wanted = f"sequences of at most {spec.model.longest} steps (model.longest)"
        raise Refused([Fault(data.origin, wanted, f"one of {most}")])


def clipped(design: Design, data: Data) -> float:
    """Share of the real steps' x beyond the ends of the input's format; none of tokens."""
    fmt = design.spec.incoming.fmt
    steps = data.x[np.arange(data.x.shape[1]) < data.lengths[:, None]]
    rounded = np.floor(steps * 2.0**fmt.frac + 0.5)
    return float(np.mean((rounded < fmt.lo) | (rounded > fmt.hi)))


def real(design: Design, outputs: Integers, lengths: Integers) -> Array:
    """Results [results, values] of all sequences in order as numbers or classes, laid out as `Prediction.y`."""
    head = design.spec.model.head
    values: Array = outputs / 2.0 ** _frac(design)
    nothing: Any = np.nan
    if head is not None and head.kind == "argmax":
        values, nothing = outputs[:, 0], NO_CLASS
    if head is not None and head.when == "last":
        return np.asarray(values)
    steps = np.arange(lengths.max()) < lengths[:, None]
    y = np.full((*steps.shape, *values.shape[1:]), nothing, values.dtype)
    y[steps] = values
    return y


def _frac(design: Design) -> int:
    """Fraction bits of what leaves: logits in the head's exact accumulator, or h_t."""
    return design.net.layers[-1].h.frac if design.net.head is None else design.net.head.frac
