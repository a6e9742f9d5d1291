"""A spec as data: faults told all at once, its digest, its schema, the shipped ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from accel.base.fixed import Fixed
from accel.schedule.load_spec import load, parse
from accel.spec import schema
from accel.spec.reference import markdown, rows
from tests.designs import data
from tests.spec.faulty import FORMATS, ROOT, faults


def test_a_missing_key_is_refused() -> None:
    assert faults({**data(), "model": {"hidden": [8]}}) == [
        "model.inputs: wanted a value (the key is missing), got nothing"
    ]


def test_every_fault_is_told_at_once() -> None:
    given = data(model={"inputs": "8", "gates": 4}, weights={"width": 99}, training={"task": 7})
    assert len(faults(given)) == 4


def test_every_contradiction_is_told_at_once() -> None:
    given = data(engine={"units": 9, "cells_per_cycle": 2}, formats={**FORMATS, "gate": [16, 18]})
    assert len(faults(given)) == 3


@pytest.mark.parametrize("given", [None, 3, [], "text"], ids=str)
def test_something_other_than_a_mapping_is_refused(given: Any) -> None:
    assert faults(given) == [f"wanted a mapping of sections, got {json.dumps(given)}"]


def test_resolved_spec_is_a_spec_again_and_has_the_same_digest() -> None:
    one = parse(data())
    again = parse(json.loads(one.resolved()))
    assert again == one
    assert again.digest == one.digest


def test_digest_changes_with_every_decision() -> None:
    digests = {parse(data(**change)).digest for change in ({}, {"training": {"seed": 2}}, {"engine": {"units": 2}})}
    assert len(digests) == 3


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(data()).name = "other"  # type: ignore[misc]


def test_formats_are_fixed_point_below_the_border() -> None:
    assert parse(data()).formats.input == Fixed(8, 6)


def test_schema_in_the_docs_is_current() -> None:
    stored = json.loads((ROOT / "docs" / "spec.schema.json").read_text())
    assert stored == json.loads(json.dumps(schema())), "run `make schema`"


def test_reference_in_the_docs_is_current() -> None:
    assert (ROOT / "docs" / "spec.md").read_text() == markdown(schema()), "run `make schema`"


def test_every_key_says_what_it_means() -> None:
    assert [row.path for row in rows(schema()) if not row.meaning] == []


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_spec_is_valid(path: Path) -> None:
    assert load(path).name == path.stem
