"""Two arithmetics for one cell: real numbers, and exactly what the accelerator computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.base.fixed import Fixed
from training.straight_through import look_up, narrow

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Arithmetic:
    """What happens to each operand and signal of a cell, by the names of `accel.model.golden`."""

    x: Function
    w_x: Function
    w_h: Function
    scale: Function
    bias: Function
    gate: Function
    sigmoid: Function
    tanh: Function
    cell: Function
    cell_tanh: Function
    state: Function
    linear: Function


def same(value: Tensor) -> Tensor:
    """The value, of any shape."""
    return value


REAL = Arithmetic(same, same, same, same, same, same, torch.sigmoid, torch.tanh, same, torch.tanh, same, same)
"""Real numbers, nothing narrowed."""


def exact(net: Network, array: Array) -> Arithmetic:
    """The formats of one layer, narrowed where the golden model narrows, and its tables."""
    formats, tables = array.formats, net.tables_of(array)

    def to(fmt: Fixed) -> Function:
        return lambda value: narrow(value, fmt)

    def by(name: str) -> Function:
        return lambda value: look_up(value, tables[name])

    return Arithmetic(
        x=to(array.x),
        w_x=to(array.w_x),
        w_h=to(array.w_h),
        scale=same if array.scale is None else to(array.scale),
        bias=to(array.bias),
        gate=to(formats.gate),
        sigmoid=by("sigmoid"),
        tanh=by("tanh"),
        cell=to(formats.cell),
        cell_tanh=by("cell_tanh") if "cell_tanh" in tables else torch.tanh,
        state=to(formats.state),
        linear=same if formats.linear is None else to(formats.linear),
    )
