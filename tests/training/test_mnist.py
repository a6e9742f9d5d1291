"""Sequential MNIST from small files of the same format: steps, splits, order of pixels, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from tests.training import files
from tests.training.small import small
from training import export, tasks
from training.export import excerpt
from training.model import LSTM
from training.tasks import mnist, sources

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 28, 28), dtype=np.uint8)
LABELS = (np.arange(24) % 10).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixteen scans to train, of which four validate, and eight to test."""
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path))
    monkeypatch.setattr(mnist, "VALIDATION", 4)
    parts = {"train": slice(0, 16), "t10k": slice(16, 24)}
    made = {}
    for part, chosen in parts.items():
        for name, array in (("images-idx3", IMAGES[chosen]), ("labels-idx1", LABELS[chosen])):
            file = f"{part}-{name}-ubyte.gz"
            made[file] = files.put(tmp_path, mnist.SOURCES[file], files.idx(array))
    monkeypatch.setattr(mnist, "SOURCES", made)
    return tmp_path


def test_rows_are_read_from_the_top_and_pixels_are_exact_in_eight_bits_of_fraction(folder: Path) -> None:
    task = mnist.mnist_rows()
    assert [split.x.shape for split in (task.train, task.valid, task.test)] == [(12, 28, 28), (4, 28, 28), (8, 28, 28)]  # type: ignore[union-attr]
    np.testing.assert_array_equal(task.test.x[3, 5] * 256, IMAGES[19, 5])  # type: ignore[union-attr]
    np.testing.assert_array_equal(task.valid.labels, LABELS[12:16])  # type: ignore[union-attr]


def test_four_pixels_or_one_a_step_are_the_same_pixels_in_the_same_order(folder: Path) -> None:
    quads, pixels = mnist.mnist_quads(), mnist.mnist_pixels()
    assert (quads.train.x.shape, pixels.train.x.shape) == ((12, 196, 4), (12, 784, 1))  # type: ignore[union-attr]
    np.testing.assert_array_equal(quads.test.x.reshape(8, -1), IMAGES[16:].reshape(8, -1) / 256)  # type: ignore[union-attr]
    np.testing.assert_array_equal(pixels.test.x.ravel(), quads.test.x.ravel())  # type: ignore[union-attr]


def test_permuted_pixels_are_all_there_in_one_order_that_never_changes(folder: Path) -> None:
    permuted, plain = mnist.mnist_permuted(), mnist.mnist_pixels()
    order = np.random.RandomState(0).permutation(784)
    assert order[:4].tolist() == [693, 85, 647, 392]
    np.testing.assert_array_equal(permuted.train.x, plain.train.x[:, order])  # type: ignore[union-attr]


def test_a_file_of_another_version_is_refused_with_checksum_and_source(folder: Path) -> None:
    files.put(folder, mnist.SOURCES["t10k-labels-idx1-ubyte.gz"], files.idx(LABELS[:8]))
    with pytest.raises(
        Refused, match=r"t10k-labels.*: wanted contents with sha256 \w{64}, as from https://.*, got 16 by"
    ):
        mnist.mnist_rows()


def test_a_cut_archive_is_refused_as_damaged(folder: Path) -> None:
    path = folder / "mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Refused, match=r"train-images.*wanted contents with sha256 .*got a damaged archive"):
        mnist.mnist_rows()


@pytest.mark.parametrize(
    "contents",
    [b"", b"\0\0\x08", b"\0\0\x08\x03\0\0", files.idx(LABELS)[:-1], files.idx(LABELS) + b"1", b"\0\0\x0d" + bytes(40)],
    ids=["empty", "short head", "short sizes", "short data", "more data", "floats"],
)
def test_what_is_no_idx_file_of_bytes_is_refused(
    contents: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path))
    source = files.put(tmp_path, mnist.SOURCES["t10k-labels-idx1-ubyte.gz"], contents)
    with pytest.raises(Refused, match=r"wanted an idx file of bytes, as from https"):
        mnist.idx(source)


def test_of_many_long_sequences_the_first_are_exported_and_the_record_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = small(
        model={"inputs": 28, "head": {"outputs": 10}}, formats={"input": [9, 8]}, training={"task": "mnist_rows"}
    )
    task = tasks.load(spec)
    assert excerpt(LSTM(spec), task.test, spec).whole
    monkeypatch.setattr(export, "STEPS", 3 * 28 + 27)
    part = excerpt(LSTM(spec), task.test, spec)
    assert (len(part.labels), part.whole) == (3, False)
    np.testing.assert_array_equal(part.samples.x.ravel(), IMAGES[16:19].ravel())
