"""`report.json` and `report.html`, from what earlier steps left."""

from __future__ import annotations

from accel.base.files import write_json, write_text
from accel.model.design import Design
from accel.report.facts import gather
from accel.report.page import page

FILES = ("report.json", "report.html")


def write(design: Design) -> list[str]:
    """Leave `report.json` and a self-contained `report.html` in the work folder, from what earlier steps left there."""
    facts = gather(design)
    write_json(design.work / FILES[0], facts)
    write_text(design.work / FILES[1], page(design, facts))
    return list(FILES)
