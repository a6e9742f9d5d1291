"""Block tests can fail: each of these faults, planted into a file of blocks, trips the test that is named beside it."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.marks import sampled
from tests.rtl.fault import Fault
from tests.rtl.faults_in_cells import IN_CELLS
from tests.rtl.faults_in_columns import IN_COLUMNS
from tests.rtl.faults_in_lanes import IN_LANES
from tests.rtl.faults_in_rows import IN_ROWS
from tests.rtl.faults_in_streams import IN_STREAMS
from tests.rtl.test_every_block import FOLDERS, PACKAGE, ROOT

PLANTED = ("lanes", "cells", "rows", "columns")
"""Folders with a fault for each of their files."""


MADE = re.compile(r"^@(block|module)$", re.MULTILINE)
FAULTS = [*IN_LANES, *IN_CELLS, *IN_ROWS, *IN_COLUMNS, *IN_STREAMS]


def spoiled(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file with its fault, as a module; MyHDL reads the source of blocks, so it lies in a file of its own."""
    text = (ROOT / f"{fault.file}.py").read_text(encoding="utf-8")
    assert text.count(fault.old) == 1, f"{text.count(fault.old)} places in {fault.file}"
    path = folder / "spoiled.py"
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("spoiled", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "spoiled", module)  # dataclasses look there for what annotations name
    spec.loader.exec_module(module)
    return module


FIRST = [next(one for one in FAULTS if one.file == name) for name in dict.fromkeys(fault.file for fault in FAULTS)]
"""One for each file; the others wait for `make test-all`."""


@pytest.mark.parametrize(
    "fault",
    sampled(FAULTS, lambda _, fault: fault in FIRST),
    ids=lambda fault: f"{fault.file}: {fault.new.strip()[:40]}",
)
def test_a_planted_fault_is_caught(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, tests = f"{PACKAGE}.{fault.file.replace('/', '.')}", import_module(fault.test.__module__)
    wrong = spoiled(fault, tmp_path, monkeypatch)
    names = [name for name, value in vars(tests).items() if getattr(value, "__module__", "") == module]
    assert names
    for name in names:
        monkeypatch.setattr(tests, name, getattr(wrong, name))
    with pytest.raises((AssertionError, ValueError, IndexError)):
        fault.test(*fault.given)


@pytest.mark.parametrize("folder", PLANTED)
def test_every_file_has_a_fault(folder: str) -> None:
    assert folder in FOLDERS
    files = {f"{folder}/{path.stem}" for path in (ROOT / folder).glob("*.py") if MADE.search(path.read_text())}
    assert files == {fault.file for fault in FAULTS if fault.file.startswith(f"{folder}/")}
