"""A state of the accelerator's own: the h_0 and c_0 that every sequence begins with, from memories of constants.

A turn writes them where a step writes h_t and c_t, at the same cycles, as `initial_state` does with one from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import always_comb, block

from accel.architecture.latencies import slot_to_cell, slot_to_state
from accel.rtl.blocks.cells.cell import CellConstants
from accel.rtl.blocks.primitives.memory import rom
from accel.rtl.blocks.primitives.register import delay, gather, like
from accel.rtl.blocks.primitives.signals import bits, joined


@dataclass(frozen=True)
class HeldState:
    """For each signal of `cell.states`, in their order, a word a slot of the cell stage, and the file that has them."""

    words: tuple[tuple[int, ...], ...]
    files: tuple[str, ...]


@block
def keep_held(
    clk: Any, reset: Any, slot: Any, made: Any, carried: Any, words: tuple[int, ...], file: str, latency: int
) -> Any:
    """`carried` is what the cells made, or, in the turn that takes a state, the slot's constants.

    In: clk, reset, slot, made (E values in the format of what is kept). Out: carried (E values in the carried format).
    Latency: 0 from what the cells made, which comes `latency` cycles after its slot.
    """
    word = bits(len(carried))
    beat, taken = like(slot.beat), like(slot.valid)
    beats = delay(clk, reset, slot.beat, beat, latency - 1)
    takens = delay(clk, reset, slot.given, taken, latency)

    @always_comb
    def choosing():
        if taken:
            carried.next = word
        else:
            carried.next = made

    return beats, takens, choosing, rom(clk, beat, word, words, file)


@block
def take_held(
    clk: Any,
    reset: Any,
    slot: Any,
    held: HeldState,
    c_t: Any,
    h_t: Any,
    carried_c: Any,
    carried_h: Any,
    cells: CellConstants,
) -> Any:
    """h_0 and c_0 into the memories of h and c, through `carried_h` and `carried_c` (out).

    `h_t` are the cells' signals; where h follows from what is kept, they follow `carried_c` already.

    In: clk, reset, slot, held, c_t (E values in formats.cell), h_t (signed, in formats.state, one a cell). Out:
    carried_c (E values in formats.cell), carried_h (E values in formats.state). Latency: 0 from c_t and h_t.
    """
    keeping_c = keep_held(clk, reset, slot, c_t, carried_c, held.words[-1], held.files[-1], slot_to_cell(cells.array))
    if cells.level.state_follows:
        return keeping_c, gather(h_t, carried_h)
    keeping_h = keep_held(
        clk, reset, slot, joined(h_t), carried_h, held.words[0], held.files[0], slot_to_state(cells.array)
    )
    return keeping_c, keeping_h
