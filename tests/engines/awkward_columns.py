"""Designs of awkward sizes with layers by columns."""

from __future__ import annotations

from typing import Any

from accel.spec import MIXED, plain
from tests.engines.awkward import BASE, FINE, TIGHT

COLUMNS: dict[str, dict[str, Any]] = {
    "one weight a lane and column of W_x, two of W_h": {
        "model": {"inputs": 3, "hidden": [6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "column", "input": 0.6, "recurrent": 0.3, "threshold": 0.1},
        "engine": {"dataflow": "column", "units": 2},
    },
    "two layers, two streams, loaded weights": {
        "model": {"inputs": 3, "hidden": [4, 3]},
        "sparsity": {"pattern": "column", "input": 0.0, "recurrent": 0.5, "threshold": 0.05},
        "engine": {"dataflow": "column", "units": 1, "streams": 2, "memory": "scratchpad"},
    },
    "dense and stateful, three cells and input words": {
        "model": {"inputs": 5, "hidden": [6], "stateful": True},
        "sparsity": {"pattern": "dense"},
        "engine": {"dataflow": "column", "units": 3, "cells_per_cycle": 3, "input_words": 3},
    },
    "a layer by rows, then one by columns, two cells": {
        "model": {"inputs": 3, "hidden": [6, 4], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "balanced", "input": 0.4, "recurrent": 0.3, "threshold": 0.1},
        "engine": {"dataflow": ["row", "column"], "multiplier_registers": True, "units": 2, "cells_per_cycle": 2},
    },
    "W_x by rows and W_h by columns, three cells and input words": {
        "model": {"inputs": 8, "hidden": [6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "balanced", "input": 0.4, "recurrent": 0.3, "threshold": 0.1},
        "engine": {
            "dataflow": plain(MIXED),
            "multiplier_registers": True,
            "units": 3,
            "cells_per_cycle": 3,
            "input_words": 3,
        },
    },
    "columns, rows, columns, two streams": {
        "model": {"inputs": 4, "hidden": [4, 5, 6]},
        "sparsity": {"pattern": "dense", "threshold": 0.05},
        "engine": {"dataflow": ["column", "row", "column"], "units": 2, "streams": 2},
    },
    "rows, both ways, both ways, ternary, a scale a row, stateful, loaded": {
        "model": {"inputs": 3, "hidden": [5, 4, 6], "stateful": True},
        "sparsity": {"pattern": "balanced", "input": 0.6, "recurrent": 0.0},
        "weights": {"kind": "ternary", "per_row": True, "input_frac": 2, "recurrent_frac": 3},
        "formats": BASE["formats"] | {"scale": [7, 5]},
        "engine": {
            "dataflow": ["row", plain(MIXED), plain(MIXED)],
            "units": 2,
            "cells_per_cycle": 2,
            "memory": "scratchpad",
        },
    },
    "GRU by columns, then both ways, a scale a row, two streams, saturating": {
        **TIGHT,
        "model": {
            "cell": "gru",
            "inputs": 3,
            "hidden": [4, 6],
            "head": {"outputs": 3, "kind": "logits", "when": "step"},
        },
        "sparsity": {"pattern": "balanced", "input": 0.4, "recurrent": 0.3, "threshold": 0.1},
        "weights": TIGHT["weights"] | {"per_row": True},
        "formats": TIGHT["formats"] | {"scale": [6, 2]},
        "engine": {"dataflow": ["column", plain(MIXED)], "units": 2, "cells_per_cycle": 2, "streams": 2},
    },
    "GRU by columns, ternary, stateful, loaded": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [6], "stateful": True},
        "sparsity": {"pattern": "column", "input": 0.6, "recurrent": 0.3, "threshold": 0.05},
        "weights": {"kind": "ternary", "input_frac": 2, "recurrent_frac": 3},
        "formats": FINE,
        "engine": {"dataflow": "column", "units": 2, "memory": "scratchpad"},
    },
    "two products a multiplier, two cells": {
        "model": {"inputs": 3, "hidden": [6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "column", "input": 0.4, "recurrent": 0.3, "threshold": 0.1},
        "engine": {"dataflow": "column", "units": 2, "cells_per_cycle": 2, "pack": True},
    },
    "two products a multiplier, GRU, loaded, two streams, saturating": {
        **TIGHT,
        "model": {"cell": "gru", "inputs": 3, "hidden": [4, 6]},
        "sparsity": {"pattern": "dense"},
        "engine": {
            "dataflow": "column",
            "units": 2,
            "streams": 2,
            "memory": "scratchpad",
            "loaded_memory": "ultra",
            "pack": True,
        },
    },
}
"""Designs with layers by columns."""
