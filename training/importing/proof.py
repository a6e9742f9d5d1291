"""The network that was read against the user's own file: the same x through both, and the answers compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing.network import Array, Begin, Ending, FloatNetwork, ended

SINGLE, DOUBLE = 1e-5, 1e-6
"""Difference that rounding is allowed, against the largest sum of magnitudes behind an output. In double precision it
comes from constants that the file computes from others in single precision."""
STEEPEST: dict[Ending, float] = {"softmax": 0.5, "log_softmax": 2.0, "sigmoid": 0.25}
"""How far an answer moves at most where every logit moves by one."""
NOISE = 50
"""Allowance for chaotic networks: this many times the difference that single precision makes in the network itself."""
DROWNED = 1e-2
"""Relative noise beyond which single precision tells nothing."""
SEED = 1
"""Of h_0 and c_0 where inputs of the file bring them."""
FLOOR = 1e-2
"""|h| below this counts as this in a sum of magnitudes."""


@dataclass(frozen=True)
class Executor:
    """Something that runs the file without our reading of it."""

    name: str
    exact: bool
    """Whether in double precision, so that rounding is no excuse."""
    run: Callable[[Array, Begin], Array]
    """x [sequences, steps, inputs], h_0 and c_0 to answers [sequences, steps or 1, outputs]. Raises CannotRun."""


class CannotRun(Exception):
    """An executor that does not get to the end of the file."""


@dataclass(frozen=True)
class Proof:
    """That file and network answer alike, and how far apart they are at most."""

    by: str
    sequences: int
    steps: int
    inputs: str
    """`random`, or the file of the data."""
    largest_difference: float
    allowed: float

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def prove(network: FloatNetwork, x: Array, executors: Iterable[Executor], place: str, inputs: str) -> Proof:
    """Compare on x [sequences, steps, inputs]. The first executor that can run the file, and sharply enough, decides.

    Refused where the answers differ beyond rounding, and where nothing can run the file.
    """
    begin = network.begin(len(x), SEED)
    for executor in executors:
        try:
            answers = executor.run(x, begin)
        except CannotRun:
            continue
        found = difference(network, x, begin, answers, executor.exact)
        if found is None:
            continue
        largest, allowed = found
        if not largest <= allowed:
            wanted = f"the answers of the network that was read from it, within {allowed:.1e} ({executor.name})"
            raise Refused([Fault(place, wanted, f"a difference of {largest:.3g}")])
        return Proof(executor.name, x.shape[0], x.shape[1], inputs, largest, allowed)
    raise Refused([Fault(place, "a file that onnxruntime or onnx's reference evaluator can run", "one they cannot")])


def difference(
    network: FloatNetwork, x: Array, begin: Begin, answers: Array, exact: bool
) -> tuple[float, float] | None:
    """Largest difference of the answers and the largest that is allowed, in units of the outputs' magnitudes.

    `answers` are [sequences, steps or 1, outputs]. None where single precision is too coarse for this network.
    """
    logits, magnitude = _logits(network, x, begin, np.float64)
    rounding = DOUBLE
    if not exact:
        single, _ = _logits(network, x, begin, np.float32)
        noise = float(np.max(np.abs(single - logits) / magnitude))
        if not noise < DROWNED:
            return None
        rounding = SINGLE + NOISE * noise
    if answers.shape[1] == 1:
        logits = logits[:, -1:]
    if network.ending == "argmax":
        return _indices(logits, magnitude, answers, rounding)
    wanted = ended(logits, network.ending)
    if wanted.shape != answers.shape:
        return np.inf, rounding
    if not network.ending:
        return float(np.max(np.abs(answers - wanted) / magnitude)), rounding
    steepest = STEEPEST[network.ending] * float(np.max(magnitude))
    return float(np.max(np.abs(answers - wanted))), rounding * max(1.0, steepest)


def _logits(network: FloatNetwork, x: Array, begin: Begin, kind: type[np.floating[Any]]) -> tuple[Array, Array]:
    """Logits [sequences, steps, outputs], and for each output the largest sum of magnitudes behind it."""
    h = network.over_steps(network.states(x, begin, kind)[-1])
    read = network.read_by_head(h)
    most = np.maximum(np.abs(read).max(axis=(0, 1)), FLOOR)
    if network.head is None:
        return h, most
    return network.logits(h), np.abs(network.head.weight) @ most + np.abs(network.head.bias) + np.finfo(np.float32).tiny


def _indices(logits: Array, magnitude: Array, answers: Array, allowed: float) -> tuple[float, float]:
    """How far the logit that the file chose lies below the largest."""
    chosen = np.asarray(answers[..., :1], dtype=np.int64)
    if chosen.shape[:2] != logits.shape[:2] or chosen.min() < 0 or chosen.max() >= logits.shape[2]:
        return np.inf, allowed
    missed = logits.max(axis=2, keepdims=True) - np.take_along_axis(logits, chosen, axis=2)
    return float(np.max(missed / magnitude.max())), allowed
