"""Nodes that fold into the matrices beside them, and those that a file may end with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.importing.network import Array, Ending
from training.importing.signals import Mixed, Signal, Uneven, broadcast
from training.importing.walk import SUPPORTED, Answer, Handler, Traversal, Value

FLOATS = frozenset((1, 10, 11, 16))
"""ONNX's codes of float32, float16, float64 and bfloat16."""


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes as Python values."""
    from onnx.helper import get_attribute_value

    return {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}


def one_signal(walk: Traversal, node: Any, given: list[Value]) -> tuple[Signal, list[Array]]:
    """The only signal among a node's inputs, and the constants. Refused where two meet, such as a residual."""
    signals = [value for value in given if isinstance(value, Signal)]
    constants = [value for value in given if isinstance(value, np.ndarray)]
    if len(signals) != 1 or len(signals) + len(constants) != sum(value is not None for value in given):
        raise walk.refuse(node, f"one input that depends on x, the others constant: {SUPPORTED}", _kinds(given))
    return signals[0], [numbers(walk, node, constant) for constant in constants]


def numbers(walk: Traversal, node: Any, constant: Array) -> Array:
    """A constant as float64. Refused where it holds no finite floating-point numbers."""
    if not np.issubdtype(constant.dtype, np.floating):
        raise walk.refuse(node, "constants in floating point", str(constant.dtype))
    found = constant.astype(np.float64)
    if not np.isfinite(found).all():
        raise walk.refuse(node, "constants that are finite", "NaN or infinity")
    return found


def _kinds(given: list[Value]) -> str:
    names = {Signal: "computed from x", Mixed: "of several layers", Answer: "an answer", np.ndarray: "constant"}
    return ", ".join(
        next((name for kind, name in names.items() if isinstance(value, kind)), "an input besides x")
        for value in given
        if value is not None
    )


def add(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Add and Sum."""
    signal, constants = one_signal(walk, node, given)
    for constant in constants:
        signal = signal.affine(np.ones(()), constant, walk.name(node))
    return [signal]


def subtract(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Sub, either way round."""
    signal, (constant,) = one_signal(walk, node, given)
    if isinstance(given[0], Signal):
        return [signal.affine(np.ones(()), -constant, walk.name(node))]
    return [signal.affine(-np.ones(()), constant, walk.name(node))]


def multiply(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Mul."""
    signal, (constant,) = one_signal(walk, node, given)
    return [signal.affine(constant, np.zeros(()), walk.name(node))]


def divide(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Div by a constant."""
    signal, (constant,) = one_signal(walk, node, given)
    if not isinstance(given[0], Signal) or not constant.all():
        raise walk.refuse(node, "a division by constants that are not zero", "another")
    return [signal.affine(1 / constant, np.zeros(()), walk.name(node))]


def negate(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Neg."""
    signal, _ = one_signal(walk, node, given)
    return [signal.affine(-np.ones(()), np.zeros(()), walk.name(node))]


def matmul(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """MatMul with a constant matrix on either side."""
    signal, (weight,) = one_signal(walk, node, given)
    return [product(walk, node, signal, weight, isinstance(given[0], Signal))]


def product(walk: Traversal, node: Any, signal: Signal, weight: Array, left: bool) -> Signal:
    """signal @ weight, or weight @ signal."""
    while weight.ndim > 2 and weight.shape[0] == 1 and weight.ndim <= signal.places.ndim:
        weight = weight[0]
    if weight.ndim != 2 or signal.places.ndim < 2:
        raise walk.refuse(node, "a constant matrix of two axes", f"{list(weight.shape)}")
    places = signal.places if left else signal.places.swapaxes(-1, -2)
    factor = weight if left else weight.T
    if places.shape[-1] != factor.shape[0]:
        signal.moved(places).vectors()  # values of several steps in one vector are the better reason
        raise walk.refuse(node, f"a matrix for {places.shape[-1]} values", f"one for {factor.shape[0]}")
    made = signal.moved(places).times(factor, walk.name(node))
    return made if left else made.moved(made.places.swapaxes(-1, -2))


def gemm(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Gemm: alpha A' B' + beta C, where A or B is constant, and C."""
    options = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0} | attributes(node)
    pair, summand = given[:2], given[2] if len(given) > 2 else None
    signal, (weight,) = one_signal(walk, node, pair)
    left = isinstance(pair[0], Signal)
    if signal.places.ndim != 2 or weight.ndim != 2:
        raise walk.refuse(node, "matrices of two axes", f"{list(signal.places.shape)} and {list(weight.shape)}")
    turned = options["transA" if left else "transB"]
    weight = weight.T if options["transB" if left else "transA"] else weight
    signal = signal.moved(signal.places.T) if turned else signal
    made = product(walk, node, signal, weight, left)
    made = made.affine(np.full((), options["alpha"]), np.zeros(()), "") if options["alpha"] != 1 else made
    if summand is None:
        return [made]
    made, (constant,) = one_signal(walk, node, [made, summand])
    if broadcast(made.places.shape, constant.shape) != made.places.shape:
        raise walk.refuse(node, f"a C of {list(made.places.shape)}", f"{list(constant.shape)}")
    return [made.affine(np.ones(()), options["beta"] * constant, "")]


def normalize(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """BatchNormalization with the statistics of its training; its axis 1 has the features."""
    options = {"epsilon": 1e-5, "training_mode": 0, "spatial": 1} | attributes(node)
    signal, constants = one_signal(walk, node, given)
    if options["training_mode"] or not options["spatial"] or len(constants) != 4 or not isinstance(given[0], Signal):
        raise walk.refuse(node, "a normalisation by stored mean and variance", "one of its own batch")
    if signal.places.ndim < 2 or any(constant.shape != signal.places.shape[1:2] for constant in constants):
        raise walk.refuse(node, "four constants [features] for axis 1", f"{list(signal.places.shape)}")
    shape = [-1] + [1] * (signal.places.ndim - 2)
    scale, shift, mean, variance = (constant.reshape(shape) for constant in constants)
    by = scale / np.sqrt(variance + options["epsilon"])
    if not np.isfinite(by).all():
        raise walk.refuse(node, "a variance that is not negative", "another")
    return [signal.affine(by, shift - mean * by, walk.name(node))]


def cast(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Cast from one float format to another."""
    kind, value = attributes(node).get("to"), given[0]
    if isinstance(value, Answer) and value.ending == "argmax":
        return [value]
    if kind not in FLOATS:
        raise walk.refuse(node, "a cast from float to float", f"type {kind}")
    return [value]


def dropout(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Dropout as it is outside training: nothing."""
    training = given[2] if len(given) > 2 else None
    if isinstance(training, np.ndarray) and not training.any():
        training = None
    if training is not None:
        raise walk.refuse(node, "a dropout that is off", "one that drops")
    return [given[0]]


def ending(kind: Ending) -> Handler:
    """The operator that a file ends with."""

    def handle(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
        before = given[0]
        if kind == "argmax" and isinstance(before, Answer) and before.ending != "argmax":
            before = before.logits  # softmax and sigmoid keep the order
        if not isinstance(before, Signal):
            raise walk.refuse(node, "logits", "an answer already")
        axis = 0 if kind == "argmax" else 1 if walk.file.opsets[""] < 13 else -1
        options = {"axis": axis, "keepdims": 1, "select_last_index": 0} | attributes(node)
        if options["select_last_index"]:
            raise walk.refuse(node, "the first of equal logits", "the last (select_last_index)")
        logits = before if kind == "sigmoid" else _classes(walk, node, before, options["axis"])
        if kind == "argmax":
            logits = _index(logits, options["axis"], bool(options["keepdims"]))
        return [Answer(logits, kind, walk.file.place(node))]

    return handle


def _index(logits: Signal, axis: int, kept: bool) -> Signal:
    """Logits whose places are those of their first class, as an index has one place for all."""
    first = np.take(logits.places, [0], axis=axis)
    return logits.moved(first if kept else first.squeeze(axis))


def _classes(walk: Traversal, node: Any, logits: Signal, axis: int) -> Signal:
    """Logits in the order in which a Softmax or ArgMax takes them. Refused over anything but all classes of a row."""
    places = logits.places
    axis %= max(1, places.ndim)
    coerced = node.op_type != "ArgMax" and walk.file.opsets[""] < 13 and axis != places.ndim - 1
    try:
        matrix, offset, rows = logits.moved(np.moveaxis(places, axis, -1)).vectors()
    except Uneven:
        rows = None
    if coerced or rows is None:
        raise walk.refuse(node, "one over the classes of a step", f"axis {axis} of {list(places.shape)}")
    ordered = np.moveaxis(rows[..., None] * len(offset) + np.arange(len(offset)), -1, axis)
    return replace(logits, matrix=matrix, offset=offset, places=ordered)


ARITHMETIC: dict[str, Handler] = {
    "Add": add,
    "Sum": add,
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "Neg": negate,
    "MatMul": matmul,
    "Gemm": gemm,
    "BatchNormalization": normalize,
    "Cast": cast,
    "Dropout": dropout,
    "Softmax": ending("softmax"),
    "LogSoftmax": ending("log_softmax"),
    "Sigmoid": ending("sigmoid"),
    "ArgMax": ending("argmax"),
}
