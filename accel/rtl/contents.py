"""Contents of memories, read from the files that the Verilog reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.architecture.array import Array
from accel.architecture.embedding import EMBEDDING
from accel.rtl.blocks.cells.scale import ScaleConstants
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.primitives.hexfile import from_hex
from accel.rtl.blocks.rows.held_state import HeldState


def lanes_held(folder: Path, array: Array, stem: str) -> ArrayConstants:
    """Constants of a layer's lanes, a file for each of its units."""
    files = tuple(f"{stem}_unit{number}.hex" for number in range(array.units))
    return ArrayConstants(array, tuple(from_hex(folder / file) for file in files), files)


def biases_held(folder: Path, stem: str) -> dict[str, Any]:
    """A bias memory's contents and its file, as constants of a layer name them."""
    file = f"{stem}_bias.hex"
    return {"bias_words": from_hex(folder / file), "bias_file": file}


def rows_held(folder: Path, stem: str) -> tuple[tuple[int, ...], str]:
    """The words of an embedding's table, and the file that has them."""
    file = f"{stem}_{EMBEDDING}.hex"
    return from_hex(folder / file), file


def states_held(folder: Path, array: Array, stem: str) -> HeldState:
    """What every sequence begins with, a file for each signal of the state."""
    files = tuple(f"{stem}_initial_{name}.hex" for name in array.cell.states)
    return HeldState(tuple(from_hex(folder / file) for file in files), files)


def scales_held(folder: Path, array: Array, stem: str) -> ScaleConstants:
    """The scales of a layer's rows. Raises ValueError for one whose rows have none."""
    if array.scale is None:
        raise ValueError(f"{array.name}: its rows have no scales")
    file = f"{stem}_scale.hex"
    return ScaleConstants(array.scale, from_hex(folder / file), file)
