"""What is known of the step that is running, where its addresses are issued."""

from __future__ import annotations

from myhdl import Signal, intbv

from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.signals import bits, flag


class Issue:
    """The step that is running, at the address stage."""

    def __init__(self, array: RowArray) -> None:
        self.active = flag()
        self.address = bits(index_bits(array.depth))
        self.position = bits(index_bits(array.cycles_per_group))
        """Cycle within the group."""
        self.going = flag()
        """The lanes go on in this cycle: always while a step runs, unless weights that come from outside are late."""
        self.streamed = flag()
        """The weights of the next cycle are there, where they come from outside."""
        self.waiting = flag()
        """A step runs, but its weights are late."""
        self.first = flag()
        """First cycle of a group; also while no step runs, so that totals do not pile up."""
        self.last = flag()
        """Last cycle of a group."""
        self.opening = flag()
        """The step's first group."""
        self.ahead = flag()
        """Last cycle of what comes ahead of a group, where x comes before the first h."""
        self.resume = flag()
        """First cycle of a group that something came ahead of."""
        self.group = bits(index_bits(array.groups))
        """Group of a cycle, where partial sums are laid aside."""
        self.fresh = flag()
        self.final = flag()
        self.x_bank = flag()
        banks = array.h_vector.banks
        self.read_bank = Signal(intbv(banks // 2 - 1)[index_bits(banks) :])
        """Bank of h_{t-1}, as the stream's last step wrote it: half a round of banks ago."""
        self.write_bank = Signal(intbv(banks - 1)[index_bits(banks) :])
        """Bank of h_t."""
        self.stream = Signal(intbv(array.streams - 1)[index_bits(array.streams) :])
        """Whose turn it is."""
        self.given = flag()
        """Not a step, but the turn that takes a sequence's state."""
        self.weight_set = flag()
        """Set of weights that the sequence began with, where they are loaded."""
        self.level = bits(index_bits(array.levels))
        """Level that the lanes are in."""
        self.next_level = bits(index_bits(array.levels))
        """That of the next turn."""
