"""Running texts: streams, windows, carried state and the metrics of language models, by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from accel.base.faults import Refused
from accel.base.progress import silent
from accel.model import random_weights, samples
from tests.training import files
from tests.training.small import small
from training import batches, pipeline
from training.host import decoder, encoder
from training.model import LSTM
from training.score import Score, Tally, score
from training.tasks import sources, text
from training.tasks.task import Task, Text
from training.tasks.text import language, words

CHARS = small(
    model={"inputs": 4, "head": {"outputs": 4, "kind": "logits", "when": "step"}},
    training={"steps": 5, "batch": 3, "epochs": 2},
)
TABLE = small(
    model={"inputs": 3, "vocabulary": 4, "head": {"outputs": 4, "kind": "logits", "when": "step"}},
    training={"steps": 5, "batch": 3, "epochs": 2, "dropout": 0.2},
)
FRONT = small(
    model={
        "inputs": 3,
        "vocabulary": 4,
        "before": [{"outputs": 5, "activation": "tanh"}],
        "hidden": [6, 6],
        "between": ["relu", "residual"],
        "head": {"outputs": 4, "kind": "logits", "when": "step"},
    },
    formats={"residual": [12, 9]},
    training={"steps": 5, "batch": 3, "epochs": 2},
)
WORDS = small(model={"inputs": 3, "head": None}, training={"steps": 5, "batch": 3, "epochs": 2, "dropout": 0.2})


def chars() -> Task:
    """A language of three letters and a full stop."""
    text = "abcab.abca.abcabc." * 20
    return language("chars", [text, text[:90], text[:61]], "bits per character")


def embedded() -> Task:
    """The same text, embedded, with a decoder on the host."""
    text = "abcab.abca.abcabc." * 20
    return language("words", [text, text[:90], text[:61]], "perplexity", embedded=True)


def test_a_line_of_words_ends_in_eos() -> None:
    assert words(" no it \n was n't \n") == ["no", "it", "<eos>", "was", "n't", "<eos>"]


def test_the_most_frequent_symbol_has_number_zero_and_ties_go_by_name() -> None:
    assert language("t", ["abbb", "a", "c"], "perplexity").train.tokens.tolist() == [1, 0, 0, 0]  # type: ignore[union-attr]


def test_streams_cut_a_text_and_each_token_is_followed_by_the_next() -> None:
    now, following = Text(np.arange(8)).streams(2)
    assert now.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert following.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_one_stream_predicts_every_token_but_the_first() -> None:
    parts = list(batches.to_evaluate(Text(np.arange(600)), torch.zeros(1)))
    assert [part.fresh for part in parts] == [True, False, False]
    assert torch.cat([part.labels for part in parts], 1).tolist() == [list(range(1, 600))]


def test_perplexity_bits_and_accuracy_of_a_hand_made_case() -> None:
    tally = Tally()
    tally.add(torch.tensor([[[math.log(0.5), math.log(0.25), math.log(0.25)]]]), torch.tensor([[0]]))
    tally.add(torch.tensor([[[math.log(0.5), math.log(0.25), math.log(0.25)]]]), torch.tensor([[2]]))
    found = tally.score()
    assert found.value("accuracy") == 0.5
    assert found.value("bits per character") == pytest.approx(1.5)
    assert found.value("perplexity") == pytest.approx(math.sqrt(8))


def test_equal_accuracies_rank_by_loss_and_language_models_by_loss_alone() -> None:
    assert Score(1.0, 0.5).rank("accuracy") > Score(2.0, 0.5).rank("accuracy")
    assert Score(1.0, 0.1).rank("perplexity") > Score(2.0, 0.5).rank("perplexity")


@pytest.mark.parametrize("quantized", [False, True], ids=["float", "quantized"])
def test_a_text_in_windows_with_carried_state_scores_as_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, quantized: bool
) -> None:
    task = chars()
    model = LSTM(CHARS, encoder(CHARS, task)).double()
    model.quantize(random_weights.seeded(CHARS).network(CHARS) if quantized else None)
    whole = score(model, task.test)
    monkeypatch.setattr(batches, "WINDOW", 7)
    assert score(model, task.test).loss == pytest.approx(whole.loss, abs=1e-12)


def test_without_the_carried_state_the_score_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    task = chars()
    model = LSTM(CHARS, encoder(CHARS, task)).double()
    whole = score(model, task.test)
    monkeypatch.setattr(batches, "WINDOW", 7)
    monkeypatch.setattr("training.score.carried", lambda state, batch: None)
    assert abs(score(model, task.test).loss - whole.loss) > 1e-6


def test_streams_that_are_warmed_by_all_that_lies_before_score_as_one_carried_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = chars()
    model = LSTM(CHARS, encoder(CHARS, task)).double()
    whole = score(model, task.test)
    monkeypatch.setattr(batches, "STREAM", 31)
    assert batches.streams_of(task.test) == 2  # type: ignore[arg-type]
    assert score(model, task.test).loss == pytest.approx(whole.loss, abs=1e-12)
    monkeypatch.setattr(batches, "WARM", 1)
    assert abs(score(model, task.test).loss - whole.loss) > 1e-6


@pytest.mark.parametrize(
    ("spec", "task"),
    [(CHARS, chars()), (WORDS, embedded()), (TABLE, embedded()), (TABLE, chars()), (FRONT, chars())],
    ids=["one_hot", "embedded", "embedded in hardware", "characters in hardware", "layers in front"],
)
def test_a_language_model_is_trained_and_exported_and_golden_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: pipeline.Spec, task: Task
) -> None:
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task)
    pipeline.run(spec, tmp_path, silent)
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["excerpt"]["quantized"] == record["excerpt"]["golden"]
    assert record["excerpt"]["sequences"] == len(samples.load(tmp_path / "samples.npz", spec).x) == 12
    assert record["metric"] == task.metric
    assert record["models"]["float"] < (2.0 if task.metric == "bits per character" else 4.0)


def test_a_vocabulary_that_is_not_the_task_s_is_refused() -> None:
    wrong = small(model={"inputs": 3, "vocabulary": 5, "head": {"outputs": 4, "when": "step"}})
    assert [str(fault) for fault in pipeline.tasks._faults(wrong, chars())] == [
        "model.vocabulary: wanted 4, the tokens that task chars has, got 5"
    ]


def test_vectors_of_tokens_begin_within_their_bound_and_without_one_as_they_ever_did() -> None:
    task = embedded()
    near, far = (
        encoder(small(model={"inputs": 64, "head": None}, training=keys), task).state_dict()["weight"].abs().max()
        for keys in ({"embedding_bound": 0.1}, {})
    )
    assert 0.05 < float(near) <= 0.1 < float(far)
    with pytest.raises(Refused, match=r"training\.embedding_bound: wanted nothing, as .* has no vectors of tokens"):
        encoder(small(training={"embedding_bound": 0.1}), chars())


def test_the_decoder_on_the_host_is_there_only_without_a_head() -> None:
    assert decoder(CHARS, chars()) is None
    assert decoder(WORDS, embedded()) is not None


@pytest.mark.parametrize(
    ("name", "loader"),
    [("LINUX", text.linux_chars), ("WIKIPEDIA", text.wikipedia_chars)],
    ids=["linux_chars", "wikipedia_chars"],
)
def test_a_packed_text_is_read_by_characters_and_split_80_10_10(
    name: str, loader: Callable[[], Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path))
    monkeypatch.setattr(text, name, files.put(tmp_path, getattr(text, name), b"int main(void);\n" * 10))
    task = loader()
    assert [len(split) for split in (task.train, task.valid, task.test)] == [128, 16, 16]
    assert task.metric == "bits per character"
    path = next(tmp_path.rglob("*.xz"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(Refused, match=r"wanted contents with sha256 \w{64}, .*got a damaged archive"):
        loader()
