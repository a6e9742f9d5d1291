"""What formats make of a float network: the golden model beside it on some sequences, layer by layer."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from accel.architecture.array import Array as LaneArray
from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.network import Network
from accel.architecture.network import network as shapes
from accel.base.faults import Fault, Refused
from accel.base.fixed import Integers
from accel.model import golden
from accel.model.coverage import residual_clamps
from accel.model.sequences import Array, Data
from accel.model.trace import LayerTrace
from accel.model.weights import Weights
from accel.spec import Spec
from accel.spec.spec import TABLED
from training.cell import bias_of, matrices_of
from training.export import integers
from training.importing.loss import rms
from training.model import LSTM, Signals, linear_sums, stacked
from training.rows import attach

KEPT = 2
"""Results of a layer that are kept, so that a change behind it does not run it again."""


class Trial:
    """A float network and its h_t on some sequences; errors of the formats of any spec of the same sizes."""

    def __init__(self, model: LSTM, data: Data) -> None:
        self.model, self.data = model.eval(), data
        self.real = np.arange(data.x.shape[1]) < data.lengths[:, None]
        with torch.no_grad():
            lengths = torch.from_numpy(data.lengths)
            x = torch.from_numpy(data.x)
            x = x if model.table is None else x.long()
            self.signals = model.signals(x, model.begun(len(data.x)), lengths)
            h = [stacked(steps, model.cell.output) for steps in self.signals]
            self.fed = model.last_fed
            self.largest_sum = self._largest_sum(x, h, lengths)
            """The largest magnitude of a residual sum between recurrent layers; 0 where there is none."""
            self.linear, self.logits = self._behind(h[-1])
        self.h = [each.numpy()[self.real] for each in h]
        if not all(np.any(each) for each in self.h):
            raise Refused([Fault("--data", "sequences on which every layer answers with more than zeros", "others")])
        self._scaled: list[dict[Hashable, nn.Module]] = [{} for _ in self.h]
        self._kept: list[dict[Hashable, LayerTrace]] = [{} for _ in self.h]

    @property
    def largest_x(self) -> float:
        """The largest magnitude that the first layer reads: of the sequences, or of an embedding's rows."""
        table = self.model.table
        return float(np.abs(self.data.x).max() if table is None else table.weight.detach().abs().max())

    def _largest_sum(self, x: Tensor, h: Sequence[Tensor], lengths: Tensor) -> float:
        model, read, found = self.model, x, 0.0
        for number, made in enumerate((x, *h)):
            if number in model.residuals:
                found = max(found, float(model.linked(number, made, read).abs().max()))
            read = model.read_by(number, made, read, lengths) if number < len(h) else read
        return found

    def _behind(self, h: Tensor) -> tuple[list[Signals], Array | None]:
        """Every value of the linear layers in front of the head's last one, and the logits, of real steps alone."""
        if self.model.head is None:
            return [], None
        lengths, found = torch.from_numpy(self.data.lengths), list[Signals]()
        read = self.model.over_steps(self.model.behind(h, self.model.last_read, lengths), lengths)
        read = read[torch.from_numpy(self.real)] if read.ndim == 3 else read
        for place in range(len(self.model.linear)):
            found.append(self.model.through_linear(place, read))
            read = found[-1][OUT]
        return found, np.asarray(linear_sums(self.model.head, None, read).numpy())

    def whole_matrices(self, number: int) -> tuple[Array, Array]:
        """W_x and W_h of a layer, zeros where weights are removed."""
        w_x, w_h = (matrix.detach().numpy() for matrix in matrices_of(self.model.layers[number]))
        return w_x, w_h

    def matrices(self, number: int) -> tuple[Array, Array]:
        """The weights of W_x and of W_h of a layer that are kept."""
        w_x, w_h = self.whole_matrices(number)
        return w_x[w_x != 0], w_h[w_h != 0]

    def bias(self, number: int) -> Array:
        """The biases of a layer."""
        found = bias_of(self.model.layers[number])
        return np.zeros(1) if found is None else np.asarray(found.detach().numpy())

    def linear_weights(self) -> tuple[tuple[Array, ...], Array]:
        """The weights of each linear layer, the head's last one at the end, and the biases of all."""
        layers = self.model.around
        biases = [layer.bias.detach().numpy() for layer in layers if layer is not None and layer.bias is not None]
        weights = (layer.weight.detach().numpy().ravel() for layer in layers if layer is not None)
        return tuple(weights), np.concatenate(biases) if biases else np.zeros(1)

    def largest(self, number: int, key: str) -> float:
        """The largest magnitude of a layer's signals of a format."""
        level = self.model.cell.levels
        names = {name for one in level for name, own in one.signals.items() if own == key}
        found = [float(stacked(self.signals[number], name).abs().max()) for name in sorted(names)]
        if key in ("cell", "state") and len(self.model.initial):
            found.append(float(self.model.initial[number].detach().abs().max()))
        if key == "gate":
            near = [*self._feeding(number, tabled=True)]
            near += self._through(tabled=True) if number == len(self.h) - 1 else ()
            found += [float(one[SUM].abs().max()) for one in near]
        return max(found)

    def largest_linear(self) -> float:
        """The largest magnitude that leaves linear layers in `formats.linear`."""
        fed = (values for number in range(len(self.fed)) for values in self._feeding(number, tabled=False))
        every = (*fed, *self._through(tabled=False))
        return max(float(one[OUT].abs().max()) for one in every)

    def _feeding(self, number: int, tabled: bool) -> Iterator[Signals]:
        """The same of those in front of a recurrent layer."""
        for kind, values in zip(self.model.ahead_activations[number], self.fed[number], strict=True):
            if (kind in TABLED) == tabled:
                yield values

    def _through(self, tabled: bool) -> Iterator[Signals]:
        """Values of the linear layers whose activation is a table, or is none."""
        for kind, values in zip(self.model.activations, self.linear, strict=True):
            if (kind in TABLED) == tabled:
                yield values

    def errors(self, spec: Spec) -> dict[str, float]:
        """Relative errors (rms) of h_t of each layer, and of the logits where the head answers."""
        net, made, traces = self._run(spec)
        found = {
            array.name: _relative(array.h.real(one.h)[self.real], h)
            for array, one, h in zip(net.layers, traces, self.h, strict=True)
        }
        if net.head is not None and self.logits is not None:
            logits = golden.with_head(net, made, traces, self.data.lengths).logits
            assert logits is not None
            answers = logits[self.real] if self.model.when == "step" else logits[:, 0]
            found["head"] = _relative(answers / 2.0**net.head.frac, self.logits)
        return found

    def saturations(self, spec: Spec) -> dict[str, dict[str, int]]:
        """What narrowing clips in each layer, and in the residual sum behind it."""
        net, _, traces = self._run(spec)
        found = {array.name: dict(one.saturations) for array, one in zip(net.layers, traces, strict=True)}
        for clamp in residual_clamps(net, traces, self.data.lengths):
            found[clamp.layer][clamp.signal] = clamp.below + clamp.above
        return found

    def _run(self, spec: Spec) -> tuple[Network, Weights, list[LayerTrace]]:
        net = shapes(spec)
        made = integers(self.model, net, [self._attached(*pair) for pair in enumerate(net.layers)])
        traces = list[LayerTrace]()
        begun = golden.begun_with(net, made, None, len(self.data.x))
        known: list[Any] = [spec.formats.input, spec.tables]
        around = [spec.weights.head, spec.formats.linear, spec.formats.of_head_bias]
        for number, array in enumerate(net.layers):
            known += [spec.ahead(number), *around] if spec.ahead(number) else []
            known.append(spec.layer_formats(number))
            key = tuple(map(repr, known))
            trace = self._kept[number].get(key)
            if trace is None:
                layer, given = net.recurrent(made.layers)[number], begun[number]
                entered = self._entered(net, made, number, traces)
                trace = golden.run_layer(net, array, layer, entered, self.data.lengths, given, made.threshold_at(array))
                self._keep(number, key, trace)
            traces.append(trace)
        return net, made, traces

    def _entered(self, net: Network, made: Weights, number: int, traces: Sequence[LayerTrace]) -> Integers:
        """What a layer reads of the one before, the last of `traces`, or of what comes in."""
        lengths = self.data.lengths
        if number:
            came = golden.linked(net, number, traces[-1])
        else:
            came = golden.entered(net, made, net.spec.incoming.integers(self.data.x), lengths)
        return golden.fed(net, made, number, came, lengths)[0]

    def _attached(self, number: int, array: LaneArray) -> nn.Module:
        """A layer with the scales of its rows, where it has some."""
        layer = self.model.layers[number]
        if array.scale is None:
            return layer
        key = (array.w_x, array.w_h, array.scale)
        if key not in self._scaled[number]:
            made = copy.deepcopy(layer)
            attach(made, array)
            self._scaled[number] = {key: made}
        return self._scaled[number][key]

    def _keep(self, number: int, key: Hashable, trace: LayerTrace) -> None:
        kept = self._kept[number]
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[key] = trace


def _relative(got: Array, wanted: Array) -> float:
    size, error = rms(wanted), rms(got - wanted)
    return error / size if size else error


def cut(data: Data, weights: int, sequences: int, steps: int, work: int) -> Data:
    """The first sequences, and the first steps of each: as many as take about `work` products with these weights."""
    count = min(sequences, len(data.x))
    length = int(min(steps, max(8, work // (weights * count)), data.x.shape[1]))
    return Data(data.x[:count, :length], np.minimum(data.lengths[:count], length), data.origin)


def users(model: LSTM, key: str) -> Iterator[Any]:
    """Operations that read a signal of a format."""
    for level in model.cell.levels:
        for name, own in level.signals.items():
            if own == key:
                yield from level.users(name)
