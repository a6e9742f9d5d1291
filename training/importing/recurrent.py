"""Recurrent nodes of ONNX: their tensors in the gate order of the hardware, their options, and what they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accel.model.directions import joined_matrices, joined_vectors
from training.importing.arithmetic import attributes, numbers
from training.importing.links import link_of
from training.importing.network import Array, Recurrent, bias_of_sums
from training.importing.residuals import is_plain
from training.importing.signals import Mixed, Signal, X, of_layer
from training.importing.walk import Given, Handler, Layer, Traversal, Value


@dataclass(frozen=True)
class Operator:
    """A recurrent operator of ONNX that has a place in the hardware."""

    order: tuple[int, ...]
    """Which of ONNX's blocks of rows is each gate of the hardware."""
    activations: tuple[str, ...]
    """What its gates and outputs go through, in ONNX's order."""
    cell: str
    """By the names of `model.cell`."""

    @property
    def gates(self) -> int:
        """Blocks of rows."""
        return len(self.order)


OPERATORS = {
    "LSTM": Operator((0, 2, 3, 1), ("Sigmoid", "Tanh", "Tanh"), "lstm"),
    "GRU": Operator((0, 1, 2), ("Sigmoid", "Tanh"), "gru_reset_first"),
}
"""ONNX orders an LSTM's gates i, o, f, c, where PyTorch and the hardware have i, f, g, o; a GRU's z, r, h."""
LINEAR_BEFORE_RESET = replace(OPERATORS["GRU"], order=(1, 0, 2), cell="gru")
"""A GRU with this attribute, in which PyTorch and the hardware have r, z, n; without, it is 0."""
DIRECTIONS = {"forward": 1, "bidirectional": 2}
"""Directions that have a place, by the attribute `direction`."""
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")


def operator_of(node: Any, options: dict[str, Any]) -> Operator:
    """What a node is in the hardware."""
    late = node.op_type == "GRU" and options.get("linear_before_reset")
    return LINEAR_BEFORE_RESET if late else OPERATORS[node.op_type]


def recurrent(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """An LSTM or a GRU: Y and Y_h; the cell state has no way out. Its x is h_t of one layer before, or of the input."""
    options = {"layout": 0} | attributes(node)
    operator = operator_of(node, options)
    _check_options(walk, node, operator, options)
    inputs = dict(zip(INPUTS, [*given, *[None] * (len(INPUTS) - len(given))], strict=True))
    directions = _weights(walk, node, operator, options, inputs)
    hidden, columns = len(directions) * directions[0][1].shape[1], directions[0][0].shape[1]
    x = inputs["X"]
    if not isinstance(x, Signal) or x.places.ndim != 3:
        raise walk.refuse(node, "an X [steps, sequences, inputs] that is computed from x", _shape(x))
    link = link_of(walk, x.source)
    matrix, offset, rows = x.moved(x.places.swapaxes(0, 1) if options["layout"] else x.places).vectors()
    if len(offset) != columns:
        raise walk.refuse(node, f"an X of {columns} values a step, as W has it", str(len(offset)))
    steps, sequences = rows.shape
    source = x.source if link is None else link.source
    _check_rows(walk, node, source, rows)
    _check_lengths(walk, node, inputs, steps)
    if len(directions) > 1:
        _require_zeros(walk, node, inputs)
    states = _states(walk, node, inputs, (sequences, hidden), bool(options["layout"]))
    names = (node.input[1], node.input[2], node.input[3] if inputs["B"] is not None else f"B of {walk.name(node)}")
    w, r, bias = _joined(
        [(w @ matrix, r, bias_of_sums(operator.cell, b_w + w @ offset, b_r)) for w, r, (b_w, b_r) in directions]
    )
    initial = None
    if len(directions) == 1:
        initial = _constants(walk, node, inputs, operator, (sequences, hidden), bool(options["layout"]))
    if initial is not None and any(states):
        raise walk.refuse(node, "h_0 and c_0 both constant, or both from inputs of the graph", "one of each")
    made = Recurrent(walk.name(node), w, r, bias, names, operator.cell, len(directions), initial)
    folded = x.folded if link is None else (*link.folded, *x.folded)
    kind = "none" if link is None else link.kind
    walk.layers.append(Layer(made, source, rows, states, folded, kind, x.source, is_plain(matrix, offset)))
    walk.steps = steps
    h = of_layer(len(walk.layers) - 1, steps, sequences, hidden)
    return _outputs(h, bool(options["layout"])) if len(directions) == 1 else _both(h, bool(options["layout"]))


def _outputs(h: Signal, batch_first: bool) -> list[Value]:
    """Y with its axis of directions, and Y_h."""
    last = h.places[-1]
    if batch_first:
        return [h.moved(h.places.swapaxes(0, 1)[:, :, None]), h.moved(last[:, None])]
    return [h.moved(h.places[:, None]), h.moved(last[None])]


def _both(h: Signal, batch_first: bool) -> list[Value]:
    """Y of two directions, and Y_h, forward's of the last step and backward's of the first: a row behind those of all
    steps, one for each sequence.
    """
    steps, sequences, width = h.places.shape
    last = (steps * sequences + np.arange(sequences))[:, None] * width + np.arange(width)
    halves = h.places.reshape(steps, sequences, 2, -1), last.reshape(sequences, 2, -1)
    if batch_first:
        return [h.moved(halves[0].swapaxes(0, 1)), h.moved(halves[1])]
    return [h.moved(halves[0].swapaxes(1, 2)), h.moved(halves[1].swapaxes(0, 1))]


def _joined(directions: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    """W, R and biases of one direction, or of two as those of one layer."""
    if len(directions) == 1:
        return directions[0]
    (w, r, bias), (back_w, back_r, back_bias) = directions
    hidden = r.shape[1]
    matrices = (joined_matrices(*pair, hidden) for pair in ((w, back_w), (r, back_r)))
    return (*matrices, joined_vectors(bias, back_bias, hidden))  # type: ignore[return-value]


def _require_zeros(walk: Traversal, node: Any, inputs: dict[str, Value]) -> None:
    """Refuse an h_0 or c_0 of two directions but zeros."""
    for name in ("initial_h", "initial_c"):
        value = inputs[name]
        if value is None or (isinstance(value, np.ndarray) and not value.any()):
            inputs[name] = None
            continue
        raise walk.refuse(node, f"zeros for {name} of both directions", _shape(value))


def _check_options(walk: Traversal, node: Any, operator: Operator, options: dict[str, Any]) -> None:
    def text(value: Any) -> str:
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

    direction = text(options.get("direction", b"forward"))
    if direction not in DIRECTIONS:
        article = "an" if node.op_type == "LSTM" else "a"
        raise walk.refuse(node, f"{article} {node.op_type} that reads forward only", direction)
    known = operator.activations * DIRECTIONS[direction]
    activations = tuple(map(text, options.get("activations", ()))) or known
    if [name.lower() for name in activations] != [name.lower() for name in known]:
        raise walk.refuse(node, f"activations {', '.join(known)}", ", ".join(activations))
    if options["layout"] not in (0, 1):
        raise walk.refuse(node, "layout 0 or 1", text(options["layout"]))
    if "clip" in options:
        raise walk.refuse(node, "no clip", text(options["clip"]))
    for name in ("input_forget", "activation_alpha", "activation_beta"):
        if options.get(name):
            raise walk.refuse(node, f"no {name}", text(options[name]))


def _weights(
    walk: Traversal, node: Any, operator: Operator, options: dict[str, Any], inputs: dict[str, Value]
) -> list[tuple[Array, Array, tuple[Array, Array]]]:
    """Of each direction W [gates * H, inputs], R [gates * H, H] and their biases [gates * H], rows in the hardware's
    order.
    """
    r = _constant(walk, node, inputs, "R")
    hidden = r.shape[-1] if r.ndim else 0
    rows = operator.gates * hidden
    if options.get("hidden_size", hidden) != hidden:
        raise walk.refuse(node, f"hidden_size {hidden}, as R has it", str(options["hidden_size"]))
    w = _constant(walk, node, inputs, "W")
    direction = options.get("direction", b"forward")
    count = DIRECTIONS[direction.decode() if isinstance(direction, bytes) else direction]
    b = np.zeros((count, 2 * rows)) if inputs["B"] is None else _constant(walk, node, inputs, "B")
    shapes = {"R": (r, (count, rows, hidden)), "W": (w, (count, rows, w.shape[-1])), "B": (b, (count, 2 * rows))}
    for name, (array, shape) in shapes.items():
        if array.shape != shape or 0 in shape:
            raise walk.refuse(node, f"{name} of shape {list(shape)}", str(list(array.shape)))
    found = []
    for number in range(count):
        b_w, b_r = (gates(part, operator.order) for part in np.split(b[number], 2))
        found.append((gates(w[number], operator.order), gates(r[number], operator.order), (b_w, b_r)))
    return found


def gates(blocks: Array, order: Sequence[int]) -> Array:
    """Rows in another order of their gates."""
    parts = np.split(blocks, len(order))
    return np.concatenate([parts[number] for number in order])


def _constant(walk: Traversal, node: Any, inputs: dict[str, Value], name: str) -> Array:
    value = inputs[name]
    if not isinstance(value, np.ndarray):
        raise walk.refuse(node, f"constant weights for {name}", "a computed tensor" if value is not None else "nothing")
    return numbers(walk, node, value)


def _check_lengths(walk: Traversal, node: Any, inputs: dict[str, Value], steps: int) -> None:
    """Refuse sequences of other lengths, and peepholes."""
    lengths, peepholes = inputs["sequence_lens"], inputs["P"]
    if lengths is not None and not (isinstance(lengths, np.ndarray) and np.all(lengths == steps)):
        wanted = (
            "sequences of all steps (sequence_lens left empty: lengths come with x in a .npz, and Y_h is then that of "
            "the last real step)"
        )
        raise walk.refuse(node, wanted, _shape(lengths))
    if peepholes is not None and not (isinstance(peepholes, np.ndarray) and not peepholes.any()):
        raise walk.refuse(node, "no peepholes (P)", _shape(peepholes))


def _states(
    walk: Traversal, node: Any, inputs: dict[str, Value], shape: tuple[int, int], batch_first: bool
) -> tuple[Given | None, Given | None]:
    """h_0 and c_0 where inputs of the graph bring them, None where they are constant. Refused: others."""
    h, c = (_state(walk, node, name, inputs[name], shape, batch_first) for name in ("initial_h", "initial_c"))
    return h, c


def _state(
    walk: Traversal, node: Any, name: str, value: Value, shape: tuple[int, int], batch_first: bool
) -> Given | None:
    if value is None or isinstance(value, np.ndarray):
        return None
    if not isinstance(value, Given):
        wanted = f"{name} that is constant, or an input of the graph for it (engine.state_streams)"
        raise walk.refuse(
            node, wanted, "a computed tensor, such as an encoder's last state (a file each, new --states)"
        )
    axis = 1 if batch_first else 0
    if value.places.ndim != 3 or value.places.shape[axis] != 1 or value.places.squeeze(axis).shape != shape:
        wanted = f"{name} [1, sequences, hidden] of {shape[0]} sequences and {shape[1]} units"
        raise walk.refuse(node, wanted, _shape(value))
    places = value.places.squeeze(axis)
    if np.any(np.diff(places, axis=1) != 1) or np.any(np.diff(places, axis=0) <= 0):
        raise walk.refuse(node, f"an input for {name} with its units and sequences in order", "another order")
    return Given(value.name, places)


def _constants(
    walk: Traversal, node: Any, inputs: dict[str, Value], operator: Operator, shape: tuple[int, int], batch_first: bool
) -> Array | None:
    """Constants for h_0, and for c_0 of an LSTM, [values, hidden], the same for every sequence; None for zeros."""
    found = []
    for name in ("initial_h", "initial_c")[: 2 if operator.cell == "lstm" else 1]:
        value = inputs[name]
        if not isinstance(value, np.ndarray):
            found.append(np.zeros(shape[1]))
            continue
        rows = numbers(walk, node, value)
        rows = rows.swapaxes(0, 1) if batch_first and rows.ndim == 3 else rows
        if rows.shape != (1, *shape):
            wanted = f"{name} [1, sequences, hidden] of {shape[0]} sequences and {shape[1]} units"
            raise walk.refuse(node, wanted, _shape(value))
        if np.any(rows != rows[:, :1]):
            raise walk.refuse(node, f"a constant {name} that is the same for every sequence", "one for each")
        found.append(rows[0, 0])
    return np.stack(found) if any(row.any() for row in found) else None


def _shape(value: Value) -> str:
    if isinstance(value, Given):
        return f"the input {value.name}, {list(value.places.shape)}"
    places = value.places if isinstance(value, Signal) else value
    return "nothing" if places is None else f"one of shape {list(np.shape(places))}"  # type: ignore[arg-type]


def _check_rows(walk: Traversal, node: Any, source: int, rows: Array) -> None:
    """Refuse steps that are not the steps of the layer before, such as sequences taken for steps."""
    before = walk.layers[source] if source != X else None
    if not isinstance(before, Layer):
        return
    whole = before.rows.shape
    if rows.shape != whole or np.any(rows != np.arange(rows.size).reshape(whole)):
        raise walk.refuse(node, "h_t of the layer before for X, step by step", "other steps or another order")


def side_by_side(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Concat: of values of one source, such as the last states of two directions, or of several for now."""
    axis, parts = int(attributes(node)["axis"]), [one for one in given if isinstance(one, Signal)]
    if len(parts) == len(given) and all(parts[0].is_beside(other) for other in parts):
        return [parts[0].moved(np.concatenate([one.places for one in parts], axis))]
    if len(parts) < len(given) or axis % parts[0].places.ndim == parts[0].places.ndim - 1:
        several = len({one.source for one in parts}) > 1
        got = "values of several layers, which hardware has one behind the other" if several else _shape(given[0])
        raise walk.refuse(node, "parts of one layer's h_t, or whole vectors, side by side", got)
    return [Mixed.of(parts, axis)]


HANDLERS: dict[str, Handler] = {**dict.fromkeys(OPERATORS, recurrent), "Concat": side_by_side}
