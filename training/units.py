"""Removing whole hidden units (ISS, arXiv 1709.05027): group Lasso over everything that belongs to a unit.

The group of unit k is its four rows of W_x and of W_h, its column of W_h, and its column of what reads h: the next
layer's W_x, or the head. Biases are not in it. After each step of the optimiser every group is shrunk by the proximal
map of the Lasso, so a group ends at exactly zero; a unit that got there stays removed.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import torch
from torch import Tensor, nn

from accel.proposals import for_lanes
from accel.shape import network
from accel.spec import Engine, Spec, parse, plain
from training.method import Method
from training.model import LSTM, biases, matrices, matrices_of


def reader(model: LSTM, number: int) -> Tensor:
    """What reads h of a layer, [rows, hidden]: W_x of the next layer, the head, or the decoder on the host."""
    if number + 1 < len(model.layers):
        return matrices_of(model.layers[number + 1])[0]
    last = model.head if model.head is not None else model.decoder
    if last is None:
        raise ValueError("nothing reads the last layer: group Lasso needs a head or a decoder")
    return last.weight


def group_norms(model: LSTM, number: int) -> Tensor:
    """Euclidean norm of each unit's group, [hidden]."""
    w_x, w_h = matrices_of(model.layers[number])
    hidden = w_h.shape[1]
    rows = w_x.square().sum(1).view(4, hidden).sum(0) + w_h.square().sum(1).view(4, hidden).sum(0)
    columns = w_h.square().sum(0) + reader(model, number).square().sum(0)
    twice = w_h.square().view(4, hidden, hidden).diagonal(dim1=1, dim2=2).sum(0)
    return (rows + columns - twice).sqrt()


@torch.no_grad()
def shrink(model: LSTM, amount: float) -> None:
    """Shorten every group by `amount`, a group that is shorter to exactly zero."""
    for number, layer in enumerate(model.layers):
        norms = group_norms(model, number)
        factor = (1 - amount / norms.clamp_min(1e-12)).clamp_min(0)
        w_x, w_h = matrices_of(layer)
        w_x.mul_(factor.repeat(4)[:, None])
        w_h.mul_(factor.repeat(4)[:, None]).mul_(1 - (1 - factor) * (1 - _own(w_h)))
        reader(model, number).mul_(factor)


def _own(w_h: Tensor) -> Tensor:
    """1 where a row and a column of W_h belong to the same unit, [4 hidden, hidden]."""
    return torch.eye(w_h.shape[1], dtype=w_h.dtype, device=w_h.device).repeat(4, 1)


def alive(model: LSTM) -> list[Tensor]:
    """For each layer which units are left, boolean [hidden]."""
    return [group_norms(model, number) > 0 for number in range(len(model.layers))]


@torch.no_grad()
def remove(model: LSTM, left: list[Tensor]) -> None:
    """Hold the groups of all units that are not `left` at zero."""
    for number, (layer, keep) in enumerate(zip(model.layers, left, strict=True)):
        w_x, w_h = matrices_of(layer)
        w_x.mul_(keep.repeat(4)[:, None])
        w_h.mul_(keep.repeat(4)[:, None]).mul_(keep)
        reader(model, number).mul_(keep)


class GroupLasso(Method):
    """Shrink every group by rate * strength after each step of the optimiser; removed units stay removed."""

    settled = 1.0

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.left: list[Tensor] = []

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Exact zeros tell which units were removed before."""
        self.left = alive(model)

    def restore(self, model: LSTM, kept: dict[str, float]) -> None:
        """They tell it within an epoch too: what a step removed is exactly zero after it."""
        self.left = alive(model)

    def after_step(self, model: LSTM, rate: float) -> None:
        """Undo what the step did to removed units, then shrink."""
        remove(model, self.left)
        shrink(model, rate * self.strength)
        self.left = [was & now for was, now in zip(self.left, alive(model), strict=True)]


@torch.no_grad()
def compact(model: LSTM, spec: Spec) -> tuple[Spec, LSTM]:
    """The spec with the sizes that are left and a dense, really smaller module with the same outputs.

    At least one unit of each layer stays.
    """
    left = [_at_least_one(keep) for keep in alive(model)]
    smaller = resized(spec, [int(keep.sum()) for keep in left])
    made = LSTM(smaller, copy.deepcopy(model.encoder), _columns(model.decoder, left[-1]), model.when)
    inputs = torch.ones(spec.model.inputs, dtype=torch.bool)
    for source, target, keep in zip(model.layers, made.layers, left, strict=True):
        rows = keep.repeat(4)
        w_x, w_h = matrices_of(source)
        for name, values in zip(matrices(), (w_x[rows][:, inputs], w_h[rows][:, keep]), strict=True):
            target.get_parameter(name).copy_(values)
        for name in biases() if spec.model.bias else ():
            target.get_parameter(name).copy_(source.get_parameter(name)[rows])
        inputs = keep
    made.head = _columns(model.head, left[-1])
    return smaller, made.to(w_x)


def _at_least_one(keep: Tensor) -> Tensor:
    keep = keep.clone()
    keep[0] |= ~keep.any()
    return keep


def _columns(linear: nn.Linear | None, keep: Tensor) -> nn.Linear | None:
    """A linear layer that reads only the kept columns."""
    if linear is None:
        return None
    made = nn.Linear(int(keep.sum()), linear.out_features, bias=linear.bias is not None, dtype=linear.weight.dtype)
    made.weight.copy_(linear.weight[:, keep])
    if linear.bias is not None:
        made.bias.copy_(linear.bias)
    return made


def resized(spec: Spec, hidden: list[int]) -> Spec:
    """The spec with other hidden sizes, its engine made to fit: fewer `units`, more `cells_per_cycle` where needed."""
    model = spec.model.model_copy(update={"hidden": tuple(hidden)})
    units = min(spec.engine.units, 1 << (min(hidden).bit_length() - 1))
    narrower = spec.model_copy(update={"model": model, "engine": spec.engine.model_copy(update={"units": units})})
    shortest = min(array.cycles_per_group for array in network(narrower).layers)
    cells = max(spec.engine.cells_per_cycle, 1 << (-(-units // shortest) - 1).bit_length())
    data: dict[str, Any] = plain(narrower)
    data["engine"]["cells_per_cycle"] = min(units, cells)
    return parse(data)


def as_spec(spec: Spec, name: str, dense: bool) -> Spec:
    """A compact network's spec as one of its own: named, without studies, `dense` where only units were removed."""
    data: dict[str, Any] = plain(spec)
    data["name"] = re.sub(r"[^a-z0-9]+", "-", f"{spec.name} {name}".lower())[-41:].strip("-")
    data["training"] |= {"studies": {}, "baselines": []}
    if dense:
        data["sparsity"] = {"pattern": "dense", "head": spec.sparsity.head}
    return parse(data)


def dense_cycles(spec: Spec, engine: Engine) -> int:
    """Cycles per step of the dense network on as many lanes as `engine` has, at the best P, M and E for it."""
    data: dict[str, Any] = plain(spec)
    data["sparsity"] = {"pattern": "dense"}
    data["engine"]["target_cycles"] = None
    return for_lanes(parse(data), 4 * engine.units * engine.lanes_per_row)[0].cycles_per_step


def multiplications(spec: Spec) -> int:
    """Multiplications of the dense recurrent layers in one step."""
    sizes = zip((spec.model.inputs, *spec.model.hidden), spec.model.hidden, strict=False)
    return sum(4 * hidden * (inputs + hidden) for inputs, hidden in sizes)
