"""The status word of an accelerator: what an engine reads, against what it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accel.engines.engine import EngineFailed, Status, filler_status, sum_status
from accel.memory.load_frame import WORD, frame, sealed
from accel.model.design import Design
from accel.schedule.turns import Turn

SIGNALS = ("gate", "cell", "state")
"""Signals of a layer whose saturations are counted."""


def frames(design: Design) -> list[list[int]]:
    """The frame of a design's weights, once for each set, among bad ones with every bit of the weights turned.

    Each bad one is wrong in one thing: those before the good ones are too long, of a strange shape, too short and of a
    wrong checksum; so is the one behind them.
    """
    good = frame(design)
    every = (1 << WORD) - 1
    turned = [good[0], *(word ^ every for word in good[1:-1])]
    strange = [turned[0] ^ 1, *turned[1:]]
    unsealed = [*turned, sealed(turned)[-1] ^ 1]
    return [[*sealed(turned), 0], sealed(strange), sealed(turned[:-1]), unsealed, good, good, unsealed]


def flags(design: Design, torn: bool) -> dict[str, int]:
    """The flags of the status word after all frames: there are weights, and the last one's checksum was wrong; no frame
    of states was torn. `torn` tells whether an x_t was.
    """
    found = {"torn": int(torn)}
    if design.spec.engine.memory == "scratchpad":
        found |= {"loaded": 1, "load_short": 0, "load_long": 0, "load_shape": 0, "load_checksum": 1}
    if design.spec.engine.state_streams:
        found |= {f"{layer.name}_state_torn": 0 for layer in design.net.layers}
    return found


def check_flags(design: Design, seen: Mapping[str, int], torn: bool) -> None:
    """Raises EngineFailed where the flags of a status word are others than `flags`."""
    wanted = flags(design, torn)
    got = {name: seen.get(name) for name in wanted}
    if got != wanted:
        raise EngineFailed(f"status word: wanted {wanted}, got {got}")


def status_of(design: Design, taken: Sequence[Turn], seen: Mapping[str, int]) -> Status:
    """The status word by part, without the steps that fill the turns of streams that have no sequence."""
    counts = {layer.name: {name: seen[f"{layer.name}_{name}"] for name in SIGNALS} for layer in design.net.layers}
    status, fillers = Status(seen["steps"], counts), sum(not turn.real for turn in taken)
    return sum_status([status, filler_status(design)], [1, -fillers]) if fillers else status
