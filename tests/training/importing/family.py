"""A family of ONNX graphs, drawn step by step: some have a place in the hardware, some do not, and each knows which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import TensorProto

from tests.training.importing.graphs import Graph

SIZES = {"a": 5, "b": 4}
"""Sizes, in a test, of the two axes besides the features; which of them the steps are is up to the LSTM."""


class Drawn:
    """A graph under construction: the value so far, and which of the axes a, b, features (f) and ones (1) it has."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.axes = list(draw(st.permutations("abf")))
        self.features = draw(st.integers(1, 4))
        self.opset = draw(st.sampled_from((7, 9, 11, 13, 14, 17, 19, 21)))
        named = [self.features if axis == "f" else axis for axis in self.axes]
        self.graph = Graph(tuple(named), self.opset, draw(st.integers(0, 999)))
        self.value, self.inputs, self.input_axes = "x", self.features, list(self.axes)
        self.steps = ""
        """The axis that LSTMs go along."""
        self.wrong: list[str] = []
        """What has no place."""

    def choice(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return str(self.graph.node(operator, *inputs, **attributes))

    def at(self, axis: str) -> int:
        return self.axes.index(axis)

    def weight(self, *shape: int) -> str:
        """A constant, plain or computed by the graph."""
        g, way = (
            self.graph,
            self.choice("plain", "plain", "cast", "unsqueezed", "joined", "sliced", "integers", "shared"),
        )
        if way == "cast":
            return self.node("Cast", self.node("Identity", g.random(*shape, kind=np.float16)), to=TensorProto.FLOAT)
        if way == "unsqueezed":
            return self.moved("Unsqueeze", g.random(*shape[1:]), 0) if shape[0] == 1 else g.random(*shape)
        if way == "joined":
            return self.node("Concat", g.random(*shape), g.random(*shape[:-1], 0), axis=len(shape) - 1)
        if way == "sliced":
            return self.sliced(g.random(*shape[:-1], shape[-1] + 3), len(shape) - 1, 0, shape[-1])
        if way == "integers" and self.opset >= 19:
            scales, zeros = np.linspace(0.002, 0.01, shape[-1]), np.arange(shape[-1], dtype=np.int8)
            values = g.constant(g.rng.integers(-90, 90, shape).astype(np.int8))
            return self.node("DequantizeLinear", values, g.constant(scales), g.constant(zeros), axis=len(shape) - 1)
        if way == "shared" and len(g.constants) > 1:
            same = [tensor.name for tensor in g.constants if tuple(tensor.dims) == shape and tensor.data_type == 1]
            return same[0] if same else g.random(*shape)
        return g.random(*shape)

    def moved(self, operator: str, value: str, axis: int) -> str:
        """Squeeze or Unsqueeze as the operator set spells it."""
        if self.opset < 13:
            return self.node(operator, value, axes=[axis])
        return self.node(operator, value, self.graph.constant([axis]))

    def sliced(self, value: str, axis: int, start: int, end: int, step: int = 1) -> str:
        if self.opset < 10:
            return self.node("Slice", value, axes=[axis], starts=[start], ends=[end])
        return self.node("Slice", value, *(self.graph.constant([n]) for n in (start, end, axis, step)))

    def turn(self, wanted: list[str]) -> None:
        """Transpose to an order of axes."""
        if wanted != self.axes or self.choice(True, False):
            self.value = self.node("Transpose", self.value, perm=[self.at(axis) for axis in wanted])
            self.axes = list(wanted)

    def along_features(self) -> str:
        """A constant for each feature, shaped so that it broadcasts."""
        behind = len(self.axes) - 1 - self.at("f")
        return self.graph.random(self.features, *[1] * behind)

    def step(self) -> None:
        """One operator that folds, moves, or has no place."""
        self.choice(
            self.scale, self.scale, self.linear, self.normalise, self.carry, self.reorder, self.turn_any, self.fault
        )()

    def turn_any(self) -> None:
        self.turn(self.draw(st.permutations(self.axes)))

    def scale(self) -> None:
        operator = self.choice("Add", "Sub", "Mul", "Neg", *["Sum"] * (self.opset >= 8))
        pair = [self.value, self.along_features()]
        if operator == "Neg":
            pair = pair[:1]
        elif self.choice(True, False):
            pair.reverse()
        self.value = self.node(operator, *pair)

    def linear(self) -> None:
        size = self.draw(st.integers(1, 4))
        if self.at("f") == len(self.axes) - 1:
            self.value = self.node("MatMul", self.value, self.weight(self.features, size))
        elif self.at("f") == len(self.axes) - 2:
            self.value = self.node("MatMul", self.weight(size, self.features), self.value)
        else:
            return
        self.features = size

    def normalise(self) -> None:
        if len(self.axes) > 1 and self.at("f") == 1:
            spread = self.graph.constant(np.linspace(0.2, 1.5, self.features))
            more = [self.graph.random(self.features) for _ in range(3)]
            self.value = self.node("BatchNormalization", self.value, *more, spread, epsilon=0.01)

    def carry(self) -> None:
        """Operators that change nothing."""
        way = self.choice("Identity", "Dropout", "Cast", "Unsqueeze", "Reshape")
        if way in ("Identity", "Dropout"):
            self.value = self.node(way, self.value)
        elif way == "Cast":
            self.value = self.node("Cast", self.node("Cast", self.value, to=11), to=1)
        elif way == "Unsqueeze":
            self.value = self.moved("Squeeze", self.moved("Unsqueeze", self.value, 1), 1)
        else:
            zeros = self.graph.constant([0] * (len(self.axes) - 1) + [-1])
            self.value = self.node("Reshape", self.value, zeros)

    def reorder(self) -> None:
        """Features in another order, some twice."""
        picked = self.draw(st.lists(st.integers(0, self.features - 1), min_size=1, max_size=4))
        self.value = self.node("Gather", self.value, self.graph.constant(picked), axis=self.at("f"))
        self.features = len(picked)

    def fault(self) -> None:
        """Now and then what has no place."""
        if not self.choice(True, False, False, False):
            return
        way = self.choice("Elu", "itself", "other axis", "reversed", "mean", "cut")
        other = self.choice(*[axis for axis in self.axes if axis in "ab"] or ["f"])
        self.wrong.append(way)
        if way == "Elu":
            self.value = self.node(way, self.value)
        elif way == "itself":
            self.value = self.node("Add", self.value, self.node("Neg", self.value))
        elif way == "other axis":
            shape = [SIZES.get(axis, 1) if axis == other else 1 for axis in self.axes]
            self.value = self.node("Mul", self.value, self.graph.random(*shape))
            self.graph.inputs[0].type.tensor_type.shape.dim[self.input_axes.index(other)].dim_value = SIZES.get(
                other, 1
            )
        elif way == "mean":
            if other == self.steps:
                other = next((axis for axis in self.axes if axis in "ab" and axis != self.steps), "f")
            self.value = self.node("ReduceMean", self.value, axes=[self.at(other)], keepdims=1)
        else:
            start, end, by = (-1, np.iinfo(np.int64).min + 1, -1) if way == "reversed" else (0, 3, 1)
            if self.opset < 10:
                self.value = self.node("Elu", self.value)
            else:
                self.value = self.sliced(self.value, self.at(other), start, end, by)

    def lstm(self) -> None:
        """A layer along one of the two axes: the same one as the layers before, or it has no place."""
        a, b = self.choice(("a", "b"), ("b", "a"))
        layout = self.choice(0, 0, 1) if self.opset >= 14 else 0
        self.turn([a, b, "f"] if layout == 0 else [b, a, "f"])
        if self.steps and a != self.steps:
            self.wrong.append("another axis of steps")
        self.steps = self.steps or a
        hidden = self.draw(st.integers(1, 5))
        weights = [self.weight(1, 4 * hidden, n) for n in (self.features, hidden)]
        options: dict[str, Any] = {"hidden_size": hidden}
        if layout:
            options["layout"] = 1
        self.features = hidden
        made = self.graph.node(
            "LSTM", self.value, *weights, *self.more(hidden, b, layout, options), outputs=3, **options
        )
        self.outputs_of(made, a, b, layout)

    def more(self, hidden: int, b: str, layout: int, options: dict[str, Any]) -> list[str]:
        """B, sequence_lens, initial_h, initial_c and P, and options that change what is computed."""
        inputs = [self.weight(1, 8 * hidden) if self.choice(True, True, False) else "", "", "", "", ""]
        way = self.choice(
            *[""] * 9, "state", "constant", "constant", "peepholes", "zeros", "clip", "activations", "forget", "reverse"
        )
        if way == "state":
            for axis, size in SIZES.items():
                self.graph.inputs[0].type.tensor_type.shape.dim[self.input_axes.index(axis)].dim_value = size
            shape = (1, SIZES[b], hidden) if not layout else (SIZES[b], 1, hidden)
            inputs[self.choice(2, 3)] = self.graph.random(*shape)
        elif way == "constant":
            for axis, size in SIZES.items():
                self.graph.inputs[0].type.tensor_type.shape.dim[self.input_axes.index(axis)].dim_value = size
            same = np.tile(self.graph.rng.normal(0, 0.5, hidden), SIZES[b]).astype(np.float32)
            inputs[self.choice(2, 3)] = self.graph.constant(
                same.reshape((1, SIZES[b], hidden) if not layout else (SIZES[b], 1, hidden))
            )
        elif way == "peepholes":
            inputs[4] = self.graph.random(1, 3 * hidden)
        elif way == "zeros":
            inputs[4] = self.graph.constant(np.zeros((1, 3 * hidden)))
        elif way == "clip":
            options["clip"] = 0.7
        elif way == "activations":
            options["activations"] = ["Sigmoid", "Tanh", "Relu"]
        elif way == "forget":
            options["input_forget"] = 1
        elif way == "reverse":
            options["direction"] = "reverse"
        if way not in ("", "zeros", "constant"):
            self.wrong.append(way)
        return inputs

    def outputs_of(self, made: list[str], a: str, b: str, layout: int) -> None:
        """Y, or rarely Y_h, behind which no layer has a place."""
        self.value, self.axes = made[0], [a, "1", b, "f"] if layout == 0 else [b, a, "1", "f"]
        if self.choice(True, *[False] * 5):
            self.value, self.axes = made[1], ["1", b, "f"] if layout == 0 else [b, "1", "f"]
        self.value = self.moved("Squeeze", self.value, self.at("1"))
        self.axes.remove("1")

    def last(self) -> None:
        """The last step alone."""
        axis = self.at(self.steps)
        if self.opset >= 11 and self.choice(True, False):
            self.value = self.node("Gather", self.value, self.graph.constant(np.array(-1)), axis=axis)
        else:
            end = np.iinfo(np.int64).max
            self.value = self.moved("Squeeze", self.sliced(self.value, axis, -1, end), axis)
        self.axes.remove(self.steps)

    def gemm(self) -> None:
        """A matrix product with all its factors."""
        if len(self.axes) != 2 or self.at("f") != 1:
            return
        turned, size = self.choice(0, 1), self.draw(st.integers(1, 4))
        weight = self.weight(size, self.features) if turned else self.weight(self.features, size)
        more = [self.graph.random(size)]
        factors = {"alpha": self.choice(1.0, 0.5, -2.0), "beta": self.choice(1.0, 0.25)}
        self.value = self.node("Gemm", self.value, weight, *more, transB=turned, **factors)
        self.features = size

    def pool(self) -> None:
        """The mean over the steps."""
        axis, kept = self.at(self.steps), self.choice(0, 1)
        if self.opset < 18:
            self.value = self.node("ReduceMean", self.value, axes=[axis], keepdims=kept)
        else:
            self.value = self.node("ReduceMean", self.value, self.graph.constant([axis]), keepdims=kept)
        self.value = self.moved("Squeeze", self.value, axis) if kept else self.value
        self.axes.remove(self.steps)

    def activate(self) -> None:
        """An activation behind a recurrent layer, and a linear layer behind it."""
        if not self.steps or self.at("f") != len(self.axes) - 1:
            return
        way = self.choice("Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSigmoid", "Clip")
        ends = [-0.5, 0.75] if way == "Clip" else []
        if way == "Clip" and self.opset < 11:
            self.value = self.node(way, self.value, min=ends[0], max=ends[1])
        else:
            self.value = self.node(way, self.value, *(self.graph.constant(np.array(end)) for end in ends))
        self.linear()

    def end(self) -> None:
        """Softmax and the like over the classes."""
        way = self.choice("", "", "Softmax", "LogSoftmax", "Sigmoid", "ArgMax")
        if way == "Sigmoid":
            self.value = self.node(way, self.value)
        elif way == "ArgMax":
            self.value = self.node(way, self.value, axis=self.at("f"), keepdims=0)
            self.axes.remove("f")
            self.graph.kind = TensorProto.INT64
        elif way and self.at("f") == len(self.axes) - 1:
            self.value = self.node(way, self.value, axis=len(self.axes) - 1)


@st.composite
def drawn(draw: Callable[[Any], Any]) -> Drawn:
    """A graph with one or two layers and operators before, between and behind."""
    made = Drawn(draw)
    for layer in range(draw(st.integers(1, 2))):
        for _ in range(draw(st.integers(0, 3))):
            made.step()
        if layer and made.steps not in made.axes:
            break
        for _ in range(draw(st.integers(0, layer))):
            made.activate()
        made.lstm()
    for _ in range(draw(st.integers(0, 2))):
        made.step()
    if made.steps in made.axes and draw(st.booleans()):
        made.choice(made.last, made.last, made.pool)()
    for _ in range(draw(st.integers(0, 2))):
        made.activate()
    made.gemm()
    for _ in range(draw(st.integers(0, 2))):
        made.step()
    made.end()
    return made
