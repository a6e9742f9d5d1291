"""The tables of docs/own-networks.md are those of the records beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.networks.page import tables

DOCS = Path(__file__).parents[2] / "docs"
RECORDS = json.loads((DOCS / "own-networks.json").read_text(encoding="utf-8"))


def test_the_page_has_the_tables_of_its_records() -> None:
    assert tables(RECORDS) in (DOCS / "own-networks.md").read_text(encoding="utf-8")


def test_an_engine_that_was_not_equal_has_no_place_in_the_table() -> None:
    spoiled = json.loads(json.dumps(RECORDS))
    next(iter(spoiled.values()))["rows"][0]["engines"]["hls"] = "different"
    with pytest.raises(AssertionError):
        tables(spoiled)
