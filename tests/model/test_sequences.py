"""The user's own sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model.sequences import load

X = np.ones((2, 5, 3))


def test_steps_behind_the_length_are_zeros(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=X.astype(np.float32), lengths=[5, 2])
    found = load(tmp_path / "x.npz", 3)
    assert found.origin == "x.npz"
    np.testing.assert_array_equal(found.x.sum(axis=(1, 2)), [15, 6])


def test_a_plain_array_has_whole_sequences(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(load(tmp_path / "x.npy", 3).lengths, [5, 5])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "features": ({"x": np.ones((2, 5, 4))}, r"x.npz: x: wanted numbers \[sequences, steps, 3\], got float64"),
    "axes": ({"x": np.ones((5, 3))}, r"x: wanted numbers \[sequences, steps, 3\]"),
    "empty": ({"x": np.ones((0, 5, 3))}, r"x: wanted numbers \[sequences, steps, 3\]"),
    "text": ({"x": np.full((2, 5, 3), "one")}, r"x: wanted numbers"),
    "nan": ({"x": X * np.nan}, r"x: wanted finite real numbers"),
    "complex": ({"x": X * 1j}, r"x: wanted finite real numbers"),
    "no_x": ({"y": X}, r"x.npz: wanted an array x, got y"),
    "too_long": ({"x": X, "lengths": [5, 6]}, r"lengths: wanted 1 to 5, got 5 to 6"),
    "too_few": ({"x": X, "lengths": [5]}, r"lengths: wanted 2 whole numbers"),
    "fractions": ({"x": X, "lengths": [5.0, 2.0]}, r"lengths: wanted 2 whole numbers"),
    "pickled": ({"x": np.array([object()], dtype=object)}, r"x.npz: wanted sequences"),
}


@pytest.mark.parametrize(("arrays", "said"), WRONG.values(), ids=WRONG)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(Refused, match=said):
        load(tmp_path / "x.npz", 3)


@pytest.mark.parametrize("contents", [b"", b"text", b"PK\x03\x04 damaged"], ids=["empty", "text", "zip"])
def test_another_file_is_refused(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(contents)
    with pytest.raises(Refused, match=r"x.npz: wanted sequences \(.npy, .npz\)"):
        load(tmp_path / "x.npz", 3)
    with pytest.raises(Refused, match=r"none.npy: wanted sequences .* got No such file"):
        load(tmp_path / "none.npy", 3)
