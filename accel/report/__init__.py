"""The report of a design: one page for a person, one file for a program."""

from __future__ import annotations

from accel.engines.engine import Design
from accel.report.facts import gather
from accel.report.page import page
from accel.work import write_json, write_text

FILES = ("report.json", "report.html")


def write(design: Design) -> list[str]:
    """Leave `report.json` and a self-contained `report.html` in the work folder, from what earlier steps left there."""
    facts = gather(design)
    write_json(design.work / FILES[0], facts)
    write_text(design.work / FILES[1], page(design, facts))
    return list(FILES)
