"""ONNX files: data files beside them, functions, operator sets, damaged bytes, names that do not fit together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from accel.base.faults import Refused
from tests.training.importing.graphs import HIDDEN, INPUTS, Graph, saved
from training.importing.onnx_model import read


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, broken: float) -> None:
    graph = Graph()
    logits = graph.node("Mul", graph.head(graph.layer("x")), graph.constant([1.0, broken]), name="factor")
    with pytest.raises(Refused, match=r"factor \(Mul\): wanted constants that are finite"):
        read(graph.saved(tmp_path, logits))


def test_functions_of_the_file_are_looked_into(tmp_path: Path) -> None:
    graph = Graph()
    h = graph.layer("x")
    called = graph.node("Activate", h, domain="own", name="call")
    model = graph.model(graph.head(called))
    model.opset_import.append(helper.make_opsetid("own", 1))
    body = [helper.make_node("Relu", ["a"], ["b"], name="inside")]
    model.functions.append(helper.make_function("own", "Activate", ["a"], ["b"], body, model.opset_import[:1]))
    assert [one.activation for one in read(saved(tmp_path, model)).network.linear] == ["relu"]


def test_weights_in_a_file_beside_are_read_or_the_file_is_named(tmp_path: Path) -> None:
    graph = Graph()
    path = tmp_path / "model.onnx"
    model = graph.model(graph.head(graph.layer("x")))
    onnx.save(model, str(path), save_as_external_data=True, location="model.data", size_threshold=0)
    assert read(path).network.layers[0].sizes == (INPUTS, HIDDEN)
    whole = (tmp_path / "model.data").read_bytes()
    (tmp_path / "model.data").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match=r"model.onnx: wanted model.data with the bytes it names"):
        read(path)
    (tmp_path / "model.data").unlink()
    with pytest.raises(Refused, match=r"model.onnx: wanted its data file model.data beside it, got no such file"):
        read(path)


def test_a_data_file_elsewhere_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    model = graph.model(graph.head(graph.layer("x")))
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "../secret")
    model.graph.initializer[0].ClearField("raw_data")
    with pytest.raises(Refused, match=r"wanted data files beside it, got \.\./secret"):
        read(saved(tmp_path, model))


@pytest.mark.parametrize("contents", [b"", b"\xff\xff no model", b"ONNX"], ids=["empty", "bytes", "text"])
def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(contents)
    with pytest.raises(Refused, match=r"model.onnx: wanted an ONNX model") as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, graph.head(graph.layer("x")))
    whole = path.read_bytes()
    for share in (0.3, 0.6, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(Refused):
            read(path)


@pytest.mark.parametrize("opset", [6, 99])
def test_operator_sets_that_are_not_known_are_refused(tmp_path: Path, opset: int) -> None:
    graph = Graph(opset=opset)
    with pytest.raises(Refused, match="operator set: wanted 7 to"):
        read(graph.saved(tmp_path, graph.node("Identity", "x")))


def test_a_circle_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    graph.nodes.append(helper.make_node("Add", ["b", "x"], ["a"], name="one"))
    graph.nodes.append(helper.make_node("Neg", ["a"], ["b"], name="two"))
    with pytest.raises(Refused, match="wanted a graph without circles"):
        read(graph.saved(tmp_path, "b"))


def test_a_name_that_nothing_makes_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    with pytest.raises(Refused, match="nobody: wanted an input, constant or node of that name"):
        read(graph.saved(tmp_path, graph.node("Add", graph.head(graph.layer("x")), "nobody")))


def test_names_used_twice_are_refused(tmp_path: Path) -> None:
    graph = Graph()
    logits = graph.head(graph.layer("x"))
    graph.nodes.append(helper.make_node("Neg", [logits], [logits], name="again"))
    with pytest.raises(Refused, match=r"again \(Neg\): wanted names that are used once"):
        read(graph.saved(tmp_path, logits))


HUGE: dict[str, Callable[[Graph], str]] = {
    "ConstantOfShape": lambda g: g.node("ConstantOfShape", g.constant([1 << 40]), name="huge"),
    "Range": lambda g: g.node("Range", *(g.constant(np.array(n)) for n in (0, 1 << 40, 1)), name="huge"),
    "MatMul": lambda g: g.node("MatMul", g.random(1 << 18, 1), g.random(1, 1 << 18), name="huge"),
    "Add": lambda g: g.node("Add", g.random(1 << 18, 1), g.random(1, 1 << 18), name="huge"),
    "Tile": lambda g: g.node("Tile", g.random(2), g.constant([1 << 40]), name="huge"),
    "Expand": lambda g: g.node("Expand", g.random(1), g.constant([1 << 40]), name="huge"),
    "Pad": lambda g: g.node("Pad", g.random(2), g.constant([0, 1 << 40]), name="huge"),
}


@pytest.mark.parametrize("made", HUGE.values(), ids=HUGE)
def test_a_constant_that_would_fill_the_memory_is_refused(tmp_path: Path, made: Callable[[Graph], str]) -> None:
    graph = Graph()
    logits = graph.node("Add", graph.head(graph.layer("x")), made(graph))
    with pytest.raises(Refused, match=r"huge \(.*\): wanted inputs that go together"):
        read(graph.saved(tmp_path, logits))


def test_inputs_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    graph = Graph(("steps", 1 << 50, INPUTS))
    with pytest.raises(Refused, match=r"x: wanted an input of 1 to"):
        read(graph.saved(tmp_path, graph.head(graph.layer("x"))))
    graph = Graph()
    state = graph.input("h_0", 1, 1 << 50, HIDDEN)
    with pytest.raises(Refused, match=r"h_0: wanted an input of 1 to"):
        read(graph.saved(tmp_path, graph.head(graph.layer("x", more=("", state, "")))))


def test_a_tensor_with_other_bytes_than_its_shape_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    model = graph.model(graph.head(graph.layer("x")))
    model.graph.initializer[1].dims[1] += 1
    with pytest.raises(Refused, match=r"model.onnx: c1: wanted a tensor with the bytes of its shape"):
        read(saved(tmp_path, model))


def test_a_node_with_attributes_of_another_kind_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    logits = graph.node("Gemm", graph.squeezed(graph.lstm("x", output=1), 0), graph.random(HIDDEN, 2), alpha="much")
    with pytest.raises(Refused, match=r"\(Gemm\): wanted inputs and attributes as operator set 17 has them"):
        read(graph.saved(tmp_path, logits))


def test_what_the_output_does_not_need_is_no_matter(tmp_path: Path) -> None:
    graph = Graph()
    logits = graph.head(graph.layer("x"))
    graph.node("Relu", logits)
    graph.constants.append(numpy_helper.from_array(np.full(3, np.nan, np.float32), "unused"))
    assert read(graph.saved(tmp_path, logits)).network.when == "step"
