"""Several processes train one model: `torchrun --nproc-per-node 2 ... sparrow train SPEC`.

Each process takes its share of every batch; gradients are averaged (DistributedDataParallel), so the result is that of
one process up to rounding. The first process alone writes files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


def processes() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def together() -> Iterator[None]:
    """Join the processes that `torchrun` started; does nothing in a process started alone."""
    if "TORCHELASTIC_RUN_ID" not in os.environ or distributed.is_initialized():
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def device() -> torch.device:
    """Where this process trains: its own GPU where there are any."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", rank() % torch.cuda.device_count())


def parallel(model: nn.Module) -> nn.Module:
    """The module whose backward pass averages gradients over all processes."""
    return DistributedDataParallel(model) if processes() > 1 else model


def wait() -> None:
    """Until every process is here."""
    if processes() > 1:
        distributed.barrier()


def mean(value: float) -> float:
    """The mean of a number over all processes."""
    if processes() == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64, device=device())
    distributed.all_reduce(total)
    return float(total) / processes()
