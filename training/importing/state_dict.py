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
from accel.model.directions import joined_matrices, joined_vectors
from training.importing import tensors
from training.importing.linears import Behind, Linears, module_of
from training.importing.modules import Module, modules
from training.importing.network import Activated, Array, Embedded, FloatNetwork, Recurrent, bias_of_sums
from training.importing.parametrizations import composed, without_wrappers
from training.importing.tensors import State


@dataclass(frozen=True)
class Named:
    """What a user says about a state dict."""

    lstm: tuple[str, ...] = ()
    """Recurrent modules in the order in which data goes through them."""
    head: tuple[str, ...] = ()
    """Linear layers behind them, in that order; empty where the file has to say."""
    activation: tuple[str, ...] = ()
    """What stands between those: one for all, or one each."""
    ignore: tuple[str, ...] = ()
    """Patterns of names that have nothing to do with the network."""
    embedding: str | None = None
    """The table of rows for tokens in front of them."""

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
    linear: tuple[Behind, ...]
    """Linear layers in the order data takes, the head at the end; none without a head."""
    folded: tuple[str, ...]
    table: str | None = None
    """The rows for tokens."""

    @property
    def used(self) -> set[str]:
        """Names of `state` that are in the network."""
        modules = (name for module in self.chain for name in module.names)
        table = [self.table] if self.table else []
        return {*(name for layer in self.linear for name in layer.names), *modules, *table}


def read(path: Path, named: Named, outputs: int | None) -> tuple[FloatNetwork, Taken]:
    """The network of a state dict, and which parts of it that is. `outputs`: rows of the spec's head; None without one.

    Refused with every fault: no LSTM or several without an order, a head that is not certain, projections,
    tensors left over, numbers that are not finite and real.
    """
    raw = without_wrappers(tensors.load(path))
    state, folded = composed(raw)
    chain = _chain(state, named, str(path))
    in_order = path.suffix.lower() != ".safetensors"
    table = _table(state, chain, named, str(path))
    behind = Linears(state, chain, named, in_order, table).found(outputs, str(path))
    taken = Taken(raw, state, chain, behind, folded, table)
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
    if len({module.directions for module in chosen}) > 1:
        wanted = "modules that read forward only, or bidirectional ones"
        raise Refused([Fault(f"{place}: --lstm", wanted, listed)])
    if any(before[-1] != after[0] for before, after in pairwise(sizes)):
        wanted = "an order in which each reads what the one before gives (what stands between, an .onnx says)"
        raise Refused([Fault(f"{place}: --lstm", wanted, listed)])
    return tuple(chosen)


def _table(state: State, chain: tuple[Module, ...], named: Named, place: str) -> str | None:
    """The tensor of the embedding that the user names. Refused: one whose rows the first module does not read."""
    if named.embedding is None:
        return None
    inputs = chain[0].sizes(state)[0]
    names = [name for name in (f"{named.embedding}.weight", named.embedding) if name in state]
    shape = tuple(state[names[0]].shape) if names else ()
    if len(shape) != 2 or shape[1] != inputs or shape[0] < 2:
        got = f"{names[0]} of shape {shape}" if names else f"no tensor {named.embedding}.weight"
        raise Refused([Fault(f"{place}: --embedding", f"a table of rows [tokens, {inputs}]", got)])
    return names[0]


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
            yield Fault(f"{place}: {name}", f"{wanted}{_hint(name, taken.state)}", got)


def _hint(name: str, state: State) -> str:
    """What to do with a tensor that is left over."""
    if f"{module_of(name)}.running_mean" in state:
        return ": a normalisation folds where a graph says its place and epsilon, export the model to .onnx"
    linear = f"{module_of(name)}.weight"
    several = (
        "; --head NAME for each linear layer, in order, --embedding NAME for the rows of tokens, "
        if linear in state and state[linear].ndim == 2
        else ", "
    )
    return f"{several}or --ignore '{name}' if it is right without"


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
    linear = [_linear(taken.state, layer) for layer in taken.linear]
    head = linear.pop() if linear else None
    table = None
    if taken.table is not None:
        table = Embedded(module_of(taken.table) or taken.table, _array(taken.state[taken.table]), taken.table)
    return FloatNetwork(layers, head, folded=taken.folded, linear=tuple(linear), embedding=table)


def _linear(state: State, layer: Behind) -> Activated:
    weight, *bias = (_array(state[name]) for name in layer.names)
    names = (layer.names[0], layer.names[1] if bias else f"bias of {layer.module}")
    return Activated(layer.module, weight, bias[0] if bias else np.zeros(len(weight)), names, layer.activation)


def _recurrent(state: State, module: Module, number: int) -> Recurrent:
    """A layer in PyTorch's gate order, which is the hardware's; missing biases are zeros."""
    names, cell = module.layers[number], str(module.kind(state)).lower()
    w_x, w_h, bias = _direction(state, names, cell)
    if number in module.backward:
        backward, hidden = _direction(state, module.backward[number], cell), w_h.shape[1]
        w_x, w_h = (joined_matrices(*pair, hidden) for pair in zip((w_x, w_h), backward, strict=False))
        bias = joined_vectors(bias, backward[2], hidden)
    title = f"{module.title}, layer {number}" if len(module.layers) > 1 else module.title
    called = (names["weight_ih"], names["weight_hh"], names.get("bias_ih", f"bias of {title}"))
    return Recurrent(title, w_x, w_h, bias, called, cell, module.directions)


def _direction(state: State, names: dict[str, str], cell: str) -> tuple[Array, Array, Array]:
    """W_x [R H, inputs], W_h [R H, H] and a bias for each sum of one direction."""
    w_x, w_h = (_array(state[names[part]]) for part in ("weight_ih", "weight_hh"))
    zeros = np.zeros(len(w_x))
    b_x, b_h = (_array(state[names[part]]) if part in names else zeros for part in ("bias_ih", "bias_hh"))
    return w_x, w_h, bias_of_sums(cell, b_x, b_h)


def _array(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy().copy()
