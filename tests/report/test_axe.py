"""The report for people who do not see it, or not well: the rules of axe-core, in light and in dark."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.report.browser import DARK, browsed
from tests.report.pages import prepared, write

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = """<script>axe.run(document).then((found) => {
  document.title = JSON.stringify({passes: found.passes.length,
    background: getComputedStyle(document.body).backgroundColor,
    violations: found.violations.map((one) => [one.id, ...one.nodes.map((node) => node.html)])});
});</script>"""


def checked(tmp_path: Path, page: str, *flags: str) -> dict[str, Any]:
    """How many rules a page keeps, and those that it breaks, each with where."""
    shown = browsed(tmp_path, f"{page}<script>{AXE}</script>{RUN}", *flags, milliseconds=20_000)
    title = re.search(r"<title>(.*?)</title>", shown, re.DOTALL)
    assert title is not None
    found: dict[str, Any] = json.loads(html.unescape(title[1]))
    return found


@pytest.fixture
def page(tmp_path: Path) -> str:
    write(prepared(tmp_path))
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_report_breaks_no_rule_in_light_and_in_dark(tmp_path: Path, page: str) -> None:
    light, dark = checked(tmp_path, page), checked(tmp_path, page, DARK)
    assert light["background"] != dark["background"]
    for found in (light, dark):
        assert found["violations"] == []
        assert found["passes"] > 20


def test_what_few_people_could_read_is_found(tmp_path: Path, page: str) -> None:
    faint = '<p style="color: #999; background: #aaa">faint</p><img src="data:,">'
    found = checked(tmp_path, page.replace("</main>", f"{faint}</main>"))
    assert {one[0] for one in found["violations"]} >= {"color-contrast", "image-alt"}
