"""From a trained module to the integers of the hand-over, and back."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor, nn

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.base.fixed import Fixed, Integers
from accel.model.samples import Samples
from accel.model.sparse import Mask
from accel.model.weights import LayerWeights, Matrix, Weights, threshold_of
from accel.spec import Spec, of_layer
from training.cell import bias_of, matrices_of, set_bias
from training.highway import network_for
from training.model import LSTM
from training.prune import head_mask, masks
from training.tasks.task import Examples, Text

TOKEN_SEQUENCES = 256
"""Sequences that are exported of a test split of tokens, whose x would fill the disk."""
STEPS = 60_000
"""Steps that are exported of a test split of sequences: the golden model keeps every signal of each."""


def integers(model: LSTM, net: Network, layers: Sequence[nn.Module] | None = None) -> Weights:
    """The weights in the formats of `net`: the very integers that quantised evaluation computes with.

    `layers` in place of the model's own recurrent ones.
    """
    pairs = zip(model.layers if layers is None else layers, net.layers, strict=True)
    made = [layer_integers(layer, array) for layer, array in pairs]
    made = [
        dataclasses.replace(layer, initial=_states(values, array))
        for layer, array, values in zip_longest(made, net.layers, model.initial)
    ]
    linear = {array.name: layer for array, layer in _linear(model, net)}
    made_by_name = dict(zip((array.name for array in net.layers), made, strict=True))
    made_by_name |= {array.name: head_integers(linear[array.name], array) for array in net.arrays if array.kind is None}
    made = [made_by_name[array.name] for array in net.arrays]
    return Weights(tuple(made), threshold_of(net.spec), table_integers(model.table, net.spec))


def _linear(model: LSTM, net: Network) -> list[tuple[Array, nn.Linear]]:
    """The linear layers, each with its array."""
    pairs = zip((*net.feeding, *net.linear, net.head), model.around, strict=True)
    return [(array, layer) for array, layer in pairs if array is not None and isinstance(layer, nn.Linear)]


def table_integers(table: nn.Embedding | None, spec: Spec) -> Integers | None:
    """Rows of the embedding in the accelerator, [vocabulary, inputs]; None where there is none."""
    return None if table is None else spec.formats.input.quantize(table.weight.detach().cpu().numpy())


def layer_integers(layer: nn.Module, array: Array, number: int = 0) -> LayerWeights:
    """Layer `number` of an `nn.LSTM` or `nn.GRU`, or a highway layer."""
    parts = zip(matrices_of(layer, number), (array.w_x, array.w_h), masks(layer, number), strict=True)
    w_x, w_h = (_matrix(weight, fmt, mask.cpu().numpy()) for weight, fmt, mask in parts)
    return LayerWeights(w_x, w_h, _bias(bias_of(layer, number), array), _scale(layer, array))


def _scale(layer: nn.Module, array: Array) -> Integers | None:
    if array.scale is None:
        return None
    return array.scale.quantize(layer.get_parameter("row_scale").detach().cpu().numpy())


def _states(values: Tensor | None, array: Array) -> Integers | None:
    """What every sequence begins with, [values of the state, hidden], as the weights have it."""
    if values is None:
        return None
    found = values.detach().cpu().numpy()
    return np.concatenate([fmt.quantize(row) for fmt, row in zip(array.state_formats, found, strict=True)])


def head_integers(head: nn.Linear, array: Array) -> LayerWeights:
    """A linear head."""
    w_x = _matrix(head.weight, array.w_x, head_mask(head).cpu().numpy())
    none = Matrix(np.zeros((array.rows, 0), dtype=np.int64), np.zeros((array.rows, 0), dtype=bool))
    return LayerWeights(w_x, none, _bias(head.bias, array))


def _matrix(weight: Tensor, fmt: Fixed, mask: Mask) -> Matrix:
    return Matrix(fmt.quantize(weight.detach().cpu().numpy()) * mask, mask)


def _bias(bias: Tensor | None, array: Array) -> np.ndarray:
    return array.bias.quantize(np.zeros(array.levels * array.sums) if bias is None else bias.detach().cpu().numpy())


@dataclass(frozen=True)
class Excerpt:
    """Test sequences as the accelerator takes them, and the right answers: int64 [sequences] or [sequences, steps]."""

    samples: Samples
    labels: Integers
    whole: bool
    """Whether this is the whole test split."""


@torch.no_grad()
def excerpt(model: LSTM, examples: Examples, spec: Spec) -> Excerpt:
    """The test split as it comes into the accelerator: all of it, or its first sequences: of STEPS steps together,
    padding counted in, or TOKEN_SEQUENCES where x_t is made of tokens.
    """
    if isinstance(examples, Text):
        x, labels = examples.windows(TOKEN_SEQUENCES, spec.training.steps)
        lengths, classes = np.full(len(x), x.shape[1]), np.full(len(x), -1)
        return Excerpt(Samples(_encoded(model, x, spec), lengths, classes), labels, whole=False)
    part = examples.first(TOKEN_SEQUENCES if examples.x.ndim == 2 else max(1, STEPS // examples.x.shape[1]))
    whole = examples.x.ndim == 3 and len(part) == len(examples)
    x = _encoded(model, part.x, spec)
    x[np.arange(x.shape[1]) >= part.lengths[:, None]] = 0
    return Excerpt(Samples(x, part.lengths, part.labels), part.labels, whole)


def _encoded(model: LSTM, x: np.ndarray, spec: Spec) -> Integers:
    return spec.incoming.integers(copy.deepcopy(model.encoder).double().cpu()(torch.from_numpy(x)).numpy())


@torch.no_grad()
def restored(spec: Spec, weights: Weights) -> LSTM:
    """A float64 module whose parameters are the integers, as real numbers; quantised with the weights' own ratios."""
    net = weights.network(spec)
    model = network_for(spec).double().quantize(net)
    model.threshold.fill_(float(of_layer(spec.formats.state, 0).real(weights.threshold)))
    if model.table is not None and weights.embedding is not None:
        model.table.weight.copy_(_real(spec.formats.input, weights.embedding))
    recurrent = net.recurrent(weights.layers)
    for layer, array, found in zip(model.layers, net.layers, recurrent, strict=True):
        for parameter, fmt, matrix in zip(
            matrices_of(layer), (array.w_x, array.w_h), (found.w_x, found.w_h), strict=True
        ):
            parameter.copy_(_real(fmt, matrix.values))
        if array.scale is not None and found.scale is not None:
            layer.register_parameter("row_scale", nn.Parameter(_real(array.scale, found.scale)))
        if spec.model.bias:
            set_bias(layer, _real(array.bias, found.bias))
    for values, found in zip(model.initial, recurrent, strict=False):
        assert found.initial is not None
        parts = np.split(found.initial, len(values))
        values.copy_(torch.stack([_real(*one) for one in zip(array.state_formats, parts, strict=True)]))
    named = dict(zip((array.name for array in net.arrays), weights.layers, strict=True))
    for array, linear in _linear(model, net):
        linear.weight.copy_(_real(array.w_x, named[array.name].w_x.values))
        if spec.model.bias:
            linear.bias.copy_(_real(array.bias, named[array.name].bias))
    return model


def _real(fmt: Fixed, values: Integers) -> Tensor:
    return torch.from_numpy(fmt.real(values))
