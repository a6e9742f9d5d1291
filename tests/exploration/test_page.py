"""The page of a study for people who do not see it, or not well: the rules of axe-core, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exploration.test_exploring import explore
from tests.report.axe import checked, require_no_violation

CHOSEN = "<script>document.querySelector('#front tbody tr').click()</script>"
"""A point is picked, so that its spec is on the page, too."""


@pytest.fixture
def page(tmp_path: Path) -> str:
    assert explore(tmp_path).exit_code == 0
    return (tmp_path / "work" / "explore" / "index.html").read_text(encoding="utf-8") + CHOSEN


def test_the_page_breaks_no_rule_in_light_and_in_dark(tmp_path: Path, page: str) -> None:
    require_no_violation(tmp_path, page)


def test_what_few_people_could_read_is_found(tmp_path: Path, page: str) -> None:
    found = checked(tmp_path, page.replace("--muted: #616e7c", "--muted: #c0c6cc"))
    assert "color-contrast" in {one[0] for one in found["violations"]}
