"""Data sets are found in the given folder or the cache, checked, and refused with a sentence where they are absent."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pooch
import pytest

from accel.base.faults import Refused
from training.tasks import sources
from training.tasks.sources import Source, find

SOURCE = Source("set", "file.txt", "https://example.invalid/file.txt", hashlib.sha256(b"data").hexdigest())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(sources.VARIABLE, str(tmp_path / "given"))
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache")
    return tmp_path


def put(root: Path, contents: bytes) -> Path:
    path = root / "set" / "file.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(contents)
    return path


def test_the_given_folder_comes_before_the_cache(folder: Path) -> None:
    cached, given = put(folder / "cache", b"data"), put(folder / "given", b"data")
    assert find(SOURCE) == given
    given.unlink()
    assert find(SOURCE) == cached


def test_a_file_with_another_checksum_is_refused(folder: Path) -> None:
    put(folder / "given", b"other")
    with pytest.raises(Refused, match=r"file.txt: wanted sha256 3a6eb0.*, as from https:.*, got d9298a"):
        find(SOURCE)


def test_an_absent_set_names_the_places_and_what_the_download_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **named: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(pooch, "retrieve", fails)
    with pytest.raises(Refused, match=r"data set set: wanted .*given/set/file.txt.* \(set SPARROW_DATA .*no network"):
        find(SOURCE)


def test_the_first_of_equivalent_files_at_hand_is_taken(folder: Path) -> None:
    other = Source("set", "packed.txt", "https://example.invalid/packed.txt", None)
    put(folder / "given", b"data")
    assert find(other, SOURCE).name == "file.txt"
