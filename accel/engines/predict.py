"""The accelerator's answers to a person's own sequences: real numbers in, its integers inside, real numbers out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accel.base.faults import Different, Fault, Refused
from accel.base.fixed import Fixed, Integers
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
    [sequences]. `clipped` is the share of x that `formats.input` does not hold. `last` are h_n and c_n as real numbers
    [sequences, values], laid out as `accel.model.samples.Samples.states`, where the spec has `engine.state_streams`.
    """

    y: Array
    clipped: float
    last: Array | None = None


def predict(design: Design, data: Data, engine: Engine, name: str, begin: Array | None = None) -> Prediction:
    """Run an engine on real sequences, from h = c = 0 or from `begin`, laid out as `Prediction.last`. x and states are
    rounded to their formats as everywhere, half up, clipped.

    Refused: what `quantized` refuses. Raises Different where the engine's answers, or its h_n and c_n, are not the
    golden model's, and what the engine raises.
    """
    samples = quantized(design, data, begin)
    found, wanted = engine(design, samples), reference(design, samples)
    pairs = [(found.outputs, wanted.outputs)]
    if found.last_states is not None and wanted.last_states is not None:
        pairs.append((found.last_states, wanted.last_states))
    if any(not np.array_equal(*pair) for pair in pairs):
        raise Different({}, "", f"{name} does not answer what the golden model does")
    last = None if found.last_states is None else state_values(design, found.last_states)
    return Prediction(real(design, found.outputs, data.lengths), clipped(design, data), last)


def quantized(design: Design, data: Data, begin: Array | None = None) -> Samples:
    """The sequences as the accelerator takes them, from zeros or from `begin`. Refused: longer ones than it holds;
    states of another shape, and where no stream brings them.
    """
    spec, count = design.spec, len(data.x)
    require_short(spec, data)
    samples = Samples(spec.incoming.integers(data.x), data.lengths, np.full(count, -1))
    if begin is not None and not spec.engine.state_streams:
        raise Refused([Fault(f"{data.origin}: states", "none without engine.state_streams", str(list(begin.shape)))])
    if not spec.engine.state_streams:
        return samples
    formats = _state_formats(design)
    given = np.zeros((count, len(formats))) if begin is None else begin
    if given.shape != (count, len(formats)) or not np.isfinite(given).all():
        wanted = f"finite numbers [{count}, {len(formats)}], of each layer h_0, then c_0"
        raise Refused([Fault(f"{data.origin}: states", wanted, str(list(given.shape)))])
    columns = [fmt.quantize(values) for fmt, values in zip(formats, given.T, strict=True)]
    return replace(samples, states=np.stack(columns, axis=1))


def state_values(design: Design, states: Integers) -> Array:
    """h and c as they leave the accelerator, [sequences, values], as real numbers."""
    return np.stack([fmt.real(one) for fmt, one in zip(_state_formats(design), states.T, strict=True)], axis=1)


def _state_formats(design: Design) -> list[Fixed]:
    """The format of each value of all layers' states."""
    return [fmt for array in design.net.layers for fmt in array.state_formats for _ in range(array.outputs)]


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
