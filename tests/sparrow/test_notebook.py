"""The notebook of the whole way runs as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs/notebooks/own-network.ipynb"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")


def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(PAGE.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_every_cell_but_those_of_minutes_runs_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells():
        if "minutes" not in cell["metadata"].get("tags", ()):
            exec(compile("".join(cell["source"]), str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    assert "'metric': 'accuracy'" in said
    assert names["accelerator"].evaluate(names["x"][384:].numpy(), names["y"][384:].numpy())["apart"] < 0.05


def test_it_is_stored_without_answers() -> None:
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells())


@pytest.mark.slow
def test_a_kernel_runs_it_whole(tmp_path: Path) -> None:
    pytest.importorskip("ipykernel", reason="extra notebook")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.read(PAGE, as_version=4)
    ran = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = json.dumps(ran)
    assert "verilator" in said
    assert "different" not in said
