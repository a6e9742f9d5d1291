"""Weights that an ONNX file brings as integers: QONNX's rounding of constants, and onnxruntime's quantised LSTM.

QONNX (arXiv 2206.07527) writes what Brevitas trains as floats behind a `Quant` or `BipolarQuant` node; onnxruntime's
quantiser turns an LSTM into `DynamicQuantizeLSTM`, whose weights are bytes with a scale a direction or a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing.network import Array

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
"""Names under which QONNX's operators are and were written."""
ROUNDING = frozenset(("Quant", "IntQuant", "BipolarQuant"))
"""Operators of theirs that have a place, behind constants."""
ROUNDED = "Quant or BipolarQuant of constants alone (`formats` of a spec rounds signals: take the node out of the file)"
MODES: dict[str, Callable[[Array], Array]] = {
    "ROUND": np.round,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda value: np.sign(value) * np.ceil(np.abs(value)),
    "DOWN": np.trunc,
    "HALF_UP": lambda value: np.sign(value) * np.floor(np.abs(value) + 0.5),
    "HALF_DOWN": lambda value: np.sign(value) * np.ceil(np.abs(value) - 0.5),
}
"""Roundings to whole numbers, by QONNX's names; ROUND goes to the even one of two that are as near."""
DYNAMIC = ("com.microsoft", "DynamicQuantizeLSTM")
LSTM_INPUTS = 8
"""Inputs that it shares with LSTM; behind them lie scales and zero points of W and of R."""


def is_rounding(node: Any) -> bool:
    """Whether a node is one of QONNX's roundings."""
    return node.op_type in ROUNDING and node.domain in DOMAINS


def wrong(node: Any, given: Sequence[Array | None]) -> tuple[str, str] | None:
    """What a rounding of constants wants and got, where QONNX gives it no meaning; None where it does."""
    from onnx import helper

    options = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    signs = [options.get(name, 0) for name in ("signed", "narrow")]
    mode = options.get("rounding_mode", b"ROUND")
    if any(one not in (0, 1) for one in signs):
        return "signed and narrow of 0 or 1", ", ".join(map(str, signs))
    if not isinstance(mode, bytes) or mode.decode(errors="replace").upper() not in MODES:
        return f"rounding_mode of {', '.join(MODES)}", str(mode)
    inputs = zip(("scale", "zero point", "bit width"), given[1:], strict=False)
    for name, value in inputs:
        found = np.zeros(0) if value is None else np.asarray(value)
        whole = name == "scale" or bool(np.all(found == np.rint(found)))
        if not found.size or not np.isfinite(found).all() or not whole or (name != "zero point" and found.min() <= 0):
            sort = {"scale": "numbers above 0", "zero point": "whole numbers", "bit width": "whole numbers above 0"}
            return f"a {name} of {sort[name]}", f"{found.min():g} to {found.max():g}" if found.size else "none"
    return None


def rounded(x: Array, scale: Array, zero: Array, bits: Array, signed: bool, narrow: bool, mode: str) -> Array:
    """What `Quant` makes of x, in any shape that the others broadcast to; of one signed bit the sign.

    Raises KeyError for a rounding that QONNX does not name.
    """
    whole, width = x / scale + zero, np.asarray(bits, dtype=np.float64)
    if signed and np.all(width == 1):
        return np.asarray((np.where(whole >= 0, 1.0, -1.0) - zero) * scale)
    low = -(2.0 ** (width - 1)) + narrow if signed else np.zeros(())
    high = 2.0 ** (width - 1) - 1 if signed else 2.0**width - 1 - narrow
    return np.asarray((MODES[mode.upper()](np.clip(whole, low, high)) - zero) * scale)


@cache
def operators() -> list[type]:
    """QONNX's roundings for onnx's reference evaluator, in each of their domains."""
    from onnx.reference.op_run import OpRun

    class Quant(OpRun):
        def _run(self, x: Array, scale: Array, zero: Array, bits: Array, **_: Any) -> tuple[Array]:
            signed, narrow = bool(getattr(self, "signed", 1)), bool(getattr(self, "narrow", 0))
            mode = getattr(self, "rounding_mode", "ROUND")
            return (rounded(x, scale, zero, bits, signed, narrow, mode).astype(x.dtype),)

    class BipolarQuant(OpRun):
        def _run(self, x: Array, scale: Array, **_: Any) -> tuple[Array]:
            return (np.asarray(np.where(x >= 0, 1.0, -1.0) * scale).astype(x.dtype),)

    class IntQuant(Quant):
        pass

    kinds: tuple[type, ...] = (Quant, IntQuant, BipolarQuant)
    return [type(kind.__name__, (kind,), {"op_domain": domain}) for kind in kinds for domain in DOMAINS]


def settle(model: Any, place: str) -> tuple[str, ...]:
    """Turn every DynamicQuantizeLSTM into the LSTM of the numbers that its bytes stand for; a sentence on each.

    Its rounding of x and h to bytes, anew in each step, is left out. Refused: bytes or scales that are computed.
    """
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    said = []
    for node in graph.node:
        if (node.domain, node.op_type) == DYNAMIC:
            name = node.name or node.output[0]
            said.append(f"{name}: {node.op_type} as the LSTM of its integers; it also rounds x and h in each step")
            graph.initializer.extend(_weights(node, stored, f"{place}: {name} ({node.op_type})"))
            node.op_type, node.domain = "LSTM", ""
    return tuple(said)


def _weights(node: Any, stored: dict[str, Any], place: str) -> Iterator[Any]:
    """W and R [directions, 4H, columns] as floats; the node reads them, and no scales any more."""
    from onnx import numpy_helper

    given = [*node.input, *[""] * (LSTM_INPUTS + 4 - len(node.input))]
    for number, letter in ((1, "W"), (2, "R")):
        first = LSTM_INPUTS + 2 * (number - 1)
        names = given[number], given[first], given[first + 1]
        if not all(name in stored for name in names):
            raise Refused([Fault(place, f"{letter}, its scale and its zero point stored in the file", "others")])
        values, scale, zero = (numpy_helper.to_array(stored[name]) for name in names)
        if values.ndim != 3 or any(one.shape not in {(len(values),), values.shape[::2]} for one in (scale, zero)):
            shapes = ", ".join(str(list(one.shape)) for one in (values, scale, zero))
            wanted = f"{letter} [directions, columns, 4H], scale and zero point [directions] or [directions, 4H]"
            raise Refused([Fault(place, wanted, shapes)])
        floats = _by_row(scale) * (values.astype(np.float64) - _by_row(zero))
        given[number] = f"{names[0]} as floats of {node.output[0] or node.name}"
        yield numpy_helper.from_array(floats.swapaxes(1, 2).astype(np.float32), given[number])
    del node.input[:]
    node.input.extend(given[:LSTM_INPUTS])


def _by_row(values: Array) -> Array:
    """One a direction or one a row, to go with [directions, columns, 4H]."""
    return values.astype(np.float64).reshape(len(values), 1, -1)
