"""`report.json` and `report.html`, from what earlier steps left."""

from __future__ import annotations

import json

from accel.model.design import Design
from accel.report.facts import gather
from accel.report.page import page


def texts(design: Design) -> dict[str, str]:
    """`report.json` and a self-contained `report.html`, from what earlier steps left in the work folder."""
    facts = gather(design)
    return {"report.json": json.dumps(facts, indent=2) + "\n", "report.html": page(design, facts)}
