"""Stages of the pipeline and the cycles between them; blocks are built to them, the schedule counts on them."""

from __future__ import annotations

from accel.architecture.shape import Array, ColumnArray

ADDRESS_TO_FETCH = 2
"""From the address of the weight memory to its word at the unit: memory, output register."""
SELECT_TO_TOTAL = 3
"""Operand register, product, total."""
SLOT_TO_CHAIN = 2
"""From a slot's number to its totals and biases: bias memory, output register."""
SUM_TO_GATES = 4
"""From totals and biases to activations: sum, index, table, output register."""
GATES_TO_CELL = 4
"""Products, sum, rounding, saturation."""
CELL_TO_STATE = 5
"""Table, output register (the index comes with c_t), product, rounding, saturation."""

GATES_TO_CARRIED = 5
"""Of a highway cell: difference, product, sum, rounding, saturation."""
CARRIED_TO_STATE = 2
"""Rounding, saturation."""

SLOT_TO_GATES = SLOT_TO_CHAIN + SUM_TO_GATES
SLOT_TO_CELL = SLOT_TO_GATES + GATES_TO_CELL
SLOT_TO_STATE = SLOT_TO_CELL + CELL_TO_STATE
SLOT_TO_LOGIT = SLOT_TO_CHAIN + 1
"""From a slot of the head to its logit: bias memory, output register, sum."""

SCALED = 2
"""From a slot's totals and scales to their products: product, output register."""

CELL_READ = SLOT_TO_GATES - 3
"""From a slot to the address of its c_{t-1}: memory, output register, clearing register, then the gates."""


def slot_to_cell(array: Array) -> int:
    """From a slot to what its cell keeps: c_t, or the s_l of a highway cell."""
    return SLOT_TO_GATES + GATES_TO_CARRIED if array.highway else SLOT_TO_CELL


def slot_to_state(array: Array) -> int:
    """From a slot to what is read of it: h_t, or the s_l of a highway cell."""
    return slot_to_cell(array) + CARRIED_TO_STATE if array.highway else SLOT_TO_STATE


def tree_levels(per_row: int) -> int:
    """Adder levels behind `per_row` lanes of a row."""
    return (per_row - 1).bit_length()


def fetch_to_select(array: Array) -> int:
    """From the memory word to the operands read at its indices: memory, and its output register where there is one."""
    return 2 if array.operand_register else 1


def capture_delay(array: Array) -> int:
    """From a group's last address to its complete totals."""
    return ADDRESS_TO_FETCH + fetch_to_select(array) + SELECT_TO_TOTAL + tree_levels(array.lanes_per_row)


def slot_delay(array: Array) -> int:
    """From a group's last address to its first slot; scaled totals come later, and the slots with them."""
    return capture_delay(array) + scale_delay(array) + 1 - SLOT_TO_CHAIN


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
"""From the number of a group to its sums in front of the chain: accumulators, register of the bank that is read."""
QUEUE = 5
"""From a beat to its first column: mask, memory, its output register, entry, column."""


def address_to_word(array: ColumnArray) -> int:
    """By columns, from an address to the word at the lanes; it first names their operands where x goes by rows."""
    return ADDRESS_TO_FETCH + array.x_by_rows


def column_flush(array: ColumnArray) -> int:
    """From a step's last address until its drain may be launched: the first sum is read two cycles later."""
    return address_to_word(array) + WORD_TO_SUM - 1
