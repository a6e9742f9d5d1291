"""A table in front of the first layer: a token comes in, and the words of its row are x_t."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.array import Array
from accel.base.fixed import Fixed, index_bits
from accel.spec import Spec

EMBEDDING = "embedding"
"""What its file is called."""


@dataclass(frozen=True)
class Embedding:
    """Rows for `tokens` tokens, each `beats` words of `words` elements; what is beyond the last element is zeros."""

    tokens: int
    beats: int
    words: int
    element: Fixed

    @property
    def depth(self) -> int:
        """Words of the table."""
        return self.tokens * self.beats

    @property
    def width(self) -> int:
        """Bits of a word."""
        return self.words * self.element.width

    @property
    def token_width(self) -> int:
        """Bits of a token that has a row."""
        return index_bits(self.tokens)

    @property
    def bits(self) -> int:
        """Memory bits."""
        return self.depth * self.width


def embedding_of(spec: Spec, first: Array) -> Embedding | None:
    """The table in front of a spec's first layer; None where elements of x_t come in."""
    if spec.model.vocabulary is None:
        return None
    return Embedding(spec.model.vocabulary, first.input_beats // first.directions, first.input_words, first.x)
