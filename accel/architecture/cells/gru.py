"""GRU, h_t = (1 - z) n + z h_{t-1}, in the two forms that there are.

PyTorch's (ONNX: linear_before_reset = 1): the reset gate meets the product W_hn h, n = tanh(W_in x + b_in + r (W_hn h
+ b_hn)); row n has two sums with two biases. The older one (0): it meets h before the product, n = tanh(W_in x +
W_hn (r h) + b_n). That needs r of all units before the first product of row n, so a step goes through the lanes three
times, a row of each unit a time: z, which is laid aside; r, after which lanes read r h in place of h; n. Every row
reads x and h, and no lane idles.

h_t is kept in `formats.cell`; what lanes, next layer and head read is h_t in `formats.state`, as in a highway cell.
"""

from __future__ import annotations

from accel.architecture.cells.cell import Cell
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE, Lookup, Mix, Narrow, Product, RowSum, Sum

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
                Narrow("h_carried", "h_total", "cell"),
                Narrow("h", "h_carried", "state"),
            ),
            gates=("r", "z", "n"),
            carried="h_carried",
            state="h",
        ),
    ),
)


RESET_FIRST = Cell(
    title="GRU, reset first",
    rows="of each level, its gate: update, reset, new",
    rows_per_unit=1,
    levels=(
        Level(
            sums=(RowSum("z_sum", 0),),
            operations=(
                Narrow("z_pre", "z_sum", "gate"),
                Lookup("z", "z_pre", "sigmoid"),
                Narrow("z_carried", BEFORE, "cell"),
                Narrow("z_read", "z_carried", "state"),
            ),
            gates=("z",),
            carried="z_carried",
            state="z_read",
            aside="z",
        ),
        Level(
            sums=(RowSum("r_sum", 0),),
            operations=(
                Narrow("r_pre", "r_sum", "gate"),
                Lookup("r", "r_pre", "sigmoid"),
                Narrow("r_carried", BEFORE, "cell"),
                Product("reset", "r", BEFORE),
                Narrow("r_read", "reset", "state"),
            ),
            gates=("r",),
            carried="r_carried",
            state="r_read",
        ),
        Level(
            sums=(RowSum("n_sum", 0),),
            operations=(
                Narrow("n_pre", "n_sum", "gate"),
                Lookup("n", "n_pre", "tanh"),
                Mix("h_total", one=BEFORE, other="n", share=ASIDE),
                Narrow("h_carried", "h_total", "cell"),
                Narrow("h", "h_carried", "state"),
            ),
            gates=("n",),
            carried="h_carried",
            state="h",
        ),
    ),
    alike=False,
    every_level=True,
)
