"""Live modules that a person gives: recurrent ones and what stands in front, layer by layer, held against a spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn

from accel.architecture.cells import Cell
from accel.base.faults import Fault, Refused
from accel.spec import Spec
from training.cell import cell_of

MODES = {"LSTM": "lstm", "GRU": "gru"}
"""Modules of PyTorch that have a cell here, by their `mode`, and its name in `model.cell`."""
Recurrent = nn.RNNBase | Sequence[nn.RNNBase]
"""One module, or several in the order data takes, each of one layer or more."""


class One(nn.Module):
    """One layer of a module, under the names that parameters of a single layer have."""

    def __init__(self, module: nn.RNNBase, number: int) -> None:
        super().__init__()
        self.module, self.number = module, number

    @property
    def inputs(self) -> int:
        """Values that the layer reads."""
        return self.module.hidden_size if self.number else self.module.input_size

    @property
    def cell(self) -> Cell:
        """The cell of the layer."""
        return cell_of(self.module)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("weight_", "bias_")) and name.endswith("_l0"):
            return getattr(self.module, f"{name[:-1]}{self.number}")
        return super().__getattr__(name)


@dataclass(frozen=True)
class Front:
    """What stands in front of the recurrent layers."""

    before: tuple[nn.Linear, ...] = ()
    embedding: nn.Embedding | None = None
    between: tuple[tuple[nn.Linear, ...], ...] = ()
    """Linear layers in front of each recurrent layer behind the first one; none behind the end."""

    def ahead(self, number: int) -> tuple[nn.Linear, ...]:
        """The linear layers in front of a recurrent layer."""
        return next(iter(self.between[number - 1 : number]), ()) if number else self.before


def modules_of(lstm: Recurrent) -> list[nn.RNNBase]:
    """The modules in order."""
    return [lstm] if isinstance(lstm, nn.RNNBase) else [*lstm]


def layers_of(modules: Sequence[nn.RNNBase]) -> list[One]:
    """Every layer of the modules, in order."""
    return [One(module, number) for module in modules for number in range(module.num_layers)]


def check(modules: Sequence[nn.RNNBase], spec: Spec, front: Front | None = None) -> None:
    """Refuse, with every fault, where modules are none that the accelerator of the spec computes; without `front`
    nothing is said of what stands in front.
    """
    for one in modules:
        if one.mode not in MODES:
            raise Refused([Fault("module", "an nn.LSTM or an nn.GRU", type(one).__name__)])
    faults = [fault for one in modules for fault in _module_faults(one, spec)]
    if spec.model.bidirectional:
        faults.append(Fault("model.bidirectional", "false for a module, or `sparrow train`", "true"))
    layers = layers_of(modules)
    hidden = [layer.module.hidden_size for layer in layers]
    if hidden != list(spec.model.hidden):
        faults.append(Fault("model.hidden", str(list(spec.model.hidden)), f"{hidden} in the module"))
    for number, ((inputs, _), layer) in enumerate(zip(spec.sizes, layers, strict=False)):
        if layer.inputs != inputs:
            key = "model.inputs" if not (number or spec.model.before) else f"inputs of recurrent layer {number}"
            faults.append(Fault(key, str(inputs), f"{layer.inputs} in the module"))
    for number, link in enumerate(spec.model.between, 1):
        if link != "none" and number < len(layers) and layers[number].number:
            what = f"{link} stands" if isinstance(link, str) else "a list stands"
            wanted = f"layers {number - 1} and {number} in modules of their own, as {what} between"
            faults.append(Fault("model.between", wanted, "one module"))
    if front is not None:
        faults += _front_faults(spec, front)
    if faults:
        raise Refused(faults)


def _module_faults(module: nn.RNNBase, spec: Spec) -> Iterator[Fault]:
    if spec.model.cell != MODES[module.mode]:
        fits = f"{MODES[module.mode]} for an nn.{module.mode}, or `sparrow train`"
        yield Fault("model.cell", fits, spec.model.cell)
    if module.bidirectional:
        yield Fault(module.mode, "one that reads forward only, or `sparrow train`", "a bidirectional one")
    if module.proj_size:
        yield Fault(module.mode, "one without projection", f"proj_size {module.proj_size}")
    if spec.model.bias != module.bias:
        yield Fault("model.bias", str(spec.model.bias), f"{module.bias} in the module")


def _front_faults(spec: Spec, front: Front) -> Iterator[Fault]:
    """What stands in front in the spec, and what is given."""
    model, table = spec.model, front.embedding
    rows = None if model.vocabulary is None else [model.vocabulary, model.inputs]
    given = None if table is None else [table.num_embeddings, table.embedding_dim]
    if rows != given:
        wanted = "none" if rows is None else f"an nn.Embedding {rows}, as model.vocabulary and model.inputs have it"
        yield Fault("embedding", wanted, "none" if given is None else str(given))
    if len(front.between) >= len(model.hidden):
        yield Fault("between", f"at most {len(model.hidden) - 1} lists of nn.Linear", str(len(front.between)))
    for number in range(len(model.hidden)):
        key = f"between[{number - 1}]" if number else "before"
        sizes = [[*pair] for pair in pairwise([spec.comes_to(number), *(one.outputs for one in spec.ahead(number))])]
        linear = [[one.in_features, one.out_features] for one in front.ahead(number)]
        if linear != sizes:
            wanted = f"nn.Linear of {sizes}, as model.{key} has" if sizes else "none"
            yield Fault(key, wanted, str(linear) if linear else "none")


def check_weights(spec: Spec) -> None:
    """Refuse weights that have more to them than a module of PyTorch has: digits, and scales of rows."""
    for key, usual in (("kind", "fixed"), ("per_row", False)):
        got = getattr(spec.weights, key)
        if got != usual:
            raise Refused([Fault(f"weights.{key}", f"{usual}, or `sparrow train`", str(got))])
