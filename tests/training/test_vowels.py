"""Japanese vowels from small `.ts` files: lengths that vary, speakers, and the line of what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from tests.training import files
from training.tasks import sources, vowels

RANDOM = np.random.default_rng(0)
FOUND = [(RANDOM.normal(1.0, 3.0, (7 + n % 5, vowels.COEFFICIENTS)), 1 + n % 9) for n in range(18)]


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, train: bytes, test: bytes) -> None:
    monkeypatch.setenv(sources.VARIABLE, str(folder))
    made = zip(vowels.SOURCES, (train, test), strict=True)
    monkeypatch.setattr(vowels, "SOURCES", tuple(files.put(folder, *pair) for pair in made))


def test_utterances_keep_their_lengths_and_speakers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, monkeypatch, files.utterances(FOUND), files.utterances(FOUND[:4]))
    task = vowels.japanese_vowels()
    assert [len(split) for split in (task.train, task.valid, task.test)] == [15, 3, 4]
    assert task.test.lengths.tolist() == [7, 8, 9, 10]  # type: ignore[union-attr]
    assert task.valid.labels.tolist() == [0, 6, 3]  # type: ignore[union-attr]
    heard = [split[n, : task.train.lengths[n]] for split in [task.train.x] for n in range(15)]  # type: ignore[union-attr]
    np.testing.assert_allclose(np.concatenate(heard).mean(0), 0.0, atol=1e-2)
    assert not task.test.x[0, 7:].any()  # type: ignore[union-attr]


GOOD = files.utterances(FOUND)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"@problemName JapaneseVowels\n", "no utterance"),
        (GOOD + b"1,2:3,4:5\n", "line 23: 2 dimensions, label 5"),
        (GOOD.replace(b":9\n", b":10\n", 1), "line 13: 12 dimensions, label 10"),
        (GOOD.replace(b":2\n", b":two\n", 1), "line 6: invalid literal"),
        (GOOD.replace(b",", b",,", 1), "line 5: could not convert"),
        (GOOD.replace(b",", b":", 1), "line 5: "),
        (GOOD + b"\n", "line 23: "),
    ],
    ids=["empty", "dimensions", "speaker", "label", "number", "ragged", "blank"],
)
def test_what_is_not_of_the_format_is_refused_with_its_line(
    contents: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, monkeypatch, contents, GOOD)
    with pytest.raises(Refused, match=rf"JapaneseVowels_TRAIN.ts: wanted utterances of 12 .*UEA archive.*got {said}"):
        vowels.japanese_vowels()
