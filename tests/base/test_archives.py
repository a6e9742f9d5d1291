"""Damaged archives are refused with a sentence, whatever bit of them is wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from accel.base.archives import read_arrays
from accel.base.faults import Refused
from accel.model import random_weights, samples, weights_file
from tests.designs import spec, stimuli

SPEC = spec()


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def test_arrays_come_back(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive(one=np.arange(3)))
    assert read_arrays(tmp_path / "a.npz", "arrays")["one"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "contents",
    [b"", b"PK", b"PK\3\4" + bytes(200), b"no archive", archive(one=np.array([{}], dtype=object)), b"\x93NUMPY\1\0"],
    ids=["empty", "two_letters", "zeros", "text", "objects", "header"],
)
def test_what_is_no_archive_of_arrays_is_refused(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(contents)
    with pytest.raises(Refused, match=r"a\.npz: wanted weights, got "):
        read_arrays(tmp_path / "a.npz", "weights")


def test_one_array_alone_is_no_archive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(Refused, match="one array alone"):
        read_arrays(tmp_path / "a.npz", "weights")


def test_an_array_that_claims_more_than_there_is_memory_for_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (999999999999999,), }"
    header += b" " * (117 - len(header)) + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("one.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(Refused):
        read_arrays(tmp_path / "a.npz", "weights")


def test_a_folder_or_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.npz"):
        with pytest.raises(Refused):
            read_arrays(path, "weights")


def test_any_flipped_bit_of_weights_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    weights_file.save(path, random_weights.seeded(SPEC), SPEC)
    whole = path.read_bytes()
    for place in range(0, 8 * len(whole), 29):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            found = weights_file.load(path, SPEC)
        except Refused:
            continue
        assert np.array_equal(found.layers[0].w_h.values, random_weights.seeded(SPEC).layers[0].w_h.values)


def test_any_flipped_bit_of_samples_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "samples.npz"
    samples.save(path, stimuli(SPEC))
    whole = path.read_bytes()
    for place in range(0, 8 * len(whole), 29):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            found = samples.load(path, SPEC)
        except Refused:
            continue
        assert np.array_equal(found.x, stimuli(SPEC).x)


@pytest.mark.parametrize("cut", range(0, 1000, 97))
def test_a_torn_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "samples.npz"
    samples.save(path, stimuli(SPEC))
    path.write_bytes(path.read_bytes()[: min(cut, path.stat().st_size - 1)])
    with pytest.raises(Refused):
        samples.load(path, SPEC)


GOOD = {"x": np.zeros((2, 3, 3), int), "lengths": np.ones(2, int), "labels": np.ones(2, int)}


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.full((2, 3, 3), np.nan)}, "x: wanted whole numbers, got numbers of type float64"),
        ({"x": np.zeros((2, 3, 3), complex)}, "whole numbers"),
        ({"x": np.array("words")}, "whole numbers"),
        ({"x": np.zeros((0, 3, 3), int)}, "shape"),
        ({"x": np.array(7)}, "shape"),
        ({"lengths": np.array([1, 4])}, "lengths: wanted 1 to 3, got 1 to 4"),
        ({"lengths": np.array([0, 1])}, "lengths: wanted 1 to 3, got 0 to 1"),
        ({"lengths": np.array([1])}, "one for each of 2 sequences"),
        ({"labels": np.array([[1, 2]])}, "one for each of 2 sequences"),
    ],
)
def test_samples_of_a_wrong_kind_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    path = tmp_path / "samples.npz"
    path.write_bytes(archive(**(GOOD | arrays)))
    with pytest.raises(Refused, match=said):
        samples.load(path, SPEC)


def test_samples_without_an_array_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.npz"
    path.write_bytes(archive(x=GOOD["x"]))
    with pytest.raises(Refused, match="none called lengths or labels"):
        samples.load(path, SPEC)


@pytest.mark.parametrize("name", ["0.w_x", "0.w_x.mask", "0.w_h", "0.bias", "1.w_x"])
@pytest.mark.parametrize("array", [np.array(1), np.zeros((0, 3), int), np.zeros((2, 2), int), np.array([1.5])])
def test_weights_of_a_wrong_kind_with_a_right_digest_are_refused(tmp_path: Path, name: str, array: np.ndarray) -> None:
    path = tmp_path / "weights.npz"
    for chosen in (SPEC, spec(sparsity={"input": None, "recurrent": None, "search": {"total": 0.5}})):
        arrays = weights_file._arrays(random_weights.seeded(chosen), chosen) | {name: array}
        formats = weights_file._formats(chosen)
        own = {"formats": np.array(formats), "digest": np.array(weights_file._digest(arrays, formats))}
        path.write_bytes(archive(**arrays, **own))
        with pytest.raises(Refused):
            weights_file.load(path, chosen)
