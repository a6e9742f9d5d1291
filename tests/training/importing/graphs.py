"""Small ONNX graphs and specs for them, made anew in every test."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from accel.spec import Spec
from tests.training.small import small

INPUTS, HIDDEN, OUTPUTS = 3, 4, 2
FINE: dict[str, dict[str, Any]] = {
    "sparsity": {"pattern": "dense", "search": None},
    "weights": {"width": 18, "input_frac": 12, "recurrent_frac": 12, "head_frac": 12},
    "formats": {
        "input": [16, 10],
        "bias": [20, 12],
        "gate": [24, 14],
        "activation": [18, 16],
        "cell": [24, 16],
        "state": [18, 16],
    },
    "tables": {"address": 14},
}
"""Formats in which the golden model is close to a float network."""


def fine(hidden: tuple[int, ...] = (HIDDEN,), when: str = "step", kind: str = "logits", **sections: Any) -> Spec:
    """A spec with a head in fine formats."""
    head = {"outputs": OUTPUTS, "kind": kind, "when": when}
    model = {"inputs": INPUTS, "hidden": list(hidden), "head": head} | sections.pop("model", {})
    return small(**FINE | {"model": model} | sections)


class Graph:
    """A graph of the default shape x [steps, sequences, inputs], node after node; names are numbered."""

    def __init__(self, axes: tuple[Any, ...] = ("steps", "sequences", INPUTS), opset: int = 17, seed: int = 0) -> None:
        self.rng, self.opset = np.random.default_rng(seed), opset
        self.inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)]
        self.kind = TensorProto.FLOAT
        """Of the outputs."""
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: Any, kind: Any = np.float32) -> str:
        """A stored tensor."""
        name = f"c{len(self.constants)}"
        made = np.asarray(array, dtype=None if np.asarray(array).dtype.kind in "iu" else kind)
        self.constants.append(numpy_helper.from_array(made, name))
        return name

    def random(self, *shape: int, kind: Any = np.float32) -> str:
        """A stored tensor of normal numbers."""
        return self.constant(self.rng.normal(0, 0.4, shape), kind)

    def input(self, name: str, *axes: Any, kind: int = TensorProto.FLOAT) -> str:
        """One more input."""
        self.inputs.append(helper.make_tensor_value_info(name, kind, axes))
        return name

    def node(self, operator: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any) -> Any:
        """A node; its output's name, or those of several."""
        number = len(self.nodes)
        made = [f"{operator.lower()}{number}_{n}" for n in range(outputs)]
        label = f"/{operator}_{number}" if name is None else name
        self.nodes.append(helper.make_node(operator, list(inputs), made, name=label, **attributes))
        return made[0] if outputs == 1 else made

    def lstm(
        self,
        x: str,
        inputs: int = INPUTS,
        hidden: int = HIDDEN,
        output: int = 0,
        more: tuple[str, ...] = (),
        **options: Any,
    ) -> str:
        """An LSTM's Y [steps, directions, sequences, hidden], or another of its outputs."""
        directions = 2 if options.get("direction") == "bidirectional" else 1
        shapes = ((directions, 4 * hidden, inputs), (directions, 4 * hidden, hidden), (directions, 8 * hidden))
        tensors = [self.random(*shape) for shape in shapes]
        options.setdefault("hidden_size", hidden)
        made: list[str] = self.node("LSTM", x, *tensors, *more, outputs=3, **options)
        return made[output]

    def layer(self, x: str, inputs: int = INPUTS, hidden: int = HIDDEN, **options: Any) -> str:
        """An LSTM's h_t [steps, sequences, hidden]."""
        return self.squeezed(self.lstm(x, inputs, hidden, **options), 1)

    def squeezed(self, value: str, axis: int) -> str:
        """Without an axis."""
        if self.opset < 13:
            return str(self.node("Squeeze", value, axes=[axis]))
        return str(self.node("Squeeze", value, self.constant([axis])))

    def head(self, h: str, hidden: int = HIDDEN, outputs: int = OUTPUTS) -> str:
        """A linear layer."""
        product = self.node("MatMul", h, self.random(hidden, outputs))
        return str(self.node("Add", product, self.random(outputs)))

    def model(self, *outputs: str) -> onnx.ModelProto:
        """The whole."""
        ends = [helper.make_empty_tensor_value_info(name) for name in outputs]
        for end in ends:
            end.type.tensor_type.elem_type = self.kind
        graph = helper.make_graph(self.nodes, "g", self.inputs, ends, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def saved(self, tmp_path: Path, *outputs: str) -> Path:
        """The whole as a file."""
        return saved(tmp_path, self.model(*outputs))


def saved(tmp_path: Path, model: onnx.ModelProto) -> Path:
    """A model as a file."""
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    return path


def exported(module: nn.Module, path: Path, x: torch.Tensor) -> Path:
    """A module of PyTorch as a file, sequences and steps left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "n", 1: "t"}}}
        torch.onnx.export(module.eval(), (x,), str(path), dynamo=False, **names)
    return path
