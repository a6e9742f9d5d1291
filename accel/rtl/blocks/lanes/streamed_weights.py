"""Weights that come from outside in every step: words of all units, in the order in which the lanes want them.

Words for two groups are held ahead, so a memory that is slow for a while stops nobody; where none is there, the lanes
wait.
"""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, always, always_comb, always_seq, block

from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.counters import count_held, count_round
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.primitives.words import cut_fields
from accel.rtl.blocks.streams.ping_pong import Beats
from accel.rtl.blocks.streams.resynchronise import resynchronise


@block
def collect(clk: Any, reset: Any, beats: Any, held: Any, ending: Any, push: Any, word: Any, array: RowArray) -> Any:
    """Beats (of whole turns) to words of all units; none is taken while `held` words fill the room.

    `ending` tells of a word's last beat.

    In: clk, reset, beats, held (a count). Out: beats.ready, ending (1 bit), push (1 bit), word
    (the words of all units). Latency: 1 from it to `push` and the word.
    """
    last, room = array.set_beats - 1, array.sets_ahead
    part = bits(index_bits(array.set_beats))
    data, collected = bits(len(beats.word)), bits(array.set_beats * len(beats.word))
    moving = flag()
    shifted = ConcatSignal(data, collected(len(collected), len(data))) if last else data
    showing = cut_fields(collected, word, len(collected), len(word))

    @always_comb
    def accepting():
        beats.ready.next = held < room
        moving.next = beats.valid and held < room
        data.next = beats.word

    @always_comb
    def finishing():
        ending.next = moving and part == last

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if ending:
            part.next = 0
        elif moving:
            part.next = part + 1

    @always(clk.posedge)
    def collecting():
        if moving:
            collected.next = shifted

    @always_seq(clk.posedge, reset=reset)
    def pushing():
        push.next = ending

    return accepting, finishing, counting, collecting, pushing, showing


@module
def frame_turns(clk: Any, reset: Any, axis: Any, beats: Any, torn: Any, array: RowArray) -> Any:
    """The weights of every turn (axis), in whole: what `tlast` cuts short is filled up with zeros, what is too much is
    dropped, and both are `torn` from then on.

    In: clk, reset, axis. Out: axis.tready, beats.last, beats.valid, beats.word, torn (1 bit). Latency: 0; 1 to `torn`.
    """
    arriving = Beats(len(beats.word))

    @always_comb
    def entering():
        arriving.word.next = axis.tdata
        arriving.valid.next = axis.tvalid
        arriving.last.next = axis.tlast
        axis.tready.next = arriving.ready

    return entering, resynchronise(clk, reset, arriving, beats, torn, array.streamed_beats, True)


@module
def streamed_weights(clk: Any, reset: Any, beats: Any, issue: Any, words: Any, array: RowArray) -> Any:
    """The words of all units at the lanes' next address; `issue.streamed` tells that they are there.

    In: clk, reset, issue. Out: beats.ready, issue.streamed, words (word_width bits each). Latency: ADDRESS_TO_FETCH
    from an address that goes on; 2 from a word's last beat to `streamed`.
    """
    depth, width = array.sets_ahead, array.word_width
    ending, push, taken = flag(), flag(), flag()
    word, read = bits(array.units * width), bits(array.units * width)
    head, tail = bits(index_bits(depth)), bits(index_bits(depth))
    reserved, held = bits(index_bits(depth + 1)), bits(index_bits(depth + 1))
    parts = [read((n + 1) * width, n * width) for n in range(array.units)]

    @always_comb
    def feeding():
        issue.streamed.next = held != 0
        taken.next = issue.going

    collecting = collect(clk, reset, beats, reserved, ending, push, word, array)
    reserving = count_held(clk, reset, ending, taken, reserved)
    holding = count_held(clk, reset, push, taken, held)
    filling = count_round(clk, reset, push, tail, depth)
    reading = count_round(clk, reset, taken, head, depth)
    memory = ram(clk, taken, push, tail, word, head, read, depth)
    registers = [register(clk, parts[n], words[n]) for n in range(array.units)]
    return feeding, collecting, reserving, holding, filling, reading, memory, registers
