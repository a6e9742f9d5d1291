"""What designs of awkward sizes have in common, and one rendered into a folder."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl import convert, render
from accel.schedule import load_spec

BASE: dict[str, Any] = {
    "name": "awkward",
    "model": {"inputs": 7, "hidden": [13]},
    "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.6},
    "weights": {"width": 6, "input_frac": 4, "recurrent_frac": 4, "head_frac": 4},
    "formats": {
        **{"input": [8, 6], "bias": [12, 8], "gate": [12, 8]},
        **{"activation": [10, 9], "cell": [12, 8], "state": [10, 9]},
    },
    "tables": {"address": 8, "sigmoid": 4, "tanh": 2},
    "engine": {"units": 5},
    "training": {"task": "seeded", "seed": 3},
}

TIGHT = {
    "weights": {"width": 6, "input_frac": 2, "recurrent_frac": 2, "head_frac": 2},
    "formats": {
        **{"input": [4, 2], "bias": [6, 2], "gate": [5, 2]},
        **{"activation": [5, 4], "cell": [4, 3], "state": [4, 4]},
    },
}
"""Formats in which gates, cells and states saturate, in a step of zeros as well."""

FINE = BASE["formats"] | {"cell": [14, 12]}
"""Formats in which a highway cell carries its state on more finely than lanes read it."""


def design(work: Path, verilog: bool = False, **sections: Any) -> Design:
    """A design with seeded weights; its MyHDL (and Verilog, if wanted) lies in `work`."""
    data = copy.deepcopy(BASE) | sections
    made = load_spec.parse(data)
    built = Design(made, random_weights.seeded(made), work)
    for path, text in render.render(built).items():
        write_text(work / path, text)
    if verilog:
        write_text(work / "rtl" / f"{made.identifier}.v", convert.convert(built))
    return built
