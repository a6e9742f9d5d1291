"""Removing whole hidden units (ISS, arXiv 1709.05027): group Lasso over everything that belongs to a unit.

The group of unit k is its rows of W_x and of every recurrent matrix, its column of those, and its column of what reads
h: the next layer's W_x, or the head. An LSTM has four rows a unit and one recurrent matrix; a highway layer has two
rows and a matrix for each of its levels, which share one set of groups, as the state runs through all of them. Biases
are not in it. After each step of the optimiser every group is shrunk by the proximal map of the Lasso, so a group ends
at exactly zero; a unit that got there stays removed.

Reweighted (arXiv 0711.1612), a group is shrunk the more the shorter it is against the mean of those left. Adam moves
small gradients as far as large ones, so large groups, such as a decoder's columns of 10,000 words, hold themselves up
against a Lasso that shrinks all alike until it harms all alike; reweighted, they part into those that stay and those
that go.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from accel.architecture.cells import cell_named
from accel.architecture.network import network
from accel.schedule.load_spec import parse
from accel.schedule.proposals import for_lanes
from accel.spec import HIGHWAY_ONLY, Engine, Spec, of_layer, plain
from training import highway
from training.highway import RHN
from training.method import Method
from training.model import LSTM, biases, matrices, matrices_of


@dataclass(frozen=True)
class Part:
    """A matrix with a share in the groups: a unit's row in each of its `blocks`, its column where it `reads` h."""

    weight: Tensor
    blocks: int
    reads: bool

    def squares(self) -> Tensor:
        """Sum of the squares that belong to each unit. [hidden]"""
        squares = self.weight.square()
        rows = squares.sum(1).view(self.blocks, -1).sum(0) if self.blocks else torch.zeros(())
        columns = squares.sum(0) if self.reads else torch.zeros(())
        return rows + columns - (squares * self._own()).sum(0) if self.blocks and self.reads else rows + columns

    def scale(self, factor: Tensor) -> None:
        """Multiply what belongs to each unit by its factor ([units]); an element of two units by both."""
        if self.blocks:
            self.weight.mul_(factor.repeat(self.blocks)[:, None])
        if self.reads and self.blocks:
            self.weight.mul_(1 - (1 - factor) * (1 - self._own()))
        elif self.reads:
            self.weight.mul_(factor)

    def _own(self) -> Tensor:
        """1 where row and column belong to the same unit."""
        like = self.weight
        return torch.eye(like.shape[1], dtype=like.dtype, device=like.device).repeat(self.blocks, 1)


def parts(model: LSTM, number: int) -> list[Part]:
    """Everything that belongs to the units of a layer."""
    w_x, w_h = matrices_of(model.layers[number])
    hidden = w_h.shape[1]
    own = [Part(w_x, len(w_x) // hidden, False), Part(w_h, len(w_h) // hidden, True)]
    return [*own, Part(reader(model, number), 0, True)]


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
    total: Tensor = sum((part.squares() for part in parts(model, number)), torch.zeros(()))
    return total.clamp_min(0).sqrt()


@torch.no_grad()
def shrink(model: LSTM, amount: float, reweighted: bool = False) -> None:
    """Shorten every group by `amount`, a group that is shorter to exactly zero.

    Reweighted: by `amount` times the mean length of the groups that are left over its own.
    """
    for number in range(len(model.layers)):
        norms = group_norms(model, number).clamp_min(1e-12)
        each = amount * norms.sum() / (norms > 1e-12).sum().clamp_min(1) / norms if reweighted else amount
        factor = (1 - each / norms).clamp_min(0)
        for part in parts(model, number):
            part.scale(factor)


def alive(model: LSTM) -> list[Tensor]:
    """For each layer which units are left, boolean [hidden]."""
    return [group_norms(model, number) > 0 for number in range(len(model.layers))]


@torch.no_grad()
def remove(model: LSTM, left: list[Tensor]) -> None:
    """Hold the groups of all units that are not `left` (a mask [units] a layer) at zero."""
    for number, keep in enumerate(left):
        for part in parts(model, number):
            part.scale(keep.to(part.weight.dtype))


class GroupLasso(Method):
    """Shrink every group by rate * strength after each step of the optimiser; removed units stay removed.

    Reweighted: short groups by more, long ones by less.
    """

    settled = 1.0

    def __init__(self, strength: float, reweighted: bool = False) -> None:
        self.strength, self.reweighted = strength, reweighted
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
        shrink(model, rate * self.strength, self.reweighted)
        self.left = [was & now for was, now in zip(self.left, alive(model), strict=True)]


@torch.no_grad()
def compact(model: LSTM, spec: Spec) -> tuple[Spec, LSTM]:
    """The spec with the sizes that are left and a dense, really smaller module with the same outputs.

    At least one unit of each layer stays; by columns, as many as the lanes of a gate divide.
    """
    multiples = [units if flow.by_lane else 1 for flow, units in zip(spec.flows, spec.units, strict=True)]
    left = [filled_up(keep, multiple) for keep, multiple in zip(alive(model), multiples, strict=True)]
    smaller = resized(spec, [int(keep.sum()) for keep in left])
    decoder = _columns(model.decoder, left[-1])
    if isinstance(model, RHN):
        made: LSTM = highway.like(model, smaller, decoder)
        highway.cut(model, made, left)  # type: ignore[arg-type]
    else:
        made = LSTM(smaller, copy.deepcopy(model.encoder), decoder, model.when)
        _cut(model, made, left)
    made.table = copy.deepcopy(model.table)
    made.head = _columns(model.head, left[-1])
    return smaller, made.to(next(model.parameters()))


def _cut(model: LSTM, made: LSTM, left: list[Tensor]) -> None:
    """Fill the smaller layers of PyTorch's with what is left."""
    inputs = torch.ones(matrices_of(model.layers[0])[0].shape[1], dtype=torch.bool)
    for source, target, keep in zip(model.layers, made.layers, left, strict=True):
        w_x, w_h = matrices_of(source)
        rows = keep.repeat(len(w_h) // len(keep))
        for name, values in zip(matrices(), (w_x[rows][:, inputs], w_h[rows][:, keep]), strict=True):
            target.get_parameter(name).copy_(values)
        for name in biases():
            if hasattr(target, name):
                target.get_parameter(name).copy_(source.get_parameter(name)[rows])
        inputs = keep


def filled_up(keep: Tensor, multiple: int) -> Tensor:
    """`keep` (a mask [units]), and of the removed units the first ones, until their number is a multiple, and not 0."""
    count = int(keep.sum())
    missing = -count % multiple or (0 if count else multiple)
    return keep | (~keep & ((~keep).cumsum(0) <= missing))


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
    """The spec with other hidden sizes, its engine made to fit: fewer `units`, more `cells_per_cycle` where needed.

    Where a layer goes by columns, the engine stays as it is. Banks are of the whole network, and may be more than what
    is left has columns.
    """
    studies = spec.training.studies.model_copy(update={"banks": ()})
    spec = spec.model_copy(update={"training": spec.training.model_copy(update={"studies": studies})})
    model = spec.model.model_copy(update={"hidden": tuple(hidden)})
    if spec.skips_states:
        return parse(plain(spec.model_copy(update={"model": model})))
    units = min(*spec.units, 1 << (min(hidden).bit_length() - 1))
    narrower = spec.model_copy(update={"model": model, "engine": spec.engine.model_copy(update={"units": units})})
    shortest = min(min(array.group_cycles) for array in network(narrower).layers)
    cells = max(spec.engine.cells_per_cycle, 1 << (-(-units // shortest) - 1).bit_length())
    data: dict[str, Any] = plain(narrower)
    data["engine"]["cells_per_cycle"] = min(units, cells)
    return parse(data)


def as_spec(spec: Spec, name: str, dense: bool) -> Spec:
    """A compact network's spec as one of its own: named, without studies, `dense` where only units were removed."""
    data = _alone(spec)
    data["name"] = re.sub(r"[^a-z0-9]+", "-", f"{spec.name} {name}".lower())[-41:].strip("-")
    return parse(data | ({"sparsity": {"pattern": "dense", "head": spec.sparsity.head}} if dense else {}))


def highway_spec(spec: Spec, depth: int) -> Spec:
    """The spec of a dense recurrent highway network in place of the LSTM; of the engine it has what it can have.

    The cell stage takes as many units a cycle as the groups of a level behind the first want.
    """
    data, engine, units = _alone(spec), spec.engine, min(spec.units)
    shortest = -(-min(spec.model.hidden) // engine.lanes_per_row)
    cells = (count for count in range(engine.cells_per_cycle, units + 1) if units % count == 0)
    for key, value in HIGHWAY_ONLY.items():
        section, name = key.split(".")
        data[section][name] = plain(value)
    data["model"] |= {"cell": "highway", "depth": depth}
    data["sparsity"] = {"pattern": "dense", "head": spec.sparsity.head}
    data["formats"]["scale"] = None
    data["engine"] |= {"input_lanes": None, "memory_width": None, "units": units, "shared_layers": False}
    data["engine"]["cells_per_cycle"] = next(count for count in cells if units <= count * shortest)
    return parse(data)


def dense_cycles(spec: Spec, engine: Engine) -> int:
    """Cycles per step of the dense network by rows, on as many lanes as `engine` has, at the best P, M and E."""
    data = _alone(spec) | {"sparsity": {"pattern": "dense"}}
    data["engine"]["dataflow"] = "row"
    dense = parse(data)
    rows = network(dense).layers[0].rows_per_unit
    units = sum(of_layer(engine.units, number) for number in range(len(spec.model.hidden)))
    return for_lanes(dense, rows * units * engine.lanes_per_row)[0].cycles_per_step


def _alone(spec: Spec) -> dict[str, Any]:
    """A spec as data, without what else is tried, and without a promise about its lanes."""
    data: dict[str, Any] = plain(spec)
    data["training"] |= {"studies": {}, "baselines": []}
    data["engine"]["target_cycles"] = None
    return data


def multiplications(spec: Spec) -> int:
    """Multiplications of the dense recurrent layers in one step."""
    rows, levels = rows_and_levels(spec)
    return sum(rows * hidden * (inputs + levels * hidden) for inputs, hidden in spec.sizes)


def rows_and_levels(spec: Spec) -> tuple[int, int]:
    """Rows of a unit in one level, and levels of a step."""
    levels = spec.model.depth or 1
    return cell_named(spec.model.cell, levels).rows_per_unit, levels
