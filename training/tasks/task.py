"""What every task gives: examples in three splits, and the metric of its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Integers

Metric = Literal["accuracy", "perplexity", "bits per character"]


@dataclass(frozen=True)
class Split:
    """Sequences with one class each.

    `x` is float32 [sequences, steps, inputs], or tokens int64 [sequences, steps], padded with zeros at the end to the
    longest. `lengths` int64 [sequences] are the real numbers of steps, `labels` int64 [sequences] the classes.
    """

    x: npt.NDArray[Any]
    lengths: Integers
    labels: Integers

    def __len__(self) -> int:
        return len(self.x)

    def first(self, count: int) -> Split:
        """The first `count` sequences."""
        return Split(self.x[:count], self.lengths[:count], self.labels[:count])


@dataclass(frozen=True)
class Text:
    """One running text, tokens int64 [length]; after each token the next one is to be predicted."""

    tokens: Integers

    def __len__(self) -> int:
        return len(self.tokens)

    def first(self, count: int) -> Text:
        """The first `count` tokens."""
        return Text(self.tokens[:count])

    def streams(self, count: int) -> tuple[Integers, Integers]:
        """The text cut into `count` equal streams, and for each token the next one; both [count, length]."""
        length = (len(self.tokens) - 1) // count
        now, following = self.tokens[: length * count], self.tokens[1 : length * count + 1]
        return now.reshape(count, length), following.reshape(count, length)

    def windows(self, count: int, steps: int) -> tuple[Integers, Integers]:
        """The first `count` windows [count, steps], fewer where the text is short, and the tokens that follow each
        token.
        """
        count = min(count, (len(self.tokens) - 1) // steps)
        return self.first(count * steps + 1).streams(count)


Examples = Split | Text


@dataclass(frozen=True)
class Task:
    """A task. The splits share nothing and are the same in every run.

    Tokens enter the network one-hot, or (`embedded`) through a table of vectors that is trained with it and stays on
    the host.
    """

    name: str
    classes: int
    metric: Metric
    train: Examples
    valid: Examples
    test: Examples
    vocabulary: int | None = None
    embedded: bool = False

    @property
    def inputs(self) -> int | None:
        """Elements of x_t; None where the spec is free to choose, the width of the embedding."""
        if self.vocabulary is not None:
            return None if self.embedded else self.vocabulary
        assert isinstance(self.train, Split)
        return int(self.train.x.shape[2])

    @property
    def when(self) -> Literal["last", "step"]:
        """Whether an answer is wanted after the last step of a sequence or after every step."""
        return "step" if isinstance(self.train, Text) else "last"


def share(examples: Examples, part: float) -> Examples:
    """The leading part (0 to 1) of a split, at least one example."""
    return examples.first(max(1, int(np.ceil(len(examples) * part))))
