"""A state dict as a float network. It knows no graph: what is not certain is asked, and what is left over refused."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from accel.base.faults import Fault, Refused
from training.importing import tensors
from training.importing.modules import Module, modules
from training.importing.network import Array, FloatNetwork, Linear, Recurrent, bias_of_sums
from training.importing.parametrizations import composed, without_wrappers
from training.importing.tensors import State


@dataclass(frozen=True)
class Named:
    """What a user says about a state dict."""

    lstm: tuple[str, ...] = ()
    """Recurrent modules in the order in which data goes through them."""
    head: str | None = None
    ignore: tuple[str, ...] = ()
    """Patterns of names that have nothing to do with the network."""

    def ignores(self, name: str) -> bool:
        """Whether a tensor is none of ours."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.ignore)


@dataclass(frozen=True)
class Taken:
    """Which parts of a state dict are the network."""

    raw: State
    """Tensors as the file has them, without the prefixes of wrappers."""
    state: State
    """The same with weights in one piece."""
    chain: tuple[Module, ...]
    head: tuple[str, ...]
    """Names of the head's weight and, where it has one, bias; none without a head."""
    folded: tuple[str, ...]

    @property
    def used(self) -> set[str]:
        """Names of `state` that are in the network."""
        return {*self.head, *(name for module in self.chain for name in module.names)}


def read(path: Path, named: Named, outputs: int | None) -> tuple[FloatNetwork, Taken]:
    """The network of a state dict, and which parts of it that is. `outputs`: rows of the spec's head; None without one.

    Refused with every fault: no LSTM or several without an order, a head that is not certain, directions, projections,
    tensors left over, numbers that are not finite and real.
    """
    raw = without_wrappers(tensors.load(path))
    state, folded = composed(raw)
    chain = _chain(state, named, str(path))
    in_order = path.suffix.lower() != ".safetensors"
    candidates = _Candidates(state, chain, named, in_order)
    head = candidates.head(outputs, str(path))
    taken = Taken(raw, state, chain, head, folded)
    faults = [*_left(taken, named, outputs, str(path)), *_no_numbers(taken, str(path))]
    if faults:
        raise Refused(faults)
    return _network(taken), taken


def _chain(state: State, named: Named, place: str) -> tuple[Module, ...]:
    """The recurrent modules in order: the only one, or those that the user names."""
    found = {module.title: module for module in modules(state).values()}
    open_ones = [module for module in found.values() if not all(map(named.ignores, module.names))]
    if not found:
        wanted = "an LSTM: tensors weight_ih_l0 and weight_hh_l0, or those of an LSTMCell"
        raise Refused([Fault(place, wanted, ", ".join(list(state)[:5]) or "no tensors")])
    if set(named.lstm) - found.keys() or len(set(named.lstm)) < len(named.lstm):
        raise Refused([Fault(f"{place}: --lstm", f"names among {', '.join(found)}, each once", ", ".join(named.lstm))])
    chosen = [found[name] for name in named.lstm] or open_ones
    faults = [Fault(f"{place}: {at}", wanted, got) for module in chosen for at, wanted, got in module.faults(state)]
    if faults or not chosen:
        raise Refused(faults or [Fault(f"{place}: --ignore", "a pattern that leaves an LSTM", ", ".join(named.ignore))])
    sizes = [module.sizes(state) for module in chosen]
    pairs = zip(chosen, sizes, strict=True)
    listed = ", ".join(f"{module.title} ({' -> '.join(map(str, size))})" for module, size in pairs)
    if len(chosen) > 1 and not named.lstm:
        raise Refused([Fault(place, "--lstm NAME for each LSTM, in the order data takes from one to the next", listed)])
    if any(before[-1] != after[0] for before, after in pairwise(sizes)):
        raise Refused([Fault(f"{place}: --lstm", "an order in which each reads what the one before gives", listed)])
    return tuple(chosen)


@dataclass(frozen=True)
class _Candidates:
    """Linear layers among the tensors that no LSTM has."""

    state: State
    chain: tuple[Module, ...]
    named: Named
    in_order: bool
    """Whether names stand in the order in which modules were made."""

    def head(self, outputs: int | None, place: str) -> tuple[str, ...]:
        """Names of the head's tensors: those that the user names, or the only ones that can be it and nothing else."""
        hidden = self.chain[-1].sizes(self.state)[-1]
        if self.named.head is not None:
            return self._named_head(self.named.head, hidden, outputs, place)
        if outputs is None:
            return ()
        possible = [names for names in self._linear() if self.state[names[0]].shape[1] == hidden]
        certain = [names for names in possible if not self._may_stand_before(names)]
        if len(possible) == len(certain) == 1:
            return certain[0]
        got = ", ".join(_module_of(names[0]) for names in possible) or "none"
        left = [name for name in self._left() if not any(name in names for names in possible)]
        if not possible and left:
            got += f"; left over: {', '.join(left[:6])}"
        raise Refused([Fault(place, f"--head NAME for the linear layer that reads h_t [outputs, {hidden}]", got)])

    def _named_head(self, name: str, hidden: int, outputs: int | None, place: str) -> tuple[str, ...]:
        names = tuple(one for one in (f"{name}.weight", f"{name}.bias") if one in self.state)
        names = names or ((name,) if name in self.state else ())
        shape = tuple(self.state[names[0]].shape) if names else ()
        if len(shape) != 2 or shape[1] != hidden or (len(names) > 1 and tuple(self.state[names[1]].shape) != shape[:1]):
            got = f"{name} of shape {shape}" if names else f"no tensor {name}.weight"
            raise Refused([Fault(f"{place}: --head", f"a linear layer with a weight [outputs, {hidden}]", got)])
        if outputs is None:
            raise Refused([Fault("model.head", f"{{outputs: {shape[0]}}}, for {name} of {place}", "none")])
        return names

    def _left(self) -> list[str]:
        used = {name for module in self.chain for name in module.names}
        return [name for name in self.state if name not in used and not self.named.ignores(name)]

    def _linear(self) -> Iterator[tuple[str, ...]]:
        """Weight and bias of what may be a linear layer."""
        for name in self._left():
            bias = f"{_module_of(name)}.bias"
            if name.rpartition(".")[2] == "weight" and self.state[name].ndim == 2:
                with_bias = bias in self.state and self.state[bias].shape == self.state[name].shape[:1]
                yield (name, bias) if with_bias else (name,)

    def _may_stand_before(self, names: tuple[str, ...]) -> bool:
        """Whether it could feed the LSTM just as well: a linear layer, or without bias an embedding, of that size."""
        inputs, (rows, columns) = self.chain[0].sizes(self.state)[0], self.state[names[0]].shape
        fits = rows == inputs or (len(names) == 1 and columns == inputs)
        order = list(self.state)
        last = max(order.index(name) for module in self.chain for name in module.names)
        return fits and not (self.in_order and order.index(names[0]) > last)


def _module_of(name: str) -> str:
    return name.rpartition(".")[0]


def _left(taken: Taken, named: Named, outputs: int | None, place: str) -> Iterator[Fault]:
    """Tensors without a place in the network, and patterns that are no use or take some of it away."""
    for pattern in named.ignore:
        matched = fnmatch.filter(taken.state, pattern)
        if not matched or taken.used.intersection(matched):
            got = next(iter(taken.used.intersection(matched)), "none")
            yield Fault(f"{place}: --ignore {pattern}", "a pattern of tensors that are left over", got)
    wanted = "a place in the network" + (" (model.head in the spec)" if outputs is None else "")
    for name, tensor in taken.state.items():
        if name not in taken.used and not named.ignores(name):
            got = f"a tensor of shape {tuple(tensor.shape)} left over"
            yield Fault(f"{place}: {name}", f"{wanted}, or --ignore '{name}' if it is right without", got)


def _no_numbers(taken: Taken, place: str) -> Iterator[Fault]:
    """Tensors of the network that are no finite real numbers."""
    for name in (name for name in taken.state if name in taken.used):
        tensor = taken.state[name]
        if not tensor.dtype.is_floating_point or tensor.layout != torch.strided or tensor.is_meta:
            kind = "sparse" if tensor.layout != torch.strided else str(tensor.dtype).removeprefix("torch.")
            yield Fault(f"{place}: {name}", "floating-point numbers", "none stored" if tensor.is_meta else kind)
            continue
        for what, test in BROKEN.items():
            if broken := int(test(tensor.double()).sum()):
                yield Fault(f"{place}: {name}", "finite numbers", f"{what} in {broken} of {tensor.numel()}")


BROKEN: dict[str, Callable[[Tensor], Tensor]] = {"NaN": torch.isnan, "infinity": torch.isinf}


def _network(taken: Taken) -> FloatNetwork:
    layers = tuple(
        _recurrent(taken.state, module, number) for module in taken.chain for number in sorted(module.layers)
    )
    head = None
    if taken.head:
        weight, *bias = (_array(taken.state[name]) for name in taken.head)
        names = (taken.head[0], taken.head[1] if bias else f"bias of {_module_of(taken.head[0])}")
        head = Linear(_module_of(taken.head[0]), weight, bias[0] if bias else np.zeros(len(weight)), names)
    return FloatNetwork(layers, head, folded=taken.folded)


def _recurrent(state: State, module: Module, number: int) -> Recurrent:
    """A layer in PyTorch's gate order, which is the hardware's; missing biases are zeros."""
    names = module.layers[number]
    w_x, w_h = (_array(state[names[part]]) for part in ("weight_ih", "weight_hh"))
    zeros, cell = np.zeros(len(w_x)), str(module.kind(state)).lower()
    b_x, b_h = (_array(state[names[part]]) if part in names else zeros for part in ("bias_ih", "bias_hh"))
    title = f"{module.title}, layer {number}" if len(module.layers) > 1 else module.title
    called = (names["weight_ih"], names["weight_hh"], names.get("bias_ih", f"bias of {title}"))
    return Recurrent(title, w_x, w_h, bias_of_sums(cell, b_x, b_h), called, cell)


def _array(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy().copy()
