"""The command on a small spec, and which of its steps are stale."""

from __future__ import annotations

from pathlib import Path

import yaml
from typer.testing import CliRunner, Result

from accel.schedule import load_spec
from sparrow import steps
from sparrow.cli import app
from tests.designs import data

SPEC = "small.yaml"
WORK = Path("build/little")


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def write_spec(folder: Path, **sections: dict) -> None:
    text = yaml.safe_dump(data(**{"verify": {"engines": ["golden"], "sequences": 3}, **sections}))
    (folder / SPEC).write_text(text)


def stale(work: Path) -> set[str]:
    """Steps whose results are not those for spec, files, sources and tools as they are now."""
    chosen = load_spec.load(SPEC)
    return {step.name for step in steps.STEPS if step.changes(chosen, work)}
