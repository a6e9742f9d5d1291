"""The report for people who do not see it, or not well: the rules of axe-core, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.axe import checked, require_no_violation
from tests.report.pages import prepared, write


@pytest.fixture
def page(tmp_path: Path) -> str:
    write(prepared(tmp_path))
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_report_breaks_no_rule_in_light_and_in_dark(tmp_path: Path, page: str) -> None:
    require_no_violation(tmp_path, page)


def test_what_few_people_could_read_is_found(tmp_path: Path, page: str) -> None:
    faint = '<p style="color: #999; background: #aaa">faint</p><img src="data:,">'
    found = checked(tmp_path, page.replace("</main>", f"{faint}</main>"))
    assert {one[0] for one in found["violations"]} >= {"color-contrast", "image-alt"}
