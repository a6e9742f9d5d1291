"""GRU as PyTorch has it (ONNX: linear_before_reset = 1): the reset gate meets the product W_hn h, not h before it.

n = tanh(W_in x + b_in + r (W_hn h + b_hn)) and h_t = (1 - z) n + z h_{t-1}: row n has two sums with two biases. h_t is
kept in `formats.cell`; what lanes, next layer and head read is h_t in `formats.state`, as in a highway cell. The other
form, tanh(W_in x + W_hn (r h)), would need r of all units before the first product of row n: the lanes would go through
each step twice, and idle in a third of it.
"""

from __future__ import annotations

from accel.architecture.cells.cell import Cell
from accel.architecture.cells.operations import BEFORE, Level, Lookup, Mix, Narrow, Product, RowSum, Sum

GRU = Cell(
    title="GRU",
    rows="reset, update, new (its sums over x and over h stay apart)",
    rows_per_unit=3,
    levels=(
        Level(
            sums=(RowSum("r_sum", 0), RowSum("z_sum", 1), RowSum("n_x_sum", 2, "x"), RowSum("n_h_sum", 2, "h")),
            operations=(
                Narrow("r_pre", "r_sum", "gate"),
                Narrow("z_pre", "z_sum", "gate"),
                Narrow("n_x", "n_x_sum", "gate"),
                Narrow("n_h", "n_h_sum", "gate"),
                Lookup("r", "r_pre", "sigmoid"),
                Lookup("z", "z_pre", "sigmoid"),
                Product("reset", "r", "n_h"),
                Sum("n_total", "n_x", "reset"),
                Narrow("n_pre", "n_total", "gate"),
                Lookup("n", "n_pre", "tanh"),
                Mix("h_total", one=BEFORE, other="n", share="z"),
                Narrow("h_kept", "h_total", "cell"),
                Narrow("h", "h_kept", "state"),
            ),
            gates=("r", "z", "n"),
            kept="h_kept",
            state="h",
        ),
    ),
)
