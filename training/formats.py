"""Formats chosen from data: for a width, the fraction bits with the smallest squared error."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from accel.architecture.network import Network, network
from accel.base.fixed import Fixed
from accel.model import golden
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.spec import Spec
from training.batches import to_evaluate
from training.model import LSTM, bias_of, matrices_of, stacked
from training.straight_through import narrow
from training.tasks.task import Examples

LARGEST_FRAC = 24
SCALE = 16
"""Bits of a scale a row."""
OWN_WIDTHS: dict[str, Any] = dict.fromkeys(("input_width", "recurrent_width", "head_width"))
"""No matrix has a width of its own."""
SEQUENCES = 64
"""Sequences over which saturations are counted."""


def best_frac(values: Tensor, width: int) -> int:
    """Fraction bits at which values of any shape, rounded and saturated to `width` bits, lie nearest to themselves.

    The most of several equally good ones.
    """
    values = values.detach().double().flatten()
    errors = [float((narrow(values, Fixed(width, frac)) - values).square().sum()) for frac in range(LARGEST_FRAC + 1)]
    return LARGEST_FRAC - errors[::-1].index(min(errors))


def _of_head(model: LSTM) -> Tensor:
    """The weights of all linear layers."""
    return torch.cat([layer.get_parameter("weight").flatten() for layer in model.around if layer])


def for_weights(model: LSTM, spec: Spec, width: int) -> Spec:
    """The spec with weights of `width` bits, their fraction bits chosen from the model's weights."""
    sides = zip(*(matrices_of(layer) for layer in model.layers), strict=True)
    w_x, w_h = (best_frac(torch.cat([matrix.flatten() for matrix in side]), width) for side in sides)
    chosen = OWN_WIDTHS | {"width": width, "input_frac": w_x, "recurrent_frac": w_h}
    if any(layer is not None for layer in model.around):
        chosen["head_frac"] = best_frac(_of_head(model), width)
    return spec.model_copy(update={"weights": spec.weights.model_copy(update=chosen)})


@torch.no_grad()
def for_rows(model: LSTM, spec: Spec, width: int) -> Spec:
    """The spec with weights of `width` bits, -1 to 1, and a scale a row, its fraction chosen from the rows."""
    largest = [torch.stack([weight.abs().amax(1) for weight in matrices_of(layer)]).amax(0) for layer in model.layers]
    chosen = OWN_WIDTHS | {"width": width, "input_frac": width - 1, "recurrent_frac": width - 1, "per_row": True}
    if any(layer is not None for layer in model.around):
        chosen["head_frac"] = best_frac(_of_head(model), width)
    scale = Fixed(SCALE, best_frac(torch.cat(largest), SCALE))
    weights, signals = spec.weights.model_copy(update=chosen), spec.formats.model_copy(update={"scale": scale})
    return spec.model_copy(update={"weights": weights, "formats": signals})


@torch.no_grad()
def suggested(model: LSTM, spec: Spec, examples: Examples) -> dict[str, list[Any]]:
    """For the spec's own widths, the formats that suit a floating-point model's signals over some examples.

    `[width, frac]` by the names of the spec's section `formats`. The activations are left out: they need one bit above
    the point and no more.
    """
    model.eval()
    batch = next(iter(to_evaluate(examples, next(model.parameters()))))
    x = model.encoder(batch.x)
    signals = model.signals(x)
    formats = network(spec).layers[0].cell.signals
    found = {"input": [model.looked_up(x, None)]}
    for key in ("gate", "cell", "state"):
        names = [name for name, own in formats.items() if own == key]
        found[key] = [torch.cat([stacked(steps, name).flatten() for name in names]) for steps in signals]
    biases = [bias for layer in model.layers if (bias := bias_of(layer)) is not None]
    found |= {"bias": biases} if biases else {}
    return {name: _nearest(getattr(spec.formats, name), parts) for name, parts in found.items()}


def _nearest(given: Fixed | tuple[Fixed, ...], layers: list[Tensor]) -> list[Any]:
    """`[width, frac]` for the values of all layers together, or one a layer where each has its own format."""
    if isinstance(given, tuple):
        return [_nearest(fmt, [values]) for fmt, values in zip(given, layers, strict=True)]
    return [given.width, best_frac(torch.cat([values.flatten() for values in layers]), given.width)]


def saturations(net: Network, weights: Weights, samples: Samples) -> dict[str, dict[str, int]]:
    """How often narrowing clips each signal of each layer over the first SEQUENCES samples."""
    some = samples.first(SEQUENCES)
    traces = golden.run(net, weights, some.x, some.lengths).layers
    return {array.name: trace.saturations for array, trace in zip(net.layers, traces, strict=True)}


def facts(model: LSTM, net: Network, weights: Weights, samples: Samples, examples: Examples) -> dict[str, Any]:
    """What `training.json` says about formats."""
    return {
        "suggested": suggested(model, net.spec, examples),
        "saturations": saturations(net, weights, samples),
    }
