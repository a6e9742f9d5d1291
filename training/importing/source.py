"""A file that a network is read from: which reader it wants, what its owner says beside it, what runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from training.importing.network import Activated, FloatNetwork
from training.importing.proof import Executor

ANY_HEAD = 1
"""Taken for the rows of a head whose number is not known yet."""


@dataclass(frozen=True)
class Source:
    """A network as it was read, and the ways to run the file it came from."""

    network: FloatNetwork
    executors: Callable[[int, int], tuple[int, Iterable[Executor]]]
    """For numbers of sequences and steps: the steps that the file takes, and what runs it."""
    facts: dict[str, Any]


@dataclass(frozen=True)
class Wishes:
    """What the user says that the file does not."""

    lstm: Sequence[str] = ()
    head: Sequence[str] = ()
    ignore: Sequence[str] = ()
    output: str | None = None
    activation: Sequence[str] = ()
    """What stands between the linear layers of `head`, one for all or one each."""
    embedding: str | None = None
    """The table of rows for tokens in front of the first layer."""


def read(path: Path, wishes: Wishes, inputs: int | None, outputs: int | None) -> Source:
    """The network of a file, by its kind. `inputs` is taken for what an .onnx leaves open; of a state dict, `outputs`
    are the rows of its head, None where it has none. Refused by what `training.importing` refuses.
    """
    if is_graph(path):
        return _onnx(path, wishes, inputs)
    return _state_dict(path, wishes, outputs)


def found(path: Path, wishes: Wishes) -> Source:
    """`read` where nobody has said yet what is in the file: of a state dict with the head that it has, or without."""
    if is_graph(path):
        return _onnx(path, wishes, None)
    if wishes.head:
        return _state_dict(path, wishes, ANY_HEAD)
    try:
        return _state_dict(path, wishes, None)
    except Refused:
        return _state_dict(path, wishes, ANY_HEAD)


def names(given: str | Sequence[str]) -> tuple[str, ...]:
    """One name, or several in order."""
    return (given,) if isinstance(given, str) else tuple(given)


def is_graph(path: Path) -> bool:
    """Whether a file holds a graph, not tensors alone."""
    return path.suffix.lower() == ".onnx"


def digest(path: Path) -> str:
    """SHA-256 of a model file; of an .onnx the data files beside it follow, in the order of their names."""
    made = hashlib.sha256(path.read_bytes())
    if is_graph(path):
        from training.importing.graph_file import data_files

        for name in data_files(path):
            made.update((path.parent / name).read_bytes())
    return made.hexdigest()


def _onnx(path: Path, wishes: Wishes, inputs: int | None) -> Source:
    from training.importing import onnx_model, onnx_runs

    if wishes.lstm or wishes.head or wishes.ignore or wishes.activation or wishes.embedding:
        got = "--lstm, --head, --embedding, --activation or --ignore"
        raise Refused([Fault(str(path), "--output alone, as a graph says the rest", got)])
    reading = onnx_model.read(path, wishes.output, inputs)

    def executors(sequences: int, steps: int) -> tuple[int, Iterable[Executor]]:
        at = onnx_model.at_size(reading, sequences, steps)
        return at.steps, onnx_runs.executors(at)

    return Source(reading.network, executors, _facts("onnx", reading.network, (), reading.file.settled))


def _state_dict(path: Path, wishes: Wishes, outputs: int | None) -> Source:
    from training.importing import state_dict, torch_runs

    if wishes.output:
        raise Refused([Fault(str(path), "--output for an .onnx alone", wishes.output)])
    named = state_dict.Named(
        tuple(wishes.lstm), tuple(wishes.head), tuple(wishes.activation), tuple(wishes.ignore), wishes.embedding
    )
    network, taken = state_dict.read(path, named, outputs)
    ignored = tuple(name for name in taken.state if name not in taken.used)
    facts = _facts("state dict", network, ignored)
    return Source(network, lambda _, steps: (steps, torch_runs.executors(taken)), facts)


def _facts(reader: str, network: FloatNetwork, ignored: Sequence[str], settled: Sequence[str] = ()) -> dict[str, Any]:
    """What was taken for what."""
    return {
        "reader": reader,
        "embedding": None if network.embedding is None else network.embedding.name,
        "before": _told(network.before),
        "layers": [layer.name for layer in network.layers],
        "between": [link if isinstance(link, str) else _told(link) for link in network.between],
        "linear": _told(network.linear),
        "head": None if network.head is None else network.head.name,
        "ending": network.ending or None,
        "folded": list(network.folded),
        "ignored": list(ignored),
        "settled": list(settled),
    }


def _told(layers: Sequence[str | Activated]) -> list[str]:
    """Names of linear layers, and what their sums go through; words as they are."""
    return [one if isinstance(one, str) else f"{one.name}: {one.activation}" for one in layers]
