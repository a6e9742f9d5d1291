"""What a step brings through the input stream: the elements of x_t, or a token, the number of a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Fixed, Integers

BYTE = 8


@dataclass(frozen=True)
class Incoming:
    """`values` integers a step, `words` of them a beat, in `fmt`, each from `lo` to `hi`.

    A token is whole bytes with a sign, so that every number which the stream can carry is either a row or told of.
    """

    values: int
    words: int
    fmt: Fixed
    lo: int
    hi: int
    tokens: bool = False

    @property
    def beats(self) -> int:
        """Beats of a step."""
        return -(-self.values // self.words)

    def integers(self, real: npt.ArrayLike) -> Integers:
        """Real numbers of any shape as they come in: rounded half up, then saturated; tokens are what they are."""
        if self.tokens:
            return np.asarray(real).astype(np.int64)
        return self.fmt.quantize(real)

    def real(self, integers: Integers) -> npt.NDArray[Any]:
        """What integers of any shape stand for: real numbers, or, of tokens, they themselves."""
        return integers if self.tokens else self.fmt.real(integers)


def elements(inputs: int, words: int, fmt: Fixed) -> Incoming:
    """Elements of x_t."""
    return Incoming(inputs, words, fmt, fmt.lo, fmt.hi)


def tokens(vocabulary: int) -> Incoming:
    """One of `vocabulary` tokens."""
    width = BYTE * -(-((vocabulary - 1).bit_length() + 1) // BYTE)
    return Incoming(1, 1, Fixed(width, 0), 0, vocabulary - 1, tokens=True)
