"""`make bench-training`: what pruning and quantising add to a training step of `nn.LSTM`. A table, no test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import nn

from accel.architecture.network import network
from accel.schedule.load_spec import parse
from sparrow import printing
from tests.bench.bench import machine
from training.model import LSTM
from training.prune import largest_per_row, prune_layers

SPEC = parse(
    {
        "name": "ptb-shape",
        "model": {"inputs": 300, "hidden": [300]},
        "sparsity": {"pattern": "row", "input": 0.85, "recurrent": 0.85},
        "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]},
        "engine": {"units": 4},
        "training": {"task": "ptb_words"},
    }
)
BATCH, STEPS, REPEATS = 20, 35, 20


def seconds(work: Callable[[], object]) -> float:
    """The best of some repetitions, the first ones not counted."""
    for _ in range(3):
        work()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def step(module: nn.Module, run: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
    """One step of the optimiser on random input."""
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-6)
    x = torch.rand(BATCH, STEPS, 300)

    def work() -> None:
        optimizer.zero_grad()
        run(x).sum().backward()
        optimizer.step()

    return work


def lines() -> Iterator[tuple[str, str, str, str]]:
    """What was timed, milliseconds, ratio to the dense step, and what the project promises."""
    lstm, model, net = nn.LSTM(300, 300, batch_first=True), LSTM(SPEC), network(SPEC)
    dense = seconds(step(lstm, lambda x: lstm(x)[0]))
    yield "dense nn.LSTM step", f"{1e3 * dense:.1f}", "1", ""
    prune_layers(model.layers, [array.nnz for array in net.layers])
    pruned = seconds(step(model, lambda x: model.hidden(x)[0]))
    yield "row-balanced step", f"{1e3 * pruned:.1f}", f"{pruned / dense:.2f}", "1.2 x"
    model.quantize(net)
    quantized = seconds(step(model, lambda x: model.hidden(x)[0]))
    yield "quantisation-aware step", f"{1e3 * quantized:.1f}", f"{quantized / dense:.2f}", "3 x"
    weight = torch.rand(6000, 1500)
    yield (
        "187 largest of each row, 6000 x 1500",
        f"{1e3 * seconds(lambda: largest_per_row(weight, 187)):.1f}",
        "",
        "100 ms",
    )


def main() -> None:
    """Time each and print the table."""
    threads = f"{torch.get_num_threads()} threads"
    title = f"300 -> 300, batch {BATCH}, {STEPS} steps, {threads}, on {machine()}, torch {torch.__version__}"
    printing.show(printing.table(title, ("work", "ms", "to dense", "promised below"), lines()))


if __name__ == "__main__":
    main()
