"""The proofs of a package as SymbiYosys runs them: a task for each module of which something is asserted."""

from __future__ import annotations

from collections.abc import Iterable

from accel.base.templates import render
from accel.package.asserted import Asserted

BASE, INDUCTION = 13, 6
"""Cycles from reset, and at most how many cycles induction makes use of."""


def commands(one: Asserted, file: str, *defined: str) -> list[str]:
    """What yosys is told to read a module with its assertions; the modules within are cut."""
    names = " ".join(f"-D{name}" for name in (f"PROVED_{one.name}", "SYNTHESIS", *defined))
    empty, cut = [f"blackbox {name}" for name in one.cut], [f"cutpoint t:{name}" for name in one.cut]
    return [f"read_verilog -formal {names} {file}", *empty, f"prep -flatten -top {one.name}", *cut]


def script(top: str, proved: Iterable[Asserted], files: Iterable[str]) -> str:
    """The `.sby` file of a package with these files, which is run from its folder."""
    tasks = [(one.name, commands(one, f"{top}.v")) for one in proved]
    contents = sorted(name for name in files if name.startswith("memory/"))
    made: str = render("accel", "package/assertions/prove.sby.j2", top=top, tasks=tasks, contents=contents, depth=BASE)
    return made
