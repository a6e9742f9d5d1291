"""What a design consists of beside its memories and multipliers: bits of registers, of adders, of choices.

Counted block by block from the sizes of the arrays along the way of data; what steers it is a weighted sum of what a
design has. Weights are those of the Verilog as yosys elaborates it, the same for every family. What synthesis makes of
a bit of each term differs from family to family (`fpga.coefficients`).
"""

from __future__ import annotations

from collections.abc import Mapping

from accel.architecture.array import Array
from accel.architecture.latencies import before_read, slot_to_cell, slot_to_state
from accel.architecture.network import Network
from accel.base.fixed import index_bits
from fpga.cell_logic import cell_adders, cell_registers, narrowed
from fpga.dataflows import demand
from fpga.inventory import memories
from fpga.memories import place
from fpga.multipliers import demanded

COLUMNS = "column choices"
"""Choices on the way to sums by columns, which synthesis makes more of than of others."""


def register_terms(net: Network, family: str, multipliers: bool, weights: Mapping[str, float]) -> dict[str, int]:
    """Flip-flops of words read from memories that are no block RAM and of RAMs in logic; those before and behind
    `multipliers`, which these may have within; and all others, by `weights` of bits before anything of a chip is known.
    """
    placed = [place(memory, family) for _, memory in memories(net)]
    factors = sum(demand(array).factors() for array in net.arrays) if multipliers else 0
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
        "lanes": sum(demand(array).registers() for array in net.arrays),
        "cells": sum(cell_registers(array, net) for array in net.arrays),
        "beside": sum(map(_registers_beside, net.arrays)),
    }


def elaborated_logic(net: Network) -> dict[str, int]:
    """Bits of adders, of choices by rows and by columns, and of values that are saturated."""
    lanes = [demand(array) for array in net.arrays]
    return {
        "adders": sum(one.adders() + cell_adders(one.array, net) for one in lanes),
        "choices": sum(one.choices() for one in lanes if not one.by_columns),
        COLUMNS: sum(one.choices() for one in lanes if one.by_columns),
        "narrowed": sum(narrowed(array, net) for array in net.arrays),
    }


def steering(net: Network) -> dict[str, int]:
    """What steers a design: its arrays by what they are, and what they have besides, in numbers and bits."""
    arrays, layers = net.arrays, net.layers
    loaded = [array for array in arrays if array.writable]
    return {
        "design": 1,
        "by rows": sum(not demand(array).by_columns for array in layers),
        "by columns": sum(demand(array).by_columns for array in layers),
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


def _registers_beside(array: Array) -> int:
    """Numbers that travel beside the data: slots, banks, flags."""
    beat, bank = index_bits(array.beats), array.h_vector.bank_width
    ahead = demand(array).ahead()
    if not array.recurrent:
        return ahead * 4 + beat * 4
    slot = beat + index_bits(array.streams)
    memory = before_read(array) + slot_to_cell(array)
    return slot_to_state(array) * (beat + bank + 3) + memory * slot + ahead * (6 + bank)
