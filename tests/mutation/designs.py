"""The five designs that are mutated: small, and between them every kind of layer, memory, stream and head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.engines.covered import sequences
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.model.random_weights import seeded
from accel.model.reach import reach
from accel.model.samples import Samples
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.schedule.load_spec import parse

TIGHT = {"input": [6, 3], "bias": [8, 4], "gate": [6, 4], "activation": [7, 6], "cell": [7, 6], "state": [6, 6]}
"""Formats in which everything saturates now and then, and whose tables are read from end to end."""
TABLES = {"address": 5, "sigmoid": 2, "tanh": 1}


def _data(name: str, **sections: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "name": name,
        "weights": {"width": 6, "input_frac": 4, "recurrent_frac": 4, "head_frac": 4},
        "formats": TIGHT,
        "tables": TABLES,
        "training": {"task": "seeded"},
        "verify": {"slow_steps": 96},
    }
    return base | sections


SPECS = {
    "rows": _data(
        "rows",
        model={"inputs": 3, "hidden": [6], "head": {"outputs": 3, "kind": "argmax", "when": "last"}},
        sparsity={"pattern": "row", "input": 0.3, "recurrent": 0.5},
        engine={"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2},
    ),
    "columns": _data(
        "columns",
        model={"inputs": 3, "hidden": [6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        sparsity={"pattern": "column", "input": 0.6, "recurrent": 0.3, "threshold": 0.1},
        engine={"dataflow": "column", "units": 2},
    ),
    "loaded": _data(
        "loaded",
        model={"inputs": 3, "hidden": [5]},
        sparsity={"pattern": "row", "input": 0.3, "recurrent": 0.5},
        weights={"kind": "ternary", "per_row": True, "input_frac": 1, "recurrent_frac": 1},
        formats=TIGHT | {"scale": [6, 4]},
        engine={"units": 3, "memory": "scratchpad"},
    ),
    "fed": _data(
        "fed",
        model={"inputs": 3, "hidden": [5], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        sparsity={"pattern": "dense"},
        engine={
            **{"units": 3, "cells_per_cycle": 1, "streams": 2},
            **{"memory": "stream", "memory_width": 64, "state_streams": True},
        },
    ),
    "highway": _data(
        "highway",
        model={"cell": "highway", "depth": 2, "inputs": 3, "hidden": [5], "stateful": True},
        sparsity={"pattern": "row", "input": 0.3, "recurrent": 0.4},
        formats=TIGHT | {"cell": [8, 7]},
        engine={"units": 3},
    ),
}
"""By rows with the arg max of a head; by columns with a threshold; weights loaded, ternary, with scales; streamed
weights, two streams, states given and taken; a highway of two levels that goes on from sequence to sequence.
"""


def generated(name: str, work: Path) -> Design:
    """One of the designs, with seeded weights, and everything that `sparrow generate` makes of it in `work`."""
    spec = parse(SPECS[name])
    design = Design(spec, seeded(spec), work)
    for path, text in (render(design) | render_hls(design)).items():
        write_text(work / path, text)
    write_text(work / "rtl" / f"{spec.identifier}.v", convert(design))
    return design


def stimuli(design: Design) -> Samples:
    """What `sparrow verify` gives it: corners made for the design, and seeded sequences of different lengths."""
    real, reached = samples.seeded(design.spec, 6, 5), reach(design.net, design.weights)
    return sequences(design, samples.corners(design.spec), real, reached).all
