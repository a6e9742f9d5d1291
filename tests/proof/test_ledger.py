"""The manifest: what is written comes back, and one that is damaged or made up is refused and does nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import Refused
from accel.base.files import read_json, write_text
from accel.proof import ledger
from accel.proof.ledger import NAME, Entry
from accel.proof.links import Links

LINKS = Links({"model": {"inputs": 3, "bias": True}}, {"a.txt": "1" * 64}, {"accel/x.py": "2" * 64}, {"g++": "12.2"})


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with one finished step."""
    folder = tmp_path / "work"
    write_text(folder / "out.txt", "out")
    ledger.record(folder, "step", "sparrow step", LINKS, ["out.txt"])
    return folder


def forge(work: Path, change: Any) -> None:
    """Change the manifest as somebody would who knows its digest."""
    steps = read_json(work / NAME)["steps"]
    change(steps)
    (work / NAME).write_text(json.dumps({"sha256": ledger._own_digest(steps), "steps": steps}))


def test_what_is_recorded_comes_back(work: Path) -> None:
    found = ledger.entry(work, "step")
    assert found == Entry("sparrow step", LINKS, ledger.digests(work, ["out.txt"]))
    assert ledger.changes(work, "step", LINKS) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"spec": {"model": {"inputs": 4, "bias": True}}}, "model.inputs: wanted 3, got 4"),
        ({"spec": {"model": {"inputs": 3}}}, "model.bias: wanted True, got None"),
        ({"files": {"a.txt": "3" * 64}}, "a.txt: wanted sha256 111111111111…, got sha256 333333333333…"),
        ({"files": {"a.txt": ""}}, "a.txt: wanted sha256 111111111111…, got nothing"),
        ({"sources": {"accel/x.py": "3" * 64}}, "source accel/x.py: wanted sha256 222222222222…"),
        ({"sources": {**LINKS.sources, "accel/new.py": "3" * 64}}, "source accel/new.py: wanted nothing"),
        ({"tools": {"g++": "13.1"}}, "tool g++: wanted 12.2, got 13.1"),
        ({"tools": {"g++": ""}}, "tool g++: wanted 12.2, got nothing"),
    ],
)
def test_a_changed_link_is_named(work: Path, now: dict[str, Any], said: str) -> None:
    links = Links(**({"spec": LINKS.spec, "files": LINKS.files, "sources": LINKS.sources, "tools": LINKS.tools} | now))
    assert [str(fault).startswith(said) for fault in ledger.changes(work, "step", links)] == [True]


def test_a_changed_or_lost_output_is_named(work: Path) -> None:
    write_text(work / "out.txt", "edited")
    assert "out.txt: wanted sha256 " in str(ledger.changes(work, "step", LINKS)[0])
    (work / "out.txt").unlink()
    assert "got no such file" in str(ledger.changes(work, "step", LINKS)[0])


def test_files_that_are_no_longer_made_are_removed(work: Path) -> None:
    write_text(work / "new.txt", "new")
    ledger.record(work, "step", "sparrow step", LINKS, ["new.txt"])
    assert not (work / "out.txt").exists()


def test_a_file_that_somebody_changed_is_not_removed(work: Path) -> None:
    write_text(work / "out.txt", "mine")
    ledger.record(work, "step", "sparrow step", LINKS, [])
    assert (work / "out.txt").read_text() == "mine"


def test_a_file_belongs_to_the_step_that_wrote_it_last(work: Path) -> None:
    write_text(work / "out.txt", "of another")
    ledger.record(work, "other", "sparrow other", LINKS, ["out.txt"])
    assert ledger.outputs(work, "step") == []
    assert ledger.changes(work, "step", LINKS) == []


def test_a_step_that_begun_counts_as_not_done(work: Path) -> None:
    ledger.begin(work, "step", "sparrow step")
    assert "that did not end" in str(ledger.changes(work, "step", LINKS)[0])


@pytest.mark.parametrize("contents", ["", "{", "[]", "7", '{"steps": []}', "[" * 100_000, '{"steps": {}}', "\xff"])
def test_what_is_no_manifest_is_refused(work: Path, contents: str) -> None:
    (work / NAME).write_bytes(contents.encode("latin-1"))
    with pytest.raises(Refused, match="wanted what sparrow wrote there"):
        ledger.entries(work)


def test_every_edit_by_hand_is_refused(work: Path) -> None:
    text = (work / NAME).read_text()
    for place in range(text.index('"steps"'), len(text) - 3, 5):
        (work / NAME).write_text(text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :])
        with pytest.raises(Refused):
            ledger.entries(work)


@pytest.mark.parametrize("name", ["../victim", "/tmp/victim", "out/../../victim"])
def test_a_made_up_path_out_of_the_folder_is_refused_and_deletes_nothing(work: Path, name: str) -> None:
    victim = work.parent / "victim"
    victim.write_text("precious")
    forge(work, lambda steps: steps["step"]["outputs"].update({name: ledger.file_digest(victim)}))
    with pytest.raises(Refused, match="a path that stays within the work folder"):
        ledger.record(work, "step", "sparrow step", LINKS, ["out.txt"])
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("made_by", 7),
        ("outputs", []),
        ("outputs", {"a": 1}),
        ("outputs", None),
        ("links", 3),
        ("links", {"spec": {}, "files": [], "sources": {}, "tools": {}}),
        ("links", {"spec": 1, "files": {}, "sources": {}, "tools": {}}),
        ("writing", "x"),
    ],
)
def test_wrong_types_are_refused(work: Path, key: str, value: Any) -> None:
    forge(work, lambda steps: steps["step"].update({key: value}))
    with pytest.raises(Refused):
        ledger.entries(work)


def test_an_entry_that_is_none_is_refused(work: Path) -> None:
    forge(work, lambda steps: steps.update(step=None))
    with pytest.raises(Refused):
        ledger.entries(work)
