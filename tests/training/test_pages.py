"""Accuracies in the documentation are those of the records beside it."""

from __future__ import annotations

from pathlib import Path

from accel.base.files import read_json
from tests.bench.skipping_page import line, page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_about_skipping_is_that_of_its_record() -> None:
    assert (DOCS / "skipping.md").read_text() == page(read_json(DOCS / "skipping.json"))


def test_a_threshold_is_told_as_mean_range_and_paired_interval_over_the_seeds() -> None:
    row = read_json(DOCS / "skipping.json")["digits-columns"]["1"]["rows"][0]
    right = (0.5, 0.75, 0.7, 0.6, 0.7)
    seeds = [{**row, "correct": one, "metric": 0.75} for one in right]
    half = 2.776445 * 10.0 / 5**0.5
    assert line(seeds, seeds).endswith(f"0.6500 (0.5000–0.7500) | -10.0 ({-10 - half:+.1f} to {-10 + half:+.1f}) |")
    assert line(seeds[:4], seeds[:4]).endswith("|  |  |")
