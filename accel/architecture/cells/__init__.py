"""The recurrent cells that the engine has, by the names of `model.cell`; a file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from accel.architecture.cells.cell import TABLES, Cell
from accel.architecture.cells.gru import GRU, RESET_FIRST
from accel.architecture.cells.highway import highway
from accel.architecture.cells.lstm import LSTM

CELLS: dict[str, Callable[[int], Cell]] = {
    "lstm": lambda levels: LSTM,
    "highway": highway,
    "gru": lambda levels: GRU,
    "gru_reset_first": lambda levels: RESET_FIRST,
}
"""Kinds of cell; each takes the number of levels, which a highway cell alone may have any of."""


@lru_cache
def cell_named(kind: str, levels: int, multiplier_registers: bool = False) -> Cell:
    """The cell of a kind, in hardware with or without registers in front of its multipliers."""
    return replace(CELLS[kind](levels), multiplier_registers=multiplier_registers)


__all__ = ["CELLS", "GRU", "LSTM", "RESET_FIRST", "TABLES", "Cell", "cell_named", "highway"]
