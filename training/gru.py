"""The GRU whose reset gate meets h before the product (ONNX: linear_before_reset = 0); PyTorch has no module for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from accel.architecture.cells import RESET_FIRST, Cell
from training.arithmetic import REAL
from training.cell import run_layer


class ResetFirst(nn.Module):
    """One layer: n_t = tanh(W_in x_t + W_hn (r_t h_{t-1}) + b_n), with the names that an `nn.GRU` has.

    Rows of its matrices, [3 hidden, inputs] and [3 hidden, hidden], and of its one bias are those of z, r and n, in
    ONNX's order.
    """

    cell: Cell = RESET_FIRST

    def __init__(self, inputs: int, hidden: int, bias: bool = True, batch_first: bool = True) -> None:
        super().__init__()
        if not batch_first:
            raise ValueError("batch_first: only [batch, steps, inputs]")
        bound = hidden**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(3 * hidden, inputs).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(3 * hidden, hidden).uniform_(-bound, bound))
        if bias:
            self.bias_ih_l0 = nn.Parameter(torch.empty(3 * hidden).uniform_(-bound, bound))

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """x [batch, steps, inputs] and the state before, or zeros, to h after every step [batch, steps, hidden]."""
        steps = run_layer(REAL, self, x, None if h is None else (h, h))
        return torch.stack([signals[self.cell.output] for signals in steps], 1)
