"""The way through an ONNX graph from its input to an output, node by node: each has its place, or is refused by name.

A value is a constant, a `Signal` (an affine function of x_t or of one layer's h_t), an `Answer` (what a file does with
its logits at the end) or `Given` (an input that brings h_0 or c_0). What the output does not need is not
visited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from accel.base.faults import Fault, Refused
from training.importing.evaluate import Unevaluated, evaluate
from training.importing.frames import Framed
from training.importing.graph_file import GraphFile, conforms, subgraphs
from training.importing.network import Activated, Array, Embedded, Ending, Link, Recurrent
from training.importing.quantized import ROUNDED, is_rounding, wrong
from training.importing.refusals import told
from training.importing.signals import Mixed, Signal, Uneven, Unfit, X

MOVES = frozenset(
    [
        "Identity",
        "Transpose",
        "Reshape",
        "Squeeze",
        "Unsqueeze",
        "Flatten",
        "Slice",
        "Gather",
        "GatherElements",
        "GatherND",
        "Split",
        "Expand",
    ]
)
"""Operators that carry elements from one place to another and compute nothing."""
RECURRENT = frozenset(("LSTM", "GRU"))
"""Recurrent operators that have a place."""
SUPPORTED = (
    f"{', '.join(sorted(RECURRENT))}; MatMul, Gemm, Add, Sub, Mul, Div, Neg, Sum, BatchNormalization, "
    "Conv of kernel 1 with constants, or of a longer one over the steps of the input; "
    "Add of a recurrent layer's h_t and its own x_t; "
    "a Gather of a constant table at the input; moves of axes; "
    "Relu, LeakyRelu, PRelu, Tanh, Sigmoid, HardSigmoid or Clip in front of recurrent layers, between and behind them; "
    "behind the last one ReduceMean or ReduceMax over the steps; Softmax, LogSoftmax, Sigmoid or ArgMax at the end"
)


@dataclass(frozen=True)
class Given:
    """An input of the graph besides x, as the state before the first step."""

    name: str
    places: Array
    """Which element of the input each element is."""


@dataclass(frozen=True)
class Answer:
    """Logits that are already made into what the file answers; nothing can be computed from it any more."""

    logits: Signal
    ending: Ending
    node: str


@dataclass(frozen=True)
class Behind:
    """A linear layer with an activation that was met, and where its input comes from."""

    made: Activated
    source: int
    place: str
    """The activation's node, for messages."""
    folded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pooling:
    """A mean or a maximum over the steps of a recurrent layer, whose result stands at the row of the last step."""

    kind: Literal["mean", "max"]
    source: int
    place: str
    folded: tuple[str, ...] = ()


Value = ndarray[Any, Any] | Signal | Mixed | Answer | Given | None


@dataclass
class Layer:
    """A recurrent layer that was met, and where its x comes from."""

    made: Recurrent
    source: int
    rows: Array
    """Rows of the source, [steps, sequences]."""
    given: tuple[Given | None, Given | None] = (None, None)
    """h_0 and c_0, each [sequences, hidden]; None for zeros."""
    folded: tuple[str, ...] = ()
    between: Link = "none"
    """What h_t of the layer before goes through in front of this one."""
    read: int = X
    """The source that it reads, what is between included."""
    plain: bool = False
    """Whether it reads that as it is, and nothing of it was folded into W_x."""


@dataclass(frozen=True)
class Added:
    """A residual addition that was met: h_t of a layer and its own x_t."""

    source: int
    place: str
    """The addition's node, for messages."""
    node: str

    @property
    def folded(self) -> tuple[str, ...]:
        """The node, for records."""
        return (self.node,)


@dataclass(frozen=True)
class Looking:
    """A table that was met, whose rows are read at the numbers of the input."""

    made: Embedded
    source: int
    folded: tuple[str, ...] = ()


LOOP = " (of cells in a loop, nn.LSTM or nn.GRU as it is)"

Handler = Callable[["Traversal", Any, list[Value]], list[Value]]


@dataclass
class Traversal:
    """One walk at fixed sizes of all axes."""

    file: GraphFile
    handlers: dict[str, Handler]
    values: dict[str, Value]
    """Inputs and constants at first, then whatever the output needs."""
    free: bool
    """Whether the input has an axis of any size."""
    layers: list[Layer | Behind | Pooling | Added | Looking | Framed] = field(default_factory=list)
    steps: int = 0
    producers: dict[str, Any] = field(default_factory=dict)
    visited: int = 0
    """Nodes that found their place."""
    sized: set[str] = field(default_factory=set)
    """Names of constants, and of what was moved by them, that follow from a number of steps or sequences."""

    def __post_init__(self) -> None:
        self._register(self.file.graph)

    def _register(self, graph: Any) -> None:
        for node in graph.node:
            for name in filter(None, node.output):
                if name in self.producers or name in self.values:
                    raise self.refuse(node, "names that are used once", name)
                self.producers[name] = node

    def refuse(self, node: Any, wanted: str, got: str) -> Refused:
        """A node without a place."""
        return Refused([Fault(self.file.place(node), wanted, got)])

    @staticmethod
    def name(node: Any) -> str:
        """How records call a node."""
        return node.name or f"{node.op_type} of {next(filter(None, node.output), '')}"

    def activated(self, name: str, place: str, signal: Signal, kind: str) -> Signal:
        """What an activation makes of a signal."""
        tensors = (f"weight in front of {name}", f"bias in front of {name}")
        made = Activated(name, signal.matrix, signal.offset, tensors, kind)
        self.layers.append(Behind(made, signal.source, place, signal.folded))
        count = signal.count
        return Signal(len(self.layers) - 1, np.eye(count), np.zeros(count), signal.places)

    def value(self, name: str) -> Value:
        """The value of a name, and so of everything it needs."""
        waiting, begun = [name], set[str]()
        while waiting:
            top = waiting[-1]
            if top in self.values:
                waiting.pop()
                continue
            if top not in self.producers:
                raise Refused([Fault(f"{self.file.path}: {top}", "an input, constant or node of that name", "none")])
            node = self.producers[top]
            missing = [one for one in _first_needs(node) if one and one not in self.values]
            begun.add(top)
            if begun.intersection(missing):
                raise self.refuse(node, "a graph without circles", missing[0])
            if missing:
                waiting.extend(reversed(missing))
            else:
                self._visit(node, top)
        return self.values[name]

    def _visit(self, node: Any, wanted: str) -> None:
        if not conforms(node, self.file.model):
            names = ", ".join(str(attribute.name) for attribute in node.attribute) or "none"
            wanted = f"inputs and attributes as operator set {self.file.opsets['']} has them"
            raise self.refuse(node, wanted, f"{len(node.input)} inputs, attributes {names}")
        if node.op_type == "If" and not node.domain:
            self._choose_branch(node)
            return
        made = self._outputs(node, [self.values[name] if name else None for name in node.input])
        found = {name: value for name, value in zip(node.output, made, strict=False) if name and value is not None}
        if wanted not in found:
            got = f"output {list(node.output).index(wanted) + 1}"
            only = ", as c_t leaves through engine.state_streams alone" if node.op_type == "LSTM" else ""
            raise self.refuse(node, f"one of its first {len(made)} outputs to be used{only}", got)
        self.values |= found
        asked = node.op_type in ("Shape", "Size") and not isinstance(self.values[node.input[0]], np.ndarray)
        if (asked and self.free) or self.sized.intersection(node.input):
            self.sized.update(found)
        self.visited += 1

    def _choose_branch(self, node: Any) -> None:
        """A constant condition leaves one branch; its nodes are nodes of the graph from now on."""
        import onnx
        from onnx import numpy_helper

        condition = self.values.get(next(iter(node.input), ""))
        if not isinstance(condition, np.ndarray) or condition.size != 1 or node.input[0] in self.sized:
            raise self.refuse(node, "a condition that is constant", "one that depends on x or on its size")
        name = "then_branch" if bool(condition) else "else_branch"
        branch = next((attribute.g for attribute in node.attribute if attribute.name == name), None)
        if branch is None or len(branch.output) != len(node.output):
            got = "none" if branch is None else str(len(branch.output))
            raise self.refuse(node, f"a {name} of {len(node.output)} outputs", got)
        for tensor in branch.initializer:
            if tensor.name in self.values or tensor.name in self.producers:
                raise self.refuse(node, "names that are used once", tensor.name)
            self.values[tensor.name] = numpy_helper.to_array(tensor)
        self._register(branch)
        for outer, inner in zip(node.output, branch.output, strict=True):
            self.producers[outer] = onnx.helper.make_node("Identity", [inner.name], [outer], name=node.name)

    def _outputs(self, node: Any, given: list[Value]) -> list[Value]:
        """What a node makes of its inputs."""
        standard = node.domain in ("", "ai.onnx")
        constant = all(value is None or isinstance(value, np.ndarray) for value in given)
        if is_rounding(node):
            self._check_rounding(node, given, constant)
        if not (standard or is_rounding(node)) or next(subgraphs(node), None) is not None:
            raise self.refuse(node, SUPPORTED, told(_operator(node)))
        given = self._gone_on(node, given)
        self._check_end(node, given)
        try:
            if constant:
                return list(evaluate(node, given, self.file.opsets))  # type: ignore[arg-type]
            if node.op_type in ("Shape", "Size"):
                return list(evaluate(node, [_places(given[0])], self.file.opsets))
            if node.op_type == "Gather" and isinstance(given[0], np.ndarray):
                return [self._looked_up(node, given[0], given[1])]
            if node.op_type in MOVES:
                return self._moved(node, given)
            if node.op_type in self.handlers:
                self._check_sizes(node, given)
                return self.handlers[node.op_type](self, node, given)
        except (Unevaluated, Unfit):
            raise self.refuse(node, f"inputs that go together: {SUPPORTED}", _shapes(given)) from None
        except Uneven:
            got = "values of several steps or sequences, or constants that differ between them"
            raise self.refuse(node, "one affine function of x_t or h_t for every step", got) from None
        raise self.refuse(node, SUPPORTED, told(_operator(node)))

    def _check_rounding(self, node: Any, given: list[Value], constant: bool) -> None:
        """Refuse a rounding of a signal, and one of constants that means nothing."""
        if not constant:
            raise self.refuse(node, ROUNDED, "of a signal")
        if found := wrong(node, given):  # type: ignore[arg-type]
            raise self.refuse(node, *found)

    def _check_sizes(self, node: Any, given: list[Value]) -> None:
        """Refuse a constant that is another for other numbers of steps or sequences; of h_0 and c_0 only zeros pass."""
        numbers = node.input[:4] if node.op_type in RECURRENT else node.input
        for name, value in zip(numbers, given, strict=False):
            if name in self.sized and isinstance(value, np.ndarray):
                raise self.refuse(node, f"constants that no number of steps or sequences changes{LOOP}", name)

    def _gone_on(self, node: Any, given: list[Value]) -> list[Value]:
        """A sigmoid behind which something still computes is no end, but an activation."""
        if node.op_type in MOVES or node.op_type in ("Shape", "Size", "Cast", "ArgMax"):
            return given
        return [
            self.activated(value.node, value.node, value.logits, "sigmoid")
            if isinstance(value, Answer) and value.ending == "sigmoid"
            else value
            for value in given
        ]

    def _check_end(self, node: Any, given: list[Value]) -> None:
        """Refuse the softmax, or another end, behind which something still computes."""
        last = next((value for value in given if isinstance(value, Answer)), None)
        if last is None or node.op_type in MOVES or node.op_type in ("Shape", "Size", "Cast", "ArgMax"):
            return
        raise Refused([Fault(last.node, f"nothing behind it, or another operator: {SUPPORTED}", node.op_type)])

    def met_recurrent(self, source: int) -> bool:
        """Whether a recurrent layer stands on the way from the input to a source."""
        while source != X:
            found = self.layers[source]
            if isinstance(found, Layer):
                return True
            source = found.source
        return False

    def _looked_up(self, node: Any, rows: Array, tokens: Value) -> Signal:
        """Rows of a constant table at the numbers of the input, unchanged, one a step."""
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
        plain = isinstance(tokens, Signal) and tokens.source == X and tokens.count == 1 and not tokens.folded
        if not isinstance(tokens, Signal) or not plain or rows.ndim != 2 or axis % 2:
            wanted = "a table of two axes, read at the input's own numbers along its first one"
            raise self.refuse(node, wanted, _shapes([rows, tokens]))
        if not np.issubdtype(rows.dtype, np.floating) or not np.isfinite(rows).all():
            raise self.refuse(node, "a table of finite floating-point numbers", str(rows.dtype))
        name, count = self.name(node), rows.shape[1]
        self.layers.append(Looking(Embedded(name, rows.astype(np.float64), node.input[0]), X))
        places = tokens.places[..., None] * count + np.arange(count)
        return Signal(len(self.layers) - 1, np.eye(count), np.zeros(count), places)

    def _moved(self, node: Any, given: list[Value]) -> list[Value]:
        first, others = given[0], given[1:]
        if not all(other is None or isinstance(other, np.ndarray) for other in others):
            raise self.refuse(node, "constants that say what moves where", "values computed from x")
        moved = evaluate(node, [_places(first), *others], self.file.opsets)  # type: ignore[list-item]
        if isinstance(first, Answer):
            return [replace(first, logits=first.logits.moved(places)) for places in moved]
        if isinstance(first, Given):
            return [replace(first, places=places) for places in moved]
        assert isinstance(first, Signal | Mixed)
        return [first.moved(places) for places in moved]


def _first_needs(node: Any) -> list[str]:
    """Names that must be known before a node is visited; of an If the condition, which decides what else."""
    return list(node.input[:1] if node.op_type == "If" else node.input)


def _operator(node: Any) -> str:
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _places(value: Value) -> Array:
    if isinstance(value, Answer):
        return value.logits.places
    return value.places if isinstance(value, Signal | Mixed | Given) else np.asarray(value)


def _shapes(given: list[Value]) -> str:
    return ", ".join(str(list(_places(value).shape)) for value in given if value is not None) or "none"
