"""Stub tools on PATH: they record how they were called, then run the script they were given under stub procedures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

STUBS = Path(__file__).parent / "stubs"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Lines that stub tools and stub procedures have recorded so far."""
    record = tmp_path / "calls"
    monkeypatch.setenv("STUB_CALLS", str(record))
    return lambda: record.read_text().splitlines() if record.exists() else []


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: object) -> Callable[[str, str, str], None]:
    """Put a stub program on PATH: its name, the shell words that give it its script, the procedures it knows.

    A question for its version is answered, and no call.
    """
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh not found; it runs the stub procedures")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def put(name: str, script: str, procedures: str) -> None:
        program = folder / name
        run = f'exec tclsh "{STUBS / procedures}" {script}'
        asked = f'case "$*" in -version|--version) echo "{name} of tests"; exit 0;; esac'
        program.write_text(f'#!/bin/sh\n{asked}\necho "{name} $*" >> "$STUB_CALLS"\n{run}\n')
        program.chmod(0o755)

    return put
