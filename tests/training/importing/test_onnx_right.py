"""ONNX graphs that have a place in the hardware: read, they compute what onnx's reference evaluator does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, Graph, fine
from tests.training.importing.reference import wrong
from training.importer import import_model
from training.importing.onnx_model import read

NEAR = 1e-5
Made = Callable[[Graph], str]


def two_layers(g: Graph) -> str:
    return g.head(g.layer(g.layer("x"), HIDDEN))


def two_sizes(g: Graph) -> str:
    return g.head(g.layer(g.layer("x", hidden=5), 5))


def gemm_last(g: Graph) -> str:
    last = g.squeezed(g.lstm("x", output=1), 0)
    return g.node("Gemm", last, g.random(HIDDEN, OUTPUTS), g.random(OUTPUTS), alpha=0.5, beta=2.0)


def gemm_turned(g: Graph) -> str:
    turned = g.node("Transpose", g.squeezed(g.lstm("x", output=1), 0), perm=[1, 0])
    return g.node("Gemm", turned, g.random(OUTPUTS, HIDDEN), transA=1, transB=1)


def weight_on_the_left(g: Graph) -> str:
    turned = g.node("Transpose", g.layer("x"), perm=[0, 2, 1])
    product = g.node("MatMul", g.random(OUTPUTS, HIDDEN), turned)
    return g.node("Transpose", g.node("Add", g.random(OUTPUTS, 1), product), perm=[0, 2, 1])


def scaled_head(g: Graph) -> str:
    return g.node("Mul", g.node("MatMul", g.layer("x"), g.random(HIDDEN, OUTPUTS)), g.random(OUTPUTS))


def scaled_everywhere(g: Graph) -> str:
    x = g.node("Div", g.node("Sub", "x", g.random(INPUTS)), g.constant([2.0, 0.5, 4.0]))
    h = g.node("Sub", g.constant(1.0), g.node("Mul", g.random(HIDDEN), g.layer(x)))
    return g.node("Neg", g.head(g.layer(h, HIDDEN)))


def layers_in_line(g: Graph) -> str:
    x = g.node("Add", g.node("MatMul", "x", g.random(INPUTS, 5)), g.random(5))
    return g.head(g.head(g.layer(x, 5), outputs=6), hidden=6)


def normalised(g: Graph) -> str:
    h = g.node("Transpose", g.layer("x"), perm=[1, 2, 0])
    statistics = [g.random(HIDDEN), g.random(HIDDEN), g.random(HIDDEN), g.constant(np.full(HIDDEN, 0.3))]
    return g.head(g.node("Transpose", g.node("BatchNormalization", h, *statistics), perm=[2, 0, 1]))


def convolved_steps(g: Graph) -> str:
    h = g.layer(g.node("Transpose", g.node("Conv", turned(g, "x"), g.random(5, INPUTS, 1)), perm=[2, 0, 1]), 5)
    return g.node(
        "Transpose", g.node("Conv", turned(g, h), g.random(OUTPUTS, HIDDEN, 1), g.random(OUTPUTS)), perm=[2, 0, 1]
    )


def turned(g: Graph, value: str) -> str:
    """[steps, sequences, features] as a Conv over steps has it."""
    return str(g.node("Transpose", value, perm=[1, 2, 0]))


def without_bias(g: Graph) -> str:
    weights = g.random(1, 4 * HIDDEN, INPUTS), g.random(1, 4 * HIDDEN, HIDDEN)
    return g.head(g.squeezed(g.node("LSTM", "x", *weights, outputs=2, hidden_size=HIDDEN)[0], 1))


def computed_constants(g: Graph) -> str:
    half = g.node("Cast", g.random(4 * HIDDEN, INPUTS, kind=np.float16), to=TensorProto.FLOAT)
    w = g.node("Unsqueeze", g.node("Identity", half), g.constant([0]))
    parts = [g.random(1, 2 * HIDDEN, HIDDEN), g.random(1, 2 * HIDDEN, HIDDEN)]
    r = g.node("Concat", *parts, axis=1)
    b = g.node("Slice", g.random(1, 20 * HIDDEN), g.constant([0]), g.constant([8 * HIDDEN]), g.constant([1]))
    return g.head(g.squeezed(g.node("LSTM", "x", w, r, b, outputs=2)[0], 1))


def integers_with_scales(g: Graph) -> str:
    values = g.constant(g.rng.integers(-100, 100, (1, 4 * HIDDEN, INPUTS)).astype(np.int8))
    w = g.node("DequantizeLinear", values, g.constant(0.01), g.constant(np.array(3, np.int8)))
    return g.head(g.squeezed(g.node("LSTM", "x", w, g.random(1, 4 * HIDDEN, HIDDEN), outputs=2)[0], 1))


def zeros_of_a_shape(g: Graph) -> str:
    batch = g.node("Gather", g.node("Shape", "x"), g.constant([1]), axis=0)
    shape = g.node("Concat", g.constant([1]), batch, g.constant([HIDDEN]), axis=0)
    zeros = g.node("ConstantOfShape", shape)
    return g.head(g.layer("x", more=("", zeros, zeros)))


def chosen_by_a_constant(g: Graph) -> str:
    h = g.layer("x")
    branches = []
    for factor in (2.0, 3.0):
        value = numpy_helper.from_array(np.full(HIDDEN, factor, np.float32), f"f{factor:.0f}")
        node = helper.make_node("Mul", [h, f"f{factor:.0f}"], [f"m{factor:.0f}"])
        end = helper.make_tensor_value_info(f"m{factor:.0f}", TensorProto.FLOAT, None)
        branches.append(helper.make_graph([node], "branch", [], [end], [value]))
    condition = g.constant(np.array(True), kind=np.bool_)
    return g.head(g.node("If", condition, then_branch=branches[0], else_branch=branches[1]))


def dropped_and_cast(g: Graph) -> str:
    double = g.node("Cast", g.node("Dropout", g.layer("x"), outputs=2)[0], to=TensorProto.DOUBLE)
    return g.head(g.node("Cast", double, to=TensorProto.FLOAT))


def flattened_steps(g: Graph) -> str:
    rows = g.node("Reshape", g.layer("x"), g.constant([-1, HIDDEN]))
    return g.node("Gemm", rows, g.random(OUTPUTS, HIDDEN), g.random(OUTPUTS), transB=1)


def last_by_gather(g: Graph) -> str:
    return g.node("Gather", g.head(g.layer("x")), g.constant(np.array(-1)), axis=0)


def last_by_slice(g: Graph) -> str:
    starts, ends = g.constant([-1]), g.constant([np.iinfo(np.int64).max])
    return g.head(g.squeezed(g.node("Slice", g.layer("x"), starts, ends, g.constant([0])), 0))


def classes_turned_round(g: Graph) -> str:
    return g.node("Gather", g.head(g.layer("x")), g.constant([1, 0]), axis=2)


def a_part_of_the_units(g: Graph) -> str:
    return g.head(g.node("Gather", g.layer("x"), g.constant([2, 0]), axis=2), hidden=2)


def units_twice(g: Graph) -> str:
    twice = g.node("Gather", g.layer("x"), g.constant([3, 0, 3]), axis=2)
    return g.head(g.node("Add", twice, g.random(3)), hidden=3)


def softmax_of_some_classes(g: Graph) -> str:
    return g.node("Softmax", g.node("Gather", g.head(g.layer("x"), outputs=5), g.constant([4, 1]), axis=2), axis=-1)


def softmax(g: Graph) -> str:
    return g.node("Softmax", g.head(g.layer("x")), axis=-1)


def log_softmax(g: Graph) -> str:
    return g.node("LogSoftmax", g.head(g.layer("x")), axis=2)


def sigmoid(g: Graph) -> str:
    return g.node("Sigmoid", g.head(g.layer("x")))


def index_of_turned_classes(g: Graph) -> str:
    turned = g.node("Gather", g.head(g.layer("x"), outputs=5), g.constant([4, 2, 0, 1, 3]), axis=2)
    return g.node("ArgMax", g.node("Softmax", turned, axis=-1), axis=2, keepdims=0)


def zero_peepholes_and_whole_lengths(g: Graph) -> str:
    peepholes = g.constant(np.zeros((1, 3 * HIDDEN)))
    return g.head(g.layer("x", more=("", "", "", peepholes), activations=["sigmoid", "tanh", "TANH"]))


def activations_in_front(g: Graph) -> str:
    x = g.node("Clip", g.head(g.node("Relu", "x"), outputs=5, hidden=INPUTS), g.constant(-1.0), g.constant(0.5))
    return g.head(g.layer(x, 5))


def relu_between(g: Graph) -> str:
    return g.head(g.layer(g.node("Relu", g.layer("x")), HIDDEN))


def tanh_between(g: Graph) -> str:
    return g.head(g.layer(g.node("Tanh", g.layer("x")), HIDDEN))


def scaled_relu_between(g: Graph) -> str:
    return g.head(g.layer(g.node("Relu", g.node("Mul", g.layer("x"), g.constant(2.0))), HIDDEN))


def leaky_linear_between(g: Graph) -> str:
    h = g.node("LeakyRelu", g.head(g.layer("x"), outputs=5), alpha=0.3)
    return g.head(g.layer(g.head(h, 5, outputs=2), 2))


RIGHT: tuple[Made, ...] = (
    *(activations_in_front, relu_between, tanh_between, scaled_relu_between, leaky_linear_between),
    *(two_layers, two_sizes, gemm_last, gemm_turned, weight_on_the_left, scaled_head, scaled_everywhere),
    *(layers_in_line, normalised, convolved_steps, without_bias, computed_constants, integers_with_scales),
    *(zeros_of_a_shape, chosen_by_a_constant, dropped_and_cast, flattened_steps, last_by_gather),
    *(last_by_slice, classes_turned_round, a_part_of_the_units, units_twice, softmax_of_some_classes),
    *(softmax, log_softmax, sigmoid, index_of_turned_classes, zero_peepholes_and_whole_lengths),
)


@pytest.mark.parametrize("made", RIGHT, ids=lambda made: made.__name__)
def test_what_has_a_place_is_read_right(tmp_path: Path, made: Made) -> None:
    graph = Graph(opset=19 if made is integers_with_scales else 17)
    assert wrong(graph.saved(tmp_path, made(graph))) < NEAR


def test_batch_first_layout_is_read_right(tmp_path: Path) -> None:
    graph = Graph(("sequences", "steps", INPUTS))
    h = graph.squeezed(graph.lstm("x", layout=1), 2)
    assert wrong(graph.saved(tmp_path, graph.head(h)), batch_first=True) < NEAR


def test_transposed_sequences_are_read_right(tmp_path: Path) -> None:
    graph = Graph(("sequences", "steps", INPUTS))
    h = graph.layer(graph.node("Transpose", "x", perm=[1, 0, 2]))
    assert wrong(graph.saved(tmp_path, graph.head(graph.node("Transpose", h, perm=[1, 0, 2]))), batch_first=True) < NEAR


def test_fixed_axes_are_read_right(tmp_path: Path) -> None:
    graph = Graph((9, 4, INPUTS))
    h = graph.node("Reshape", graph.lstm("x"), graph.constant([9, 4, HIDDEN]))
    assert wrong(graph.saved(tmp_path, graph.head(h))) < NEAR


@pytest.mark.parametrize("opset", [9, 11, 22])
def test_older_and_newer_operator_sets_are_read_right(tmp_path: Path, opset: int) -> None:
    graph = Graph(opset=opset)
    made = graph.node("Softmax", graph.head(graph.layer("x")), axis=2)
    assert wrong(graph.saved(tmp_path, made)) < NEAR


def test_features_need_not_be_the_last_axis(tmp_path: Path) -> None:
    graph = Graph(("sequences", INPUTS, "steps"))
    scaled = graph.node("Mul", "x", graph.random(INPUTS, 1))
    path = graph.saved(tmp_path, graph.head(graph.layer(graph.node("Transpose", scaled, perm=[2, 0, 1]))))
    reading = read(path)
    assert reading.features == 1
    assert reading.network.layers[0].sizes == (INPUTS, HIDDEN)


def test_features_of_any_size_are_what_the_spec_says(tmp_path: Path) -> None:
    graph = Graph(("steps", "sequences", "features"))
    path = graph.saved(tmp_path, graph.head(graph.layer("x")))
    assert read(path, inputs=INPUTS).network.layers[0].sizes == (INPUTS, HIDDEN)


def test_of_several_axes_the_one_of_the_specs_size_has_the_features(tmp_path: Path) -> None:
    graph = Graph(("steps", "sequences", 1))
    path = graph.saved(tmp_path, graph.head(graph.layer(graph.node("Mul", "x", graph.random(1)), 1)))
    reading = read(path, inputs=1)
    assert (reading.features, reading.rows.shape) == (2, (6, 5))


@pytest.mark.parametrize("kind", [TensorProto.BFLOAT16, TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_floats_are_taken_with_the_numbers_they_hold(tmp_path: Path, kind: int) -> None:
    graph = Graph()
    plain = graph.model(graph.head(graph.layer("x")))
    other = onnx.ModelProto()
    other.CopyFrom(plain)
    for tensor in other.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(tensor).astype(helper.tensor_dtype_to_np_dtype(kind))
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    other.graph.input[0].type.tensor_type.elem_type = kind
    path = tmp_path / "model.onnx"
    onnx.save(other, str(path))
    stored = numpy_helper.to_array(other.graph.initializer[1]).astype(np.float64)[0]
    w_h = read(path).network.layers[0].w_h
    np.testing.assert_array_equal(w_h[:HIDDEN], stored[:HIDDEN])
    np.testing.assert_array_equal(w_h[HIDDEN : 2 * HIDDEN], stored[2 * HIDDEN : 3 * HIDDEN])
    import_model(fine(), path, tmp_path / "work")


def test_one_of_several_outputs_is_named(tmp_path: Path) -> None:
    graph = Graph()
    y, last, cell = graph.node("LSTM", "x", *(graph.random(*s) for s in ((1, 16, 3), (1, 16, 4))), outputs=3)
    path = graph.saved(tmp_path, graph.head(graph.squeezed(y, 1)), last, cell)
    assert read(path, f"add{len(graph.nodes) - 1}_0").network.when == "step"
    assert read(path, last).network.when == "last"
