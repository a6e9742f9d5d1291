"""Film reviews (Maas et al. 2011, Large Movie Review Dataset): is it praise? 25,000 to train, 25,000 to test."""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from collections.abc import Iterator

import numpy as np

from training.tasks.sources import Source, find
from training.tasks.task import Split, Task

LABELLED = Source(
    "imdb",
    "aclImdb_labelled.tar.xz",
    "",
    "f45f1b2062231e647468bf3f6d97de0f0dbe1791f012a4dec994d5cb9055f4ce",
)
WHOLE = Source(
    "imdb",
    "aclImdb_v1.tar.gz",
    "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
)
VOCABULARY = 10000
"""Most frequent words of the training reviews; 0 is padding, 1 every other word."""
LONGEST = 128
"""Words of a review that are read: its last ones."""
VALIDATION = 10
"""Every tenth training review validates."""

Review = tuple[str, int, int, list[str]]
"""Split, class, number, words."""


def imdb() -> Task:
    """Sentiment by words, embedded; binary accuracy."""
    reviews = sorted(read())
    counts = Counter(word for split, _, number, text in reviews for word in text if _trains(split, number))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: VOCABULARY - 2]
    index = {word: n + 2 for n, (word, _) in enumerate(ranked)}
    test = encode([review for review in reviews if review[0] == "test"], index)
    train = encode([review for review in reviews if _trains(review[0], review[2])], index)
    held = [review for review in reviews if review[0] == "train" and not _trains(review[0], review[2])]
    return Task("imdb", 2, "accuracy", train, encode(held, index), test, VOCABULARY, embedded=True)


def _trains(split: str, number: int) -> bool:
    return split == "train" and number % VALIDATION != 0


def read() -> Iterator[Review]:
    """Every labelled review of the archive."""
    with tarfile.open(find(LABELLED, WHOLE)) as archive:
        for member in archive:
            named = re.fullmatch(r"aclImdb/(train|test)/(pos|neg)/(\d+)_\d+\.txt", member.name)
            file = archive.extractfile(member) if named else None
            if named and file:
                split, side, number = named.groups()
                yield split, int(side == "pos"), int(number), words(file.read().decode("utf-8"))


def words(review: str) -> list[str]:
    """Words in small letters, tags and punctuation left out."""
    return re.findall(r"[a-z0-9']+", re.sub(r"<[^>]*>", " ", review.lower()))


def encode(reviews: list[Review], index: dict[str, int]) -> Split:
    """Reviews as padded word numbers."""
    x = np.zeros((len(reviews), LONGEST), dtype=np.int64)
    lengths = np.ones(len(reviews), dtype=np.int64)
    for row, (_, _, _, text) in enumerate(reviews):
        numbers = [index.get(word, 1) for word in text[-LONGEST:]]
        x[row, : len(numbers)] = numbers
        lengths[row] = max(1, len(numbers))
    return Split(x, lengths, np.array([label for _, label, _, _ in reviews], dtype=np.int64))
