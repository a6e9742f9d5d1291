"""How `explore` looks on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from exploration.sentences import number, word
from sparrow.terminal import table


def explored(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow explore`: the front, three sentences, and where the page is."""
    names = [one["name"] for one in facts["objectives"]]
    keys = list(facts["axes"])
    rows = [_row(point, names, keys) for point in facts["points"] if point["front"]]
    title = f"{facts['spec']}: {len(rows)} of {len(facts['points'])} designs that no other beats"
    ends = ("proof", "routed") if any(point["route"] for point in facts["points"]) else ("proof",)
    columns = ("point", *(name.replace("_", " ") for name in names), *(key.split(".")[1] for key in keys), *ends)
    told = Text("\n".join([*facts["sentences"], f"{facts['folder']}/index.html"]))
    return [table(title, columns, rows), told]


def _row(point: dict[str, Any], names: list[str], keys: list[str]) -> tuple[Any, ...]:
    values = (number(point["values"][name]) for name in names)
    ends = [point["proof"]["status"], *([routed(point["route"])] if point["route"] else [])]
    return f"{point['number']:02d}", *values, *(word(point["choice"][key]) for key in keys), *ends


def routed(route: dict[str, Any]) -> str:
    """What place and route gave."""
    return f"{route['mhz']:.1f} MHz" if route["status"] == "routed" else str(route["status"])
