"""The recurrent cells that the engine has, by the names of `model.cell`; a file each."""

from __future__ import annotations

from collections.abc import Callable

from accel.architecture.cells.cell import TABLES, Cell
from accel.architecture.cells.gru import GRU
from accel.architecture.cells.highway import highway
from accel.architecture.cells.lstm import LSTM

CELLS: dict[str, Callable[[int], Cell]] = {"lstm": lambda depth: LSTM, "highway": highway, "gru": lambda depth: GRU}
"""Kinds of cell; each takes the number of levels, which is 1 but for a highway cell."""


def cell_named(kind: str, levels: int) -> Cell:
    """The cell of a kind."""
    return CELLS[kind](levels)


__all__ = ["CELLS", "GRU", "LSTM", "TABLES", "Cell", "cell_named", "highway"]
