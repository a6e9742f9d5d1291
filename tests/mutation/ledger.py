"""Verdicts as JSON lines, one a mutant, so that a run can be stopped and continued.

A verdict counts for what it was found with only: the generated files of its design, the samples, and the sources of
everything that judges. Lines of other states of the house stay in the file and are not read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accel.model.design import Design
from accel.model.samples import Samples

Row = Mapping[str, Any]
ROOT = Path(__file__).resolve().parents[2]
JUDGES = ("accel/engines", "accel/memory", "accel/model", "accel/schedule", "hls_templates/verilator", "tests/mutation")
"""Where the sources lie of what decides about a mutant, beside what is generated."""
BESIDE = ("page.py", "ledger.py", "__main__.py", "arguments.yaml", "test_mutation.py")
"""Sources among them that decide nothing."""


@dataclass
class Ledger:
    """The verdicts of one state of a design, [mutant's name], and the file that they are kept in."""

    path: Path
    state: str
    rows: dict[str, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows |= {row["id"]: row for row in _read(self.path) if row["state"] == self.state}

    def add(self, row: Row) -> None:
        """Keep one more verdict. Several processes may do so at once: a line is written whole."""
        kept = {"state": self.state, **row}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            file.write((json.dumps(kept) + "\n").encode())
        self.rows[kept["id"]] = kept


def _read(path: Path) -> Iterator[Row]:
    """Every whole line; one that a crash cut is not one."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def state(design: Design, samples: Samples) -> str:
    """A digest of everything that a verdict depends on."""
    digest = hashlib.sha256(samples.x.tobytes() + samples.lengths.tobytes())
    if samples.states is not None:
        digest.update(samples.states.tobytes())
    generated = (path for part in ("rtl", "hls") for path in (design.work / part).iterdir())
    judges = (path for part in JUDGES for path in (ROOT / part).rglob("*") if _judges(path))
    for path in sorted(path for path in [*generated, *judges] if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _judges(path: Path) -> bool:
    return path.suffix in (".py", ".j2") and path.name not in BESIDE
