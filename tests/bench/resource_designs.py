"""Designs whose resources yosys counts: small, and between them everything that the model of `fpga.estimate` knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from accel.schedule.load_spec import load
from accel.spec import Spec
from tests.designs import spec

SPECS = Path(__file__).parents[2] / "specs"
BOARDS = {
    "ecp5": "ulx3s-85f",
    "ice40": "icebreaker",
    "ice40 without multipliers": "ice40-hx8k",
    "gowin": "tang-nano-20k",
    "xc7": "arty-a7-100",
    "xcup": "zcu104",
}
"""A board of each family; what yosys makes of a design is the same for all its chips that have multipliers, or not."""

COLUMN = {"pattern": "column", "input": 0.5, "recurrent": 0.5}
BALANCED = {"pattern": "balanced", "input": 0.3, "recurrent": 0.5}
MIXED = {"input": "row", "recurrent": "column"}
TERNARY = {"kind": "ternary", "per_row": True, "input_frac": 1, "recurrent_frac": 1}
FINE = {"state": [16, 15], "activation": [16, 15], "cell": [18, 13]}
COARSE = {"gate": [10, 7], "activation": [8, 7], "cell": [10, 7], "state": [8, 7]}
NO_HEAD = {"inputs": 5, "hidden": [12], "head": None}

FITTED: dict[str, dict[str, Any]] = {
    "little": {},
    "two lanes a row": {"engine": {"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2}},
    "registers": {"engine": {"units": 4, "operand_register": True, "operand_memory": "block"}},
    "no head": {"model": {"inputs": 5, "hidden": [24], "head": None}, "engine": {"units": 6}},
    "dense": {"sparsity": {"pattern": "dense", "input": None, "recurrent": None}, "engine": {"units": 4}},
    "two layers": {"model": {"inputs": 6, "hidden": [12, 8]}, "engine": {"units": 4}},
    "wider": {
        "model": {"inputs": 12, "hidden": [48]},
        "engine": {"units": 8, "cells_per_cycle": 2},
        "formats": FINE,
        "weights": {"width": 10, "input_frac": 6, "recurrent_frac": 6},
    },
    "banks": {
        "model": {"inputs": 9, "hidden": [20]},
        "sparsity": {"pattern": "bank", "input": 0.3, "recurrent": 0.5},
        "engine": {"units": 1, "lanes_per_row": 4, "operand_memory": "block"},
    },
    "coarse": {
        "model": {"inputs": 6, "hidden": [16], "head": None},
        "formats": COARSE,
        "weights": {"width": 5},
        "tables": {"address": 7},
        "engine": {"units": 2},
    },
    "gru": {"model": {"cell": "gru", "inputs": 4, "hidden": [12]}, "engine": {"units": 3}},
    "gru that resets first": {"model": {**NO_HEAD, "cell": "gru_reset_first"}, "engine": {"units": 4}},
    "highway": {
        "model": {**NO_HEAD, "cell": "highway", "depth": 2},
        "formats": {"cell": [16, 14], "state": [8, 7]},
        "engine": {"units": 3},
    },
    "ternary": {"model": NO_HEAD, "weights": TERNARY, "formats": {"scale": [12, 9]}, "engine": {"units": 4}},
    "binary": {"model": NO_HEAD, "weights": {"kind": "binary"}, "engine": {"units": 4}},
    "scaled": {"weights": {"per_row": True}, "formats": {"scale": [12, 9]}, "engine": {"units": 2}},
    "loaded": {"model": NO_HEAD, "engine": {"units": 2, "memory": "scratchpad"}},
    "loaded, head": {"model": {"inputs": 4, "hidden": [16]}, "engine": {"units": 4, "memory": "scratchpad"}},
    "fed": {"model": NO_HEAD, "engine": {"units": 2, "memory": "stream", "memory_width": 64}},
    "two streams": {"model": {"inputs": 4, "hidden": [8]}, "engine": {"units": 2, "streams": 2}},
    "split": {
        "model": NO_HEAD,
        "engine": {"units": 2, "lanes_per_row": 2, "lanes": "split", "input_lanes": 1},
    },
    "x first": {"model": {"inputs": 8, "hidden": [16], "head": None}, "engine": {"units": 2, "order": "x_first"}},
    "both directions": {
        "model": {"inputs": 4, "hidden": [6], "head": None, "bidirectional": True, "longest": 20},
        "engine": {"units": 2},
    },
    "given states": {"model": NO_HEAD, "engine": {"units": 2, "state_streams": True}},
    "linear layers": {
        "model": {
            "inputs": 4,
            "hidden": [8],
            "head": {"outputs": 4, "kind": "logits", "layers": [{"outputs": 8, "activation": "relu"}], "pool": "max"},
        },
        "formats": {"linear": [12, 8]},
        "engine": {"units": 2},
    },
    "residuals": {
        "model": {"inputs": 6, "hidden": [6, 6], "between": ["residual", "residual"], "head": {"outputs": 4}},
        "formats": {"residual": [14, 10]},
        "engine": {"units": 2},
    },
    "residuals, both directions": {
        "model": {"inputs": 8, "hidden": [4, 4], "between": ["residual"], "head": None}
        | {"bidirectional": True, "longest": 20},
        "formats": {"residual": [14, 10]},
        "engine": {"units": 2},
    },
    "tokens": {"model": {**NO_HEAD, "vocabulary": 20}, "engine": {"units": 2, "input_words": 2}},
    "shared columns": {
        "model": {"inputs": 8, "hidden": [24], "head": None},
        "sparsity": {"shared_by_gates": True},
        "engine": {"units": 4, "operand_memory": "block"},
    },
    "columns": {"sparsity": COLUMN, "engine": {"dataflow": "column", "units": 4}},
    "columns, few lanes": {
        "model": {"inputs": 4, "hidden": [24], "head": None},
        "sparsity": COLUMN,
        "engine": {"dataflow": "column", "units": 2, "cells_per_cycle": 2},
    },
    "columns, many lanes": {
        "model": {"inputs": 6, "hidden": [32], "head": None},
        "sparsity": COLUMN,
        "engine": {"dataflow": "column", "units": 8},
    },
    "columns, gru": {
        "model": {"cell": "gru", "inputs": 4, "hidden": [12]},
        "sparsity": COLUMN,
        "engine": {"dataflow": "column", "units": 3},
    },
    "columns, ternary": {
        "model": {"inputs": 4, "hidden": [16], "head": None},
        "sparsity": COLUMN,
        "weights": TERNARY,
        "formats": {"scale": [12, 9]},
        "engine": {"dataflow": "column", "units": 4},
    },
    "columns, loaded": {
        "model": {"inputs": 4, "hidden": [8], "head": None},
        "sparsity": COLUMN,
        "engine": {"dataflow": "column", "units": 2, "memory": "scratchpad"},
    },
    "columns, dense, two streams": {
        "model": {"inputs": 4, "hidden": [8], "head": None},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "engine": {"dataflow": "column", "units": 2, "streams": 2},
    },
    "columns, pruned states": {
        "model": {"inputs": 6, "hidden": [12, 8], "head": None},
        "sparsity": {**COLUMN, "threshold": 0.1},
        "engine": {"dataflow": "column", "units": 4},
    },
    "mixed": {"sparsity": BALANCED, "engine": {"dataflow": MIXED, "units": 4}},
    "mixed, gru": {
        "model": {"cell": "gru", "inputs": 8, "hidden": [16], "head": None},
        "sparsity": BALANCED,
        "engine": {"dataflow": MIXED, "units": 2},
    },
    "mixed, coarse": {
        "model": {"inputs": 8, "hidden": [24], "head": None},
        "sparsity": BALANCED,
        "formats": COARSE,
        "engine": {"dataflow": MIXED, "units": 6, "cells_per_cycle": 2},
    },
}
"""Sections in which each differs from `tests.designs.BASE`."""

OUTSIDE: dict[str, dict[str, Any]] = {
    "both registers": {"engine": {"units": 4, "operand_register": True, "multiplier_registers": True}},
    "layers that share lanes": {
        "model": {"inputs": 6, "hidden": [12, 8]},
        "engine": {"units": 4, "shared_layers": True},
    },
    "columns, packed": {
        "model": {"inputs": 8, "hidden": [16], "head": None},
        "sparsity": COLUMN,
        "formats": {"input": [8, 7], "state": [8, 7], "activation": [8, 7]},
        "engine": {"dataflow": "column", "units": 4, "pack": True},
    },
}
"""Those that no fit has seen, beside shipped specs; packs for chips whose multipliers hold two such weights."""

SHIPPED, LEFT_OUT = ("tiny-loaded",), ("tiny", "tiny-dataflows", "digits-icebreaker")
"""Shipped specs: among the designs of the fit, and those outside it."""


def small(given: dict[str, dict[str, Any]]) -> dict[str, Spec]:
    """Specs of designs that are no shipped ones."""
    return {name: spec(name=name.replace(" ", "-").replace(",", ""), **sections) for name, sections in given.items()}


@cache
def fitted() -> dict[str, Spec]:
    """The designs that coefficients are fitted on, by name."""
    return small(FITTED) | {name: load(SPECS / f"{name}.yaml") for name in SHIPPED}


def left_out() -> dict[str, Spec]:
    """Those outside the fit."""
    return {name: load(SPECS / f"{name}.yaml") for name in LEFT_OUT} | small(OUTSIDE)


@cache
def designs() -> dict[str, Spec]:
    """All of them."""
    return fitted() | left_out()
