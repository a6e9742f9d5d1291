"""The float network that was read from a file, as data: recurrent layers one behind the other, and a linear head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from accel.model.directions import arranged
from accel.spec.network import Window

Array = npt.NDArray[Any]
When = Literal["last", "step"]
"""After which steps a network answers."""
Ending = Literal["", "softmax", "log_softmax", "sigmoid", "argmax"]
"""What a file does with its logits before it answers; nothing of it is in the weights."""
Begin = Sequence[tuple[Array, Array]]
"""h_0 and c_0 [sequences, hidden] of every layer; a GRU has no use for the second."""


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer, float64: W_x [R H, inputs], W_h [R H, H], and a bias for each sum of its cell.

    Of an LSTM rows i, f, g, o and b_ih + b_hh [4H]; of PyTorch's GRU rows r, z, n and the biases of r, z, the x part
    of n and its h part [4H]; of one that resets first rows z, r, n and b_ih + b_hh [3H].
    """

    name: str
    """Of the node or module in the file."""
    w_x: Array
    w_h: Array
    bias: Array
    tensors: tuple[str, str, str]
    """Where the file has W_x, W_h and the bias, for messages."""
    cell: str = "lstm"
    """By the names of `model.cell`."""
    directions: int = 1
    """Of two, the matrices and biases of both lie in one: of each gate forward's rows, then backward's, and columns
    likewise, zeros elsewhere (`accel.model.directions`)."""
    initial: Array | None = None
    """Constants that every sequence begins with, [2 or, of a GRU, 1, hidden]: h_0, then c_0; None for zeros."""

    @property
    def sizes(self) -> tuple[int, int]:
        """Inputs and hidden units, of each direction."""
        return self.w_x.shape[1] // self.directions, self.w_h.shape[1] // self.directions


@dataclass(frozen=True)
class Linear:
    """A linear layer, float64: weight [outputs, hidden], bias [outputs]."""

    name: str
    weight: Array
    bias: Array
    tensors: tuple[str, str]


def unchanged(count: int) -> Linear:
    """The identity as a head, for answers that no linear layer makes: h_t of the last step, a pool, an activation."""
    name = "the identity, as no linear layer stands at the end"
    return Linear(name, np.eye(count), np.zeros(count), ("weight of the identity", "bias of the identity"))


@dataclass(frozen=True)
class Activated(Linear):
    """A linear layer and what its sums go through, by the names of `model.head.layers.activation`."""

    activation: str = "none"

    def __call__(self, read: Array) -> Array:
        """What leaves the layer, [..., outputs], in the precision of what it reads, [..., inputs]."""
        sums = read @ self.weight.T.astype(read.dtype) + self.bias.astype(read.dtype)
        return np.asarray(ACTIVATIONS[self.activation](sums))


Link = str | tuple["str | Activated", ...]
"""What stands between two recurrent layers: by the names of `model.between`, or linear layers, of which `residual` may
stand in front."""


def adds(link: Link) -> bool:
    """Whether x_t of the layer in front of a link is added to its h_t."""
    return (link if isinstance(link, str) else link[0]) == "residual"


def layers_of(link: Link) -> tuple[Activated, ...]:
    """The linear layers of a link."""
    return () if isinstance(link, str) else tuple(one for one in link if isinstance(one, Activated))


def linked(link: Link, h: Array) -> Array:
    """What comes behind a link of h [..., n], x_t added where the link `adds` it, in its precision."""
    if isinstance(link, str):
        return h if link == "residual" else ACTIVATIONS[link](h)
    for layer in layers_of(link):
        h = layer(h)
    return h


@dataclass(frozen=True)
class Embedded:
    """A table in front of the first layer, float64: rows [vocabulary, inputs]."""

    name: str
    rows: Array
    tensor: str

    def __call__(self, tokens: Array) -> Array:
        """Rows [sequences, steps, inputs] of tokens [sequences, steps, 1], whole numbers in any dtype."""
        return np.asarray(self.rows[tokens[..., 0].astype(np.int64)])


@dataclass(frozen=True)
class FloatNetwork:
    """Everything between x_t, or a token, and the answer. Without a head h_t of the last layer is the answer."""

    layers: tuple[Recurrent, ...]
    head: Linear | None
    """The last linear layer."""
    when: When | None = None
    """Whether the file answers after the last step or after every one; None where it does not say."""
    ending: Ending = ""
    given: tuple[tuple[str, str], ...] = ()
    """For each layer the inputs of the file that bring h_0 and c_0, '' for zeros; empty where all begin with zeros."""
    folded: tuple[str, ...] = ()
    """Nodes or parametrisations that went into the matrices."""
    pool: Literal["none", "max", "mean"] = "none"
    """Over the steps of a sequence, what the linear layers read in place of h_t."""
    last: Literal["states", "output"] | None = None
    """Which last step the head reads of bidirectional layers; None where the file does not say."""
    linear: tuple[Activated, ...] = ()
    """Linear layers between the recurrent ones and the head, in the order data takes."""
    between: tuple[Link, ...] = ()
    """What h_t goes through on its way to the next recurrent layer, by the names of `model.between`, or linear layers;
    one more where x_t is added behind the last one. Empty where it goes as it is.
    """
    before: tuple[Activated, ...] = ()
    """Linear layers in front of the recurrent ones, in the order data takes."""
    embedding: Embedded | None = None
    """A table in front of the first layer, which then reads the rows of tokens."""
    window: Window | None = None
    """Frames of the file's input that make an x_t."""

    @property
    def feeding(self) -> tuple[Activated, ...]:
        """The linear layers in front of recurrent ones, in the order data takes."""
        return (*self.before, *(layer for link in self.between for layer in layers_of(link)))

    @property
    def vocabulary(self) -> int | None:
        """Tokens that come in; None where x_t does."""
        return None if self.embedding is None else len(self.embedding.rows)

    @property
    def initial_states(self) -> tuple[str, ...]:
        """Names of the file's inputs that bring states."""
        return tuple(dict.fromkeys(name for pair in self.given for name in pair if name))

    def begin(self, sequences: int, seed: int | None = None) -> list[tuple[Array, Array]]:
        """h_0 and c_0 of zeros, or the constants of a layer; with a seed, normal numbers where inputs of the file
        bring them.
        """
        rng, found = np.random.default_rng(seed), []
        for layer, names in zip(self.layers, self.given or [("", "")] * len(self.layers), strict=True):
            h, c = (
                rng.normal(0.0, 0.5, (sequences, layer.w_h.shape[1])) * bool(name and seed is not None)
                for name in names
            )
            if layer.initial is not None:
                h, c = (np.tile(values, (sequences, 1)) for values in (layer.initial[0], layer.initial[-1]))
            found.append((h, c))
        return found

    @property
    def directions(self) -> int:
        """Directions in which every layer reads a sequence."""
        return self.layers[0].directions

    def states(
        self,
        x: Array,
        begin: Begin | None = None,
        dtype: type[np.floating[Any]] = np.float64,
        lengths: Array | None = None,
    ) -> list[Array]:
        """h_t of every layer [sequences, steps, hidden], of x [sequences, steps, inputs] or tokens; from the network's
        own h_0 and c_0 unless `begin`. Of bidirectional layers those of their turns, for which `lengths` [sequences]
        are the real steps.
        Where x_t is added behind the last layer, the sum comes as one more.
        """
        found = list[Array]()
        h = x = self.entered(x.astype(dtype))
        links: tuple[Link, ...] = ("none", *(self.between or ("none",) * (len(self.layers) - 1)))
        for layer, link, before in zip(
            self.layers, links[: len(self.layers)], begin or self.begin(len(x)), strict=True
        ):
            straight = not found or isinstance(link, tuple)
            h = h + _own(layer, x) if adds(link) else h
            if layer.directions > 1 and isinstance(link, tuple):
                h = arranged(h, _real(h, lengths), crossed=True, pairs=False)
            x = linked(link, h)
            if layer.directions > 1:
                x = arranged(x, _real(x, lengths), crossed=not straight, pairs=True)
            h = run_layer(layer, x.astype(dtype), *(one.astype(dtype) for one in before))
            found.append(h)
        return [*found, h + _own(self.layers[-1], x)] if len(links) > len(self.layers) else found

    def entered(self, x: Array) -> Array:
        """What the first recurrent layer reads, of x [sequences, steps, inputs] or tokens."""
        x = x if self.embedding is None else self.embedding(x).astype(x.dtype)
        for layer in self.before:
            x = layer(x)
        return x

    @property
    def inputs(self) -> int:
        """Values of x_t, or of a row for a token."""
        return self.before[0].weight.shape[1] if self.before else self.layers[0].sizes[0]

    @property
    def incoming(self) -> int:
        """Values of a step of the file's input: of x_t, or of a frame."""
        return self.inputs if self.window is None else self.inputs // self.window.steps

    def in_order(self, h: Array, lengths: Array | None = None) -> Array:
        """What the last layer gives step by step, of its h [sequences, steps, hidden] as `states` has it."""
        return arranged(h, _real(h, lengths), crossed=True, pairs=False) if self.directions > 1 else h

    def logits(self, h: Array) -> Array:
        """What the linear layers make of h_t [..., hidden]; h itself where there are none."""
        if self.head is None:
            return h
        h = self.read_by_head(h)
        return np.asarray(h @ self.head.weight.T.astype(h.dtype) + self.head.bias.astype(h.dtype))

    def over_steps(self, h: Array, lengths: Array | None = None) -> Array:
        """What linear layers read of h [sequences, steps, hidden] as `states` has it: what the layer gives for each
        step, or of real steps the pool, one for all; itself where the last states are read, those of the last turn.
        """
        if self.pool == "none":
            return h if self.last == "states" else self.in_order(h, lengths)
        count = np.full(len(h), h.shape[1]) if lengths is None else lengths
        real = (np.arange(h.shape[1]) < count[:, None])[..., None]
        if self.pool == "max":
            return np.asarray(np.where(real, h, -np.inf).max(axis=1, keepdims=True))
        return np.asarray(np.where(real, h, 0).sum(axis=1, keepdims=True) / count[:, None, None].astype(h.dtype))

    def read_by_head(self, h: Array) -> Array:
        """What the head reads, of h_t [..., hidden]."""
        for layer in self.linear:
            h = layer(h)
        return h

    def matrices(self) -> Iterator[tuple[str, Array]]:
        """Every matrix and bias with its name in the file."""
        if self.embedding is not None:
            yield self.embedding.tensor, self.embedding.rows
        for layer in self.layers:
            yield from zip(layer.tensors, (layer.w_x, layer.w_h, layer.bias), strict=True)
            if layer.initial is not None:
                yield f"what {layer.name} begins with", layer.initial
        for linear in (*self.feeding, *self.linear, *((self.head,) if self.head else ())):
            yield from zip(linear.tensors, (linear.weight, linear.bias), strict=True)


def _own(layer: Recurrent, read: Array) -> Array:
    """Of what a layer read, [..., n], what belongs to its h_t: of two directions of the step and of its image."""
    if layer.directions == 1:
        return read
    quarter = read.shape[-1] // 4
    return np.concatenate([read[..., :quarter], read[..., -quarter:]], axis=-1)


def _real(x: Array, lengths: Array | None) -> Array:
    return np.full(len(x), x.shape[1]) if lengths is None else lengths


def bias_of_sums(cell: str, b_x: Array, b_h: Array) -> Array:
    """The biases of the x parts and h parts of all rows, [R H] each, as `Recurrent.bias` has them."""
    if cell != "gru":
        return np.asarray(b_x + b_h)
    both = len(b_x) // 3 * 2
    return np.concatenate([b_x[:both] + b_h[:both], b_x[both:], b_h[both:]])


def run_layer(layer: Recurrent, x: Array, h: Array, c: Array) -> Array:
    """h_t [sequences, steps, hidden] of one layer in the precision of x, from h_0 and, of an LSTM, c_0."""
    w_x, w_h, bias = (array.T.astype(x.dtype) for array in (layer.w_x, layer.w_h, layer.bias))
    return np.stack(list(EQUATIONS[layer.cell](x @ w_x, w_h, bias, h, c)), axis=1)


def _lstm(x_part: Array, w_h: Array, bias: Array, h: Array, c: Array) -> Iterator[Array]:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; PyTorch's equations."""
    for t in range(x_part.shape[1]):
        i, f, g, o = np.split(x_part[:, t] + h @ w_h + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        yield h


def _gru(x_part: Array, w_h: Array, bias: Array, h: Array, _: Array) -> Iterator[Array]:
    """Cho et al. 2014 as PyTorch has it: the reset gate behind the product."""
    b_r, b_z, b_x, b_h = np.split(bias, 4)
    for t in range(x_part.shape[1]):
        x_r, x_z, x_n = np.split(x_part[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ w_h, 3, axis=1)
        z = sigmoid(x_z + h_z + b_z)
        n = np.tanh(x_n + b_x + sigmoid(x_r + h_r + b_r) * (h_n + b_h))
        h = (1 - z) * n + z * h
        yield h


def _gru_reset_first(x_part: Array, w_h: Array, bias: Array, h: Array, _: Array) -> Iterator[Array]:
    """Cho et al. 2014: the reset gate before the product."""
    w_z, w_r, w_n = np.split(w_h, 3, axis=1)
    for t in range(x_part.shape[1]):
        z, r, n = np.split(x_part[:, t] + bias, 3, axis=1)
        z = sigmoid(z + h @ w_z)
        n = np.tanh(n + (sigmoid(r + h @ w_r) * h) @ w_n)
        h = (1 - z) * n + z * h
        yield h


EQUATIONS: dict[str, Callable[[Array, Array, Array, Array, Array], Iterator[Array]]] = {
    "lstm": _lstm,
    "gru": _gru,
    "gru_reset_first": _gru_reset_first,
}
"""h_t of every step by cell: of x W_x [sequences, steps, R H], W_h transposed, the biases, h_0 and c_0."""


def sigmoid(value: Array) -> Array:
    """1 / (1 + exp(-value)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * value)))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "none": lambda value: value,
    "relu": lambda value: np.maximum(value, 0),
    "hard_tanh": lambda value: np.clip(value, -1, 1),
    "hard_sigmoid": lambda value: np.clip(value, 0, 1),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}
"""What sums of linear layers go through, by the names of `model.head.layers.activation`."""


def softmax(logits: Array) -> Array:
    """Shares over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def ended(logits: Array, ending: Ending) -> Array:
    """Logits [..., outputs] as a file with this ending gives them; the arg max keeps an axis of one."""
    if ending == "softmax":
        return softmax(logits)
    if ending == "log_softmax":
        below = logits - logits.max(-1, keepdims=True)
        return np.asarray(below - np.log(np.exp(below).sum(-1, keepdims=True)))
    if ending == "sigmoid":
        return sigmoid(logits)
    return logits if ending == "" else np.argmax(logits, axis=-1, keepdims=True)
