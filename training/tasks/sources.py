"""Where data sets are found: a folder, the user's cache, or their public source with a checksum.

The folder is the one that the environment variable SPARROW_DATA names; in it each set has a folder of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from accel.base.faults import Fault, Refused

VARIABLE = "SPARROW_DATA"
UNPACKED: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".xz": lzma.decompress}


@dataclass(frozen=True)
class Source:
    """One public file. `sha256` is None where an archive is packed differently here and there: its reader checks it."""

    folder: str
    file: str
    url: str
    """Address to download it from; without one, `origin` says what it was made of."""
    sha256: str | None
    contents: str | None = None
    """SHA-256 of what is packed in it: the same whoever packed it."""
    origin: str = ""

    @property
    def known(self) -> str:
        """Where a right copy comes from, for messages."""
        return f"as from {self.url}" if self.url else self.origin or "as its public source has it"


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


def read(source: Source) -> bytes:
    """What is packed in a file that `find` finds; the file itself where its name says that nothing is packed.

    Refused, with the checksum and the source, where it is damaged, cut short or another version.
    """
    path = find(source)
    packed = path.read_bytes()
    try:
        found = UNPACKED.get(path.suffix, bytes)(packed)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Refused([Fault(str(path), _wanted(source), f"a damaged archive: {error}")]) from None
    digest = hashlib.sha256(found).hexdigest()
    if source.contents is not None and digest != source.contents:
        raise Refused([Fault(str(path), _wanted(source), f"{len(found)} bytes with sha256 {digest}")])
    return found


def roots() -> list[Path]:
    """Folders that are looked through: that of SPARROW_DATA, then the cache."""
    import pooch

    given = os.environ.get(VARIABLE)
    return [*([Path(given)] if given else []), Path(pooch.os_cache("sparrow"))]


def _wanted(source: Source) -> str:
    """The checksum of what is packed, else of the file, and where a right copy comes from."""
    if source.contents is not None:
        return f"contents with sha256 {source.contents}, {source.known}"
    return f"sha256 {source.sha256}, {source.known}" if source.sha256 else source.known


def _checked(path: Path, source: Source) -> Path:
    if source.sha256 is not None:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != source.sha256:
            raise Refused([Fault(str(path), f"sha256 {source.sha256}, {source.known}", found)])
    return path


def _downloaded(source: Source) -> Path:
    import pooch
    from requests import RequestException

    places = " or ".join(str(root / source.folder / source.file) for root in roots())
    place, wanted = f"data set {source.folder}", f"{places} (set {VARIABLE} to the folder of your data sets)"
    if not source.url:
        raise Refused([Fault(place, f"{wanted}: {source.origin}", "no such file, and no address to download it from")])
    known = source.sha256 and f"sha256:{source.sha256}"
    folder = roots()[-1] / source.folder
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(source.url, known, fname=source.file, path=folder))
    except (RequestException, OSError, ValueError) as error:
        fault = Fault(place, f"{wanted}, or a download of {source.url}", f"{type(error).__name__}: {error}")
        raise Refused([fault]) from None
