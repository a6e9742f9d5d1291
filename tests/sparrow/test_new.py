"""`sparrow new` as a person types it: a whole spec for the network of a file, or a refusal that names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from sparrow import load
from tests.sparrow.heads import mlp, over_time
from tests.sparrow.small import sparrow
from tests.training.importing.graphs import Graph


@pytest.mark.usefixtures("own_model")
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


@pytest.mark.usefixtures("own_model")
def test_every_section_says_why_and_the_same_file_gives_the_same_spec() -> None:
    for name in ("a.yaml", "b.yaml"):
        assert sparrow("new", "My Model.pt", "--data", "x.npy", "-o", name).exit_code == 0
    text = Path("a.yaml").read_text()
    assert text == Path("b.yaml").read_text().replace("b.yaml", "a.yaml")
    lines = text.splitlines()
    for section in ("source", "model", "sparsity", "weights", "formats", "engine", "verify"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{section}:"))
        assert lines[at - 1].startswith("# "), section


@pytest.mark.usefixtures("own_model")
def test_a_smaller_bound_takes_more_bits() -> None:
    bits = {}
    for bound in ("0.05", "0.005"):
        result = sparrow("new", "My Model.pt", "--data", "x.npy", "--error", bound, "-o", f"{bound}.yaml", "--json")
        assert result.exit_code == 0, result.output
        bits[bound] = json.loads(result.stdout)["weight_bits"]
    assert bits["0.05"] < bits["0.005"]
    coarse, fine = (load(f"{bound}.yaml").layer_formats(1).signals.state for bound in bits)
    assert coarse.width < fine.width


@pytest.mark.usefixtures("own_model")
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


@pytest.mark.usefixtures("own_classifier")
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


@pytest.mark.parametrize("cell", ["LSTM", pytest.param("GRU", marks=pytest.mark.slow)])
def test_gates_that_matter_less_get_fewer_bits_where_that_saves_enough(cell: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = getattr(torch.nn, cell)(20, 24, batch_first=True).state_dict(prefix="lstm.")
    for name in (name for name in state if "weight" in name):
        state[name] *= torch.logspace(-1, 1, 4).repeat(24)[: len(state[name]), None]
        state[name][:24] /= 128  # of the gate i, or r
    torch.save(state, tmp_path / "own.pt")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 0.8, (6, 9, 20)))
    out = tmp_path / "own.yaml"
    result = sparrow("new", str(tmp_path / "own.pt"), "--data", str(tmp_path / "x.npy"), "-o", str(out), "--json")
    assert result.exit_code == 0, result.output
    ((first, *others),) = load(out).weights.by_gate["width"]
    assert first < min(others)
    order = {"LSTM": "i, f, g, o", "GRU": "r, z, n"}[cell]
    comments = " ".join(line.strip().lstrip("# ") for line in out.read_text().splitlines())
    assert f"each gate has a width of its own: {order}." in comments
    assert sparrow("import", str(out), "--work", str(tmp_path / "work")).exit_code == 0
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    reached = [layer["relative_error"] for layer in record["loss"]["layers"]]
    assert max(reached) <= 0.02
    assert [*json.loads(result.stdout)["errors"].values()] == pytest.approx(reached)


@pytest.mark.usefixtures("own_model")
def test_a_spec_that_is_there_stays_unless_forced() -> None:
    Path("own.yaml").write_text("mine")
    refused = sparrow("new", "My Model.pt", "-o", "own.yaml")
    assert (refused.exit_code, Path("own.yaml").read_text()) == (2, "mine")
    assert "own.yaml: wanted no such file yet, or --force to write over it" in refused.output
    assert sparrow("new", "My Model.pt", "-o", "own.yaml", "--force").exit_code == 0
    assert yaml.safe_load(Path("own.yaml").read_text())["name"] == "my-model"
