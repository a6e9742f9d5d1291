"""From the words of a frame to writes into the lanes' memories, section after section."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, always, always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.memory.load_frame import WORD, Section
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.primitives.words import cut_fields


class Store:
    """A write into one of a section's memories; the set is the highest bit of the address."""

    def __init__(self, section: Section) -> None:
        self.enable = flag()
        self.memory = bits(index_bits(section.memories))
        self.address = bits(1 + index_bits(section.depth))
        self.word = bits(section.width)


class Stores:
    """The writes into the memories of one array."""

    def __init__(self, sections: dict[str, Section], loading: Any) -> None:
        self.loading = loading
        self.weights = Store(sections["weights"])
        self.biases = Store(sections["biases"])
        self.scales = Store(sections["scales"]) if "scales" in sections else None


class Place:
    """Where in its section the next word of weights goes."""

    def __init__(self, section: Section) -> None:
        self.part = bits(index_bits(section.parts))
        """Word of the frame within the memory's word."""
        self.address = bits(index_bits(section.depth))
        self.memory = bits(index_bits(section.memories))
        self.taking = flag()
        self.word_ends = flag()
        self.memory_ends = flag()
        self.ends = flag()
        """The section's last word."""


@block
def take_turn(clk: Any, reset: Any, loading: Any, begins: Any, place: Place, section: Section) -> Any:
    """A section's words are those from `begins` (in) on, as many as it has.

    In: clk, reset, loading, begins (1 bit), place. Out: place.ends, place.memory_ends, place.taking, place.word_ends.
    Latency: 1 from `begins`.
    """
    last_part, last_address, last_memory = section.parts - 1, section.depth - 1, section.memories - 1
    turn, word_ends = flag(), place.word_ends

    @always_comb
    def following():
        place.taking.next = turn and loading.valid
        word_ends.next = turn and loading.valid and place.part == last_part

    @always_comb
    def finishing():
        place.memory_ends.next = word_ends and place.address == last_address
        place.ends.next = word_ends and place.address == last_address and place.memory == last_memory

    @always_seq(clk.posedge, reset=reset)
    def turning():
        if begins:
            turn.next = True
        elif loading.restart or place.ends:
            turn.next = False

    return following, finishing, turning


@block
def count_on(clk: Any, reset: Any, restart: Any, ends: Any, moves: Any, number: Any) -> Any:
    """The number (out) of what `moves` on, from zero again at `restart` and where it `ends`.

    In: clk, reset, restart (1 bit), ends (1 bit), moves (1 bit). Out: number (a count). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if restart or ends:
            number.next = 0
        elif moves:
            number.next = number + 1

    return counting


@module
def fill(clk: Any, reset: Any, loading: Any, begins: Any, ended: Any, store: Any, section: Section) -> Any:
    """Words of weights into the memories of a section, one after the other.

    The section's turn begins with `begins`; in the cycle of its last word it gives `ended`.

    In: clk, reset, loading, begins (1 bit). Out: ended (1 bit), store.address, store.enable, store.memory, store.word.
    Latency: 1 from a word's last part to its write.
    """
    place, collected = Place(section), bits(WORD * section.parts)
    address = ConcatSignal(loading.idle, place.address)
    several = section.parts > 1
    shifted = ConcatSignal(loading.word, collected(len(collected), WORD)) if several else loading.word
    showing = cut_fields(collected, store.word, len(collected), section.width)

    @always_comb
    def passing():
        ended.next = place.ends

    @always(clk.posedge)
    def collecting():
        if place.taking:
            collected.next = shifted

    @always_seq(clk.posedge, reset=reset)
    def writing():
        store.enable.next = place.word_ends
        store.address.next = address
        store.memory.next = place.memory

    turning = take_turn(clk, reset, loading, begins, place, section)
    counting = [
        count_on(clk, reset, loading.restart, place.word_ends, place.taking, place.part),
        count_on(clk, reset, loading.restart, place.memory_ends, place.word_ends, place.address),
        count_on(clk, reset, loading.restart, place.ends, place.memory_ends, place.memory),
    ]
    return passing, collecting, writing, showing, turning, counting


@block
def aim(store: Any, write: Any, number: int) -> Any:
    """Whether a write is meant for this memory.

    In: store. Out: write (1 bit). Latency: 0.
    """

    @always_comb
    def aiming():
        write.next = store.enable and store.memory == number

    return aiming
