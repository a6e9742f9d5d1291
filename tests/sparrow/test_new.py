"""`sparrow new` as a person types it: a whole spec for the network of a file, or a refusal that names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def test_a_sigmoid_of_one_answers_with_a_logit_that_decides_by_its_sign(tmp_path: Path) -> None:
    graph, out, work = Graph(axes=("sequences", "steps", 3), seed=3), str(tmp_path / "own.yaml"), str(tmp_path / "work")
    h = graph.layer(graph.node("Transpose", "x", perm=[1, 0, 2]))
    turned = graph.node("Transpose", graph.head(h, outputs=1), perm=[1, 0, 2])
    model = graph.saved(tmp_path, graph.node("Sigmoid", turned))
    x = np.random.default_rng(0).normal(0, 1.5, (8, 12, 3))
    np.save(tmp_path / "x.npy", x)
    assert sparrow("new", str(model), "--data", str(tmp_path / "x.npy"), "-o", out).exit_code == 0
    assert sparrow("import", out, "--work", work).exit_code == 0
    y = tmp_path / "y.npy"
    assert sparrow("predict", out, str(tmp_path / "x.npy"), "-o", str(y), "--work", work).exit_code == 0
    decided = (np.load(y)[..., 0] > 0).astype(np.int64)
    assert 0 < decided.mean() < 1
    np.savez(tmp_path / "test.npz", x=x, y=decided)
    facts = json.loads(sparrow("evaluate", out, str(tmp_path / "test.npz"), "--work", work, "--json").stdout)
    assert (facts["metric"], facts["golden"]) == ("accuracy", 1.0)
    assert facts["float"] == 1 - facts["apart"] > 0.9
    Path(out).write_text(Path(out).read_text().replace("kind: logits", "kind: argmax"))
    refused = sparrow("import", out, "--work", work)
    assert "model.head.kind: wanted logits, as model.onnx ends with a sigmoid of one" in refused.output


def mlp(g: Graph, read: str) -> str:
    """A ReLU and a tanh between three linear layers."""
    return g.head(g.node("Tanh", g.head(g.node("Relu", g.head(read, outputs=7)), 7, 5)), 5)


def over_time(operator: str) -> Callable[[Graph], str]:
    return lambda g: mlp(g, g.node(operator, g.layer("x"), axes=[0], keepdims=0))


HEADS: dict[str, tuple[Callable[[Graph], str], str]] = {
    "behind every step": (lambda g: mlp(g, g.layer("x")), "none"),
    "behind a mean": (over_time("ReduceMean"), "mean"),
    "behind a maximum": (over_time("ReduceMax"), "max"),
    "tables alone": (lambda g: g.head(g.node("Sigmoid", g.head(g.layer("x"), outputs=5)), 5), "none"),
}


@pytest.mark.parametrize("case", HEADS)
def test_linear_layers_and_pools_get_formats_that_keep_the_bound(case: str, tmp_path: Path) -> None:
    graph, (made, pool) = Graph(), HEADS[case]
    model, out, x = graph.saved(tmp_path, made(graph)), str(tmp_path / "own.yaml"), str(tmp_path / "x.npz")
    drawn = np.random.default_rng(0)
    np.savez(x, x=drawn.normal(0, 0.8, (6, 9, 3)), lengths=np.array([9, 4, 9, 1, 7, 9]))
    result = sparrow("new", str(model), "--data", x, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    errors = json.loads(result.stdout)["errors"]
    assert set(errors) == {"lstm0", "head"}
    assert max(errors.values()) <= 0.02
    head = load(out).model.head
    assert head is not None
    assert (head.pool, head.longest) == (pool, 9 if pool == "mean" else None)
    assert sparrow("import", out, "--work", str(tmp_path / "work")).exit_code == 0
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    told = {layer["name"]: layer["relative_error"] for layer in record["loss"]["layers"]}
    assert errors == {name: pytest.approx(told[name]) for name in errors}


@pytest.fixture
def classifier(place: Path) -> Path:
    """A state dict with an MLP behind the recurrent layer."""
    layers = {"lstm": torch.nn.LSTM(3, 6), "fc1": torch.nn.Linear(6, 5), "fc2": torch.nn.Linear(5, 2)}
    torch.save(torch.nn.ModuleDict(layers).state_dict(), "mlp.pt")
    return place


@pytest.mark.usefixtures("classifier")
def test_the_linear_layers_of_a_state_dict_are_named_in_order() -> None:
    named = ("--head", "fc1", "--head", "fc2", "--activation", "relu")
    result = sparrow("new", "mlp.pt", *named, "--data", "x.npy", "-o", "own.yaml")
    assert result.exit_code == 0, result.output
    head = load("own.yaml").model.head
    assert head is not None
    assert [(one.outputs, one.activation) for one in head.layers] == [(5, "relu")]
    imported = sparrow("import", "own.yaml", "--json")
    assert imported.exit_code == 0, imported.output
    facts = json.loads(imported.stdout)["import"]
    assert (facts["linear"], facts["head"]) == (["fc1: relu"], "fc2")


def test_a_gru_has_formats_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(torch.nn.GRU(3, 8).state_dict(prefix="gru."), tmp_path / "gru.pt")
    result = sparrow("new", str(tmp_path / "gru.pt"), "-o", str(tmp_path / "own.yaml"), "--json")
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "own.yaml").model.cell == "gru"
    assert max(json.loads(result.stdout)["errors"].values()) <= 0.02


@pytest.mark.parametrize(("cell", "rows"), [("LSTM", "alike"), ("LSTM", "apart"), ("GRU", "apart")])
def test_rows_whose_weights_differ_get_scales_where_that_saves_bits(cell: str, rows: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = getattr(torch.nn, cell)(20, 24, num_layers=2, batch_first=True).state_dict(prefix="lstm.")
    if rows == "apart":
        for name in (name for name in state if "weight" in name):
            state[name] *= torch.logspace(-1, 1, 4).repeat(24)[: len(state[name]), None]
    torch.save(state, tmp_path / "own.pt")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 0.8, (6, 9, 20)))
    out = str(tmp_path / "own.yaml")
    result = sparrow("new", str(tmp_path / "own.pt"), "--data", str(tmp_path / "x.npy"), "-o", out, "--json")
    assert result.exit_code == 0, result.output
    facts, spec = json.loads(result.stdout), load(out)
    assert spec.weights.per_row == (rows == "apart")
    assert max(facts["errors"].values()) <= 0.02
    assert sparrow("import", out, "--work", str(tmp_path / "work")).exit_code == 0
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    told = {layer["name"]: layer["relative_error"] for layer in record["loss"]["layers"]}
    assert facts["errors"] == {name: pytest.approx(told[name]) for name in facts["errors"]}


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


MLPS: dict[str, tuple[list[str], str]] = {
    "no names": ([], "mlp.pt: fc2.weight: wanted a place in the network; --head NAME for each linear layer, in order"),
    "no activation": (["--head", "fc1", "--head", "fc2"], "--activation: wanted 1 for what stands between fc1 and fc2"),
    "of each framework": (
        ["--head", "fc1", "--head", "fc2", "--activation", "hard_sigmoid"],
        "--activation: wanted one of none, relu, tanh, sigmoid, hard_tanh; a graph (.onnx) says others",
    ),
    "out of order": (
        ["--head", "fc2", "--head", "fc1", "--activation", "relu"],
        "mlp.pt: --head: wanted a linear layer with a weight [outputs, 6], got fc2 of shape (2, 5)",
    ),
    "one too many": (
        ["--head", "fc1", "--head", "fc2", *("--activation", "relu") * 2],
        "--activation: wanted 1 for what stands between fc1 and fc2, got relu, relu",
    ),
    "for none": (["--activation", "relu"], "--activation: wanted --head NAME for two linear layers or more"),
    "no mean": (
        ["--head", "fc1", "--head", "fc2", "--activation", "relu", "--longest", "9"],
        "--longest: wanted nothing without a mean over time, got 9",
    ),
}


@pytest.mark.usefixtures("classifier")
@pytest.mark.parametrize("case", MLPS)
def test_what_a_state_dict_does_not_tell_of_an_mlp_is_asked_for(case: str) -> None:
    arguments, said = MLPS[case]
    refused = sparrow("new", "mlp.pt", *arguments)
    assert refused.exit_code == 2, refused.output
    assert said in refused.output
    assert not Path("mlp.yaml").exists()


@pytest.mark.usefixtures("classifier")
def test_a_normalisation_in_a_state_dict_is_refused_with_what_would_do() -> None:
    torch.save({**torch.load("mlp.pt"), **torch.nn.BatchNorm1d(5).state_dict(prefix="norm.")}, "normed.pt")
    refused = sparrow("new", "normed.pt", "--head", "fc1", "--head", "fc2", "--activation", "relu")
    assert refused.exit_code == 2
    assert "norm.running_var: wanted a place in the network: a normalisation folds where a graph says" in refused.output


def test_a_mean_over_steps_wants_their_number_where_there_is_no_data(tmp_path: Path) -> None:
    graph, out = Graph(), tmp_path / "own.yaml"
    model = graph.saved(tmp_path, over_time("ReduceMean")(graph))
    refused = sparrow("new", str(model), "-o", str(out))
    assert (refused.exit_code, out.exists()) == (2, False)
    assert "--longest: wanted the steps of the longest sequence, or --data, for a mean, got neither" in refused.output
    assert sparrow("new", str(model), "-o", str(out), "--longest", "40").exit_code == 0
    head = load(str(out)).model.head
    assert head is not None
    assert head.longest == 40


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
