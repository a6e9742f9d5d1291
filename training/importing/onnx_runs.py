"""The user's ONNX file itself, executed: by onnxruntime where it is installed and takes the file, else by onnx."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np

from training.importing.graph_file import DOUBLE, FLOAT, widened
from training.importing.network import Array, Begin
from training.importing.proof import CannotRun, Executor
from training.importing.quantized import operators
from training.importing.reading import Reading

NEWER = 21
"""An operator set in which the evaluator has all that a network here can have."""
Feed = dict[str, Array]
Call = Callable[[str, Feed], Any]
"""Name of an output and the inputs to that output."""


def executors(reading: Reading) -> Iterator[Executor]:
    """Those that may be able to run the file at the sizes of a reading, the one furthest from our own code first."""
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    if (runtime := _onnxruntime(reading.file.model)) is not None:
        yield Executor(f"onnxruntime {version('onnxruntime')}", False, partial(_answers, reading, runtime, single))
    name = f"onnx {version('onnx')}, reference evaluator"
    yield Executor(name, True, partial(_answers, reading, _reference(reading.file.model), double))


def runner(model: Any) -> Call:
    """What runs a model that stays on the host."""
    return _onnxruntime(model) or _reference(model)


def _onnxruntime(model: Any) -> Call | None:
    """None where it is not installed, or does not take the file: some operators and options it lacks."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return None
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        contents = model.SerializeToString()
        with redirect_stdout(io.StringIO()):  # of a model it does not take it prints why
            session = onnxruntime.InferenceSession(contents, options, providers=["CPUExecutionProvider"])
    except Exception:  # its exceptions have no common base
        return None
    return lambda output, feed: session.run([output], feed)[0]


def _reference(model: Any) -> Call:
    """In double precision, every float of the file widened; some operators it has in newer sets alone."""
    from onnx.reference import ReferenceEvaluator
    from onnx.version_converter import convert_version

    @cache
    def evaluator() -> Any:
        try:
            return ReferenceEvaluator(widened(model, (FLOAT,), DOUBLE), new_ops=operators())
        except RuntimeError:
            newer = widened(convert_version(model, NEWER), (FLOAT,), DOUBLE)
            return ReferenceEvaluator(newer, new_ops=operators())

    return lambda output, feed: evaluator().run([output], feed)[0]


def _answers(at: Reading, call: Call, kind: np.dtype[Any], x: Array, begin: Begin) -> Array:
    """Answers to x, as many sequences at a time as the reading has; the last batch is filled up with its first."""
    count, found = at.sequences, []
    for start in range(0, len(x), count):
        size = min(count, len(x) - start)
        chosen = start + np.arange(count) % size
        states = [(h[chosen], c[chosen]) for h, c in begin]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                output = np.asarray(call(at.output, _feed(at, x[chosen], states, kind)))
            found.append(at.collected(output)[:size])
        except Exception:  # whatever an executor raises, it has not run the file
            raise CannotRun from None
    return np.concatenate(found)


def _feed(at: Reading, x: Array, begin: Begin, kind: np.dtype[Any]) -> Feed:
    """x and the states in the file's axes; zeros for inputs that the output does not depend on."""
    feed = {name: np.zeros(at.shape(name), at.file.kind(name, kind)) for name in at.file.inputs}
    feed[at.input] = at.arranged(x).astype(feed[at.input].dtype)
    for states, places in zip(begin, at.states, strict=True):
        for values, place in zip(states, places, strict=True):
            if place is not None:
                feed[place.name].reshape(-1)[place.places] = values
    return feed
