"""All mutants of a generated design, and a seeded choice of them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from accel.engines.hls import FLAGS
from accel.model.design import Design
from tests.mutation import cpp, memory, verilog
from tests.mutation.mutants import Mutant, mutants

OF_THE_BENCH = {"observe.h", "checked_int.h", "checked_stream.h", "bench.h"}
"""Headers that are no part of an accelerator."""
CONTENTS = "hls/weights.h"


def of_verilog(design: Design) -> list[Mutant]:
    """Of the converted Verilog."""
    file = f"rtl/{design.spec.identifier}.v"
    source = (design.work / file).read_bytes()
    return mutants(design.spec.name, "Verilog", file, source, verilog.changes(source.decode()))


def of_cpp(design: Design) -> list[Mutant]:
    """Of the rendered C++ and of the headers that it includes, functions that the design does not use left out."""
    folder, found = design.work / "hls", []
    used = _used_lines(folder)
    for name in sorted(_included(folder, "top.cpp") - OF_THE_BENCH - {Path(CONTENTS).name}):
        source = (folder / name).read_bytes()
        lines = used.get(name, set())

        def inside(first: int, last: int, lines: set[int] = lines) -> bool:
            return any(first <= line <= last for line in lines)

        found += mutants(design.spec.name, "C++", f"hls/{name}", source, cpp.changes(source.decode(), inside))
    return found


def of_memories(design: Design) -> list[Mutant]:
    """Of the files that the Verilog reads, and of the arrays in C++."""
    name, found = design.spec.name, []
    text = (design.work / "rtl" / f"{design.spec.identifier}.v").read_text(encoding="utf-8")
    for file, width in sorted(memory.widths(text).items()):
        source = (design.work / "rtl" / file).read_bytes()
        found += mutants(name, "memory", f"rtl/{file}", source, memory.hex_changes(source.decode(), width))
    source = (design.work / CONTENTS).read_bytes()
    return found + mutants(name, "memory", CONTENTS, source, memory.array_changes(source.decode()))


def chosen(found: Sequence[Mutant], seed: int) -> Iterator[Mutant]:
    """Mutants in a seeded order in which every kind (of a memory, every file) has its turn, as long as it has some."""
    by_kind: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(found, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.id}".encode()).digest()):
        by_kind[mutant.file if mutant.language == "memory" else mutant.kind].append(mutant)
    waiting = [by_kind[kind] for kind in sorted(by_kind)]
    for turn in range(max(map(len, waiting), default=0)):
        yield from (mutants[turn] for mutants in waiting if turn < len(mutants))


def _included(folder: Path, name: str) -> set[str]:
    """A file and all headers beside it that it includes."""
    found, pending = set(), [name]
    while pending:
        here = pending.pop()
        if here not in found and (folder / here).is_file():
            found.add(here)
            pending += re.findall(r'^#include "([^"]+)"', (folder / here).read_text(encoding="utf-8"), re.MULTILINE)
    return found


def _used_lines(folder: Path) -> dict[str, set[int]]:
    """Lines of each file that g++ makes code of."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for path in folder.iterdir():
            if path.is_file():
                (work / path.name).write_bytes(path.read_bytes())
        command = ["g++", *FLAGS, "-O0", "--coverage", "-c", "top.cpp", "-o", "top.o"]
        subprocess.run(command, cwd=work, check=True, capture_output=True)
        said = subprocess.run(
            ["gcov", "--json-format", "--stdout", "top.gcno"], cwd=work, check=True, capture_output=True
        )
    used: dict[str, set[int]] = defaultdict(set)
    for file in json.loads(said.stdout)["files"]:
        used[Path(file["file"]).name] |= {line["line_number"] for line in file["lines"]}
    return used
