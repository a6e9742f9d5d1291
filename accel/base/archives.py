"""Reading `.npz` files: whatever is wrong with one, it is refused with a sentence."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused

DAMAGED = (ValueError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, OverflowError, NotImplementedError)
"""What numpy and zipfile raise on bytes that are no archive of arrays, beside OSError and RuntimeError."""


def read_arrays(path: Path, what: str) -> dict[str, np.ndarray]:
    """Every array of a file, by name, in its shape and dtype there, without running any code of it.

    Raises Refused, wanting `what`, where there is no such file or it is damaged. OSError is of the machine.
    """
    try:
        contents = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Refused([Fault(str(path), what, error.strerror or str(error))]) from None
    try:
        stored = np.load(io.BytesIO(contents), allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            raise ValueError("one array alone")
        return {name: np.asarray(stored[name]) for name in stored.files}
    except (*DAMAGED, OSError, RuntimeError, SyntaxError, MemoryError) as error:
        raise Refused([Fault(str(path), what, f"{type(error).__name__}: {error}".splitlines()[0])]) from None


def require_integers(arrays: dict[str, np.ndarray], place: str) -> None:
    """Refused where an array, of any shape, holds anything but integers or truth values."""
    faults = [
        Fault(f"{place}: {name}", "whole numbers", f"numbers of type {array.dtype}")
        for name, array in sorted(arrays.items())
        if array.dtype.kind not in "iub"
    ]
    if faults:
        raise Refused(faults)
