"""A buffer of whole sequences, which gives each step beside its mirror image, the step that is as far from the end."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.mirror import Mirror
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import like
from accel.rtl.blocks.primitives.signals import bits, flag, wrapping
from accel.rtl.blocks.primitives.widths import pad


class Held:
    """A bank: whether it holds a whole sequence, and where that one's last vector begins."""

    def __init__(self, mirror: Mirror) -> None:
        self.full = flag()
        self.end = bits(index_bits(mirror.depth))
        self.completes = flag()
        """The last beat of its sequence moves."""
        self.freed = flag()
        """The last word of it is read."""


class Reading:
    """Where a sequence is read: the step, its mirror image, and the beat of the vector that comes next."""

    def __init__(self, mirror: Mirror) -> None:
        self.ahead, self.behind = (bits(index_bits(mirror.depth)) for _ in range(2))
        self.number = bits(index_bits(mirror.beats))
        self.second = flag()
        """The second round of the step."""
        self.active, self.upper, self.fetching, self.round_ends, self.step_ends, self.finishing = (
            flag() for _ in range(6)
        )


@block
def hold(clk: Any, reset: Any, held: Any, base: Any) -> Any:
    """Keep a bank from its last beat until it is read, and the begin of its last vector.

    In: clk, reset, held.completes, .freed, base (a word's address). Out: held.full, .end. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if held.completes:
            held.full.next = True
            held.end.next = base
        elif held.freed:
            held.full.next = False

    return holding


@block
def write_sequences(
    clk: Any, reset: Any, arriving: Any, moving: Any, place: Any, base: Any, lower: Any, upper: Any, mirror: Mirror
) -> Any:
    """Where beats of whole vectors go, bank by bank; which bank is complete.

    `place` and `base` are the addresses of the beat that comes and of its vector's first word. In: clk, reset,
    arriving.valid, .last, lower.full, upper.full. Out: arriving.ready, moving (a flag), place (as wide as the depth
    needs), base (likewise), lower.completes, upper.completes. Latency: 0.
    """
    last_beat, upper_begin = mirror.beats - 1, mirror.bank_depth
    number, into_upper = bits(index_bits(mirror.beats)), flag()
    vector_ends, completing = flag(), flag()
    following = wrapping(len(place))

    @always_comb
    def accepting():
        if into_upper:
            arriving.ready.next = not upper.full
            moving.next = arriving.valid and not upper.full
        else:
            arriving.ready.next = not lower.full
            moving.next = arriving.valid and not lower.full

    @always_comb
    def ending():
        vector_ends.next = moving and number == last_beat
        completing.next = moving and number == last_beat and arriving.last

    @always_comb
    def telling():
        lower.completes.next = completing and not into_upper
        upper.completes.next = completing and into_upper

    @always_comb
    def going_on():
        if not completing:
            following.next = place + 1
        elif into_upper:
            following.next = 0
        else:
            following.next = upper_begin

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if moving:
            place.next = following
        if vector_ends:
            number.next = 0
            base.next = following
        elif moving:
            number.next = number + 1
        if completing:
            into_upper.next = not into_upper

    return accepting, ending, telling, going_on, counting


@block
def choose_word(reading: Any, address: Any, mirror: Mirror) -> Any:
    """The word that comes next: of the step, or of its mirror image.

    In: reading. Out: address (as wide as the depth needs). Latency: 0.
    """
    number, second, half = reading.number, reading.second, mirror.beats // 2
    mirrored, vector, within = flag(), like(address), like(address)
    widening = pad(number, within)

    @always_comb
    def by_round():
        mirrored.next = second

    @always_comb
    def by_half():
        mirrored.next = second != (number >= half)

    @always_comb
    def by_word():
        mirrored.next = second != number[0]

    @always_comb
    def choosing():
        if mirrored:
            vector.next = reading.behind
        else:
            vector.next = reading.ahead

    @always_comb
    def addressing():
        address.next = vector + within

    halves = by_word if mirror.in_turn else by_half
    return widening, halves if mirror.crossed else by_round, choosing, addressing


@block
def go_through(clk: Any, reset: Any, reading: Any, lower: Any, upper: Any, mirror: Mirror) -> Any:
    """Read the banks in turn, each from its first step to its last, or that alone.

    In: clk, reset, reading.fetching, lower.full, .end, upper.full, .end. Out: reading.ahead, .behind, .number, .second,
    .active, .upper, .round_ends, .step_ends, .finishing, lower.freed, upper.freed. Latency: 1.
    """
    ahead, behind, number, second = reading.ahead, reading.behind, reading.number, reading.second
    beats, last_beat, last_even, upper_begin = mirror.beats, mirror.beats - 1, mirror.beats - 2, mirror.bank_depth
    there, begin, end = flag(), like(ahead), like(ahead)

    @always_comb
    def looking():
        if reading.upper:
            there.next = upper.full and not reading.active
            begin.next = upper_begin
            end.next = upper.end
        else:
            there.next = lower.full and not reading.active
            begin.next = 0
            end.next = lower.end

    @always_comb
    def ending():
        reading.round_ends.next = reading.fetching and number == last_beat
        reading.finishing.next = reading.step_ends and ahead == end

    @always_comb
    def ending_pair():
        reading.step_ends.next = reading.round_ends and second

    @always_comb
    def ending_one():
        reading.step_ends.next = reading.round_ends

    @always_comb
    def freeing():
        lower.freed.next = reading.finishing and not reading.upper
        upper.freed.next = reading.finishing and reading.upper

    @always_seq(clk.posedge, reset=reset)
    def passing_on():
        if there:
            reading.active.next = True
        if reading.finishing:
            reading.active.next = False
            reading.upper.next = not reading.upper

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if reading.round_ends:
            number.next = 0
            second.next = reading.round_ends and not reading.step_ends
        elif reading.fetching:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def counting_halves():
        if reading.round_ends:
            number.next = 0
            second.next = reading.round_ends and not reading.step_ends
        elif reading.fetching and number == last_even:
            number.next = 1
        elif reading.fetching:
            number.next = number + 2

    @always_seq(clk.posedge, reset=reset)
    def stepping():
        if there:
            ahead.next = begin
            behind.next = end
        elif reading.step_ends and not reading.finishing:
            ahead.next = ahead + beats
            behind.next = behind - beats

    @always_seq(clk.posedge, reset=reset)
    def placing():
        if there:
            ahead.next = end
            behind.next = begin

    steps, numbers = placing if mirror.last_only else stepping, counting_halves if mirror.in_turn else counting
    return looking, ending, ending_pair if mirror.pairs else ending_one, freeing, passing_on, numbers, steps


@module
def mirror_steps(clk: Any, reset: Any, arriving: Any, leaving: Any, mirror: Mirror) -> Any:
    """Whole sequences of vectors as `mirror` has them: one comes while another is read.

    In: clk, reset, arriving.valid, .word, .last, leaving.ready. Out: arriving.ready, leaving.valid, .word, .last.
    Latency: MIRROR from the last beat of a sequence to its first one that leaves; then a beat a cycle, and MIRROR_NEXT
    cycles from a sequence's last one to the next one's first.
    """
    lower, upper, reading = Held(mirror), Held(mirror), Reading(mirror)
    moving, place, base = flag(), bits(index_bits(mirror.depth)), bits(index_bits(mirror.depth))
    address, written = like(place), like(arriving.word)

    @always_comb
    def fetching():
        reading.fetching.next = reading.active and (leaving.ready or not leaving.valid)

    @always_comb
    def entering():
        written.next = arriving.word

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if reading.fetching:
            leaving.valid.next = True
            leaving.last.next = reading.finishing
        elif leaving.ready:
            leaving.valid.next = False

    return (
        *(fetching, entering, showing),
        write_sequences(clk, reset, arriving, moving, place, base, lower, upper, mirror),
        hold(clk, reset, lower, base),
        hold(clk, reset, upper, base),
        go_through(clk, reset, reading, lower, upper, mirror),
        choose_word(reading, address, mirror),
        ram(clk, reading.fetching, moving, place, written, address, leaving.word, mirror.depth),
    )
