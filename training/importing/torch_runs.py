"""The user's state dict itself, executed: PyTorch's own modules with the file's tensors under the file's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.importing.modules import Module
from training.importing.network import Array
from training.importing.proof import Executor
from training.importing.state_dict import Taken
from training.importing.tensors import State


def executors(taken: Taken) -> Iterator[Executor]:
    """nn.LSTM, nn.GRU, their cells and linear layers in double precision."""
    yield Executor(f"torch {torch.__version__}", True, lambda x, _: _answers(taken, x))


@torch.no_grad()
def _answers(taken: Taken, x: Array) -> Array:
    h = torch.from_numpy(x).double()
    if taken.table is not None:
        h = functional.embedding(h[..., 0].long(), whole(taken.raw, taken.table))
    for module in taken.chain:
        kind = str(module.kind(taken.state))
        h = _cell(taken.raw, module, kind, h) if module.is_cell else _layers(taken.raw, module, kind, h)
    for layer in taken.linear:
        h = BETWEEN[layer.activation](functional.linear(h, *(whole(taken.raw, name) for name in layer.names)))
    return h.numpy()


BETWEEN: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda value: value,
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_tanh": functional.hardtanh,
}
"""PyTorch's own for the names of `linears.BETWEEN`."""


def _layers(raw: State, module: Module, kind: str, x: Tensor) -> Tensor:
    own = {name.removeprefix(f"{module.name}."): whole(raw, name) for name in module.names}
    hidden = own["weight_hh_l0"].shape[1]
    made = {"LSTM": nn.LSTM, "GRU": nn.GRU}[kind]
    layers = made(
        x.shape[2],
        hidden,
        len(module.layers),
        bias="bias_ih_l0" in own,
        batch_first=True,
        bidirectional=module.directions > 1,
    ).double()
    layers.load_state_dict(own)
    found: Tensor = layers(x)[0]
    return found


def _cell(raw: State, module: Module, kind: str, x: Tensor) -> Tensor:
    own = {name.removeprefix(f"{module.name}."): whole(raw, name) for name in module.names}
    made = {"LSTM": nn.LSTMCell, "GRU": nn.GRUCell}[kind]
    cell = made(x.shape[2], own["weight_hh"].shape[1], bias="bias_ih" in own).double()
    cell.load_state_dict(own)
    state, steps = None, []
    for x_t in x.unbind(1):
        state = cell(x_t, state)
        steps.append(state[0] if kind == "LSTM" else state)
    return torch.stack(steps, dim=1)


def whole(raw: State, name: str) -> Tensor:
    """A tensor of the file, in its shape, as float64; where the file has it in parts, as torch puts them together."""
    if name in raw:
        return raw[name].double()
    prefix, _, last = name.rpartition(".")
    apart = re.sub(r"^\.", "", f"{prefix}.parametrizations.{last}")
    pairs = ((f"{name}_g", f"{name}_v"), (f"{apart}.original0", f"{apart}.original1"))
    for g, v in (pair for pair in pairs if pair[0] in raw and pair[1] in raw):
        size, direction = raw[g].double(), raw[v].double()
        dim = next((axis for axis, count in enumerate(size.shape) if count != 1), 0 if size.ndim else -1)
        return direction * (size / torch.norm_except_dim(direction, 2, dim))
    pairs = ((f"{name}_orig", f"{name}_mask"), (f"{apart}.original", f"{apart}.0.mask"))
    weight, mask = next(pair for pair in pairs if pair[0] in raw and pair[1] in raw)
    return raw[weight].double().mul(raw[mask])
