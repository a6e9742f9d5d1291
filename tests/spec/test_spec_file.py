"""A spec as a file: one plain document, its numbers and words, and where a fault lies."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from accel.base.faults import Refused
from accel.schedule.load_spec import load
from tests.designs import data


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    return path


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(Refused) as found:
        load(written(tmp_path, text))
    return [str(fault).removeprefix(str(tmp_path)) for fault in found.value.faults]


def test_a_fault_names_file_line_and_key(tmp_path: Path) -> None:
    text = yaml.safe_dump(data(model={"inputs": "x"}))
    line = 1 + text.splitlines().index("  inputs: x")
    assert refused(tmp_path, text) == [f'/some.yaml:{line}: model.inputs: wanted a whole number, got "x"']


def test_a_key_given_twice_is_refused_beside_other_faults(tmp_path: Path) -> None:
    text = yaml.safe_dump(data(weights={"width": 99})) + "name: again\n"
    line = len(text.splitlines())
    found = refused(tmp_path, text)
    assert any(fault.startswith(f"/some.yaml:{line}: name: wanted each key once (first on line ") for fault in found)
    assert any("weights.width" in fault for fault in found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: [", id="torn"),
        pytest.param("a: 1\n---\nb: 2\n", id="two_documents"),
        pytest.param("a: &x [*x]\n", id="alias_of_itself"),
        pytest.param("a: !!python/object:os.system x\n", id="python_object"),
        pytest.param("a: !!int x\n", id="tag_that_does_not_fit"),
        pytest.param("a: " + "9" * 5000, id="number_too_long"),
        pytest.param("a: " + "[" * 2000, id="too_deep"),
        pytest.param("? [a]\n: b\n", id="list_as_key"),
        pytest.param("\x00", id="control_character"),
    ],
)
def test_what_is_not_one_plain_document_is_refused(tmp_path: Path, text: str) -> None:
    assert len(refused(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("name: a\nmodel: {a: 1", 2, "expected ',' or '}'"),
        ("name: a\n\nmodel: &anchor {}\nengine: *anchor\n", 4, "an alias"),
        ("name: a\nmodel: !python/object:os.system {}\n", 2, "a tag"),
        ("name: a\n---\nname: b\n", 2, "expected a single document"),
        ("name: a\nmodel:\n  \x01: 1\n", 3, "character #x01"),
        ("name: a\nseed: " + "9" * 5000, 2, "a number of 5000 digits"),
        ("name:\n" + "- " * 50 + "a", 2, "nesting deeper than 20"),
        ("name: a\n? [b]\n: c\n", 2, "unhashable key"),
    ],
)
def test_a_fault_of_the_syntax_says_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    (fault,) = refused(tmp_path, text)
    assert f"some.yaml:{line}: wanted valid YAML, got " in str(fault)
    assert what in str(fault)


def test_a_file_that_is_no_spec_is_refused_for_its_size_before_it_is_parsed(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path, "# " + "x" * 20000)
    assert "wanted at most 16,384 bytes" in str(fault)


def test_a_missing_section_is_refused_in_the_first_line(tmp_path: Path) -> None:
    faults = [str(fault) for fault in refused(tmp_path, "name: a\n")]
    assert any("some.yaml:1: model: wanted a value" in fault for fault in faults)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    for name in ("none.yaml", "latin.yaml", "."):
        with pytest.raises(Refused, match="a readable YAML file"):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [("1e-3", 0.001), ("5.0e-3", 0.005), (".5", 0.5), ("1", 1)],
)
def test_numbers_are_numbers(tmp_path: Path, written_as: str, meant: float) -> None:
    text = yaml.safe_dump(data()).replace("task: seeded", f"task: seeded\n  learning_rate: {written_as}")
    assert load(written(tmp_path, text)).training.learning_rate == meant


@pytest.mark.parametrize("word", ["on", "yes", "12:30", "2026-11-20", ".nan", "0x10"])
def test_words_that_yaml_1_1_took_for_something_else_are_text(tmp_path: Path, word: str) -> None:
    text = yaml.safe_dump(data()).replace("cell: lstm", "").replace("inputs: 3", f"inputs: 3\n  cell: {word}")
    assert refused(tmp_path, text)[0].endswith(
        f"model.cell: wanted 'lstm', 'highway', 'gru' or 'gru_reset_first', got \"{word}\""
    )
