"""A live module of PyTorch against the network that was read from its tensors or its graph, which alone prove less.

The module is the user's own and runs in his own process, in double precision, on random x of three sizes.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from accel.base.faults import Fault, Refused
from accel.model import windows
from training.importing import data, frames
from training.importing.network import Array, Ending, FloatNetwork, When, ended

SEQUENCES, STEPS = 48, 12
SIZES = (1.0, 8.0, 64.0)
"""Of x, a third of the sequences each: h_t has to come near its ends, or an activation behind it might show nothing."""
ALLOWED = 1e-6
"""Of the largest magnitude of an answer."""
ENDINGS: tuple[Ending, ...] = ("", "softmax", "log_softmax", "sigmoid")


def matched(module: nn.Module, network: FloatNetwork, seed: int) -> FloatNetwork:
    """The network with what the module says beyond its tensors: when it answers, and what its logits pass through;
    of a network that was read from the module's graph both are known.

    x goes in as the first recurrent layer wants it (`batch_first` or not); a tuple's first member is the answer.
    Refused: a module that cannot be called with x alone, or answers other than its recurrent and linear layer do.
    """
    x = data.random(seed, SEQUENCES, STEPS, network.inputs, network.vocabulary).x
    if network.embedding is None:
        x = x * np.repeat(SIZES, SEQUENCES // len(SIZES))[:, None, None]
    first = _batch_first(module)
    if network.window is not None:
        x = frames.consistent(x, network.window)
    entering = x if network.window is None else windows.undone(x, network.window, network.window.frames_of(STEPS))
    entering = entering if first else entering.swapaxes(0, 1)
    answer = _called(module, entering if network.embedding is None else entering[..., 0].astype(np.int64), first)
    nearest = np.inf
    for when, ending, wanted in _candidates(network, x):
        if wanted.shape == answer.shape:
            apart = float(np.max(np.abs(answer - wanted)) / max(1.0, float(np.abs(wanted).max())))
            if apart <= ALLOWED:
                return replace(network, when=when, ending=ending)
            nearest = min(nearest, apart)
    names = ", ".join(layer.name for layer in network.layers) + (f" and {network.head.name}" if network.head else "")
    wanted_of = (
        f"the answers of {names}, after every step or the last: nothing else may stand between, before or behind"
    )
    got = "another shape" if nearest == np.inf else f"answers that differ by {nearest:.1e}"
    raise Refused([Fault("model", wanted_of, f"{got}, {list(answer.shape)}")])


def embedding(module: nn.Module) -> str | None:
    """The name of a module's only embedding; None without one, or with several."""
    found = [name for name, one in module.named_modules() if isinstance(one, nn.Embedding)]
    return found[0] if len(found) == 1 else None


def export(module: nn.Module, path: Path, inputs: int) -> None:
    """Write the graph of a module that is called with x alone (tokens, where it has an embedding), its first answer the
    only output, sizes left open.

    Refused: a module that PyTorch cannot trace, in its own words.
    """
    axes = ("sequences", "steps") if _batch_first(module) else ("steps", "sequences")
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about tracing itself; what was traced wrong, `matched` finds
            traced = _First(copy.deepcopy(module).cpu().eval())
            x = torch.zeros(SEQUENCES, STEPS, inputs, dtype=next(module.parameters()).dtype)
            x = x if embedding(module) is None else x[..., 0].long()
            named = dict(enumerate(axes))
            torch.onnx.export(
                traced, (x,), str(path), dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": named}
            )
    except Exception as error:  # whatever a module of the user's raises: it is refused with its own words
        raise Refused([Fault("model", "a module that torch.onnx.export takes, or a file", _words(error))]) from None


class _First(nn.Module):
    """A module whose answer is the first member of a tuple's."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> Any:
        """The answer of the module."""
        return _first(self.module(x))


def _first(answer: Any) -> Any:
    while isinstance(answer, tuple | list) and answer:
        answer = answer[0]
    return answer


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"


def _batch_first(module: nn.Module) -> bool:
    found = next((one for one in module.modules() if isinstance(one, nn.RNNBase)), None)
    return found is not None and found.batch_first


def _called(module: nn.Module, x: Array, batch_first: bool) -> Array:
    """What the module answers, sequences first."""
    alone = copy.deepcopy(module).cpu().double().eval()
    try:
        with torch.no_grad():
            answer: Any = alone(torch.from_numpy(np.ascontiguousarray(x)))
    except Exception as error:  # whatever a module of the user's raises: it is refused with its own words
        wanted = "a module that is called with x alone, or a file of its state dict"
        raise Refused([Fault("model", wanted, _words(error))]) from None
    answer = _first(answer)
    if not isinstance(answer, torch.Tensor) or not answer.is_floating_point():
        raise Refused([Fault("model", "a module that answers with a tensor of numbers", type(answer).__name__)])
    found = answer.detach().numpy()
    return found if batch_first or found.ndim != 3 else found.swapaxes(0, 1)


def _candidates(network: FloatNetwork, x: Array) -> Iterator[tuple[When, Ending, Array]]:
    """Answers of the network, in each way in which it may give them: the one that is known, else all."""
    logits = network.logits(network.over_steps(network.states(x)[-1]))
    known = network.when is not None
    for ending in (network.ending,) if known else ENDINGS if network.head is not None else ENDINGS[:1]:
        answers = ended(logits, ending)
        if network.when != "last":
            yield "step", ending, answers
        if network.when != "step" and network.head is not None:
            yield "last", ending, answers[:, -1]
