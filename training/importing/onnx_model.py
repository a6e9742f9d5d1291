"""An ONNX file as a float network, and how the file's own axes stand to sequences, steps and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing import graph_file, recurrent
from training.importing.arithmetic import ARITHMETIC
from training.importing.ends import End
from training.importing.graph_file import GraphFile
from training.importing.network import Array, FloatNetwork
from training.importing.signals import Signal, X, of_input
from training.importing.walk import RECURRENT, Answer, Given, Layer, Walk

SIZES = ((6, 5, 3, 2), (5, 7, 2, 3))
"""Two choices of sizes for axes that may have any: what is read must be the same for both."""
LARGEST = 1 << 24
"""Elements of an input of fixed size that is still followed."""


@dataclass(frozen=True)
class Reading:
    """A network as it was read at one size of each axis of the input, [steps, sequences] of which are `rows`."""

    file: GraphFile
    output: str
    input: str
    sizes: tuple[int, ...]
    features: int | None
    """The axis of x_t."""
    network: FloatNetwork
    rows: Array
    """Number of the input's row at each step of each sequence."""
    axis: int | None
    """The axis of the output's values; None where each stands alone."""
    answers: Array
    """Row (step * sequences + sequence) of each answer, in the output's shape without that axis."""

    @property
    def steps(self) -> int:
        """Steps of this reading."""
        return int(self.rows.shape[0])

    @property
    def sequences(self) -> int:
        """Sequences of this reading."""
        return int(self.rows.shape[1])

    def arranged(self, x: Array) -> Array:
        """x [sequences, steps, inputs] in the axes of the file's input."""
        flat = np.empty((self.rows.size, x.shape[2]), x.dtype)
        flat[self.rows.T] = x
        if self.features is None:
            return flat.reshape(self.sizes)
        rest = [size for axis, size in enumerate(self.sizes) if axis != self.features]
        return np.moveaxis(flat.reshape(*rest, -1), -1, self.features)

    def collected(self, output: Array) -> Array:
        """What the file answered as [sequences, steps or 1, outputs]. Raises ValueError where its shape is another."""
        values = output[..., None] if self.axis is None else np.moveaxis(output, self.axis, -1)
        if values.shape[:-1] != self.answers.shape:
            raise ValueError(f"{output.shape} for answers {self.answers.shape}")
        ordered = np.argsort(self.answers, axis=None)
        flat = values.reshape(self.answers.size, -1)[ordered]
        return flat.reshape(-1, self.sequences, flat.shape[1]).swapaxes(0, 1)


def read(path: Path, output: str | None = None, inputs: int | None = None) -> Reading:
    """The network of an ONNX file, read at two sizes of every free axis.

    `output` names the output that counts where there are several; `inputs` is taken for the elements of x_t where the
    file leaves them open. Refused by node, with what has a place.
    """
    file = graph_file.load(path)
    name = _chosen(file, output)
    x = _input(file, name)
    first, second = (_followed(file, name, x, sizes, inputs) for sizes in SIZES)
    _require_same(first, second)
    return first


def at_size(reading: Reading, sequences: int, steps: int) -> Reading:
    """The same network read for so many sequences and steps; what the file fixes, or shares among axes, stays."""
    sizes = list(reading.sizes)
    for axis, free in enumerate(reading.file.axes(reading.input)):
        along = _role(reading, axis)
        if isinstance(free, str) and along is not None and reading.rows.shape[along] == sizes[axis]:
            sizes[axis] = (steps, sequences)[along]
    for known, size in zip(reading.file.axes(reading.input), sizes, strict=True):
        same = {other for name, other in zip(reading.file.axes(reading.input), sizes, strict=True) if name == known}
        if isinstance(known, str) and known and same != {size}:
            return reading
    found = _at(reading.file, reading.output, reading.input, tuple(sizes), reading.features)
    _require_same(reading, found)
    return found


def _role(reading: Reading, axis: int) -> int | None:
    """0 where an axis of the input counts steps, 1 where it counts sequences."""
    if axis == reading.features:
        return None
    place = axis if reading.features is None or axis < reading.features else axis - 1
    rest = [size for number, size in enumerate(reading.sizes) if number != reading.features]
    number = np.unravel_index(reading.rows, rest)[place]
    if np.any(number != number[:1]):
        return 0
    return 1 if np.any(number != number[:, :1]) else None


def _require_same(one: Reading, other: Reading) -> None:
    if not _same(one, other):
        got = "another for other sizes of its input"
        wanted = "one network for every number of steps and sequences"
        raise Refused([Fault(f"{one.file.path}: {one.output}", wanted, got)])


def _same(one: Reading, other: Reading) -> bool:
    first, second = one.network, other.network
    arrays = [[array for _, array in network.matrices()] for network in (first, second)]
    same_shape = [[array.shape for array in side] for side in arrays]
    kinds = [(network.when, network.ending, network.given_states, one.axis is None) for network in (first, second)]
    return (
        same_shape[0] == same_shape[1]
        and kinds[0] == kinds[1]
        and all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
    )


def _chosen(file: GraphFile, output: str | None) -> str:
    names = file.outputs
    if output is not None and output not in names:
        raise Refused([Fault(f"{file.path}: --output", f"one of {', '.join(names)}", output)])
    if output is None and len(names) > 1:
        raise Refused([Fault(str(file.path), "one output, or --output NAME", ", ".join(names))])
    return output or names[0]


def _input(file: GraphFile, output: str) -> str:
    """The one input that the output depends on otherwise than through states before the first step."""
    producers = {name: node for node in graph_file.nodes(file.graph) for name in node.output if name}
    waiting, seen = [output], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or not name:
            continue
        seen.add(name)
        if name in producers:
            node = producers[name]
            waiting.extend(node.input[:1] if node.op_type in RECURRENT else node.input)
            waiting.extend(inner.name for graph in graph_file.subgraphs(node) for inner in graph.output)
    found = [name for name in file.inputs if name in seen]
    if len(found) != 1:
        raise Refused([Fault(str(file.path), f"one input on which {output} depends", ", ".join(found) or "none")])
    return found[0]


def _followed(file: GraphFile, output: str, x: str, sizes: Sequence[int], inputs: int | None) -> Reading:
    """The reading with x_t along the axis that leads to the end; else why the one that came furthest did not."""
    axes = file.axes(x)
    refusals: list[tuple[int, Refused]] = []
    for features in _candidates(axes, inputs):
        walked: list[Walk] = []
        try:
            return _at(file, output, x, _sized(axes, sizes, features, inputs), features, walked)
        except Refused as refused:
            refusals.append((walked[0].visited if walked else -1, refused))
    raise max(refusals, key=lambda one: one[0])[1]


def _candidates(axes: Sequence[int | str], inputs: int | None) -> list[int | None]:
    """Axes that x_t may lie along, the likeliest first: of the spec's size, else from the last on; None is no axis."""
    order = list(reversed(range(len(axes))))
    declared = [axis for axis in order if axes[axis] == inputs]
    if declared:
        return [*declared, *(axis for axis in order if isinstance(axes[axis], int) and axis not in declared)]
    return [None, *order] if inputs == 1 else [*order, None]


def _sized(
    axes: Sequence[int | str], sizes: Sequence[int], features: int | None, inputs: int | None
) -> tuple[int, ...]:
    """A size for every axis: as declared, else the next of `sizes`; the same for the same symbol."""
    chosen: dict[str, int] = {}
    left = iter((*sizes, *(2 for _ in axes)))
    made = []
    for number, axis in enumerate(axes):
        if isinstance(axis, int):
            made.append(axis)
        elif number == features and inputs is not None:
            made.append(inputs)
        else:
            size = chosen.get(axis) or next(left)
            made.append(size)
            if axis:
                chosen[axis] = size
    return tuple(made)


def _at(
    file: GraphFile, output: str, x: str, sizes: tuple[int, ...], features: int | None, walked: list[Walk] | None = None
) -> Reading:
    """The network at fixed sizes with x_t along the axis `features`. `walked` is given the walk, however it ends."""
    place = f"{file.path}: {x}"
    if not 0 < np.prod(sizes, dtype=float) <= LARGEST:
        raise Refused([Fault(place, f"an input of 1 to {LARGEST} elements", str(list(sizes)))])
    free = any(isinstance(axis, str) for axis in file.axes(x))
    walk = Walk(file, ARITHMETIC | recurrent.HANDLERS, dict(_known(file, x, of_input(sizes, features))), free)
    if walked is not None:
        walked.append(walk)
    value = walk.value(output)
    logits, ending = (value.logits, value.ending) if isinstance(value, Answer) else (value, "")
    if not isinstance(logits, Signal) or logits.source == X:
        got = "none" if isinstance(logits, Signal) else "an output that does not depend on x"
        raise Refused([Fault(f"{file.path}: {output}", "at least one LSTM node on the way from x", got)])
    chain = _chain(walk, logits.source)
    rows = chain[0].rows
    _check_order(rows, sizes, features, place)
    end = End(f"{file.path}: {output}", logits, rows.shape, ending == "argmax")
    head, when, axis, answers = end.read()
    given = tuple(dict.fromkeys(name for layer in chain for name in layer.given))
    folded = tuple(dict.fromkeys(name for layer in chain for name in layer.folded if name))
    layers = tuple(layer.made for layer in chain)
    network = FloatNetwork(layers, head, when, ending, given, folded)  # type: ignore[arg-type]
    return Reading(file, output, x, sizes, features, network, rows, axis, answers)


def _known(file: GraphFile, x: str, signal: Signal) -> Iterator[tuple[str, Any]]:
    yield from file.constants.items()
    for name in file.inputs:
        yield name, signal if name == x else Given(name, np.zeros(_other_sizes(file, name)))


def _other_sizes(file: GraphFile, name: str) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else 1 for size in file.axes(name))


def _chain(walk: Walk, last: int) -> list[Layer]:
    """Layers from x to the one that the answer reads."""
    found = []
    while last != X:
        found.append(walk.layers[last])
        last = walk.layers[last].source
    return found[::-1]


def _check_order(rows: Array, sizes: Sequence[int], features: int | None, place: str) -> None:
    """Refuse an input whose axes do not count steps or sequences, each of them once and in order."""
    rest = [size for axis, size in enumerate(sizes) if axis != features]
    every = rows.size == np.prod(rest) and len(np.unique(rows)) == rows.size
    numbers = np.unravel_index(rows, rest) if rest else ()
    apart = all(np.all(number == number[:1]) or np.all(number == number[:, :1]) for number in numbers)
    rising = np.all(np.diff(rows, axis=0) > 0) and np.all(np.diff(rows, axis=1) > 0)
    if not (every and apart and rising):
        got = "steps left out, turned about, or mixed with sequences"
        raise Refused([Fault(place, "an axis of steps that the LSTM reads from first to last", got)])
