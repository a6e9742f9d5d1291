"""LSTM: c_t = f c_{t-1} + i g is kept from step to step, h_t = o tanh(c_t) is what lanes, next layer and head read."""

from __future__ import annotations

from accel.architecture.cells.cell import Cell
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import BEFORE, Lookup, Narrow, Product, RowSum, Sum

GATES = {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"}
"""PyTorch's gate order, and what each passes through."""

LSTM = Cell(
    title="LSTM",
    rows="input, forget, cell, output",
    rows_per_unit=4,
    levels=(
        Level(
            sums=tuple(RowSum(f"{gate}_sum", row) for row, gate in enumerate(GATES)),
            operations=(
                *(Narrow(f"{gate}_pre", f"{gate}_sum", "gate") for gate in GATES),
                *(Lookup(gate, f"{gate}_pre", table) for gate, table in GATES.items()),
                Product("carried", "f", BEFORE),
                Product("entered", "i", "g"),
                Sum("total", "carried", "entered"),
                Narrow("c", "total", "cell"),
                Lookup("tanh_c", "c", "cell_tanh"),
                Product("gated", "o", "tanh_c"),
                Narrow("h", "gated", "state"),
            ),
            gates=tuple(GATES),
            carried="c",
            state="h",
        ),
    ),
)
