"""A design that went through `sparrow run`, and its package."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from sparrow.cli import app
from tests.designs import data

ICARUS = all(map(shutil.which, ("iverilog", "vvp", "iverilog-vpi")))

SECTIONS = {
    "model": {"inputs": 3, "hidden": [4], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "engine": {"units": 2},
    "verify": {"engines": ["golden", "icarus"], "sequences": 2},
}


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def ran(**sections: Any) -> None:
    """In the folder that one is in: a spec, and its work folder after `run`."""
    Path("little.yaml").write_text(yaml.safe_dump(data(**SECTIONS | sections)))
    assert sparrow("run", "little.yaml").exit_code == 0


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, its work folder after `run`, and the package `made`."""
    if not ICARUS:
        pytest.skip("needs iverilog")
    folder = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(folder):
        ran()
        result = sparrow("package", "little.yaml", "-o", "made")
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own copy of that folder, which the command is run in."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
