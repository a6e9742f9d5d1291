"""Graphs with something that has no place in an accelerator."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, Graph


def elu(g: Graph) -> str:
    return g.head(g.node("Elu", g.head(g.layer("x")), name="elu"), OUTPUTS)


def normalized(g: Graph) -> str:
    h = g.node("LayerNormalization", g.layer("x"), g.random(HIDDEN), g.random(HIDDEN), name="norm")
    return g.head(h)


def encoder(g: Graph) -> str:
    states = g.lstm("x", output=1), g.random(1, 1, HIDDEN)
    return g.head(g.squeezed(g.lstm("x", more=("", *states), name="decoder"), 1))


def no_lower_end(g: Graph) -> str:
    return g.head(g.node("Clip", g.head(g.layer("x")), "", g.constant(2.0), name="below"), OUTPUTS)


def residual_in_the_head(g: Graph) -> str:
    h = g.head(g.layer("x"))
    return g.head(g.node("Add", h, g.node("Relu", h), name="sum"), OUTPUTS)


def pooled(g: Graph, value: str, axis: int = 0, operator: str = "ReduceMean", name: str = "mean") -> str:
    return str(g.node(operator, value, axes=[axis], keepdims=0, name=name))


def mean_of_units(g: Graph) -> str:
    h = g.node("ReduceMean", g.layer("x"), axes=[2], keepdims=1, name="units")
    return g.head(h, 1)


def mean_of_x(g: Graph) -> str:
    x = g.node("ReduceMean", "x", axes=[0], keepdims=1, name="mean")
    return g.head(g.layer(x))


def most_of_a_layer(g: Graph) -> str:
    return g.head(pooled(g, g.head(g.layer("x")), operator="ReduceMax", name="most"), OUTPUTS)


def mean_between(g: Graph) -> str:
    h = g.node("ReduceMean", g.layer("x"), axes=[0], keepdims=1, name="mean")
    return g.head(g.layer(h, HIDDEN))


def attention(g: Graph) -> str:
    h = g.layer("x")
    return g.head(g.node("Mul", h, g.node("Softmax", h, name="scores"), name="weigh"))


def beginning_state(g: Graph) -> str:
    g.inputs[0].type.tensor_type.shape.dim[1].dim_value = 5
    return g.head(g.squeezed(g.lstm("x", more=("", g.random(1, 5, HIDDEN), "")), 1))


def convolution(g: Graph) -> str:
    h = g.node("Transpose", g.layer("x"), perm=[1, 2, 0])
    h = g.node("Conv", h, g.random(HIDDEN, HIDDEN, 3), pads=[1, 1], name="conv")
    return g.head(g.node("Transpose", h, perm=[2, 0, 1]))


def all_steps_at_once(g: Graph) -> str:
    h = g.node("Transpose", g.layer("x"), perm=[1, 0, 2])
    return g.node("Gemm", g.node("Flatten", h), g.random(6 * HIDDEN, OUTPUTS), name="dense")


def sequences_for_steps(g: Graph) -> str:
    return g.head(g.layer(g.node("Transpose", g.layer("x"), perm=[1, 0, 2]), HIDDEN))


def steps_mixed_with_sequences(g: Graph) -> str:
    return g.head(g.layer(g.node("Reshape", "x", g.constant([5, -1, INPUTS]))))


def steps_turned_round(g: Graph) -> str:
    at = [g.constant([-1]), g.constant([np.iinfo(np.int64).min + 1]), g.constant([0]), g.constant([-1])]
    return g.head(g.layer(g.node("Slice", "x", *at)))


def last_step_of_the_layer_before(g: Graph) -> str:
    return g.head(g.layer(g.lstm("x", output=1), HIDDEN))


def cell_state(g: Graph) -> str:
    return g.head(g.squeezed(g.lstm("x", output=2), 0))


def some_steps(g: Graph) -> str:
    return g.head(g.node("Slice", g.layer("x"), g.constant([-2]), g.constant([100]), g.constant([0])))


def answers_turned_round(g: Graph) -> str:
    at = [g.constant([-1]), g.constant([np.iinfo(np.int64).min + 1]), g.constant([0]), g.constant([-1])]
    return g.node("Slice", g.head(g.layer("x")), *at)


def one_fixed_step(g: Graph) -> str:
    return g.head(g.node("Gather", g.layer("x"), g.constant(np.array(5)), axis=0))


def share_of_the_steps(g: Graph) -> str:
    steps = g.node("Cast", g.node("Gather", g.node("Shape", "x"), g.constant(np.array(0)), axis=0), to=1)
    return g.node("Div", g.head(g.layer("x")), steps, name="share")


def branch_by_size(g: Graph) -> str:
    h = g.layer("x")
    steps = g.node("Gather", g.node("Shape", "x"), g.constant(np.array(0)), axis=0)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("one", "other")]
    one = helper.make_graph([helper.make_node("Neg", [h], ["one"])], "one", [], ends[:1])
    other = helper.make_graph([helper.make_node("Identity", [h], ["other"])], "other", [], ends[1:])
    many = g.node("Greater", steps, g.constant(np.array(100)))
    return g.head(g.node("If", many, then_branch=one, else_branch=other, name="choice"))


def constants_of_their_step(g: Graph) -> str:
    h = g.layer("x")
    return g.head(
        g.node("Add", h, g.node("Slice", g.random(50, 1, HIDDEN), g.constant([0]), g.node("Shape", "x", end=1)))
    )


def added_to_itself_shifted(g: Graph) -> str:
    return g.head(g.node("Mul", g.layer("x"), g.random(1, 5, HIDDEN), name="each"))


def embedding(g: Graph) -> str:
    tokens = g.node("Cast", "x", to=TensorProto.INT64, name="tokens")
    return g.head(g.layer(g.node("Gather", g.random(9, INPUTS), tokens)))


def weights_from_x(g: Graph) -> str:
    w = g.node("Reshape", g.node("Slice", "x", g.constant([0]), g.constant([1])), g.constant([1, -1, INPUTS]))
    return g.head(g.squeezed(g.node("LSTM", "x", w, g.random(1, 16, HIDDEN), outputs=2, name="lstm")[0], 1))


def softmax_in_between(g: Graph) -> str:
    return g.head(g.node("Softmax", g.layer("x"), axis=-1, name="soft"))


def softmax_over_steps(g: Graph) -> str:
    return g.node("Softmax", g.head(g.layer("x")), axis=0, name="soft")


def last_of_equal_logits(g: Graph) -> str:
    return g.node("ArgMax", g.head(g.layer("x")), axis=-1, select_last_index=1, name="index")


def clipped_gru(g: Graph) -> str:
    weights = g.random(1, 12, INPUTS), g.random(1, 12, HIDDEN)
    return g.head(g.squeezed(g.node("GRU", "x", *weights, outputs=2, hidden_size=HIDDEN, clip=1.0, name="gate")[0], 1))


def gru_that_forgets_its_input(g: Graph) -> str:
    weights = g.random(1, 12, INPUTS), g.random(1, 12, HIDDEN)
    return g.head(g.squeezed(g.node("GRU", "x", *weights, outputs=2, input_forget=1, name="gate")[0], 1))


def rnn(g: Graph) -> str:
    weights = g.random(1, 4, INPUTS), g.random(1, 4, HIDDEN)
    return g.head(g.squeezed(g.node("RNN", "x", *weights, outputs=2, hidden_size=HIDDEN, name="gate")[0], 1))


def quantised_lstm(g: Graph) -> str:
    names = [g.random(1, INPUTS, 16), g.random(1, HIDDEN, 16)]
    made = g.node("DynamicQuantizeLSTM", "x", *names, outputs=2, domain="com.microsoft", name="quick")
    return g.head(g.squeezed(made[0], 1))


def quantised_signal(g: Graph) -> str:
    low = g.node("QuantizeLinear", g.layer("x"), g.constant(0.1), name="rounded")
    return g.head(g.node("DequantizeLinear", low, g.constant(0.1)))


def random_numbers(g: Graph) -> str:
    return g.head(g.node("Add", g.layer("x"), g.node("RandomNormal", shape=[HIDDEN], name="noise")))


def normalised_by_its_own(g: Graph) -> str:
    return g.head(g.node("LayerNormalization", g.layer("x"), g.random(HIDDEN), name="norm"))


def training_batch_norm(g: Graph) -> str:
    h = g.node("Reshape", g.layer("x"), g.constant([-1, HIDDEN]))
    ones = g.constant(np.ones(HIDDEN))
    return g.head(g.node("BatchNormalization", h, ones, ones, ones, ones, outputs=3, training_mode=1, name="norm")[0])


def integer_head(g: Graph) -> str:
    return g.node("MatMul", g.layer("x"), g.constant(np.ones((HIDDEN, OUTPUTS), np.int32)), name="dense")


def no_lstm(g: Graph) -> str:
    return g.node("MatMul", "x", g.random(INPUTS, OUTPUTS), name="dense")


def sum_of_layers(g: Graph) -> str:
    return g.head(g.node("Concat", g.layer("x"), g.layer("x"), axis=2, name="both"), 2 * HIDDEN)
