"""From a float network, its data and a bound to the formats of a spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from accel.architecture.network import network as shapes
from accel.base.faults import Fault, Refused
from accel.base.fixed import Fixed
from accel.model import golden
from accel.model.sequences import Array, Data
from accel.spec import Spec
from training.automatic.knob import Knob, Widths, above
from training.automatic.search import fewest
from training.cell import bias_of, matrices_of
from training.export import integers
from training.importer import pruned
from training.importing.network import FloatNetwork
from training.model import LSTM, stacked

SEQUENCES, STEPS = 32, 256
"""Sequences of the data, and steps of each, that formats are chosen on."""
MARGIN = 1.25
"""How much larger than on the data a signal may become before it saturates."""
SIGNAL = 16.0
"""Bits of weights that a bit of each value of a signal is worth: it is copied, multiplied and looked up."""
WIDEST = {"input": 18, "bias": 26, "gate": 24, "activation": 18, "cell": 24, "state": 18}
WEIGHT, FINEST = 18, 24
"""Widest weight, and most fraction bits that a spec takes."""
ADDRESSES = (8, 10, 12, 14)
SPARE = 3.0
"""Part of the bound that tables may take: one in so many."""


@dataclass(frozen=True)
class Chosen:
    """Formats that were found, and what they cost."""

    spec: Spec
    errors: dict[str, float]
    """Relative error (rms) of h_t of each layer, and of the logits, against the float network with the weights kept."""
    saturations: dict[str, dict[str, int]]
    """Of each layer, what narrowing clipped on the data."""


def choose(network: FloatNetwork, spec: Spec, data: Data, bound: float) -> Chosen:
    """The spec with the fewest bits that keep h_t of every layer, and the logits, within `bound` of the float network.

    Of `spec` sizes and shares of zeros count, formats do not. Refused: a bound that no formats keep.
    """
    some = Data(data.x[:SEQUENCES, :STEPS], np.minimum(data.lengths[:SEQUENCES], STEPS))
    trial = Trial(pruned(spec, network), spec, some)
    for address in ADDRESSES:
        knobs = trial.knobs()
        trial.address = address
        widest = {knob.name: knob.widest for knob in knobs}
        if trial.worst(widest) <= bound / SPARE:
            break
    found = fewest(knobs, trial.worst, bound)
    if found is None:
        reached = trial.worst(widest)
        raise Refused([Fault("--error", f"at least {reached:.2g}, which the widest formats reach", f"{bound:g}")])
    return Chosen(trial.spec_of(found[0]), *trial.measured(found[0]))


class Trial:
    """A float network on some sequences, and what formats make of it."""

    def __init__(self, model: LSTM, spec: Spec, data: Data) -> None:
        self.model, self.spec, self.data, self.address = model.eval(), spec, data, ADDRESSES[-1]
        self.real = np.arange(data.x.shape[1]) < data.lengths[:, None]
        with torch.no_grad():
            self.signals = model.signals(torch.from_numpy(data.x), model.begun(len(data.x)))
        self.h = [stacked(steps, model.cell.output).numpy()[self.real] for steps in self.signals]
        if not all(np.any(h) for h in self.h):
            raise Refused([Fault("--data", "sequences on which every layer answers with more than zeros", "others")])

    def knobs(self) -> list[Knob]:
        """Every format that can be turned."""
        model, net = self.spec.model, shapes(self.spec)
        found = [self._signal("input", float(np.abs(self.data.x).max()), model.inputs)]
        held = [float(values.detach().abs().max()) for values in self.model.initial]
        bounds = {"gate": 0.0, "cell": max(held, default=0.0), "activation": 0.9, "state": max([0.9, *held])}
        for key, least in bounds.items():
            largest = max(self._largest(key), least) if key in ("gate", "cell") else least
            found.append(self._signal(key, largest, sum(model.hidden)))
        biases = [bias for layer in self.model.layers if (bias := bias_of(layer)) is not None]
        biases += [self.model.head.bias] if self.model.head is not None and self.model.head.bias is not None else []
        values = np.concatenate([bias.detach().numpy().ravel() for bias in biases]) if biases else np.zeros(1)
        found.append(Knob("bias", above(float(np.abs(values).max())), WIDEST["bias"], len(values)))
        weights = [self._matrices(0), self._matrices(1), self._head()]
        count = sum(values.size for values in weights)
        del net
        return [*found, Knob("weights", 2, WEIGHT, count, FINEST)]

    def _signal(self, key: str, largest: float, values: int) -> Knob:
        return Knob(key, above(largest), WIDEST[key], SIGNAL * values)

    def _largest(self, key: str) -> float:
        """Of all signals of a format, over all layers; what only tables read may end at their span."""
        level, tables = self.model.cell.level, self.spec.tables
        names = [name for name, own in level.signals.items() if own == key]
        found = max(float(stacked(steps, name).abs().max()) for steps in self.signals for name in names)
        only_tables = all(hasattr(user, "table") for name in names for user in level.users(name))
        span = max(tables.sigmoid, tables.tanh) * 0.99
        return min(MARGIN * found, span) if key == "gate" and only_tables else MARGIN * found

    def _matrices(self, side: int) -> Array:
        both = [matrices_of(layer)[side].detach().numpy().ravel() for layer in self.model.layers]
        kept: Array = np.concatenate(both)
        return np.asarray(kept[kept != 0])

    def _head(self) -> Array:
        if self.model.head is None:
            return np.zeros(0)
        return np.asarray(self.model.head.weight.detach().numpy().ravel())

    def spec_of(self, widths: Widths) -> Spec:
        """The spec with formats of these widths."""
        from training.automatic.knob import nearest

        knobs = {knob.name: knob for knob in self.knobs()}
        width = widths["weights"]
        sides = [nearest(self._matrices(0), width, FINEST), nearest(self._matrices(1), width, FINEST)]
        head = nearest(self._head(), width, FINEST) if self.model.head is not None else Fixed(width, 6)
        keys = {"width": width, "input_frac": sides[0].frac, "recurrent_frac": sides[1].frac, "head_frac": head.frac}
        formats = {name: knobs[name].format(widths[name]) for name in WIDEST}
        finest = self._finest(formats, [fmt.frac for fmt in sides], head.frac)
        for name, frac in finest.items():
            fmt = formats[name]
            formats[name] = Fixed(fmt.width - max(0, fmt.frac - frac), min(fmt.frac, frac))
        changed: dict[str, Any] = {"weights": self.spec.weights.model_copy(update=keys)}
        changed["formats"] = self.spec.formats.model_copy(update=formats)
        changed["tables"] = self.spec.tables.model_copy(update={"address": self.address})
        return self.spec.model_copy(update=changed)

    def _finest(self, formats: dict[str, Fixed], sides: list[int], head: int) -> dict[str, int]:
        """Fraction bits beyond which a format holds no more than what it is made of."""
        sources = [formats["input"], *([formats["state"]] * (len(self.spec.model.hidden) - 1))]
        products = min(max(sides[0] + x.frac, sides[1] + formats["state"].frac) for x in sources)
        bias = min(products, head + formats["state"].frac) if self.model.head is not None else products
        return {"bias": bias, "gate": products, "state": 2 * formats["activation"].frac}

    def worst(self, widths: Widths) -> float:
        """The largest relative error."""
        return max(self.measured(widths)[0].values())

    def measured(self, widths: Widths) -> tuple[dict[str, float], dict[str, dict[str, int]]]:
        """Relative errors (rms) of h_t of each layer and of the logits, and what was clipped."""
        spec = self.spec_of(widths)
        net = shapes(spec)
        made = integers(self.model, net)
        trace = golden.run(net, made, spec.formats.input.quantize(self.data.x), self.data.lengths)
        errors, clipped = {}, {}
        for array, one, h in zip(net.layers, trace.layers, self.h, strict=True):
            errors[array.name] = _relative(spec.formats.state.real(one.h)[self.real], h)
            clipped[array.name] = one.saturations
        return errors, clipped


def _relative(got: Array, wanted: Array) -> float:
    return float(np.sqrt(np.mean(np.square(got - wanted)) / np.mean(np.square(wanted))))
