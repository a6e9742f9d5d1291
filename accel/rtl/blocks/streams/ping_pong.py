"""What stands between beats of x_t and the layer that reads them: two banks, one filled while the other is read."""

from __future__ import annotations

from myhdl import Signal

from accel.architecture.vector import Vector
from accel.rtl.blocks.primitives.signals import bits, flag


class Write:
    """A write into the operand memories of all lanes: one word, broadcast, at a place in a bank."""

    def __init__(self, vector: Vector) -> None:
        self.enable = flag()
        self.bank = bits(vector.bank_width)
        self.place = bits(vector.high)
        self.word = bits(vector.word_width)


class PingPong:
    """Between a receiver and the layer that reads its banks."""

    def __init__(self, vector: Vector) -> None:
        self.available = flag()
        """The next step's x is complete."""
        self.bank = flag()
        """Bank of the next step."""
        self.starts = Signal(bool(1))
        """The next step starts a sequence."""
        self.fresh = Signal(bool(1))
        """The next step starts from zero state."""
        self.opens = Signal(bool(1))
        """The next turn is a sequence's first: its first step, or the taking of its state, which comes before."""
        self.leads = Signal(bool(1))
        """The next turn is a sequence's first step: from then on the sequence uses weights."""
        self.final = flag()
        """The next step ends a sequence."""
        self.take = flag()
        """A step begins on the bank."""
        self.turn = flag()
        """A turn begins: a step, or the taking of a sequence's state."""
        self.release = flag()
        """The oldest step's bank may be overwritten."""
        self.weight_set = flag()
        """Set of weights that the next step's sequence began with, where they are loaded."""
        self.write = Write(vector)


class Beats:
    """Words on their way, AXI4-Stream handshake: a beat moves in a cycle with `valid` and `ready`.

    `last` marks the last beat of a sequence's last step.
    """

    def __init__(self, width: int) -> None:
        self.word = bits(width)
        self.valid = flag()
        self.ready = flag()
        self.last = flag()
        self.weight_set = flag()
        """From a layer whose weights are loaded: the set that the sequence began with."""
