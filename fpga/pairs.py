"""Whether a multiplier of a family holds two weights, so that it makes two products (`engine.pack`), and what would do.

Two weights of W bits and an operand of S bits want factors of 2 W + S + 1 bits and of S (decision 049). Held against
what one multiplier takes as a whole, by the rule of `fpga.multipliers`; two that cost as much as two products apart
would spare nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.array import Array
from accel.architecture.network import Network
from fpga import board as boards
from fpga.board import Board
from fpga.multipliers import MULTIPLIERS, taken

ASSUMED = "xcup"
"""The family whose multiplier is meant where no board is named: DSP48E2, 27 x 18 bits."""
Refusal = tuple[str, str, bool]
"""Key path, what would do, what was given."""


def holds(weight: int, operand: int, family: str) -> bool:
    """Whether one multiplier makes two exact products of weights and an operand of these widths."""
    product = weight + operand
    pair, logic = taken(product + weight + 1, operand, family, 2 * product)
    one, _ = taken(weight, operand, family)
    return not logic and pair <= (one or 1)


def faults(net: Network, board: Board | None) -> Iterator[Refusal]:
    """Arrays whose pairs no multiplier of the board holds; without a board, none of 27 x 18 bits."""
    for array in net.in_hardware.arrays:
        if array.pairs and not _fits(array, board):
            ways = " or ".join(["false", *_ways(array, board)])
            yield "engine.pack", f"{ways}: {_needed(array)}, and {_present(board)}", True


def _fits(array: Array, board: Board | None) -> bool:
    there = board is None or board.resources.multipliers > 0
    return there and holds(array.weight_width, array.operand_width, board.family if board else ASSUMED)


def _needed(array: Array) -> str:
    weight, operand = array.weight_width, array.operand_width
    shifted = ", x and h aligned," if array.recurrent and array.x_shift != array.h_shift else ""
    given = f"two weights of {weight} bits and an operand of {operand}{shifted}"
    return f"{given} are {array.packed_width} x {operand} bits in {array.name}"


def _present(board: Board | None) -> str:
    sizes = " and ".join("{} x {}".format(*one.widest) for one in MULTIPLIERS[board.family if board else ASSUMED])
    if board is None:
        return f"one of {sizes} is assumed, as no board is named"
    return f"{board.name} has multipliers of {sizes}" if board.resources.multipliers else f"{board.name} has none"


def _ways(array: Array, board: Board | None) -> Iterator[str]:
    """Narrower weights, narrower operands, other boards."""
    family, weight, operand = board.family if board else ASSUMED, array.weight_width, array.operand_width
    if board is None or board.resources.multipliers:
        narrower = [bits for bits in range(2, weight) if holds(bits, operand, family)]
        if narrower:
            yield f"weights of at most {max(narrower)} bits"
        shorter = [bits for bits in range(2, operand) if holds(weight, bits, family)]
        if shorter:
            yield f"operands of at most {max(shorter)} bits"
    others = [one.name for one in map(boards.find, boards.names()) if one != board and _fits(array, one)]
    if board is not None and others:
        yield f"target.board: {' or '.join(others)}"
