"""ONNX LSTM nodes, checked against ONNX's own reference evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from accel.base.faults import Refused
from tests.training.small import small
from training.importer import fill, import_model, read

SPEC = small(model={"hidden": [8, 8], "head": {"outputs": 3, "kind": "logits", "when": "step"}})


def node(number: int, source: str, **attributes: Any) -> onnx.NodeProto:
    names = [source, f"W{number}", f"R{number}", f"B{number}"]
    return helper.make_node("LSTM", names, [f"y{number}"], hidden_size=8, name=f"lstm{number}", **attributes)


def model(head: str = "gemm", computed: bool = False, **attributes: Any) -> onnx.ModelProto:
    """Two LSTM layers and a linear layer with random weights; x is [steps, batch, 3], the result [steps * batch, 3]."""
    rng = np.random.default_rng(0)
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    shapes = {"W0": (directions, 32, 3), "R0": (directions, 32, 8), "B0": (directions, 64)}
    shapes |= {
        "W1": (directions, 32, 8),
        "R1": (directions, 32, 8),
        "B1": (directions, 64),
        "head": (3, 8),
        "bias": (3,),
    }
    arrays = {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in shapes.items()}
    if head == "matmul":
        arrays["head"] = np.ascontiguousarray(arrays["head"].T)
    if computed:
        arrays.pop("W1")
    arrays["shape"] = np.array([-1, 8])
    nodes = [
        node(0, "x", **attributes),
        helper.make_node("Squeeze", ["y0", "axis"], ["h0"]),
        node(1, "h0", **attributes),
    ]
    nodes.append(helper.make_node("Reshape", ["y1", "shape"], ["h1"]))
    if head == "gemm":
        nodes.append(helper.make_node("Gemm", ["h1", "head", "bias"], ["y"], transB=1))
    else:
        nodes += [helper.make_node("MatMul", ["h1", "head"], ["p"]), helper.make_node("Add", ["p", "bias"], ["y"])]
    arrays["axis"] = np.array([1])
    values = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, None, 3])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])


def saved(tmp_path: Path, made: onnx.ModelProto) -> Path:
    path = tmp_path / "model.onnx"
    onnx.save(made, str(path))
    return path


@pytest.mark.parametrize("head", ["gemm", "matmul"])
def test_the_imported_network_computes_what_onnx_does(tmp_path: Path, head: str) -> None:
    made = model(head)
    module = fill(SPEC, read(saved(tmp_path, made)), "model")
    x = np.random.default_rng(1).normal(0, 1, (6, 1, 3)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(made).run(None, {"x": x})
    found = module(torch.from_numpy(x).transpose(0, 1))[0][0]
    np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-5)


def test_an_onnx_model_is_imported_to_integers(tmp_path: Path) -> None:
    import_model(SPEC, saved(tmp_path, model()), tmp_path)
    assert (tmp_path / "weights.npz").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"direction": "bidirectional"}, "reads forward only, got bidirectional"),
        ({"direction": "reverse"}, "reads forward only, got reverse"),
        ({"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "activations: wanted Sigmoid, Tanh, Tanh, got HardSigmoid"),
        ({"clip": 3.0}, "clip: wanted none, got 3.0"),
        ({"computed": True}, "W1: wanted constant weights"),
    ],
    ids=["bidirectional", "reverse", "activations", "clip", "computed"],
)
def test_what_the_accelerator_cannot_do_is_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(saved(tmp_path, model(**options)))


def test_a_file_that_is_no_onnx_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\xff\xff no model")
    with pytest.raises(Refused, match="wanted an ONNX model"):
        read(path)


def test_an_onnx_model_without_lstm_is_refused(tmp_path: Path) -> None:
    made = model()
    del made.graph.node[:]
    with pytest.raises(Refused, match="at least one LSTM node, got none"):
        read(saved(tmp_path, made))
