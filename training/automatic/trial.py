"""What formats make of a float network: the golden model beside it on some sequences, layer by layer."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import torch

from accel.architecture.network import Network
from accel.architecture.network import network as shapes
from accel.base.faults import Fault, Refused
from accel.model import golden
from accel.model.products import product
from accel.model.sequences import Array, Data
from accel.model.weights import Weights
from accel.spec import Spec
from training.cell import bias_of, matrices_of
from training.export import integers
from training.importing.loss import rms
from training.model import LSTM, stacked

KEPT = 2
"""Results of a layer that are kept, so that a change behind it does not run it again."""


class Trial:
    """A float network and its h_t on some sequences; errors of the formats of any spec of the same sizes."""

    def __init__(self, model: LSTM, data: Data) -> None:
        self.model, self.data = model.eval(), data
        self.real = np.arange(data.x.shape[1]) < data.lengths[:, None]
        with torch.no_grad():
            self.signals = model.signals(torch.from_numpy(data.x), model.begun(len(data.x)))
            h = [stacked(steps, model.cell.output) for steps in self.signals]
            last = model.when == "last"
            self.answers = (np.arange(len(data.x)), data.lengths - 1) if last else self.real
            self.logits = None if model.head is None else model.readout(h[-1]).numpy()[self.answers]
        self.h = [each.numpy()[self.real] for each in h]
        if not all(np.any(each) for each in self.h):
            raise Refused([Fault("--data", "sequences on which every layer answers with more than zeros", "others")])
        self._kept: list[dict[Hashable, golden.LayerTrace]] = [{} for _ in self.h]

    def matrices(self, number: int) -> tuple[Array, Array]:
        """The weights of W_x and of W_h of a layer that are kept."""
        w_x, w_h = (matrix.detach().numpy() for matrix in matrices_of(self.model.layers[number]))
        return w_x[w_x != 0], w_h[w_h != 0]

    def bias(self, number: int) -> Array:
        """The biases of a layer."""
        found = bias_of(self.model.layers[number])
        return np.zeros(1) if found is None else np.asarray(found.detach().numpy())

    def largest(self, number: int, key: str) -> float:
        """The largest magnitude of a layer's signals of a format."""
        level = self.model.cell.levels
        names = {name for one in level for name, own in one.signals.items() if own == key}
        found = [float(stacked(self.signals[number], name).abs().max()) for name in sorted(names)]
        if key in ("cell", "state") and len(self.model.initial):
            found.append(float(self.model.initial[number].detach().abs().max()))
        return max(found)

    def errors(self, spec: Spec) -> dict[str, float]:
        """Relative errors (rms) of h_t of each layer, and of the logits where the head answers."""
        net, made, traces = self._run(spec)
        found = {
            array.name: _relative(array.h.real(one.h)[self.real], h)
            for array, one, h in zip(net.layers, traces, self.h, strict=True)
        }
        if net.head is not None and self.logits is not None:
            head = made.layers[-1]
            exact = product(head.w_x.values, net.head.sum_width)(traces[-1].h[self.answers])
            got = (exact + (head.bias << net.head.bias_shift)) / 2.0**net.head.frac
            found["head"] = _relative(got, self.logits)
        return found

    def saturations(self, spec: Spec) -> dict[str, dict[str, int]]:
        """What narrowing clips in each layer."""
        net, _, traces = self._run(spec)
        return {array.name: one.saturations for array, one in zip(net.layers, traces, strict=True)}

    def _run(self, spec: Spec) -> tuple[Network, Weights, list[golden.LayerTrace]]:
        net = shapes(spec)
        made = integers(self.model, net)
        signal, traces = spec.formats.input.quantize(self.data.x), list[golden.LayerTrace]()
        begun = golden.begun_with(net, made, None, len(signal))
        known: list[Any] = [spec.formats.input, spec.tables]
        for number, array in enumerate(net.layers):
            known.append(spec.layer_formats(number))
            key = tuple(map(repr, known))
            trace = self._kept[number].get(key)
            if trace is None:
                layer, given = made.layers[number], begun[number]
                trace = golden.run_layer(net, array, layer, signal, self.data.lengths, given, made.threshold_at(array))
                self._keep(number, key, trace)
            traces.append(trace)
            signal = trace.h
        return net, made, traces

    def _keep(self, number: int, key: Hashable, trace: golden.LayerTrace) -> None:
        kept = self._kept[number]
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[key] = trace


def _relative(got: Array, wanted: Array) -> float:
    size, error = rms(wanted), rms(got - wanted)
    return error / size if size else error


def cut(data: Data, weights: int, sequences: int, steps: int, work: int) -> Data:
    """The first sequences, and the first steps of each: as many as take about `work` products with so many weights."""
    count = min(sequences, len(data.x))
    length = int(min(steps, max(8, work // (weights * count)), data.x.shape[1]))
    return Data(data.x[:count, :length], np.minimum(data.lengths[:count], length), data.origin)


def users(model: LSTM, key: str) -> Iterator[Any]:
    """Operations that read a signal of a format."""
    for level in model.cell.levels:
        for name, own in level.signals.items():
            if own == key:
                yield from level.users(name)
