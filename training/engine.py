"""The `torch` engine: quantised evaluation from the integers, which ties training to the golden model.

In float64, as training has it, where that is exact; where sums are wider, the same modules run on `training.exact`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.network import Network
from accel.base.fixed import Fixed, Integers
from accel.engines.engine import EngineFailed, Observed, observed
from accel.model.design import Design
from accel.model.golden import begun_with, first_state, given_to, joined, parted, read_by_linear, widths
from accel.model.samples import Samples
from accel.model.trace import LayerTrace, Trace
from training.exact import Exact, make_exact
from training.export import restored
from training.model import LSTM, Signals, biases, linear_sums, matrices, stacked

EXACT_WIDTH = 54
"""Widest two's complement integer that float64 holds exactly in all its values."""

Number = Callable[[Integers, Fixed], Tensor]
"""Integers of a format as what the modules compute with."""


@torch.no_grad()
def torch_engine(design: Design, samples: Samples) -> Observed:
    """Run samples through the modules of `training.model`."""
    spec, net = design.spec, design.net
    model, number = restored(spec, design.weights).eval(), _real
    if _widest(net) > EXACT_WIDTH:
        _make_exact(model, net)
        number = _exact
    stateful = spec.model.stateful
    given = joined(samples.x, samples.lengths) if stateful else samples.x
    states = _states(design, samples, number)
    entering = torch.from_numpy(given) if spec.incoming.tokens else number(given, spec.formats.input)
    lengths = torch.from_numpy(samples.lengths)
    signals = model.signals(entering, states, lengths)
    feeding = _feeding(net, [values for chain in model.last_fed for values in chain])
    joint = zip(net.layers, signals, strict=True)
    layers = [_layer(array, steps) for array, steps in joint]
    layers[-1].x = _integers(model.last_read, net.layers[-1].x.frac)
    if stateful:
        for layer in layers:
            layer.signals = {name: parted(values, samples.lengths) for name, values in layer.signals.items()}
        layers[-1].x = parted(layers[-1].read, samples.lengths)
        feeding = [{name: parted(values, samples.lengths) for name, values in one.items()} for one in feeding]
    linear, sums = _linear(design, model, layers[-1], samples.lengths, number)
    h = given_to(net, len(net.layers), layers[-1].h, samples.lengths)
    return observed(design, Trace(layers, sums, _outputs(design, h, sums), linear, feeding), samples)


def _real(values: Integers, fmt: Fixed) -> Tensor:
    return torch.from_numpy(fmt.real(values))


def _exact(values: Integers, fmt: Fixed) -> Tensor:
    return Exact(torch.from_numpy(values), fmt.frac)  # type: ignore[return-value]


def _make_exact(model: LSTM, net: Network) -> None:
    if model.table is not None:
        make_exact(model.table, {"weight": net.spec.formats.input.frac})
    for layer, array in zip(model.layers, net.layers, strict=True):
        make_exact(
            layer, dict(zip(matrices(), (array.w_x.frac, array.w_h.frac), strict=True)) | _fracs(array, biases())
        )
    for linear, one in zip(model.around, (*net.feeding, *net.linear, net.head), strict=True):
        if linear is not None and one is not None:
            make_exact(linear, {"weight": one.w_x.frac} | _fracs(one, ("bias",)))


def _fracs(array: Array, names: tuple[str, ...]) -> dict[str, int]:
    """Fraction bits of a layer's biases and scales."""
    return dict.fromkeys(names, array.bias.frac) | ({"row_scale": array.scale.frac} if array.scale else {})


def _states(design: Design, samples: Samples, number: Number) -> list[tuple[Tensor, Tensor]] | None:
    """What every layer reads and keeps before its first step; None for zeros."""
    found, count = [], len(samples.lengths)
    begun = begun_with(design.net, design.weights, samples.states, count)
    if begun[0] is None:
        return None
    for array, given in zip(design.net.layers, begun, strict=True):
        carried, read = first_state(design.net, array, given, count)
        found.append((number(read, array.formats.state), number(carried, array.formats.cell)))
    return found


def _feeding(net: Network, found: list[Signals]) -> list[dict[str, Integers]]:
    """What the linear layers in front of recurrent ones compute."""
    fracs = [{SUM: array.sum_frac, OUT: array.made.frac} for array in net.feeding]
    pairs = zip(fracs, found, strict=True)
    return [{name: _integers(values[name], frac) for name, frac in own.items()} for own, values in pairs]


def _linear(
    design: Design, model: LSTM, last: LayerTrace, lengths: Integers, number: Number
) -> tuple[list[dict[str, Integers]], Integers | None]:
    """What the linear layers in front of the last one compute, and the exact sums of that, where there is a head."""
    head, array, found = design.spec.model.head, design.net.head, list[dict[str, Integers]]()
    if head is None or array is None or model.head is None:
        return found, None
    read = number(read_by_linear(design.net, last, lengths), design.spec.read_behind_format)
    for place, layer in enumerate(design.net.linear):
        values = model.through_linear(place, read)
        fracs = {SUM: layer.sum_frac, OUT: layer.made.frac}
        found.append({name: _integers(values[name], frac) for name, frac in fracs.items()})
        read = values[OUT]
    return found, _integers(linear_sums(model.head, array, read), array.frac)


def _outputs(design: Design, h: Integers, sums: Integers | None) -> Integers:
    """What leaves the accelerator: h of the last layer, the logits' integers, or the arg max."""
    head = design.spec.model.head
    if head is None or sums is None:
        return h
    return sums if head.kind == "logits" else np.argmax(sums, axis=2)[:, :, None]


def _layer(array: Array, steps: list[Signals]) -> LayerTrace:
    cell = array.cell
    fracs = {name: getattr(array.formats, key).frac for name, key in cell.signals.items()}
    signals = {name: _integers(stacked(steps, name), fracs[name]) for name in steps[0]}
    return LayerTrace(signals, output=cell.output)


def _integers(number: Tensor, frac: int) -> Integers:
    finer = f"a signal has more than {frac} fraction bits: quantised evaluation did not narrow it"
    if isinstance(number, Exact):
        if number.frac > frac:
            raise EngineFailed(finer)
        return np.asarray(number.aligned(frac).numpy())
    scaled = number.numpy() * float(2**frac)
    whole: Integers = scaled.astype(np.int64)
    if np.any(whole != scaled):
        raise EngineFailed(finer)
    return whole


def _widest(net: Network) -> int:
    """Width of the widest exact sum."""
    cells = [width for array in net.layers for width in widths(net, array)]
    return max(*cells, *(array.sum_width for array in net.arrays))
