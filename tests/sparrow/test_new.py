"""`sparrow new` as a person types it: a whole spec for the network of a file, or a refusal that names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from sparrow import load
from sparrow.cli import app
from tests.training.importing.graphs import Graph


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model file, and sequences for it."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    lstm, head = torch.nn.LSTM(3, 6, num_layers=2, batch_first=True), torch.nn.Linear(6, 2)
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc."), "My Model.pt")
    np.save("x.npy", np.random.default_rng(0).normal(0, 0.8, (6, 9, 3)))
    return tmp_path


@pytest.mark.usefixtures("place")
def test_the_spec_that_is_written_runs_and_keeps_the_bound() -> None:
    result = sparrow("new", "My Model.pt", "--data", "x.npy", "--board", "ulx3s-85f", "-o", "specs/own.yaml", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert max(facts["errors"].values()) <= 0.02
    spec = load("specs/own.yaml")
    assert (spec.name, spec.model.hidden, spec.target.board) == ("my-model", (6, 6), "ulx3s-85f")
    assert sparrow("import", "specs/own.yaml").exit_code == 0
    record = json.loads(Path("build/my-model/training.json").read_text())
    told = {layer["name"]: layer["relative_error"] for layer in record["import"]["loss"]["layers"]}
    assert facts["errors"] == {name: pytest.approx(told[name]) for name in facts["errors"]}


@pytest.mark.usefixtures("place")
def test_every_section_says_why_and_the_same_file_gives_the_same_spec() -> None:
    for name in ("a.yaml", "b.yaml"):
        assert sparrow("new", "My Model.pt", "--data", "x.npy", "-o", name).exit_code == 0
    text = Path("a.yaml").read_text()
    assert text == Path("b.yaml").read_text().replace("b.yaml", "a.yaml")
    lines = text.splitlines()
    for section in ("source", "model", "sparsity", "weights", "formats", "engine", "verify"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{section}:"))
        assert lines[at - 1].startswith("# "), section


@pytest.mark.usefixtures("place")
def test_a_smaller_bound_takes_more_bits() -> None:
    bits = {}
    for bound in ("0.05", "0.005"):
        result = sparrow("new", "My Model.pt", "--data", "x.npy", "--error", bound, "-o", f"{bound}.yaml", "--json")
        assert result.exit_code == 0, result.output
        bits[bound] = json.loads(result.stdout)["weight_bits"]
    assert bits["0.05"] < bits["0.005"]
    coarse, fine = (load(f"{bound}.yaml").layer_formats(1).signals.state for bound in bits)
    assert coarse.width < fine.width


@pytest.mark.usefixtures("place")
def test_without_data_the_spec_warns() -> None:
    assert sparrow("new", "My Model.pt").exit_code == 0
    assert "RANDOM x: real data may need other formats, give --data" in " ".join(
        Path("my-model.yaml").read_text().replace("\n# ", " ").split()
    )


def test_what_a_graph_says_is_taken(tmp_path: Path) -> None:
    g = Graph()
    states = tuple(g.input(name, 1, "sequences", 4) for name in ("h", "c"))
    logits = g.head(g.squeezed(g.lstm("x", more=("", *states)), 1))
    model = g.saved(tmp_path, g.node("Softmax", logits, axis=-1))
    assert sparrow("new", str(model), "-o", str(tmp_path / "own.yaml")).exit_code == 0
    spec = load(tmp_path / "own.yaml")
    head = spec.model.head
    assert head is not None
    assert (head.kind, head.when, head.outputs, spec.engine.state_streams) == ("argmax", "step", 2, True)
    assert sparrow("import", str(tmp_path / "own.yaml"), "--work", str(tmp_path / "work")).exit_code == 0


def test_constants_that_a_graph_begins_with_are_taken(tmp_path: Path) -> None:
    g = Graph(axes=("steps", 1, 3))
    begin = tuple(g.random(1, 1, 4) for _ in "hc")
    model = g.saved(tmp_path, g.squeezed(g.lstm("x", more=("", *begin)), 1))
    result = sparrow("new", str(model), "-o", str(tmp_path / "own.yaml"), "--json")
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "own.yaml").model.initial == "constant"
    assert max(json.loads(result.stdout)["errors"].values()) <= 0.02


def test_a_gru_has_formats_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(torch.nn.GRU(3, 8).state_dict(prefix="gru."), tmp_path / "gru.pt")
    result = sparrow("new", str(tmp_path / "gru.pt"), "-o", str(tmp_path / "own.yaml"), "--json")
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "own.yaml").model.cell == "gru"
    assert max(json.loads(result.stdout)["errors"].values()) <= 0.02


CASES: dict[str, tuple[list[str], str]] = {
    "no such model": (["no.pt"], "no.pt: wanted a model file, got no such file"),
    "a folder": (["."], ".: wanted a model file, got a folder"),
    "not a model": (["x.npy"], "x.npy"),
    "unknown board": (["My Model.pt", "--board", "abacus"], "--board: wanted one of alveo-u250"),
    "no error at all": (["My Model.pt", "--error", "0"], "--error: wanted a relative error above 0 and below 1, got 0"),
    "NaN": (["My Model.pt", "--error", "nan"], "--error: wanted a relative error above 0 and below 1, got nan"),
    "too small an error": (["My Model.pt", "--error", "1e-7"], "--error: wanted at least"),
    "no data": (["My Model.pt", "--data", "no.npy"], "no.npy: wanted sequences"),
    "empty data": (["My Model.pt", "--data", "empty.npy"], "empty.npy: x: wanted numbers [sequences, steps, 3]"),
    "features": (["My Model.pt", "--data", "wide.npy"], "wide.npy: x: wanted numbers [sequences, steps, 3]"),
    "data that is no number": (["My Model.pt", "--data", "nan.npy"], "nan.npy: x: wanted finite real numbers"),
    "not YAML": (["My Model.pt", "-o", "own.txt"], "--out: wanted a file .yaml, got own.txt"),
    "shares": (["My Model.pt", "--sparsity", "1"], "--sparsity: wanted a share of zeros from 0 to below 1, got 1"),
    "a name": (["My Model.pt", "--name", "A b"], "name: wanted"),
    "no such LSTM": (["My Model.pt", "--lstm", "gru"], "My Model.pt: --lstm: wanted names among lstm"),
    "no such head": (["My Model.pt", "--head", "out"], "My Model.pt: --head: wanted a linear layer"),
}


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_by_name_and_nothing_is_written(case: str) -> None:
    arrays: dict[str, Any] = {
        "empty": np.zeros((0, 4, 3)),
        "wide": np.zeros((2, 4, 5)),
        "nan": np.full((1, 2, 3), np.nan),
    }
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)
    there = sorted(Path().iterdir())
    arguments, said = CASES[case]
    refused = sparrow("new", *arguments)
    assert refused.exit_code == 2, refused.output
    assert said in refused.output
    assert sorted(Path().iterdir()) == there


@pytest.mark.usefixtures("place")
def test_a_spec_that_is_there_stays_unless_forced() -> None:
    Path("own.yaml").write_text("mine")
    refused = sparrow("new", "My Model.pt", "-o", "own.yaml")
    assert (refused.exit_code, Path("own.yaml").read_text()) == (2, "mine")
    assert "own.yaml: wanted no such file yet, or --force to write over it" in refused.output
    assert sparrow("new", "My Model.pt", "-o", "own.yaml", "--force").exit_code == 0
    assert yaml.safe_load(Path("own.yaml").read_text())["name"] == "my-model"


@pytest.mark.usefixtures("place")
def test_a_folder_that_takes_no_files_ends_with_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("sparrow.new.write_text", full)
    result = sparrow("new", "My Model.pt", "-o", "own.yaml")
    assert (result.exit_code, Path("own.yaml").exists()) == (3, False)
    assert "cannot be done here: own.yaml: Permission denied" in result.output


@pytest.mark.usefixtures("place")
def test_a_network_that_fits_no_lanes_of_a_board_is_refused_with_what_would_do() -> None:
    torch.save(torch.nn.LSTM(8, 48, num_layers=3).state_dict(prefix="lstm."), "large.pt")
    refused = sparrow("new", "large.pt", "--board", "icebreaker")
    assert refused.exit_code == 2
    assert "--board: wanted alveo-u250, " in refused.output
    assert not Path("large.yaml").exists()
