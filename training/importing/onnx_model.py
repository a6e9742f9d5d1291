"""An ONNX file as a float network, and how the file's own axes stand to sequences, steps and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing import activations, convolution, frames, graph_file, pools, recurrent, residuals
from training.importing.arithmetic import ARITHMETIC
from training.importing.axes import choices, shape_beside
from training.importing.ends import End
from training.importing.frames import Framed
from training.importing.graph_file import GraphFile
from training.importing.network import Array, Embedded, FloatNetwork, Link, unchanged
from training.importing.reading import Reading
from training.importing.signals import Signal, X, of_input
from training.importing.walk import RECURRENT, Added, Answer, Behind, Given, Layer, Looking, Pooling, Traversal

SIZES = ((6, 5, 3, 2), (5, 7, 2, 3))
"""Two choices of sizes for axes that may have any: what is read must be the same for both."""
HANDLERS = (
    ARITHMETIC | activations.HANDLERS | convolution.HANDLERS | pools.HANDLERS | recurrent.HANDLERS | residuals.HANDLERS
)
LARGEST = 1 << 24
"""Elements of an input of fixed size that is still followed."""


def read(path: Path, output: str | None = None, inputs: int | None = None) -> Reading:
    """The network of an ONNX file, read at two sizes of every free axis.

    `output` names the output that counts where there are several; `inputs` is taken for the elements of x_t where the
    file leaves them open. Refused by node, with what has a place.
    """
    file = graph_file.load(path)
    name = chosen(file, output)
    x = _input(file, name)
    more = frames.reach(file)
    first, second = (_followed(file, name, x, [size + more for size in sizes], inputs) for sizes in SIZES)
    _require_same(first, second)
    return first


def at_size(reading: Reading, sequences: int, steps: int) -> Reading:
    """The same network at other numbers of sequences and steps; what the file fixes, or shares among axes, stays."""
    window = reading.network.window
    return _of_rows(reading, sequences, steps if window is None else window.frames_of(steps))


def _of_rows(reading: Reading, sequences: int, steps: int) -> Reading:
    """`at_size`, where steps are those of the file's input, of which several may make one of the network's."""
    sizes = list(reading.sizes)
    for axis, free in enumerate(reading.file.axes(reading.input)):
        along = _role(reading, axis)
        if isinstance(free, str) and along is not None and reading.rows.shape[along] == sizes[axis]:
            sizes[axis] = (steps, sequences)[along]
    for known, size in zip(reading.file.axes(reading.input), sizes, strict=True):
        same = {other for name, other in zip(reading.file.axes(reading.input), sizes, strict=True) if name == known}
        if isinstance(known, str) and known and same != {size}:
            return reading
    others = sequences if reading.others == reading.sequences else reading.others
    found = _at(reading.file, reading.output, reading.input, tuple(sizes), reading.features, others)
    _require_same(reading, found)
    return found


def at_shape(reading: Reading, shape: tuple[int, ...]) -> Reading:
    """The same network read for an input of a shape. Refused: a shape that the file does not take."""
    place = f"{reading.file.path}: {reading.input}"
    along: dict[int | None, int] = {0: 1, 1: 1}
    if len(shape) == len(reading.sizes):
        along |= {role: size for axis, size in enumerate(shape) if (role := _role(reading, axis)) is not None}
        found = _of_rows(reading, along[1], along[0])
        if found.sizes == shape:
            return found
    raise Refused([Fault(place, f"a shape as {list(reading.sizes)}, steps and sequences any", str(list(shape)))])


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
    kinds = [
        (network.when, network.last, network.directions, network.ending, network.initial_states, network.window)
        for network in (first, second)
    ]
    between = [
        [network.pool, *map(_form, network.between), *(one.activation for one in (*network.feeding, *network.linear))]
        for network in (first, second)
    ]
    return (
        same_shape[0] == same_shape[1]
        and kinds[0] == kinds[1]
        and between[0] == between[1]
        and (one.axis is None) == (other.axis is None)
        and all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
    )


def chosen(file: GraphFile, output: str | None) -> str:
    """The output that counts. Refused: several, none of them named."""
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
        wanted = f"one input on which {output} depends, beside h_0 and c_0; --data brings lengths of sequences"
        raise Refused([Fault(str(file.path), wanted, ", ".join(found) or "none")])
    return found[0]


def _followed(file: GraphFile, output: str, x: str, sizes: Sequence[int], inputs: int | None) -> Reading:
    """The reading with x_t along the axis that leads to the end; else why the one that came furthest did not."""
    refusals: list[tuple[int, Refused]] = []
    for at, features, others in choices(file, x, sizes, inputs):
        walked: list[Traversal] = []
        try:
            return _at(file, output, x, at, features, others, walked)
        except Refused as refused:
            refusals.append((walked[0].visited if walked else -1, refused))
    raise max(refusals, key=lambda one: one[0])[1]


def _at(
    file: GraphFile,
    output: str,
    x: str,
    sizes: tuple[int, ...],
    features: int | None,
    others: int,
    walked: list[Traversal] | None = None,
) -> Reading:
    """The network at fixed sizes with x_t along the axis `features`. `walked` is given the walk, however it ends."""
    place = f"{file.path}: {x}"
    _check_size(sizes, place)
    free = any(isinstance(axis, str) for axis in file.axes(x))
    known = dict(_known(file, x, sizes, others)) | {x: of_input(sizes, features)}
    walk = Traversal(file, HANDLERS, known, free)
    if walked is not None:
        walked.append(walk)
    value = walk.value(output)
    logits, ending = (value.logits, value.ending) if isinstance(value, Answer) else (value, "")
    if not isinstance(logits, Signal) or logits.source == X:
        got = "none" if isinstance(logits, Signal) else "an output that does not depend on x, or on several layers"
        raise Refused([Fault(f"{file.path}: {output}", "at least one LSTM or GRU node on the way from x", got)])
    chain, behind, pool, before, table, framed, added = _chain(walk, logits.source)
    if not chain:
        raise Refused([Fault(f"{file.path}: {output}", "at least one LSTM or GRU node on the way from x", "none")])
    _check_kind(file, x, table, place)
    turns = chain[0].rows
    rows = turns if framed is None else _frames(framed, turns)
    _check_states(chain, place)
    _check_order(rows, sizes, features, place)
    end = End(f"{file.path}: {output}", logits, turns.shape, ending == "argmax")
    head, when, axis, answers = end.read()
    if head is None and (behind or pool or added or when == "last"):
        head = unchanged(logits.count)
    met: tuple[Framed | Layer | Behind | Pooling | Added, ...] = (
        *([framed] if framed else []),
        *before,
        *chain,
        *([added] if added else []),
        *pool,
        *behind,
    )
    folded = tuple(dict.fromkeys(name for one in met for name in one.folded if name))
    layers, linear = tuple(layer.made for layer in chain), tuple(layer.made for layer in behind)
    front = tuple(layer.made for layer in before)
    over = pool[0].kind if pool else "none"
    names = _names(chain)
    last: Any = None
    if layers[0].directions > 1 and head is not None and when == "last" and not pool:
        last = "states" if answers.min() >= turns.size else "output"
    window = None if framed is None else framed.window
    parts = layers, head, when, ending, names, folded, over, last, linear, _between(chain, added), front, table, window
    network = FloatNetwork(*parts)  # type: ignore[arg-type]
    states = tuple(layer.given for layer in chain)
    return Reading(file, output, x, sizes, features, network, rows, axis, answers, others, states)


def _frames(framed: Framed, turns: Array) -> Array:
    """Rows of the input [frames, sequences] behind windows. Refused: steps [steps, sequences] in another order."""
    if not frames.in_order(turns):
        wanted = "a Conv whose steps the first layer reads from first to last"
        raise Refused([Fault(framed.place, wanted, "steps left out, or in another order")])
    return framed.rows


def _check_size(shape: tuple[int, ...], place: str) -> None:
    if not 0 < np.prod(shape, dtype=float) <= LARGEST or min(shape, default=1) < 1:
        raise Refused([Fault(place, f"an input of 1 to {LARGEST} elements", str(list(shape)))])


def _names(chain: Sequence[Layer]) -> tuple[tuple[str, str], ...]:
    """Inputs that bring h_0 and c_0 of each layer; none where all begin with zeros."""
    found = [tuple("" if state is None else state.name for state in layer.given) for layer in chain]
    return tuple(found) if any(map(any, found)) else ()  # type: ignore[arg-type]


def _known(file: GraphFile, x: str, sizes: tuple[int, ...], others: int) -> Iterator[tuple[str, Any]]:
    """Constants, and the inputs besides x as numbers of their elements."""
    yield from file.constants.items()
    for name in file.inputs:
        if name != x:
            shape = shape_beside(file, name, x, sizes, others)
            _check_size(shape, f"{file.path}: {name}")
            yield name, Given(name, np.arange(int(np.prod(shape))).reshape(shape))


def _form(link: Link) -> str | int:
    """What stands between layers by its name, or how many linear ones."""
    return link if isinstance(link, str) else len(link)


def _between(chain: Sequence[Layer], added: Added | None) -> tuple[Link, ...]:
    """What h_t goes through between recurrent layers, and behind the last one; nothing where it goes as it is."""
    found = (*(layer.between for layer in chain[1:]), *(["residual"] if added else []))
    return found if any(kind != "none" for kind in found) else ()


def _check_kind(file: GraphFile, x: str, table: Embedded | None, place: str) -> None:
    """Refuse numbers that are not what the network reads: tokens are whole, x_t is not."""
    kind, wanted = file.kind(x, np.dtype(np.float32)), np.floating if table is None else np.integer
    if not np.issubdtype(kind, wanted):
        numbers = "floating-point" if table is None else "whole"
        raise Refused([Fault(place, f"an input of {numbers} numbers", str(kind))])


def _chain(
    walk: Traversal, last: int
) -> tuple[list[Layer], list[Behind], list[Pooling], list[Behind], Embedded | None, Framed | None, Added | None]:
    """Recurrent layers from x on, linear ones behind them up to what the answer reads, the pool between, linear layers
    in front of the recurrent ones, the table or the windows in front of all, and a residual addition behind the last
    recurrent layer.
    """
    layers, behind, pools_met, before = list[Layer](), list[Behind](), list[Pooling](), list[Behind]()
    table, framed, added = None, None, None
    while last != X:
        found = walk.layers[last]
        if isinstance(found, Layer):
            layers.append(found)
        elif isinstance(found, Pooling):
            pools_met.append(found)
        elif isinstance(found, Looking):
            table = found.made
        elif isinstance(found, Framed):
            framed = found
        elif isinstance(found, Added):
            added = found
        else:
            (behind if walk.met_recurrent(last) else before).append(found)
        last = found.source
    return layers[::-1], behind[::-1], pools_met, before[::-1], table, framed, added


def _check_states(chain: Sequence[Layer], place: str) -> None:
    """Refuse states that share elements of an input."""
    given = [state for layer in chain for state in layer.given if state is not None]
    elements = [(state.name, number) for state in given for number in state.places.flat]
    if len(set(elements)) < len(elements):
        raise Refused([Fault(place, "inputs of their own for h_0 and c_0 of each layer", "one for several")])


def _check_order(rows: Array, sizes: Sequence[int], features: int | None, place: str) -> None:
    """Refuse an input whose axes do not count steps or sequences, each of them once and in order."""
    rest = [size for axis, size in enumerate(sizes) if axis != features]
    every = rows.size == np.prod(rest) and len(np.unique(rows)) == rows.size
    numbers = np.unravel_index(rows, rest) if rest else ()
    apart = all(np.all(number == number[:1]) or np.all(number == number[:, :1]) for number in numbers)
    rising = np.all(np.diff(rows, axis=0) > 0) and np.all(np.diff(rows, axis=1) > 0)
    if not (every and apart and rising):
        got = "steps left out, turned about, or mixed with sequences"
        raise Refused([Fault(place, "an axis of steps that the first layer reads from first to last", got)])
