"""Stages of the pipeline and the cycles between them; blocks are built to them, the schedule counts on them."""

from __future__ import annotations

from functools import lru_cache

from accel.architecture.array import Array
from accel.architecture.cells import Cell
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import (
    ASIDE,
    BEFORE,
    Clip,
    Lookup,
    Mix,
    Narrow,
    Operation,
    Product,
    Sum,
)
from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.dataflows.rows import PARTIAL_READ, tree_levels
from accel.architecture.linear import LinearArray

ADDRESS_TO_FETCH = 2
"""From the address of the weight memory to its word at the unit: memory, output register."""
SELECT_TO_TOTAL = 3
"""Operand register, product, total; `multiplier_registers` stand before and behind the product."""
SLOT_TO_TOTALS = 2
"""From a slot's number to its totals and biases: bias memory, output register."""
SLOT_TO_LOGIT = SLOT_TO_TOTALS + 1
"""From a slot of a linear layer to its sum, of the head a logit: bias memory, output register, sum."""

MIRROR = 3
"""From the last beat of a sequence to the first one that its buffer gives: bank full, step chosen, word."""
MIRROR_NEXT = 2
"""From the last beat that a buffer gives of a sequence to the first one of the next, at the earliest."""
CLIPPED = 1
"""From a word of h_t to the same behind an activation between recurrent layers."""

EMBEDDING = 2
"""From a token to the first word of its row: token, word."""

HEAD_INTERVAL = 8
"""Cycles from step to step of a head at least; no layer in front of it goes faster."""

SCALED = 2
"""From a slot's totals and scales to their products: product, output register."""

OPERATIONS: dict[type, int] = {Narrow: 2, Lookup: 2, Product: 1, Sum: 1, Mix: 3, Clip: 1}
"""Cycles of an operation: sum with the bias, or rounding, then saturation, and beside it a table's index; table,
output register; product; sum; difference, product, sum; choice. Factors with registers take one more: `cycles`."""

RESIDUAL = OPERATIONS[Sum] + OPERATIONS[Narrow]
"""From a word of h_t to its sum with x_t between recurrent layers."""

BEFORE_READ = 3
"""From the address of what a cell kept to its operand: memory, output register, clearing register."""


def cycles(cell: Cell, operation: Operation) -> int:
    """Cycles of an operation in a cell; its factors' register included, where it has one."""
    return OPERATIONS[type(operation)] + (cell.multiplier_registers and isinstance(operation, Product | Mix))


@lru_cache
def ready(cell: Cell, level: Level) -> dict[str, int]:
    """Cycles from a unit's totals and biases to each value of a level; BEFORE comes as late as its first use allows, in
    all levels together, and what was laid aside comes with it.
    """
    return _ready(cell, level, max(_first_use(cell, one) for one in cell.pipelines))


def _first_use(cell: Cell, level: Level) -> int:
    """When BEFORE is wanted in a level."""
    early = _ready(cell, level, 0)
    return min(max(early[name] for name in use.operands) for use in level.users(BEFORE))


def _ready(cell: Cell, level: Level, before: int) -> dict[str, int]:
    at = {row.name: 0 for row in level.sums} | {BEFORE: before, ASIDE: before}
    for operation in level.operations:
        at[operation.name] = max(at[name] for name in operation.operands) + cycles(cell, operation)
    return at


def totals_to_gates(cell: Cell) -> int:
    """From a unit's totals to the activations that hardware shows, all of them together, in every level."""
    return max(ready(cell, level)[name] for level in cell.pipelines for name in level.gates)


def totals_to_carried(cell: Cell) -> int:
    """From a unit's totals to what is kept, in every level."""
    return max(ready(cell, level)[level.carried] for level in cell.pipelines)


def totals_to_state(cell: Cell) -> int:
    """From a unit's totals to what is read of it, in every level."""
    return max(ready(cell, level)[level.state] for level in cell.pipelines)


def clip_times(cell: Cell) -> list[tuple[str, int]]:
    """The format of each narrowing, pipeline by pipeline, and when from a unit's totals it tells whether it clips."""
    return [(one.format, ready(cell, level)[one.name]) for level in cell.pipelines for one in level.narrowings]


def slot_to_gates(array: Array) -> int:
    """From a slot to its activations."""
    return SLOT_TO_TOTALS + totals_to_gates(array.cell)


def slot_to_before(array: Array) -> int:
    """From a slot to what its cell kept in the step, or the level, before."""
    return SLOT_TO_TOTALS + ready(array.cell, array.cell.level)[BEFORE]


def before_read(array: Array) -> int:
    """From a slot to the address of what its cell kept."""
    return slot_to_before(array) - BEFORE_READ


def slot_to_cell(array: Array) -> int:
    """From a slot to what its cell keeps."""
    return SLOT_TO_TOTALS + totals_to_carried(array.cell)


def slot_to_state(array: Array) -> int:
    """From a slot to what is read of it."""
    return SLOT_TO_TOTALS + totals_to_state(array.cell)


def cell_to_state(array: Array) -> int:
    """From what a cell keeps to what is read of it."""
    return slot_to_state(array) - slot_to_cell(array)


def slot_to_out(array: LinearArray) -> int:
    """From a slot of a linear layer to what leaves it."""
    return SLOT_TO_LOGIT + sum(OPERATIONS[type(operation)] for operation in array.operations.operations)


def fetch_to_select(array: Array) -> int:
    """From the memory word to the operands read at its indices: memory, and its output register where there is one."""
    return 2 if array.operand_register else 1


def capture_delay(array: Array) -> int:
    """From a group's last address to its complete totals."""
    lane = fetch_to_select(array) + SELECT_TO_TOTAL + 2 * array.multiplier_registers
    return ADDRESS_TO_FETCH + lane + tree_levels(array.lanes_per_row)


def first_delay(array: Array) -> int:
    """From a group's first address to the total that its first product goes to."""
    return capture_delay(array) - 1 - tree_levels(array.lanes_per_row)


def partial_delay(array: Array) -> int:
    """From a group's first address to that of its partial sums, which its first products are added to."""
    return first_delay(array) - PARTIAL_READ


def slot_delay(array: Array) -> int:
    """From a group's last address to its first slot; scaled totals come later, and the slots with them."""
    return capture_delay(array) + scale_delay(array) + 1 - SLOT_TO_TOTALS


def scale_delay(array: Array) -> int:
    """From a row's total to its scaled total."""
    return SCALED if array.scale else 0


def byte_width(width: int) -> int:
    """Bits of a value in whole bytes, as AXI4-Stream carries it."""
    return -(-width // 8) * 8


WORD_TO_READ = 2
"""By columns, from the word at the unit to what its accumulator held: slices, sum read beside the product."""
WORD_TO_SUM = 4
"""From the word to its sums: slices, product, product beside the old sum, sum."""
DRAIN_TO_CAPTURE = 2
"""From the number of a group to its sums in front of the shift register: accumulators, register of the bank."""
QUEUE = 5
"""From a beat to its first column: mask, memory, its output register, entry, column."""


def address_to_word(array: ColumnArray) -> int:
    """By columns, from an address to the word at the lanes; it first names their operands where x goes by rows."""
    return ADDRESS_TO_FETCH + array.x_by_rows


def column_flush(array: ColumnArray) -> int:
    """From a step's last address until its drain may be launched: the first sum is read two cycles later."""
    return address_to_word(array) + WORD_TO_SUM - 1
