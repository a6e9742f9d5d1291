"""The `torch` engine: quantised evaluation in float64 from the integers, which ties training to the golden model."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from accel.architecture.cells import Carry, Cell
from accel.architecture.shape import Network
from accel.base.fixed import Integers
from accel.engines.engine import EngineFailed, Observed, observed
from accel.model.design import Design
from accel.model.golden import LayerTrace, Trace, before, joined, parted
from accel.model.samples import Samples
from accel.spec import Spec
from training.export import restored
from training.model import LSTM, Signals, last_step, stacked

EXACT_WIDTH = 54
"""Widest two's complement integer that float64 holds exactly in all its values."""


@torch.no_grad()
def torch_engine(design: Design, samples: Samples) -> Observed:
    """Run samples through the modules of `training.model`. EngineFailed where float64 cannot be exact."""
    _check_widths(design.net)
    model = restored(design.spec, design.weights)
    stateful = design.spec.model.stateful
    given = joined(samples.x, samples.lengths) if stateful else samples.x
    states = None if samples.states is None else _states(design, samples.states)
    signals = model.signals(torch.from_numpy(design.spec.formats.input.real(given)), states)
    cells = [array.cell for array in design.net.layers]
    h = stacked(signals[-1], cells[-1].output)
    if stateful:
        h = pad_sequence(list(torch.split(h[0], samples.lengths.tolist())), batch_first=True)
    layers = [_layer(design.spec, cell, steps) for cell, steps in zip(cells, signals, strict=True)]
    if stateful:
        for layer in layers:
            layer.signals = {name: parted(values, samples.lengths) for name, values in layer.signals.items()}
    logits = _logits(model, h, torch.from_numpy(samples.lengths))
    return observed(design, Trace(layers, None, _outputs(design, h, logits)), samples)


def _states(design: Design, states: Integers) -> list[tuple[Tensor, Tensor]]:
    """h_0 and c_0 of every layer, as real numbers."""
    state, cell = design.spec.formats.state, design.spec.formats.cell
    return [
        (torch.from_numpy(state.real(h)), torch.from_numpy(cell.real(c)))
        for h, c in before(design.net, states, len(states))
    ]


def _logits(model: LSTM, h: Tensor, lengths: Tensor) -> Tensor | None:
    head = model.quantized.spec.model.head if model.quantized else None
    if head is None:
        return None
    return model.readout(last_step(h, lengths)[:, None] if head.when == "last" else h)


def _outputs(design: Design, h: Tensor, logits: Tensor | None) -> Integers:
    """What leaves the accelerator: h of the last layer, the logits' integers, or the arg max."""
    head, array = design.spec.model.head, design.net.head
    if head is None or array is None or logits is None:
        return _integers(h, design.spec.formats.state.frac)
    if head.kind == "argmax":
        return np.asarray(logits.argmax(dim=2, keepdim=True).numpy())
    return _integers(logits, array.frac)


def _layer(spec: Spec, cell: Cell, steps: list[Signals]) -> LayerTrace:
    fracs = {name: getattr(spec.formats, key).frac for name, key in cell.signals.items()}
    signals = {name: _integers(stacked(steps, name), fracs[name]) for name in steps[0]}
    return LayerTrace(signals, output=cell.output)


def _integers(real: Tensor, frac: int) -> Integers:
    scaled = real.numpy() * float(2**frac)
    whole: Integers = scaled.astype(np.int64)
    if np.any(whole != scaled):
        raise EngineFailed(f"a signal has more than {frac} fraction bits: quantised evaluation did not narrow it")
    return whole


def _check_widths(net: Network) -> None:
    act, cell = net.spec.formats.activation, net.spec.formats.cell
    highway = net.spec.model.cell == "highway"
    product = Carry(act, cell).total if highway else act.width + max(cell.width, act.width) + 1
    widest = max(product, *(array.sum_width for array in net.arrays))
    if widest > EXACT_WIDTH:
        raise EngineFailed(
            f"sums of {widest} bits; float64 is exact up to {EXACT_WIDTH}: leave torch out of verify.engines"
        )
