"""What other people's tools say of the generated Verilog, every warning on and none waived: `make lint-rtl`.

Each module gets a file of its name, as Verilator's DECLFILENAME asks; the text in it is what `generate` writes.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from accel.base.files import write_text
from accel.base.tools import paths
from accel.engines.program import finished
from accel.rtl.verilog_text import NO_NETS
from tests.mutation.designs import SPECS, generated

SAID = 3000
"""Characters of what a tool says that are shown."""


@dataclass(frozen=True)
class Found:
    """What a tool says of a design: nothing where it has no objection; None where the tool is not here."""

    tool: str
    said: str | None


def modules(text: str) -> dict[str, str]:
    """The text of each module by its name, in the order of the file."""
    parts = [NO_NETS + part for part in text.split(NO_NETS)[1:]]
    found = {match[1]: part for part in parts if (match := re.search(r"^module (\w+)", part, re.MULTILINE))}
    if "".join(parts) != text or len(found) != len(parts):
        raise ValueError(f"not one module after each {NO_NETS}")
    return found


def lint(source: Path, folder: Path) -> Iterator[Found]:
    """The opinions of all tools on a Verilog file, whose top is its first module; memory contents lie beside it."""
    texts = modules(source.read_text(encoding="utf-8"))
    for name, text in texts.items():
        write_text(folder / f"{name}.v", text)
    for contents in source.parent.glob("*.hex"):
        shutil.copy(contents, folder)
    top, files = next(iter(texts)), [f"{name}.v" for name in texts]
    for tool, run in TOOLS.items():
        yield Found(tool, run(top, files, folder))


def verilator(top: str, files: list[str], folder: Path) -> str | None:
    """`--lint-only -Wall`."""
    program = paths(["verilator"])["verilator"]
    if not program:
        return None
    root = Path(program).parent.parent
    environment = dict(os.environ) | ({"VERILATOR_ROOT": str(root)} if (root / "include").is_dir() else {})
    command = [program, "--lint-only", "--quiet", "-Wall", "--top-module", top, *files]
    return _said(command, folder, environment)


def slang(top: str, files: list[str], folder: Path) -> str | None:
    """`-Weverything`."""
    if importlib.util.find_spec("pyslang") is None:
        return None
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = finished([sys.executable, "-m", "tests.rtl.slang", top, *files], folder, dict(os.environ) | here)
    return done.stdout + done.stderr if done.returncode else ""


def icarus(top: str, files: list[str], folder: Path) -> str | None:
    """`-Wall`."""
    program = paths(["iverilog"])["iverilog"]
    return _said([program, "-g2005", "-Wall", "-s", top, "-o", os.devnull, *files], folder) if program else None


def yosys(top: str, files: list[str], folder: Path) -> str | None:
    """`check -assert`: no combinational loop, no net with two drivers or none."""
    program = paths(["yosys"])["yosys"]
    if not program:
        return None
    script = f"read_verilog {' '.join(files)}; hierarchy -check -top {top}; proc; check -assert"
    done = finished([program, "-q", "-p", script], folder)
    return done.stdout + done.stderr if done.returncode else ""


TOOLS: dict[str, Callable[[str, list[str], Path], str | None]] = {
    "verilator -Wall": verilator,
    "slang -Weverything": slang,
    "iverilog -Wall": icarus,
    "yosys check -assert": yosys,
}


def _said(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Everything that a program printed, and its status where that is not 0."""
    done = finished(command, folder, environment)
    return done.stdout + done.stderr + (f"ended with {done.returncode}" if done.returncode else "")


def verdict(said: str | None) -> str:
    """What a person is told of a tool's opinion."""
    if said is None:
        return "not run: not on this machine"
    return f"\n{said[:SAID]}" if said else "nothing"


def main() -> int:
    """A line a design and tool; 1 where one has an objection, 0 where all that are here have none."""
    faults = 0
    for name in SPECS:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            generated(name, work)
            for found in lint(work / "rtl" / f"{name}.v", work / "lint"):
                faults += bool(found.said)
                print(f"{name}: {found.tool}: {verdict(found.said)}")
    return min(1, faults)


if __name__ == "__main__":
    sys.exit(main())
