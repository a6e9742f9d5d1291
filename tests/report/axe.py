"""The rules of axe-core, asked of a page in a browser without a screen."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.report.browser import DARK, browsed

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


def require_no_violation(tmp_path: Path, page: str) -> None:
    """A page breaks no rule in light and in dark, which are not the same, and many were asked."""
    light, dark = checked(tmp_path, page), checked(tmp_path, page, DARK)
    assert light["background"] != dark["background"]
    for found in (light, dark):
        assert found["violations"] == []
        assert found["passes"] > 20
