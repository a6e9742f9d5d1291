"""Small data sets in the formats of the real ones, put where the loaders look, with checksums of their own."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.tasks.sources import Source

PACK = {".gz": gzip.compress, ".xz": lzma.compress}


def put(root: Path, source: Source, contents: bytes) -> Source:
    """Write `contents` packed as the source's name says; the source with the checksums of what was written."""
    path = root / source.folder / source.file
    packed = PACK[path.suffix](contents) if path.suffix in PACK else contents
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    found = {"sha256": hashlib.sha256(packed).hexdigest()} if source.sha256 else {}
    return replace(source, contents=hashlib.sha256(contents).hexdigest() if source.contents else None, **found)


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    """An array of bytes in the idx format."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def recordings(x: npt.NDArray[np.float16], y: list[int], split: list[int], labels: list[str]) -> bytes:
    """Log-mel frames as the keywords' npz holds them."""
    buffer = io.BytesIO()
    np.savez(buffer, x=x, y=np.array(y, np.uint8), split=np.array(split, np.uint8), labels=np.array(labels))
    return buffer.getvalue()


def utterances(found: list[tuple[npt.NDArray[np.float64], int]]) -> bytes:
    """Utterances [steps, dimensions] and their labels in the UEA archive's `.ts` format."""
    lines = ["#a comment: of the archive", "@problemName JapaneseVowels", "@equalLength false", "@data"]
    for steps, label in found:
        lines.append(":".join([*(",".join(f"{value:.6f}" for value in part) for part in steps.T), str(label)]))
    return "\n".join(lines).encode() + b"\n"
