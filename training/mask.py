"""The parametrisation that holds removed weights at zero."""

from __future__ import annotations

from torch import Tensor, nn


class Mask(nn.Module):
    """Parametrisation that keeps the weights under a boolean mask and holds all others at zero, gradient included."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        """weight [rows, columns], zero outside the mask."""
        return weight * self.mask
