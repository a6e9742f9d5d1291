"""Test sequences: cutting, joining, storing, and the corners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model import samples
from accel.model.samples import Samples
from tests.designs import spec

SPEC = spec()


def with_lengths(*lengths: int) -> Samples:
    x = np.arange(len(lengths))[:, None, None] + np.zeros((len(lengths), max(lengths), 3), dtype=np.int64)
    return Samples(x, np.array(lengths), np.arange(len(lengths)))


@pytest.mark.parametrize(
    ("steps", "lengths"),
    [(9, [3, 2, 4]), (8, [3, 2]), (5, [3, 2]), (4, [3]), (3, [3]), (2, [2]), (1, [1]), (100, [3, 2, 4])],
)
def test_leading_sequences_that_fit_and_at_least_one(steps: int, lengths: list[int]) -> None:
    cut = with_lengths(3, 2, 4).within(steps)
    assert cut.lengths.tolist() == lengths
    assert cut.x.shape[:2] == (len(lengths), max(lengths))
    assert cut.steps <= max(steps, 1)


def test_joining_pads_the_shorter() -> None:
    joined = with_lengths(2) + with_lengths(4, 1)
    assert joined.x.shape == (3, 4, 3)
    assert joined.lengths.tolist() == [2, 4, 1]
    assert not joined.x[0, 2:].any()


def test_one_sequence_comes_without_padding() -> None:
    assert with_lengths(4, 2).only(1).x.shape == (1, 2, 3)


def test_loading_gives_back_what_was_saved(tmp_path: Path) -> None:
    saved = samples.seeded(SPEC, 5, 6)
    samples.save(tmp_path / "samples.npz", saved)
    loaded = samples.load(tmp_path / "samples.npz", SPEC)
    for name in ("x", "lengths", "labels"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        pytest.param(spec(model={"inputs": 4}), r"x: wanted shape \[sequences, steps, 4\]", id="inputs"),
        pytest.param(
            spec(
                formats={"input": [4, 2], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
            ),
            "x: wanted -8 to 7",
            id="range",
        ),
    ],
)
def test_samples_of_another_spec_are_refused(tmp_path: Path, other: object, sentence: str) -> None:
    samples.save(tmp_path / "samples.npz", samples.seeded(SPEC, 5, 6))
    with pytest.raises(Refused, match=sentence):
        samples.load(tmp_path / "samples.npz", other)  # type: ignore[arg-type]


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "samples.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(Refused, match="wanted a samples file made by sparrow"):
        samples.load(tmp_path / "samples.npz", SPEC)


def test_corners_reach_both_ends_of_the_format() -> None:
    low, high, checker, zeros = samples.corners(SPEC).x
    assert np.all(low == -128)
    assert np.all(high == 127)
    assert set(np.unique(checker)) == {-128, 127}
    assert np.all(checker[0] != checker[1])
    assert not zeros.any()


def test_seeded_samples_are_the_same_for_the_same_seed() -> None:
    one, other = samples.seeded(SPEC, 4, 5), samples.seeded(SPEC, 4, 5)
    np.testing.assert_array_equal(one.x, other.x)
    assert one.lengths.max() == 5
