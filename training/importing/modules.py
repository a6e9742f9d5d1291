"""Recurrent modules among the names of a state dict, each with its layers' tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from training.importing.tensors import State

KINDS = {4: "LSTM", 3: "GRU", 1: "RNN"}
"""Recurrent modules by the blocks of rows of their matrices."""
PLACED = frozenset(("LSTM", "GRU"))
"""Those that the hardware has."""
NAME = re.compile(
    r"(?:(?P<module>.*)\.)?(?P<part>(?:weight|bias)_(?:ih|hh|hr))(?:_l(?P<layer>0|[1-9]\d*)(?P<reverse>_reverse)?)?"
)


@dataclass
class Module:
    """A recurrent module: for each layer the names of its tensors by `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`."""

    name: str
    layers: dict[int, dict[str, str]] = field(default_factory=dict)
    backward: dict[int, dict[str, str]] = field(default_factory=dict)
    """The same of the direction that reads from the last step to the first."""
    spelled: set[bool] = field(default_factory=set)
    """Whether names are without a number of a layer."""

    @property
    def is_cell(self) -> bool:
        """Whether it is an LSTMCell or a GRUCell, whose names have no number of a layer."""
        return True in self.spelled

    @property
    def title(self) -> str:
        """How messages call it, and `--lstm` takes it."""
        return self.name or "(top)"

    @property
    def names(self) -> list[str]:
        """All its tensors."""
        every = (*self.layers.values(), *self.backward.values())
        return [name for layer in every for name in layer.values()]

    @property
    def directions(self) -> int:
        """Directions in which its layers read a sequence."""
        return 2 if self.backward else 1

    def sizes(self, state: State) -> list[int]:
        """Inputs of the first layer, then what each gives for a step: its hidden units, of both directions."""
        ordered = [self.layers[number] for number in sorted(self.layers)]
        inputs = state[ordered[0]["weight_ih"]].shape[1]
        return [inputs, *(self.directions * state[layer["weight_hh"]].shape[1] for layer in ordered)]

    def faults(self, state: State) -> Iterator[tuple[str, str, str]]:
        """Place, wanted and got of everything that keeps the module out of the hardware."""
        if any("weight_hr" in layer for layer in self.layers.values()):
            yield self.title, "an LSTM without projection", "one with proj_size"
        elif len(self.spelled) > 1:
            yield self.title, "names of an LSTM or of an LSTMCell", "both"
        elif self.backward and _parts(self.backward) != _parts(self.layers):
            yield self.title, "the same tensors for both directions", "others behind _reverse"
        elif sorted(self.layers) != list(range(len(self.layers))):
            yield self.title, "layers 0, 1, ... without a gap", f"layers {', '.join(map(str, sorted(self.layers)))}"
        elif (found := self.kind(state)) not in PLACED:
            yield (
                self.title,
                f"one of {', '.join(sorted(PLACED))}",
                f"a {found}" if found else "matrices of other shapes",
            )
        elif len({"bias_ih" in layer or "bias_hh" in layer for layer in self.layers.values()}) > 1:
            yield self.title, "biases in all layers or none", "biases in some"
        else:
            yield from self._misshapen(state)

    def kind(self, state: State) -> str | None:
        """LSTM, GRU or RNN by the shape of its first layer; None where the shapes tell nothing."""
        name = self.layers.get(0, {}).get("weight_hh")
        matrix = None if name is None else state[name]
        if matrix is None or matrix.ndim != 2 or matrix.shape[1] == 0 or matrix.shape[0] % matrix.shape[1]:
            return None
        return KINDS.get(matrix.shape[0] // matrix.shape[1])

    def _misshapen(self, state: State) -> Iterator[tuple[str, str, str]]:
        for layers in (self.layers, self.backward):
            yield from self._misshapen_direction(state, layers)

    def _misshapen_direction(self, state: State, layers: dict[int, dict[str, str]]) -> Iterator[tuple[str, str, str]]:
        before = None
        rows, hidden = state[self.layers[0]["weight_hh"]].shape
        for number in sorted(layers):
            layer = layers[number]
            biases = {"bias_ih", "bias_hh"} & layer.keys()
            if not {"weight_ih", "weight_hh"} <= layer.keys() or len(biases) == 1:
                wanted = "weight_ih and weight_hh, and both biases or none"
                yield f"{self.title}: layer {number}", wanted, ", ".join(sorted(layer))
                return
            given = state[layer["weight_ih"]].shape
            inputs = before or (given[1] if len(given) == 2 else 0)
            for part, name in layer.items():
                shape = {"weight_ih": (rows, inputs), "weight_hh": (rows, hidden)}.get(part, (rows,))
                if tuple(state[name].shape) != shape:
                    yield name, f"shape {shape}", str(tuple(state[name].shape))
            before = self.directions * hidden


def _parts(layers: dict[int, dict[str, str]]) -> dict[int, set[str]]:
    return {number: set(layer) for number, layer in layers.items()}


def modules(state: State) -> dict[str, Module]:
    """Recurrent modules by name, in the order of the state dict."""
    found: dict[str, Module] = {}
    for name in state:
        match = NAME.fullmatch(name)
        if match is None:
            continue
        module = found.setdefault(match["module"] or "", Module(match["module"] or ""))
        if match["reverse"]:
            module.backward.setdefault(int(match["layer"]), {})[match["part"]] = name
            continue
        module.spelled.add(match["layer"] is None)
        module.layers.setdefault(int(match["layer"] or 0), {})[match["part"]] = name
    return {name: module for name, module in found.items() if module.layers}
