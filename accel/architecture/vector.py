"""Where the values of an operand lie: words, banks, and what an entry of a queue holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accel.base.fixed import Integers, index_bits


@dataclass(frozen=True)
class Vector:
    """Layout of an operand memory: banks of `beats` words, `words` values each, aligned by `shift` when read."""

    beats: int
    words: int
    width: int
    shift: int
    banks: int = 2

    @property
    def low(self) -> int:
        """Index bits that select a value within a word."""
        return (self.words - 1).bit_length()

    @property
    def high(self) -> int:
        """Index bits that select a word of a bank."""
        return index_bits(self.beats)

    @property
    def whole(self) -> bool:
        """Whether a value's place is its number: the words hold a power of two."""
        return self.words == 1 << self.low

    def places(self, columns: Integers) -> Integers:
        """Where values are, by their numbers, of any shape: the word above the place within it."""
        return (columns // self.words << self.low) + columns % self.words

    @property
    def depth(self) -> int:
        """Words of all banks; each begins at a multiple of a power of two."""
        return ((self.banks - 1) << self.high) + self.beats

    @property
    def bank_width(self) -> int:
        """Bits of a bank's number."""
        return index_bits(self.banks)

    @property
    def word_width(self) -> int:
        """Bits of a stored word."""
        return self.words * self.width

    @property
    def aligned(self) -> int:
        """Width of an operand after its left shift."""
        return self.width + self.shift

    @property
    def bits(self) -> int:
        """Memory bits of one copy."""
        return self.depth * self.word_width

    def rounds(self, column_banks: int) -> int:
        """Words that go round the banks of columns once: a word has a value for each bank, or the banks are dealt so
        many words.
        """
        return max(1, column_banks // self.words)

    def of_column_bank(self, column_banks: int) -> Vector:
        """What one bank of columns holds: value c lies in bank c mod `column_banks`, as number c div `column_banks`.

        The words are a divisor or a multiple of the banks; where they are fewer, more than one round.
        """
        beats = -(-self.beats // self.rounds(column_banks))
        return replace(self, beats=beats, words=max(1, self.words // column_banks))


def entry_width(vector: Vector) -> int:
    """Bits of a queue's entry: a beat, which of its values are not zero, its number, and whether it is the last."""
    return vector.word_width + vector.words + vector.high + 1
