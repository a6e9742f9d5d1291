"""What `sparrow new` refuses, and what it says would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparrow import load
from tests.sparrow.heads import over_time
from tests.sparrow.small import sparrow
from tests.training.importing.graphs import Graph

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


@pytest.mark.usefixtures("own_model")
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
        "--longest: wanted nothing without a mean over time or bidirectional layers, got 9",
    ),
}


@pytest.mark.usefixtures("own_classifier")
@pytest.mark.parametrize("case", MLPS)
def test_what_a_state_dict_does_not_tell_of_an_mlp_is_asked_for(case: str) -> None:
    arguments, said = MLPS[case]
    refused = sparrow("new", "mlp.pt", *arguments)
    assert refused.exit_code == 2, refused.output
    assert said in refused.output
    assert not Path("mlp.yaml").exists()


@pytest.mark.usefixtures("own_classifier")
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


@pytest.mark.usefixtures("own_model")
def test_a_folder_that_takes_no_files_ends_with_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("sparrow.new.write_text", full)
    result = sparrow("new", "My Model.pt", "-o", "own.yaml")
    assert (result.exit_code, Path("own.yaml").exists()) == (3, False)
    assert "cannot be done here: own.yaml: Permission denied" in result.output


@pytest.mark.usefixtures("own_model")
def test_a_network_that_fits_no_lanes_of_a_board_is_refused_with_what_would_do() -> None:
    torch.save(torch.nn.LSTM(8, 48, num_layers=3).state_dict(prefix="lstm."), "large.pt")
    refused = sparrow("new", "large.pt", "--board", "icebreaker")
    assert refused.exit_code == 2
    assert "--board: wanted alveo-u250, " in refused.output
    assert not Path("large.yaml").exists()
