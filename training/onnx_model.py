"""The weights of ONNX `LSTM` nodes under the names of PyTorch's state dict.

ONNX orders the gates i, o, f, c where PyTorch has i, f, g, o; its W, R and B have a leading axis of directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from accel.base.faults import Fault, Refused

Array = npt.NDArray[Any]
ORDER = (0, 2, 3, 1)
"""Which of ONNX's gate blocks is PyTorch's i, f, g, o."""
PLAIN = ("Sigmoid", "Tanh", "Tanh")
"""The activations of f, g and h that the accelerator has."""


def read(path: Path) -> dict[str, Tensor]:
    """State dict of the LSTM nodes in order, and of the first `Gemm` or `MatMul` after them as `head`.

    Refused, with every fault: no LSTM, directions, peepholes, clipping, other activations, weights that are computed.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(str(path)).graph
    except (OSError, DecodeError) as error:
        raise Refused([Fault(str(path), "an ONNX model", str(error))]) from None
    constants = dict(_constants(graph))
    nodes = [node for node in graph.node if node.op_type == "LSTM"]
    faults = [fault for n, node in enumerate(nodes) for fault in _faults(node, constants, f"{path}: LSTM {n}")]
    if not nodes:
        faults = [Fault(str(path), "at least one LSTM node", "none")]
    if faults:
        raise Refused(faults)
    found = {name: array for n, node in enumerate(nodes) for name, array in _layer(node, constants, n)}
    last = max(n for n, node in enumerate(graph.node) if node.op_type == "LSTM")
    found |= dict(_head(list(graph.node)[last + 1 :], constants))
    return {name: torch.from_numpy(np.array(array)) for name, array in found.items()}


def _constants(graph: Any) -> Iterator[tuple[str, Array]]:
    from onnx import numpy_helper

    for initializer in graph.initializer:
        yield initializer.name, numpy_helper.to_array(initializer)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                yield node.output[0], numpy_helper.to_array(attribute.t)


def _faults(node: Any, constants: dict[str, Array], place: str) -> Iterator[Fault]:
    from onnx.helper import get_attribute_value

    given = {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}
    direction = given.get("direction", b"forward").decode()
    activations = tuple(name.decode() for name in given.get("activations", ())) or PLAIN
    if direction != "forward":
        yield Fault(place, "an LSTM that reads forward only", direction)
    if activations[:3] != PLAIN:
        yield Fault(f"{place}: activations", ", ".join(PLAIN), ", ".join(activations))
    for name in ("clip", "input_forget"):
        if given.get(name):
            yield Fault(f"{place}: {name}", "none", str(given[name]))
    if len(node.input) > 7 and node.input[7]:
        yield Fault(place, "no peepholes", node.input[7])
    for name in node.input[1:4]:
        if name and name not in constants:
            yield Fault(f"{place}: {name}", "constant weights", "a computed tensor")


def _layer(node: Any, constants: dict[str, Array], number: int) -> Iterator[tuple[str, Array]]:
    for name, given in zip((f"weight_ih_l{number}", f"weight_hh_l{number}"), node.input[1:3], strict=True):
        yield name, _gates(constants[given][0])
    if len(node.input) > 3 and node.input[3]:
        b_ih, b_hh = np.split(constants[node.input[3]][0], 2)
        yield f"bias_ih_l{number}", _gates(b_ih)
        yield f"bias_hh_l{number}", _gates(b_hh)


def _gates(blocks: Array) -> Array:
    """Rows in ONNX's gate order to PyTorch's."""
    parts = np.split(blocks, 4)
    return np.concatenate([parts[n] for n in ORDER])


def _head(nodes: list[Any], constants: dict[str, Array]) -> Iterator[tuple[str, Array]]:
    """Weight [outputs, hidden] and bias of the first linear layer among some nodes."""
    for number, node in enumerate(nodes):
        weight = next((constants[name] for name in node.input[1:2] if name in constants), None)
        if node.op_type in ("Gemm", "MatMul") and weight is not None:
            transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
            yield "head.weight", weight if transposed else weight.T
            adds = (
                node.input[2:3]
                if node.op_type == "Gemm"
                else [name for n in nodes[number + 1 :][:1] for name in n.input]
            )
            yield from (("head.bias", constants[name]) for name in adds if name in constants)
            return
