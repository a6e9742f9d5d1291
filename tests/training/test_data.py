"""The real data sets, where they are at hand; otherwise the test says so and is skipped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from training.tasks import imdb, keywords, mnist, sources, speech, text, vowels
from training.tasks.sources import Source
from training.tasks.task import Split, Task, Text


def load(loader: Callable[[], Task], *needed: Source) -> Task:
    """The task, if one of its files is in the folder of SPARROW_DATA or the cache."""
    if not any((root / one.folder / one.file).is_file() for one in needed for root in sources.roots()):
        pytest.skip(f"data set {needed[0].folder} is neither in ${sources.VARIABLE} nor in the cache")
    return loader()


@pytest.mark.parametrize(
    ("loader", "needed", "vocabulary", "lengths"),
    [
        (text.ptb_words, text.PTB[0], 10_000, [929_589, 73_760, 82_430]),
        (text.ptb_chars, text.PTB[0], 50, [5_101_618, 399_782, 449_945]),
        (text.war_and_peace_chars, text.WAR_AND_PEACE, 153, [2_613_036, 326_630, 326_630]),
        (text.linux_chars, text.LINUX, 97, [4_965_596, 620_700, 620_700]),
        (text.wikipedia_chars, text.WIKIPEDIA, 27, [2_353_958, 294_245, 294_245]),
    ],
    ids=["ptb_words", "ptb_chars", "war_and_peace_chars", "linux_chars", "wikipedia_chars"],
)
def test_texts_have_the_published_sizes(
    loader: Callable[[], Task], needed: Source, vocabulary: int, lengths: list[int]
) -> None:
    task = load(loader, needed)
    assert task.vocabulary == vocabulary
    assert [len(split) for split in (task.train, task.valid, task.test)] == lengths
    assert isinstance(task.train, Text)
    assert task.train.tokens.max() < vocabulary


def test_spoken_digits_have_the_official_split_and_features_that_fit_eight_bits() -> None:
    task = load(speech.spoken_digits, speech.SOURCE)
    splits = (task.train, task.valid, task.test)
    assert [len(split) for split in splits] == [2400, 300, 300]
    for split in splits:
        assert isinstance(split, Split)
        assert np.all(np.bincount(split.labels) * 10 == len(split))
        assert -4 <= split.x.min() <= split.x.max() < 4


@pytest.mark.slow
def test_reviews_are_split_by_their_folders() -> None:
    task = load(imdb.imdb, imdb.LABELLED, imdb.WHOLE)
    assert [len(split) for split in (task.train, task.valid, task.test)] == [22_500, 2_500, 25_000]


@pytest.mark.parametrize(
    ("loader", "needed", "shape", "sizes"),
    [
        (mnist.mnist_rows, mnist.SOURCES["t10k-images-idx3-ubyte.gz"], (28, 28), [55_000, 5_000, 10_000]),
        (keywords.keywords, keywords.SOURCE, (49, 16), [7_200, 2_400, 2_400]),
        (vowels.japanese_vowels, vowels.SOURCES[0], (26, 12), [225, 45, 370]),
    ],
    ids=["mnist_rows", "keywords", "japanese_vowels"],
)
def test_sequences_have_the_published_sizes(
    loader: Callable[[], Task], needed: Source, shape: tuple[int, int], sizes: list[int]
) -> None:
    task = load(loader, needed)
    assert [len(split) for split in (task.train, task.valid, task.test)] == sizes
    assert isinstance(task.train, Split)
    assert task.train.x.shape[1:] == shape
    assert len(np.unique(task.train.labels)) == task.classes
