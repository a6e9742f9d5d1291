"""What of a spec the multipliers and memories of a chip cannot do, by the keys that ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.network import Network, network
from accel.spec import Spec
from fpga import board as boards
from fpga import pairs
from fpga.board import Board
from fpga.memories import ULTRA

Refusal = tuple[str, str, object]
"""Key path, what would do, what was given."""


def faults(net: Network, board: Board | None) -> Iterator[Refusal]:
    """What a board cannot do; without one, two products of multipliers that do not hold them."""
    yield from pairs.faults(net, board)
    asked = net.spec.engine.loaded_memory
    if board is not None and asked == "ultra" and not _has_ultra(board):
        others = " or ".join(one.name for one in map(boards.find, boards.names()) if _has_ultra(one))
        yield "engine.loaded_memory", f"auto, as {board.name} has no UltraRAM; or target.board: {others}", asked


def refusals(spec: Spec) -> Iterator[Refusal]:
    """`faults` of a spec on its own board."""
    engine, name = spec.engine, spec.target.board
    if engine.pack or engine.loaded_memory != "auto":
        yield from faults(network(spec), None if name is None else boards.find(name))


def _has_ultra(board: Board) -> bool:
    return board.family in ULTRA and board.resources.large_rams > 0
