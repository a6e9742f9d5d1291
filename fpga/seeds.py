"""Place and route from several seeds at once, the best kept: its result depends on chance by some ten per cent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accel.base.files import write_json
from fpga import nextpnr
from fpga.board import Board
from fpga.reports import Timing
from fpga.tool import Command, ToolFailed, due, execute

RECORD = "seeds.json"


@dataclass(frozen=True)
class Attempt:
    """One seed's outcome: the timing it reached, or why there is none."""

    seed: int
    timing: Timing | None
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        reached = asdict(self.timing) | {"met": self.timing.met} if self.timing else {"failure": self.failure}
        return {"seed": self.seed} | reached


def best_of(board: Board, mhz: float, seeds: Sequence[int], folder: Path, *, record: Path, allow_slow: bool) -> Attempt:
    """`route`, with every attempt in the file `record`; ToolFailed where even the best misses the clock."""
    best, *others = route(board, mhz, seeds, folder)
    attempts = sorted([best, *others], key=lambda one: one.seed)
    write_json(record, {"best": best.seed, "seeds": [one.plain() for one in attempts]})
    assert best.timing is not None
    if not best.timing.met and not allow_slow:
        wanted = best.timing.wanted_mhz
        raise ToolFailed(
            f"step place_and_route: {best.timing.reached_mhz} MHz, the best of {len(seeds)} seeds, misses {wanted} MHz"
        )
    return best


def route(board: Board, mhz: float, seeds: Sequence[int], folder: Path) -> list[Attempt]:
    """Place and route the netlist in `folder` once for each seed, as many at a time as there are cores.

    Each seed works in a folder of its own below; what is up to date is not done again. The products of the fastest (of
    equals the lowest seed) are copied to where a single run would leave them. Raises ToolFailed where every seed fails.
    """
    commands = {seed: nextpnr.route(board, mhz, seed, allow_slow=True, within=f"seed_{seed}") for seed in seeds}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        attempts = list(pool.map(lambda seed: _attempt(seed, commands[seed], folder), seeds))
    done = [one for one in attempts if one.timing is not None]
    if not done:
        raise ToolFailed(f"no seed of {', '.join(map(str, seeds))} was routed; {attempts[0].failure}")
    best = min(done, key=lambda one: (-reached(one), one.seed))
    for name in nextpnr.products(board):
        shutil.copyfile(folder / f"seed_{best.seed}" / name, folder / name)
    return [best, *(one for one in attempts if one is not best)]


def reached(one: Attempt) -> float:
    """Clock that was reached, as a multiple of the one that was wanted."""
    assert one.timing is not None
    return one.timing.reached_mhz / one.timing.wanted_mhz


def _attempt(seed: int, command: Command, folder: Path) -> Attempt:
    (folder / f"seed_{seed}").mkdir(exist_ok=True)
    try:
        if due(command, folder):
            execute(command, folder)
        return Attempt(seed, nextpnr.parse_routed(folder / f"seed_{seed}" / nextpnr.ROUTED)[1])
    except ToolFailed as failed:
        return Attempt(seed, None, str(failed))
