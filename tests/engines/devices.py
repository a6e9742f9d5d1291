"""Engines under test: a faultless one that measures, and such as are changed or raise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from accel.engines.covered import Covered, Sequences
from accel.engines.engine import Engine, Observed, golden
from accel.engines.memories import Memories
from accel.engines.verify import DeviceUnderTest, Result, Verification, verify
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from tests.designs import design, spec

CYCLES, LAG = 24, 31
HELD = Memories("equal", 1, 1, 0, ())
REACHED = Covered(1, 1, (), (), ())


class Even:
    """A schedule in which every step takes the same number of cycles."""

    busy = 0.5

    def cycles_over(self, samples: Samples) -> int:
        return CYCLES

    def busy_over(self, samples: Samples) -> float:
        return self.busy

    def intervals(self, samples: Samples) -> np.ndarray:
        return np.full(samples.steps - 1, CYCLES)

    def lags(self, samples: Samples) -> list[np.ndarray]:
        return [np.full(samples.steps, LAG)]


def clocked(given: Design, inputs: Samples) -> Observed:
    """A faultless engine that measures."""
    seen = golden(given, inputs)
    seen.step_cycles = np.full(inputs.steps - 1, CYCLES)
    seen.lags = [np.full(inputs.steps, LAG)]
    return seen


def faulty(change: Callable[[Observed], None]) -> Engine:
    """A faultless engine whose observation is then changed."""

    def engine(given: Design, inputs: Samples) -> Observed:
        seen = clocked(given, inputs)
        change(seen)
        return seen

    return engine


def raising(error: Exception) -> Engine:
    def engine(given: Design, inputs: Samples) -> Observed:
        raise error

    return engine


def verified(work: Path, devices: dict[str, DeviceUnderTest], **sections: dict) -> Verification:
    made = design(spec(**sections), work)
    real = samples.seeded(made.spec, 7, 5)
    given = Sequences(samples.corners(made.spec), real, 7, samples.brief(made.spec, 0), None)
    return verify(made, given, devices, Even(), HELD, REACHED)


def compared(work: Path, engine: Engine, **kind: bool) -> Result:
    """Verifies one engine on seven sequences of one step to five, after four corners of four steps."""
    return verified(work, {"it": DeviceUnderTest(engine, **kind)}).engines[0]


def flip_h(seen: Observed) -> None:
    seen.signals["lstm0"]["h"][17, 5] ^= 1
