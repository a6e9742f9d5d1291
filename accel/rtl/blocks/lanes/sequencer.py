"""The step that is running: its cycles, groups and levels, and when it gives x back."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.dataflows.rows import RowArray
from accel.rtl.blocks.lanes.levels import Ends, level_ends
from accel.rtl.blocks.primitives.counters import count_round
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import flag


@block
def go_on(issue: Any, streamed: bool) -> Any:
    """Whether the lanes work in this cycle: a step runs and the word of `streamed` weights is there.

    In: issue. Out: issue.going, issue.waiting. Latency: 0.
    """
    active = issue.active

    @always_comb
    def going_on():
        issue.going.next = active

    @always_comb
    def going_on_if_streamed():
        issue.going.next = active and issue.streamed
        issue.waiting.next = active and not issue.streamed

    return going_on_if_streamed if streamed else going_on


@block
def count_addresses(clk: Any, reset: Any, turn: Any, issue: Any, ends: Any, ending: Any) -> Any:
    """The address of every cycle of a step; `ending` (out) tells of its last one.

    In: clk, reset, turn (1 bit), issue, ends. Out: issue.active, issue.address, ending (1 bit). Latency: 1 from `turn`.
    """
    active, address, going = issue.active, issue.address, issue.going
    last_address, following = ends.address, ends.following

    @always_comb
    def finding():
        ending.next = going and address == last_address

    @always_seq(clk.posedge, reset=reset)
    def stepping():
        if turn:
            active.next = True
        elif ending:
            active.next = False
        if ending:
            address.next = following
        elif going:
            address.next = address + 1

    return finding, stepping


@block
def count_cycles(clk: Any, reset: Any, turn: Any, opens: Any, issue: Any, ends: Any) -> Any:
    """The address of every cycle of a step, and its place within the group; `opens` comes with the turns whose first
    group is the step's.

    In: clk, reset, turn (1 bit), opens (1 bit), issue, ends. Out: issue.active, .address, .first, .last, .opening,
    .position. Latency: 1 from `turn`.
    """
    position, opening, first, last, going = issue.position, issue.opening, issue.first, issue.last, issue.going
    last_cycle, ending = ends.cycle, flag()
    addressing = count_addresses(clk, reset, turn, issue, ends, ending)

    @always_comb
    def framing():
        first.next = position == 0
        last.next = going and position == last_cycle

    @always_seq(clk.posedge, reset=reset)
    def positioning():
        if turn or last:
            position.next = 0
        elif going:
            position.next = position + 1

    @always_seq(clk.posedge, reset=reset)
    def grouping():
        if opens:
            opening.next = True
        elif last:
            opening.next = False

    return addressing, framing, positioning, grouping


@block
def count_cycles_ahead(clk: Any, reset: Any, turn: Any, issue: Any, ends: Any) -> Any:
    """`count_cycles` where the first cycles of all groups come before the others.

    In: clk, reset, turn (1 bit), issue, ends. Out: issue.active, .address, .ahead, .first, .group, .last, .opening,
    .position, .resume. Latency: 1 from `turn`.
    """
    address, position, opening, group = issue.address, issue.position, issue.opening, issue.group
    first, last, going, ahead, resume = issue.first, issue.last, issue.going, issue.ahead, issue.resume
    last_cycle, ahead_cycle, ahead_address, restart = ends.cycle, ends.ahead_cycle, ends.ahead_address, ends.restart
    ending, turning = flag(), flag()
    addressing = count_addresses(clk, reset, turn, issue, ends, ending)

    @always_comb
    def framing():
        first.next = position == 0 or position == restart
        resume.next = position != 0 and position == restart
        last.next = going and position == last_cycle
        ahead.next = going and position == ahead_cycle
        turning.next = going and address == ahead_address

    @always_seq(clk.posedge, reset=reset)
    def positioning():
        if turn or ending:
            position.next = 0
        elif last or (ahead and turning):
            position.next = restart
        elif ahead:
            position.next = 0
        elif going:
            position.next = position + 1

    @always_seq(clk.posedge, reset=reset)
    def grouping():
        if turn or ending or (ahead and turning):
            group.next = 0
        elif last or ahead:
            group.next = group + 1
        if turn:
            opening.next = True
        elif last:
            opening.next = False

    return addressing, framing, positioning, grouping


@block
def latch_step(clk: Any, reset: Any, ping_pong: Any, issue: Any) -> Any:
    """What is known of a step, from its turn on.

    In: clk, reset, ping_pong. Out: issue.final, issue.fresh, issue.x_bank. Latency: 1 from `turn`.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if ping_pong.turn:
            issue.fresh.next = ping_pong.fresh
            issue.final.next = ping_pong.final
            issue.x_bank.next = ping_pong.bank

    return latching


@block
def latch_level(clk: Any, reset: Any, ping_pong: Any, issue: Any) -> Any:
    """What is known of a step that goes through levels, each a turn of its own.

    In: clk, reset, ping_pong, issue. Out: issue.final, issue.fresh, issue.level, issue.x_bank. Latency: 1 from `turn`.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching_steps():
        if ping_pong.take:
            issue.final.next = ping_pong.final
            issue.x_bank.next = ping_pong.bank

    @always_seq(clk.posedge, reset=reset)
    def latching_levels():
        if ping_pong.turn:
            issue.fresh.next = ping_pong.take and ping_pong.fresh
            issue.level.next = issue.next_level

    return latching_steps, latching_levels


@block
def latch_layer(clk: Any, reset: Any, ping_pong: Any, issue: Any) -> Any:
    """What is known of a step whose levels are layers: in all of them it is the first of a sequence, or is not.

    In: clk, reset, ping_pong, issue. Out: issue.final, issue.fresh, issue.level, issue.x_bank. Latency: 1 from `turn`.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching_steps():
        if ping_pong.take:
            issue.fresh.next = ping_pong.fresh
            issue.final.next = ping_pong.final
            issue.x_bank.next = ping_pong.bank

    @always_seq(clk.posedge, reset=reset)
    def latching_levels():
        if ping_pong.turn:
            issue.level.next = issue.next_level

    return latching_steps, latching_levels


@block
def latch_set(clk: Any, reset: Any, ping_pong: Any, issue: Any) -> Any:
    """The set of weights that a step's sequence began with.

    In: clk, reset, ping_pong. Out: issue.weight_set. Latency: 1 from `turn`.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if ping_pong.turn:
            issue.weight_set.next = ping_pong.weight_set

    return latching


@block
def release_x(clk: Any, reset: Any, ping_pong: Any, issue: Any, release_at: int) -> Any:
    """Give x back as the lanes are at address `release_at`.

    In: clk, reset, issue. Out: ping_pong.release. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def releasing():
        ping_pong.release.next = issue.going and issue.address == release_at

    return releasing


@block
def release_x_of_steps(clk: Any, reset: Any, ping_pong: Any, issue: Any, release_at: int) -> Any:
    """The same where some turns take a state, which `issue.given` (out) tells, and have no x.

    In: clk, reset, ping_pong, issue. Out: ping_pong.release, issue.given. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if ping_pong.turn:
            issue.given.next = not ping_pong.take

    @always_seq(clk.posedge, reset=reset)
    def releasing():
        ping_pong.release.next = issue.going and issue.address == release_at and not issue.given

    return latching, releasing


@module
def sequence(clk: Any, reset: Any, ping_pong: Any, issue: Any, array: RowArray, release_at: int) -> Any:
    """Count through the cycles and groups of a step, level after level; release x at address `release_at`.

    In: clk, reset, ping_pong. Out: issue.final, .fresh, .going, .level, .next_level, .read_bank, .stream, .waiting,
    .weight_set, .write_bank, .x_bank. Latency: 1 from `turn`.
    """
    turn, ends, layers = ping_pong.turn, Ends(array), array.levels > array.unit_levels
    moves = ping_pong.take if layers else turn  # banks, and the first group, are those of a step
    going = go_on(issue, bool(array.streamed))
    if array.goes_ahead:
        counting = count_cycles_ahead(clk, reset, turn, issue, ends)
    else:
        counting = count_cycles(clk, reset, turn, moves, issue, ends)
    release = release_x_of_steps if array.initial_state else release_x
    releasing = release(clk, reset, ping_pong, issue, release_at)
    turns = [
        count_round(clk, reset, moves, issue.read_bank, array.h_vector.banks),
        count_round(clk, reset, moves, issue.write_bank, array.h_vector.banks),
        count_round(clk, reset, turn, issue.stream, array.streams),
    ]
    if array.levels > 1:
        latch = latch_layer if layers else latch_level
        latching = latch(clk, reset, ping_pong, issue)
        levels = [
            count_round(clk, reset, turn, issue.next_level, array.levels),
            level_ends(issue.level, ends, array),
        ]
    else:
        latching, levels = latch_step(clk, reset, ping_pong, issue), []
    sets = [latch_set(clk, reset, ping_pong, issue)] if array.writable else []
    return going, counting, releasing, turns, latching, levels, sets
