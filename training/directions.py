"""Both directions of a bidirectional layer as one module, with weights in its own half of the columns alone.

A layer of PyTorch with twice the units and inputs stands for the two; `accel.model.directions` says what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from accel.architecture.mirror import Mirror
from accel.model.directions import joined_matrices, joined_vectors, mirrored
from training.cell import biases, matrices
from training.mask import Mask

Choice = Callable[[Tensor, int], Tensor]
"""W [rows, columns] and how many weights are kept to the mask of those."""
REVERSE = "_reverse"
"""Behind PyTorch's names of the backward direction's tensors."""


@torch.no_grad()
def both(kind: type[nn.Module], inputs: int, hidden: int, bias: bool) -> nn.Module:
    """Two untrained directions as one layer, its weights those that PyTorch's bidirectional layer begins with."""
    given = kind(inputs, hidden, bias=bias, bidirectional=True, batch_first=True)
    made = kind(2 * inputs, 2 * hidden, bias=bias, batch_first=True)
    for name in (*matrices(), *(biases() if bias else ())):
        forward, backward = (given.get_parameter(f"{name}{suffix}").numpy() for suffix in ("", REVERSE))
        join = joined_matrices if forward.ndim == 2 else joined_vectors
        made.get_parameter(name).copy_(torch.from_numpy(join(forward, backward, hidden)))
    return made


def hold_halves(layers: Iterable[nn.Module]) -> None:
    """Hold the weights of two directions at zero outside their halves, whatever prunes them later."""
    for layer in layers:
        for name in matrices():
            weight = layer.get_parameter(name)
            rows, columns = (size // 2 for size in (int(layer.hidden_size), weight.shape[1]))  # type: ignore[arg-type]
            ones = torch.ones(len(weight) // 2, columns, dtype=torch.bool).numpy()
            places = torch.from_numpy(joined_matrices(ones, ones, rows)).to(weight.device)
            parametrize.register_parametrization(layer, name, Mask(places))


def in_halves(choose: Choice, gates: int) -> Choice:
    """The choice of weights in each direction by itself."""

    def chosen(weight: Tensor, kept: int) -> Tensor:
        hidden, columns = len(weight) // (2 * gates), weight.shape[1] // 2
        parts = weight.view(gates, 2, hidden, 2, columns)
        made = torch.zeros(parts.shape, dtype=torch.bool, device=weight.device)
        for half in range(2):
            own = parts[:, half, :, half].reshape(gates * hidden, columns)
            made[:, half, :, half] = choose(own, kept).view(gates, hidden, columns)
        return made.view(weight.shape)

    return chosen


def through(mirror: Mirror, values: Tensor, lengths: Tensor | None) -> Tensor:
    """What a sequence buffer gives of [batch, steps, n], as `accel.model.directions.through`."""
    count, steps = values.shape[:2]
    ends = np.full(count, steps) if lengths is None else lengths.cpu().numpy()
    places = mirrored(np.broadcast_to(np.arange(steps), (count, steps)), ends)
    image = values[torch.arange(count)[:, None], torch.from_numpy(places)]
    if mirror.crossed:
        half = values.shape[2] // 2
        pairs = (values, image), (image, values)
        values, image = (torch.cat([one[..., :half], other[..., half:]], dim=2) for one, other in pairs)
    return torch.cat([values, image], dim=2) if mirror.pairs else values
