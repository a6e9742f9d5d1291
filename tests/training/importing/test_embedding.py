"""An embedding in front of the first layer: read from graphs, state dicts and modules, proven, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import sparrow
from accel.base.faults import Refused
from accel.model import weights_file
from tests.designs import spec
from tests.training.importing.graphs import exported
from training.importer import import_model
from training.importing import source
from training.importing.network import FloatNetwork
from training.importing.source import Wishes

TOKENS, SIZE, HIDDEN = 11, 5, 4
ROWS = {"pattern": "row", "input": 0.4, "recurrent": 0.5}


class Classifier(nn.Module):
    """Tokens to logits; `scaled` as some multiply what an embedding gives."""

    def __init__(self, both: bool = False, scaled: bool = False) -> None:
        super().__init__()
        self.words = nn.Embedding(TOKENS, SIZE, padding_idx=0)
        self.rnn = nn.LSTM(SIZE, HIDDEN, batch_first=True, bidirectional=both)
        self.out = nn.Linear(HIDDEN * (2 if both else 1), 3)
        self.scaled = scaled

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        rows = self.words(tokens) * SIZE**0.5 if self.scaled else self.words(tokens)
        return self.out(self.rnn(rows)[0][:, -1])  # type: ignore[no-any-return]


def chosen(**model: Any) -> Any:
    keys = {"inputs": SIZE, "vocabulary": TOKENS, "hidden": [HIDDEN], "head": {"outputs": 3, "kind": "logits"}}
    dense = {"pattern": "dense", "input": None, "recurrent": None}
    return spec(model=keys | model, sparsity=dense, engine={"units": 2}, formats={"input": [9, 6]})


def answers(network: FloatNetwork, tokens: np.ndarray) -> np.ndarray:
    return network.logits(network.over_steps(network.states(tokens[..., None])[-1]))[:, -1]


@pytest.fixture
def tokens() -> np.ndarray:
    return np.random.default_rng(3).integers(0, TOKENS, (4, 7))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("both", [False, True])
def test_a_graph_is_read_as_it_answers(both: bool, scaled: bool, tokens: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Classifier(both, scaled)
    path = exported(module, tmp_path / "words.onnx", torch.zeros(2, 5, dtype=torch.long))
    network = source.found(path, Wishes()).network
    assert network.vocabulary == TOKENS
    with torch.no_grad():
        wanted = module(torch.from_numpy(tokens)).numpy()
    np.testing.assert_allclose(answers(network, tokens), wanted, atol=1e-5)


def test_an_import_of_a_graph_is_proven_and_leaves_the_table(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Classifier()
    path, work = exported(module, tmp_path / "words.onnx", torch.zeros(2, 5, dtype=torch.long)), tmp_path / "work"
    work.mkdir()
    import_model(chosen(), path, work)
    table = weights_file.load(work / "weights.npz", chosen()).embedding
    np.testing.assert_array_equal(table, chosen().formats.input.quantize(module.words.weight.detach().numpy()))
    facts = json.loads((work / "training.json").read_text())["import"]
    assert facts["embedding"] == "/words/Gather"
    assert facts["compared"][0]["largest_difference"] <= facts["compared"][0]["allowed"]
    assert facts["loss"]["matrices"][0]["name"] == "embedding"


def test_a_state_dict_names_its_table(tokens: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, path, work = Classifier(), tmp_path / "words.pt", tmp_path / "work"
    work.mkdir()
    torch.save(module.state_dict(), path)
    network = source.read(path, Wishes(head=("out",), embedding="words"), SIZE, 3).network
    with torch.no_grad():
        np.testing.assert_allclose(answers(network, tokens), module(torch.from_numpy(tokens)).numpy(), atol=1e-5)
    import_model(chosen(), path, work, head="out", embedding="words")
    with pytest.raises(Refused, match=r"words.weight: wanted a place in the network; .*--embedding NAME"):
        source.read(path, Wishes(head=("out",)), SIZE, 3)
    with pytest.raises(Refused, match=r"--embedding: wanted a table of rows \[tokens, 5\], got out.weight"):
        source.read(path, Wishes(head=("out",), embedding="out"), SIZE, 3)


def test_a_module_is_compiled_with_its_embedding(tokens: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Classifier()
    made = sparrow.compile(module, data=tokens, work=tmp_path, name="words", error=0.05)
    assert made.spec.model.vocabulary == TOKENS
    with torch.no_grad():
        wanted = module(torch.from_numpy(tokens)).numpy()
    assert np.abs(made.predict(tokens) - wanted).max() < 0.1
    traced = made.trace(tokens)["head"]
    assert np.abs(traced.golden - traced.float).max() < 0.1


def test_a_student_learns_with_its_table(tokens: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(1)
    path, work, data = (
        exported(Classifier(), tmp_path / "words.onnx", torch.zeros(2, 5, dtype=torch.long)),
        *(tmp_path / name for name in ("work", "x.npy")),
    )
    work.mkdir()
    np.save(data, np.tile(tokens, (4, 1)))
    epochs = {"prune_epochs": 2, "quantize_epochs": 2}
    few = chosen().model_copy(update={"training": chosen().training.model_copy(update=epochs)})
    few = few.model_copy(update={"sparsity": few.sparsity.model_copy(update=ROWS)})
    import_model(few, path, work, data_file=data, distill=True)
    record = json.loads((work / "training.json").read_text())
    assert record["import"]["distilled"]
    weights_file.load(work / "weights.npz", few)


def test_a_spec_without_or_with_another_vocabulary_is_refused(tmp_path: Path) -> None:
    path = exported(Classifier(), tmp_path / "words.onnx", torch.zeros(2, 5, dtype=torch.long))
    for vocabulary in (None, TOKENS + 1):
        with pytest.raises(
            Refused, match=r"model.vocabulary: wanted 11, the rows of /words/Gather that words.onnx has"
        ):
            import_model(chosen(vocabulary=vocabulary), path, tmp_path)


class Twice(nn.Module):
    """Reads one table at the tokens and, moved on, at them again: two vectors a step side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.rnn = nn.Embedding(TOKENS, SIZE), nn.LSTM(2 * SIZE, HIDDEN, batch_first=True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.rnn(torch.cat([self.words(tokens), self.words((tokens + 1) % TOKENS)], 2))[0]  # type: ignore[no-any-return]


def test_a_table_that_is_read_at_other_numbers_is_refused(tmp_path: Path) -> None:
    path = exported(Twice(), tmp_path / "words.onnx", torch.zeros(2, 5, dtype=torch.long))
    with pytest.raises(Refused):
        source.found(path, Wishes())
