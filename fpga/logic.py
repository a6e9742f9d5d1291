"""What a design consists of beside its memories and multipliers: bits of registers, of adders, of choices.

Counted block by block from the sizes of the arrays along the way of data; what steers it is a weighted sum of what a
design has. Weights are those of the Verilog as yosys elaborates it, the same for every family. What synthesis makes of
a bit of each term differs from family to family (`fpga.coefficients`).
"""

from __future__ import annotations

from collections.abc import Mapping

from accel.architecture.array import Array
from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import before_read, capture_delay, slot_to_cell, slot_to_state
from accel.architecture.network import Network
from accel.architecture.vector import Vector, entry_width
from accel.base.fixed import index_bits
from fpga.cell_logic import cell_adders, cell_registers, narrowed
from fpga.inventory import memories
from fpga.memories import place
from fpga.multipliers import demanded

QUEUE_STAGES = 3
"""By columns, registers that an entry of a queue passes: in front of it, behind it, and as the next column."""
ROW_STAGES = 5
"""By columns, registers that the number of a row passes on its way to its sum."""
COLUMNS = "column choices"
"""Choices on the way to sums by columns, which synthesis makes more of than of others."""


def register_terms(net: Network, family: str, multipliers: bool, weights: Mapping[str, float]) -> dict[str, int]:
    """Flip-flops of words read from memories that are no block RAM and of RAMs in logic; those before and behind
    `multipliers`, which these may have within; and all others, by `weights` of bits before anything of a chip is known.
    """
    placed = [place(memory, family) for _, memory in memories(net)]
    factors = sum(map(_factors, net.arrays)) if multipliers else 0
    return {
        "read": sum(one.read for one in placed),
        "kept": sum(one.kept for one in placed),
        "factors": factors,
        "way": times(elaborated_registers(net) | steering(net), weights) - factors,
    }


def lut_terms(net: Network, family: str, multipliers: bool, weights: Mapping[str, float]) -> dict[str, int]:
    """Lookup tables that hold memories, and bits of what others do: contents of ROMs, choices between ranges of a
    memory, the way of data, by columns the way to the sums, what steers, and products where there are no `multipliers`.
    """
    placed, way = [place(memory, family) for _, memory in memories(net)], elaborated_logic(net)
    return {
        "held": sum(one.luts for one in placed),
        "contents": sum(one.contents for one in placed),
        "ranges": sum(one.choices for one in placed),
        "columns": way.pop(COLUMNS),
        "way": times(way, weights),
        "steering": times(steering(net), weights),
        "products": demanded(net, family, multipliers)[1],
    }


def elaborated_registers(net: Network) -> dict[str, int]:
    """Bits of registers along the way of data, whatever the family."""
    return {
        "lanes": sum(map(_lane_registers, net.arrays)),
        "cells": sum(cell_registers(array, net) for array in net.arrays),
        "beside": sum(map(_registers_beside, net.arrays)),
    }


def elaborated_logic(net: Network) -> dict[str, int]:
    """Bits of adders, of choices by rows and by columns, and of values that are saturated."""
    by_columns = [array for array in net.arrays if isinstance(array, ColumnArray)]
    return {
        "adders": sum(_adders(array) + cell_adders(array, net) for array in net.arrays),
        "choices": sum(_choices(array) for array in net.arrays if not isinstance(array, ColumnArray)),
        COLUMNS: sum(map(_choices, by_columns)),
        "narrowed": sum(narrowed(array, net) for array in net.arrays),
    }


def steering(net: Network) -> dict[str, int]:
    """What steers a design: its arrays by what they are, and what they have besides, in numbers and bits."""
    arrays, layers = net.arrays, net.layers
    loaded = [array for array in arrays if array.writable]
    return {
        "design": 1,
        "by rows": sum(not isinstance(array, ColumnArray) for array in layers),
        "by columns": sum(isinstance(array, ColumnArray) for array in layers),
        "linear": len(arrays) - len(layers),
        "further levels": sum(array.levels - 1 for array in arrays),
        "turns of streams": sum(array.streams > 1 for array in layers),
        "embedding": int(net.embedding is not None),
        "buffers": len(net.mirrors),
        "loader": int(bool(loaded)),
        "loaded arrays": len(loaded),
        "loaded words": sum(array.word_width + 4 * array.units for array in loaded),
        "fed arrays": sum(array.streamed is not None for array in arrays),
        "fed words": sum(array.units * array.word_width for array in arrays if array.streamed),
        "given states": sum(array.initial_state for array in layers),
        "given words": sum(2 * array.cells * array.formats.cell.width for array in layers if array.initial_state),
    }


def times(terms: Mapping[str, int], coefficients: Mapping[str, float]) -> int:
    """The sum of terms times their coefficients."""
    return round(sum(coefficient * terms.get(name, 0) for name, coefficient in coefficients.items()))


def _operand_vectors(array: Array) -> tuple[Vector, ...]:
    """How the copies of operands lie that lanes read."""
    return (array.x_copy, array.h_copy) if array.recurrent and not isinstance(array, ColumnArray) else (array.x_copy,)


def _totals(array: Array) -> int:
    """Bits of the sums that an array gives its cell stage."""
    return array.units * array.sums_per_unit * array.total_width


def _lane_registers(array: Array) -> int:
    """Memory words, weights, operands, products and sums on their way, and the sums that shift to the cell stage."""
    found = array.units * array.word_width * (2 if array.streamed else 1) + _totals(array)
    found += array.multipliers * (array.weight_width + array.product_width)
    if isinstance(array, ColumnArray):
        return found + _column_registers(array)
    assert isinstance(array, RowArray)
    operands = array.lanes_per_row if array.dense else array.units * array.indices
    found += operands * array.operand_width + array.multipliers * (1 + array.operand_register) * array.weight_width
    for vector in _operand_vectors(array):
        found += array.copies * (vector.low + array.operand_register * (vector.word_width + vector.low))
    found += array.units * array.rows_per_unit * array.partial_width * array.goes_ahead
    return found + _totals(array) * _partial_sums(array)


def _factors(array: Array) -> int:
    """Of the registers of the lanes those that weights, operands and products of multipliers lie in."""
    if not array.multiplies:
        return 0
    found = array.multipliers * (array.weight_width + array.product_width)
    if isinstance(array, ColumnArray):
        return found + array.multipliers * array.operand_width * array.x_by_rows
    return found + (array.lanes_per_row if array.dense else array.units * array.indices) * array.operand_width


def _partial_sums(array: RowArray) -> int:
    """Sums of each total: one a lane, and behind several the levels of an adder tree."""
    lanes = found = array.lanes_per_row
    while lanes > 1:
        lanes = -(-lanes // 2)
        found += lanes
    return found


def _column_registers(array: ColumnArray) -> int:
    """Products beside their sums, the sums as they are read, added to and drained; numbers of rows; queues."""
    sums = array.units * array.sums_per_unit
    found = sums * (array.product_width + ROW_STAGES * array.index_width) + 4 * _totals(array)
    if array.x_by_rows:
        found += array.multipliers * (array.operand_width + array.weight_width)
    else:
        found += QUEUE_STAGES * entry_width(array.x_vector)
    return found + QUEUE_STAGES * (entry_width(array.h_vector) + array.operand_width)


def _registers_beside(array: Array) -> int:
    """Numbers that travel beside the data: slots, banks, flags."""
    beat, bank = index_bits(array.beats), array.h_vector.bank_width
    ahead = 0 if isinstance(array, ColumnArray) else capture_delay(array)
    if not array.recurrent:
        return ahead * 4 + beat * 4
    slot = beat + index_bits(array.streams)
    memory = before_read(array) + slot_to_cell(array)
    return slot_to_state(array) * (beat + bank + 3) + memory * slot + ahead * (6 + bank)


def _adders(array: Array) -> int:
    """Of products and sums; where weights are digits, of what is negated."""
    totals, signs = _totals(array), 0 if array.multiplies else array.multipliers * array.product_width
    if isinstance(array, ColumnArray):
        return 2 * totals + signs
    assert isinstance(array, RowArray)
    begun = array.units * array.rows_per_unit * array.total_width * array.goes_ahead
    return totals * (2 * array.lanes_per_row - 1) + begun + signs


def _choices(array: Array) -> int:
    """Between two values: what is shifted to the cell stage, where a sum begins, which operand it is, digits."""
    totals, signs = _totals(array), 0 if array.multiplies else array.multipliers * array.product_width
    picked = sum(array.copies * (one.words - 1) * one.width for one in _operand_vectors(array))
    if isinstance(array, ColumnArray):
        rows = array.units * array.sums_per_unit * array.index_width
        operands = array.multipliers * array.operand_width * array.x_by_rows
        return 9 * totals + 7 * rows + operands + picked + signs
    assert isinstance(array, RowArray)
    operands = array.lanes_per_row if array.dense else array.units * array.indices
    begun = array.units * array.rows_per_unit * array.total_width * array.goes_ahead
    return totals * (1 + array.lanes_per_row) + operands * array.operand_width + begun + picked + signs
