"""The formats of a network as knobs that a search turns, and the spec of each position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from accel.architecture.cells.operations import Lookup
from accel.base.fixed import ByGate, Fixed
from accel.spec import Spec
from accel.spec.network import Linear, Model
from accel.spec.spec import TABLED
from training.automatic.knob import Knob, Widths, above, nearest
from training.automatic.trial import Trial, users
from training.importing.network import Array
from training.whole_steps import bits_of

MARGIN = 1.25
"""How much larger than on the data a signal may become before it saturates."""
SIGNAL = 16.0
"""Bits of weights that a bit of each value of a signal is worth: it is copied, multiplied and looked up."""
WIDEST = {"input": 18, "bias": 26, "gate": 24, "activation": 18, "cell": 24, "state": 18, "linear": 18, "residual": 20}
WEIGHT, FINEST = 18, 24
"""Widest weight, and most fraction bits of one, that a spec takes."""
KEPT = 12
"""Most bits of weights that come as integers and stay these very ones; floats of half precision take more."""
ADDRESSES = (8, 9, 10, 11, 12, 13, 14)
"""Address bits of tables that are tried."""
SIGNALS = ("gate", "activation", "cell", "state")


class Dial:
    """The formats of a network as knobs that a search turns, and the spec of each position."""

    def __init__(self, trial: Trial, spec: Spec) -> None:
        self.trial, self.base, self.address = trial, spec, ADDRESSES[-1]
        self.layers = len(spec.model.hidden)
        self.knobs = [*self._knobs()]
        self.known = {knob.name: knob for knob in self.knobs}
        self._formats: dict[tuple[str, int], tuple[Fixed, ...]] = {}

    @property
    def widest(self) -> dict[str, int]:
        """Every knob at its end."""
        return {knob.name: knob.widest for knob in self.knobs}

    def bits(self, widths: Widths) -> float:
        """Bits of a weight on average, the head's included."""
        weights = [knob for knob in self.knobs if knob.name.endswith("weights")]
        return sum(widths[knob.name] * knob.cost for knob in weights) / sum(knob.cost for knob in weights)

    def _knobs(self) -> Iterator[Knob]:
        trial, model = self.trial, self.base.model
        yield Knob("input", above(trial.largest_x), WIDEST["input"], SIGNAL * model.inputs)
        for number, units in enumerate(model.hidden):
            bias = trial.bias(number)
            yield from self.weights_knobs(number)
            yield Knob(f"{number}.bias", _held(bias), WIDEST["bias"], float(bias.size), parts=(bias.ravel(),))
            for key in SIGNALS:
                yield Knob(f"{number}.{key}", self._above(number, key), WIDEST[key], SIGNAL * units)
        if added := [units for number, units in enumerate(model.hidden) if self.base.adds_input(number)]:
            largest = above(MARGIN * trial.largest_sum)
            yield Knob("residual", largest, WIDEST["residual"], SIGNAL * sum(added))
        if self.base.linear or model.head is not None:
            yield from self._around()

    def weights_knobs(self, number: int) -> Iterator[Knob]:
        """Of the weights of a layer."""
        yield self.weights_knob(number)

    def weights_knob(self, number: int) -> Knob:
        """Of W_x and W_h of a layer."""
        parts = self.trial.matrices(number)
        return _of_weights(f"{number}.weights", float(max(1, sum(part.size for part in parts))), parts)

    def kept(self) -> list[int]:
        """Layers whose weights come as integers, which the knob holds at the width that holds them all."""
        knobs = enumerate(self.known.get(f"{number}.weights") for number in range(self.layers))
        return [number for number, knob in knobs if knob is not None and knob.narrowest == knob.widest]

    def _around(self) -> Iterator[Knob]:
        """Of the linear layers: one width for all their weights, one format for all biases, one between them."""
        weights, bias = self.trial.linear_weights()
        cost = float(sum(part.size for part in weights))
        yield _of_weights("head.weights", cost, weights)
        yield Knob("head.bias", _held(bias), WIDEST["bias"], float(bias.size), parts=(bias,))
        layers = self.base.linear.values()
        if between := [one.outputs for one in layers if one.activation not in TABLED]:
            largest = above(MARGIN * self.trial.largest_linear())
            yield Knob("head.linear", largest, WIDEST["linear"], SIGNAL * sum(between))

    def _above(self, number: int, key: str) -> int:
        """Bits above the point of a signal. Tables, and h_t that begins with zeros, lie within -1 and 1; what
        tables alone read may end where they do.
        """
        if key == "activation":
            return 1
        found = self.trial.largest(number, key)
        if key == "state" and found <= 1:
            return 1
        if key == "gate" and all(isinstance(user, Lookup) for user in users(self.trial.model, key)):
            return above(min(MARGIN * found, max(self.base.tables.sigmoid, self.base.tables.tanh) * 0.99))
        return above(MARGIN * found)

    def _of(self, name: str, widths: Widths) -> tuple[Fixed, ...]:
        """The formats that a knob sets, as its width says: one, or one a matrix."""
        knob, width = self.known[name], widths[name]
        if (name, width) not in self._formats:
            own = [nearest(part, width, knob.finest) for part in knob.parts] or [knob.format(width)]
            self._formats[name, width] = tuple(own)
        return self._formats[name, width]

    def weights_of(self, number: int, widths: Widths) -> tuple[Fixed, Fixed]:
        """W_x and W_h of a layer."""
        w_x, w_h = self._of(f"{number}.weights", widths)
        return w_x, w_h

    def products_frac(self, number: int, widths: Widths) -> int:
        """Fraction bits that the sums of a layer have beside those of the products."""
        return 0

    def spec(self, widths: Widths) -> Spec:
        """The spec with formats of these widths; none holds more than what it is made of."""
        weights = [self.weights_of(number, widths) for number in range(self.layers)]
        signals = {key: [self._of(f"{n}.{key}", widths)[0] for n in range(self.layers)] for key in ("bias", *SIGNALS)}
        x = self._of("input", widths)[0]
        for number, (w_x, w_h) in enumerate(weights):
            x = self._made(number, widths) or x
            state = _within(signals["state"][number], 2 * signals["activation"][number].frac)
            products = max(w_x.frac + x.frac, w_h.frac + state.frac) + self.products_frac(number, widths)
            signals["state"][number] = state
            for key in ("bias", "gate"):
                signals[key][number] = _within(signals[key][number], products)
            x = self._of("residual", widths)[0] if self.base.adds_input(number) else state
        keys: dict[str, Any] = {
            "width": _widths_of([w_x for w_x, _ in weights]),
            "input_frac": one_or_all([w_x.frac for w_x, _ in weights]),
            "recurrent_frac": one_or_all([w_h.frac for _, w_h in weights]),
        }
        formats: dict[str, Any] = {key: one_or_all(values) for key, values in signals.items()}
        formats["input"] = self._of("input", widths)[0]
        if "residual" in self.known:
            formats["residual"] = self._of("residual", widths)[0]
        made = self.base.model_copy(
            update={
                "weights": self.base.weights.model_copy(update=keys),
                "formats": self.base.formats.model_copy(update=formats),
                "tables": self.base.tables.model_copy(update={"address": self.address}),
            }
        )
        return self._with_linear(made, widths) if "head.weights" in self.known else made

    def _made(self, number: int, widths: Widths) -> Fixed | None:
        """What the linear layers in front of a recurrent one give; None where there are none."""
        if not (chain := self.base.ahead(number)):
            return None
        return self._of(f"{number}.activation" if chain[-1].activation in TABLED else "head.linear", widths)[0]

    def _with_linear(self, spec: Spec, widths: Widths) -> Spec:
        """The spec with the formats of its linear layers; no bias has more fraction bits than a layer's products."""
        weights, model = self._of("head.weights", widths), spec.model
        last = weights[-1]
        formats: dict[str, Any] = {}
        if "head.linear" in self.known:
            formats["linear"] = self._of("head.linear", widths)[0]
        spec = spec.model_copy(update={"formats": spec.formats.model_copy(update=formats)})
        pairs = zip(weights, spec.read_by_linear, strict=True)
        formats["head_bias"] = _within(self._of("head.bias", widths)[0], min(w.frac + x.frac for w, x in pairs))
        keys = {"head_width": last.width, "head_frac": last.frac}
        return spec.model_copy(
            update={
                "model": _with_fracs(model, iter([_other(weight.frac, last.frac) for weight in weights])),
                "weights": spec.weights.model_copy(update=keys),
                "formats": spec.formats.model_copy(update=formats),
            }
        )


def _with_fracs(model: Model, fracs: Iterator[int | None]) -> Model:
    """The model with these fraction bits of the weights of its linear layers, in the order data takes."""

    def own(layers: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(one.model_copy(update={"frac": next(fracs)}) if isinstance(one, Linear) else one for one in layers)

    keys: dict[str, Any] = {"before": own(model.before)}
    keys["between"] = tuple(own(link) if isinstance(link, tuple) else link for link in model.between)
    if model.head is not None:
        keys["head"] = model.head.model_copy(update={"layers": own(model.head.layers)})
    return model.model_copy(update=keys)


def _of_weights(name: str, cost: float, parts: tuple[Array, ...]) -> Knob:
    """Of matrices that share a width; at one width where they come as integers (`KEPT`)."""
    whole = [bits_of(part) for part in parts]
    bits = max((KEPT + 1 if one is None else one for one in whole), default=KEPT + 1)
    if bits <= KEPT and all(np.array_equal(_rounded(part, nearest(part, bits, FINEST)), part) for part in parts):
        return Knob(name, bits, bits, cost, FINEST, parts)
    return Knob(name, max(map(_held, parts)), WEIGHT, cost, FINEST, parts)


def _rounded(values: Array, fmt: Fixed) -> Array:
    return np.asarray(fmt.real(fmt.quantize(values)))


def _held(values: Array) -> int:
    """Bits above the point, sign included, that hold values once they are rounded."""
    return 1 + above(float(np.abs(values).max(initial=0.0)))


def _other(value: int, default: int) -> int | None:
    """A value where it is another than the default."""
    return None if value == default else value


def one_or_all(values: list[Any]) -> Any:
    """A value that all layers have, or all of them."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _widths_of(formats: list[Fixed]) -> Any:
    """The widths of all layers as a spec has them; a list of layers where gates have some of their own."""
    each = [fmt.gates if isinstance(fmt, ByGate) else fmt.width for fmt in formats]
    return tuple(each) if any(isinstance(one, tuple) for one in each) else one_or_all(each)


def _within(fmt: Fixed, frac: int) -> Fixed:
    """A format with at most `frac` fraction bits, and as many above the point."""
    less = max(0, fmt.frac - frac)
    return Fixed(max(2, fmt.width - less), fmt.frac - less)
