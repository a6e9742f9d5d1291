"""What each bank of the columns takes of the words that a vector is written in."""

from __future__ import annotations

from accel.architecture.vector import Vector


class Dealing:
    """Words of a `whole` vector to banks, value c to bank c mod `column_banks`.

    Where a word has as many values as there are banks, or a multiple, every bank stores its values of every word. Where
    it has fewer, each bank stores one value of one word of a round. In Verilog `column_bank` is the bank's number,
    `address` and `all` are what is written and where.
    """

    def __init__(self, whole: Vector, column_banks: int) -> None:
        self.words, self.width, self.column_banks = whole.words, whole.width, column_banks
        self.rounds = whole.rounds(column_banks)
        self.skipped = (self.rounds - 1).bit_length()
        """Address bits that number the words of a round."""

    @property
    def mine(self) -> str:
        """What is asked, in Verilog, beside whether anything is written: whether a bank takes part of the word."""
        return f" && address[{self.skipped}-1:0] == column_bank / {self.words}" if self.skipped else ""

    def address(self, bits: int) -> str:
        """Where a bank stores it: the number of the round, beside the half of the memory."""
        return f"address[{bits}-1:{self.skipped}]"

    @property
    def taken(self) -> str:
        """What a bank stores of the word."""
        if self.skipped:
            return f"all[column_bank % {self.words} * {self.width} +: {self.width}]"
        firsts = range(self.words - self.column_banks, -1, -self.column_banks)
        return f"{{{', '.join(f'all[({first} + column_bank) * {self.width} +: {self.width}]' for first in firsts)}}}"

    def store(self, stores: list[list[int]], address: int, word: int) -> None:
        """The same in Python: into the memory of each bank."""
        values = [word >> n * self.width & (1 << self.width) - 1 for n in range(self.words)]
        first = address % self.rounds * self.words
        for bank, store in enumerate(stores):
            if first <= bank < first + self.words or self.rounds == 1:
                taken = values[(bank - first) :: self.column_banks]
                store[address >> self.skipped] = sum(value << n * self.width for n, value in enumerate(taken))
