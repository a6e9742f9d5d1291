"""Keywords from a small file of the same format: splits by the file, normalised frames, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from tests.training import files
from training.tasks import keywords, sources

X = np.random.default_rng(0).normal(-3.0, 2.0, (9, keywords.FRAMES, keywords.BANDS)).astype(np.float16)
Y, SPLIT, LABELS = [0, 1, 2] * 3, [0, 0, 0, 0, 0, 1, 1, 2, 2], ["on", "off", "stop"]


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, contents: bytes) -> None:
    monkeypatch.setenv(sources.VARIABLE, str(folder))
    monkeypatch.setattr(keywords, "SOURCE", files.put(folder, keywords.SOURCE, contents))


def test_the_splits_are_the_files_and_training_frames_are_normalised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, monkeypatch, files.recordings(X, Y, SPLIT, LABELS))
    task = keywords.keywords()
    assert [len(split) for split in (task.train, task.valid, task.test)] == [5, 2, 2]
    assert task.classes == 3
    assert task.test.labels.tolist() == [1, 2]  # type: ignore[union-attr]
    frames = task.train.x.reshape(-1, keywords.BANDS)  # type: ignore[union-attr]
    np.testing.assert_allclose(frames.mean(0), 0.0, atol=1e-3)
    np.testing.assert_allclose(frames.std(0), 1.0, atol=1e-3)
    np.testing.assert_array_equal(frames * 256, np.round(frames * 256))


@pytest.mark.parametrize(
    "contents",
    [
        b"no archive",
        files.recordings(X[:, :-1], Y, SPLIT, LABELS),
        files.recordings(X, Y[:-1], SPLIT, LABELS),
        files.recordings(X, Y, [0] * 9, LABELS),
        files.recordings(X, Y, SPLIT, LABELS[:-1]),
        files.recordings(np.where(np.arange(9)[:, None, None] == 4, np.float16("inf"), X), Y, SPLIT, LABELS),
        files.recordings(X, Y, SPLIT, LABELS)[:-30],
    ],
    ids=["text", "frames", "labels", "no test", "words", "inf", "cut"],
)
def test_another_form_is_refused_with_its_source(
    contents: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, monkeypatch, contents)
    with pytest.raises(
        Refused, match=r"arabic-speech.*wanted x \[recordings, 49, 16\].*Arabic Speech Commands data set"
    ):
        keywords.keywords()


def test_another_version_is_refused_by_its_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, monkeypatch, files.recordings(X, Y, SPLIT, LABELS))
    path = tmp_path / "kws" / keywords.SOURCE.file
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        Refused, match=r"wanted sha256 \w{64}, log-mel frames of the Arabic Speech Commands data set, got"
    ):
        keywords.keywords()


def test_a_set_without_an_address_says_what_it_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path))
    with pytest.raises(
        Refused, match=r"set kws: wanted .*SPARROW_DATA.*log-mel frames.*no address to download it from"
    ):
        keywords.keywords()
