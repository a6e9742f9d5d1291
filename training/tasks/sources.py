"""Where data sets are found: a folder, the user's cache, or their public source with a checksum.

The folder is the one that the environment variable SPARROW_DATA names; in it each set has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from accel.base.faults import Fault, Refused

VARIABLE = "SPARROW_DATA"


@dataclass(frozen=True)
class Source:
    """One public file. `sha256` is None where the archive is packed anew on every download: its reader checks it."""

    folder: str
    file: str
    url: str
    sha256: str | None


def find(*sources: Source) -> Path:
    """The first of some equivalent files that is at hand, else the last one downloaded into the cache.

    Refused where a file at hand has another checksum, or where nothing is at hand and the download fails.
    """
    for source in sources:
        for root in roots():
            path = root / source.folder / source.file
            if path.is_file():
                return _checked(path, source)
    return _downloaded(sources[-1])


def roots() -> list[Path]:
    """Folders that are looked through: that of SPARROW_DATA, then the cache."""
    import pooch

    given = os.environ.get(VARIABLE)
    return [*([Path(given)] if given else []), Path(pooch.os_cache("sparrow"))]


def _checked(path: Path, source: Source) -> Path:
    if source.sha256 is not None:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != source.sha256:
            raise Refused([Fault(str(path), f"sha256 {source.sha256}", found)])
    return path


def _downloaded(source: Source) -> Path:
    import pooch
    from requests import RequestException

    known = source.sha256 and f"sha256:{source.sha256}"
    folder = roots()[-1] / source.folder
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(source.url, known, fname=source.file, path=folder))
    except (RequestException, OSError, ValueError) as error:
        places = " or ".join(str(root / source.folder / source.file) for root in roots())
        wanted = f"{places} (set {VARIABLE} to the folder of your data sets), or a download of {source.url}"
        raise Refused([Fault(f"data set {source.folder}", wanted, f"{type(error).__name__}: {error}")]) from None
