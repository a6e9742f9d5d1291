"""Sequential MNIST (LeCun, Cortes, Burges): 60,000 and 10,000 handwritten digits of 28 x 28 pixels, as sequences.

Pixels are 0..255 of 256, so that they are exact in eight bits of fraction. The last 5,000 training scans validate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accel.base.faults import Fault, Refused
from training.tasks.sources import Source, find, read
from training.tasks.task import Split, Task

Bytes = npt.NDArray[np.uint8]

URL = "https://ossci-datasets.s3.amazonaws.com/mnist"
FILES = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Each file and the SHA-256 of what is packed in it: mirrors pack the same contents in archives of their own."""
SOURCES = {name: Source("mnist", name, f"{URL}/{name}", None, contents) for name, contents in FILES.items()}
VALIDATION = 5000
PERMUTATION = 0
"""Seed of the one fixed order in which permuted pixels are read."""
KINDS = {0x08: np.dtype(">u1")}
"""Element types of the idx format that occur here."""


def mnist_rows() -> Task:
    """28 steps, one row of 28 pixels each, from the top. 55,000, 5,000 and 10,000 sequences; accuracy."""
    return _mnist("mnist_rows", 28)


def mnist_pixels() -> Task:
    """784 steps of one pixel each, row by row (Skip, Ternary)."""
    return _mnist("mnist_pixels", 784)


def mnist_quads() -> Task:
    """196 steps of four pixels each, row by row."""
    return _mnist("mnist_quads", 196)


def mnist_permuted() -> Task:
    """784 steps of one pixel each, in one order for all scans that was drawn once."""
    return _mnist("mnist_permuted", 784, np.random.RandomState(PERMUTATION).permutation(784))


def _mnist(name: str, steps: int, order: npt.NDArray[np.int64] | None = None) -> Task:
    train, test = (_split(part, steps, order) for part in ("train", "t10k"))
    held = len(train) - VALIDATION
    valid = Split(train.x[held:], train.lengths[held:], train.labels[held:])
    return Task(name, 10, "accuracy", train.first(held), valid, test)


def _split(part: str, steps: int, order: npt.NDArray[np.int64] | None) -> Split:
    images, labels = idx(SOURCES[f"{part}-images-idx3-ubyte.gz"]), idx(SOURCES[f"{part}-labels-idx1-ubyte.gz"])
    pixels = images.reshape(len(images), -1)
    if order is not None:
        pixels = pixels[:, order]
    x = (pixels / 256.0).astype(np.float32).reshape(len(images), steps, -1)
    return Split(x, np.full(len(images), steps, dtype=np.int64), labels.astype(np.int64))


def idx(source: Source) -> Bytes:
    """The array of bytes in an idx file: two zeros, kind, number of dimensions, each as four bytes, big end first.

    Refused where the file is not of that form, or its length is not what its head says.
    """
    data = read(source)
    dimensions = data[3] if len(data) > 3 and data[:2] == b"\0\0" and data[2] in KINDS else 0
    sizes = np.frombuffer(data, ">u4", dimensions, 4).astype(np.int64) if len(data) >= 4 + 4 * dimensions else None
    start = 4 + 4 * dimensions
    if not dimensions or sizes is None or start + int(sizes.prod()) != len(data):
        raise Refused([Fault(str(find(source)), f"an idx file of bytes, {source.known}", f"{len(data)} bytes")])
    return np.frombuffer(data, KINDS[data[2]], offset=start).reshape(sizes)
