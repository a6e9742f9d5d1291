"""Reviews as word numbers, on a few made-up ones."""

from __future__ import annotations

from training.tasks.imdb import LONGEST, encode, words


def test_tags_and_punctuation_are_left_out() -> None:
    assert words("It's GREAT!<br /><br />10/10") == ["it's", "great", "10", "10"]


def test_unknown_words_are_one_padding_is_zero_and_a_long_review_keeps_its_end() -> None:
    long = ["film"] * LONGEST + ["good"]
    found = encode(
        [("train", 1, 0, ["good", "odd"]), ("train", 0, 1, long), ("train", 0, 2, [])], {"good": 2, "film": 3}
    )
    assert found.x[0, :3].tolist() == [2, 1, 0]
    assert found.x[1, -2:].tolist() == [3, 2]
    assert found.lengths.tolist() == [2, LONGEST, 1]
    assert found.labels.tolist() == [1, 0, 0]
