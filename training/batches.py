"""Examples in batches, on the model's device: whole sequences in a drawn order, or windows of a running text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training import distributed
from training.tasks.task import Examples, Split, Text

SEQUENCES = 512
"""Sequences of one evaluation batch."""
STREAM = 5_000
"""Tokens of a text that one stream evaluates: many streams side by side are quick."""
WARM = 500
"""Tokens before a stream that bring it its state; what lies further back has been forgotten."""
ALL = slice(None)
WINDOW = 256
"""Steps of an evaluation batch of a text."""


class Batch(NamedTuple):
    """x [batch, steps, inputs] or tokens [batch, steps]; labels [batch], or [batch, steps] for one a step.

    `lengths` [batch] are the real numbers of steps; None where all steps are real. `fresh` says that the sequences
    begin here; otherwise they go on where the batch before stopped, and so does the state.
    """

    x: Tensor
    lengths: Tensor | None
    labels: Tensor
    fresh: bool


def to_train(examples: Examples, size: int, steps: int, order: torch.Generator, like: Tensor) -> Iterator[Batch]:
    """One epoch in batches of `size` sequences, or of `size` streams of a text, `steps` tokens at a time.

    Batches are [sequences, steps, inputs], of a text [streams, steps], in the dtype and on the device of `like`. Of
    several processes each takes its share; what does not divide among them at the end of an epoch is left out.
    """
    mine = slice(distributed.rank(), None, distributed.processes())
    if isinstance(examples, Text):
        yield from windows(examples, size, steps, like, mine)
        return
    for chosen in torch.split(torch.randperm(len(examples), generator=order), size):
        even = len(chosen) // distributed.processes() * distributed.processes()
        if even:
            yield _sequences(examples, chosen[:even][mine].numpy(), like)


def count(examples: Examples, size: int, steps: int) -> int:
    """How many batches an epoch of one process has."""
    if isinstance(examples, Text):
        return -(-((len(examples) - 1) // size) // steps)
    return -(-len(examples) // size)


def to_evaluate(examples: Examples, like: Tensor) -> Iterator[Batch]:
    """Every example once, in order; a text in streams of at most STREAM tokens, the state carried through each.

    Batches are [sequences, steps, inputs], of a text [streams, steps], in the dtype and on the device of `like`.
    """
    if isinstance(examples, Text):
        yield from windows(examples, streams_of(examples), WINDOW, like)
        return
    for start in range(0, len(examples), SEQUENCES):
        yield _sequences(examples, np.arange(start, min(start + SEQUENCES, len(examples))), like)


def streams_of(text: Text) -> int:
    """How many streams a text is evaluated in."""
    return -(-len(text) // STREAM)


def to_warm(text: Text, like: Tensor) -> Batch | None:
    """The last WARM tokens of every stream but the last one, [streams - 1, WARM]: what the stream after it follows.
    None for one stream.
    """
    count = streams_of(text)
    if count == 1:
        return None
    now, following = (_placed(stream[:-1, -WARM:], like) for stream in text.streams(count))
    return Batch(now, None, following, fresh=True)


def _sequences(split: Split, chosen: npt.NDArray[Any], like: Tensor) -> Batch:
    lengths = split.lengths[chosen]
    x = _placed(split.x[chosen, : lengths.max()], like)
    return Batch(x, _placed(lengths, like), _placed(split.labels[chosen], like), fresh=True)


def windows(text: Text, streams: int, steps: int, like: Tensor, mine: slice = ALL) -> Iterator[Batch]:
    """A text in parallel `streams`, `steps` tokens at a time, [streams, steps]; of them, those that are `mine`."""
    now, following = (stream[mine] for stream in text.streams(streams))
    for start in range(0, now.shape[1], steps):
        part = slice(start, start + steps)
        yield Batch(_placed(now[:, part], like), None, _placed(following[:, part], like), fresh=start == 0)


def _placed(array: npt.NDArray[Any], like: Tensor) -> Tensor:
    """On the device of `like`; real numbers in its dtype too."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.to(like) if tensor.is_floating_point() else tensor.to(like.device)
