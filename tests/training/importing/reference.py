"""Whether what was read computes what onnx's reference evaluator does; nothing of ours is in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from training.importing.network import ended
from training.importing.onnx_model import read
from training.importing.reading import Reading


def wrong(path: Path, steps: int = 9, sequences: int = 4, batch_first: bool = False, inputs: int = 3) -> float:
    """Largest difference of the network that is read, at sizes that reading did not see. Raises Refused."""
    return difference(read(path), path, steps, sequences, batch_first, inputs)


def difference(reading: Reading, path: Path, steps: int, sequences: int, batch_first: bool, inputs: int = 3) -> float:
    """Largest difference of a reading on random x; the file's axes are said by the test, not by the reading."""
    x = np.random.default_rng(5).normal(0, 1, (sequences, steps, inputs)).astype(np.float32)
    given = x if batch_first else x.transpose(1, 0, 2)
    (output,) = ReferenceEvaluator(onnx.load(str(path))).run([reading.output], {"x": given})
    network = reading.network
    found = ended(network.logits(network.states(x.astype(np.float64))[-1]), network.ending)
    found = found[:, -1] if network.when == "last" else found if batch_first else found.transpose(1, 0, 2)
    return float(np.max(np.abs(found.reshape(output.shape) - output)))
