"""How the report looks: timelines, tables, pictures and what a phone and a browser show."""

from __future__ import annotations

import re
from pathlib import Path

from accel.report.figures import THEMED, fits
from tests.report.browser import browsed
from tests.report.pages import prepared, read, write


def test_tables_name_their_rows_and_columns_and_pictures_are_told_in_words(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    elements = read(tmp_path).elements
    heads = [attrs for tag, attrs, _ in elements if tag == "th"]
    assert len(heads) > 40
    assert {attrs.get("scope") for attrs in heads} == {"row", "col"}
    pictures = [attrs for tag, attrs, _ in elements if tag == "svg"]
    assert all(attrs["role"] == "img" for attrs in pictures)
    told = " ".join(str(attrs["aria-label"]) for attrs in pictures)
    for words in (
        "W_x keeps 2 of 3 columns in every row",
        "2 + 4 was chosen, at 0.9500",
        "dense ends at 0.9700",
        "lanes",
    ):
        assert words in told
    names = [attrs["id"] for _, attrs, _ in elements if "id" in attrs]
    assert len(names) == len(set(names))


def test_every_table_and_picture_has_a_box_of_its_own_to_scroll_in(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    for tag, _, within in read(tmp_path).elements:
        assert tag not in ("table", "svg") or any("scroll" in classes.split() for classes in within)


def test_pictures_have_the_colours_of_the_page(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    page = (tmp_path / "report.html").read_text()
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not [colour for colour in THEMED if colour in pictures]
    used = set(re.findall(r"var\(--([\w-]+)\)", page))
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    assert used - {"color-scheme"} <= set(re.findall(r"--([\w-]+):", dark)) == set(re.findall(r"--([\w-]+):", light))


def test_labels_that_have_no_room_are_left_out() -> None:
    assert fits("x", 8, 0.1)
    assert not fits("forget gate", 8, 0.5)


TOO_WIDE = """<style>html { width: 390px; }</style><script>
const wide = [...document.body.querySelectorAll("main, main *")].filter(
  (one) => !one.parentElement.closest(".scroll, pre, svg") && one.getBoundingClientRect().right > 390.5);
document.title = "too wide: " + wide.length;
</script>"""
"""Counts what a page shows beyond the edge of a phone, but within the boxes that scroll."""


def test_nothing_is_cut_on_a_phone(tmp_path: Path) -> None:
    write(prepared(tmp_path, model={"hidden": [8, 6, 7]}))
    page = (tmp_path / "report.html").read_text()
    assert "<title>too wide: 0</title>" in browsed(tmp_path, page + TOO_WIDE)
    assert "<title>too wide: 0</title>" not in browsed(tmp_path, page.replace('class="scroll', 'class="') + TOO_WIDE)


def test_a_browser_shows_the_page(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    shown = browsed(tmp_path, (tmp_path / "report.html").read_text())
    assert '<span class="verdict good" id="verdict">memories equal, 1 engines: 1 equal</span>' in shown
    assert shown.count("<svg") == 4
    assert "lstm0 lanes" in shown
