"""Designs of awkward sizes by rows: primes, one of everything, many lanes a row, several layers."""

from __future__ import annotations

from typing import Any

from tests.engines.awkward import BASE, FINE, TIGHT

AWKWARD: dict[str, dict[str, Any]] = {
    "hidden is no multiple of the group": {},
    "one input, one unit, one nonzero a row and matrix": {
        "model": {"inputs": 1, "hidden": [1]},
        "sparsity": {"pattern": "row", "input": 0.0, "recurrent": 0.0},
        "engine": {"units": 1},
    },
    "one nonzero of many": {"sparsity": {"pattern": "row", "input": 0.9, "recurrent": 0.95}, "engine": {"units": 2}},
    "two lanes a row": {"engine": {"units": 5, "lanes_per_row": 2}},
    "three lanes a row, two cells": {"engine": {"units": 4, "lanes_per_row": 3, "cells_per_cycle": 2}},
    "four cells, two inputs a beat, operand register": {
        "engine": {"units": 8, "cells_per_cycle": 4, "input_words": 2, "operand_register": True}
    },
    "dense, three lanes a row, operand register": {
        "sparsity": {"pattern": "dense"},
        "engine": {"units": 6, "lanes_per_row": 3, "operand_register": True},
    },
    "split lanes": {"engine": {"units": 4, "lanes_per_row": 3, "lanes": "split", "input_lanes": 1}},
    "gates share columns": {
        "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.6, "shared_by_gates": True},
        "engine": {"units": 6, "lanes_per_row": 2, "cells_per_cycle": 2},
    },
    "three cells, five inputs a beat": {
        "model": {"inputs": 7, "hidden": [13], "head": {"outputs": 3, "kind": "logits"}},
        "engine": {"units": 6, "cells_per_cycle": 3, "input_words": 5},
    },
    "dense, three cells and inputs": {
        "sparsity": {"pattern": "dense"},
        "engine": {"units": 9, "cells_per_cycle": 3, "input_words": 3},
    },
    "dense, all units at once": {"sparsity": {"pattern": "dense"}, "engine": {"units": 13}},
    "two layers, logits of every step": {
        "model": {"inputs": 5, "hidden": [11, 7], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "engine": {"units": 3},
    },
    "two layers, arg max of the last step": {
        "model": {"inputs": 5, "hidden": [7, 9], "head": {"outputs": 5, "kind": "argmax", "when": "last"}},
        "engine": {"units": 4, "cells_per_cycle": 2},
    },
    "stateful, logits of the last step": {
        "model": {"inputs": 3, "hidden": [6, 5], "stateful": True, "head": {"outputs": 4, "kind": "logits"}},
        "engine": {"units": 3},
    },
    "ternary, a scale a row": {
        "weights": {
            "kind": "ternary",
            "per_row": True,
            "width": 6,
            "input_frac": 2,
            "recurrent_frac": 3,
            "head_frac": 4,
        },
        "formats": BASE["formats"] | {"scale": [7, 5]},
        "engine": {"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2},
    },
    "binary, dense, a scale a row": {
        "model": {"inputs": 5, "hidden": [6], "head": {"outputs": 3, "kind": "logits"}},
        "sparsity": {"pattern": "dense"},
        "weights": {"kind": "binary", "per_row": True, "input_frac": 1, "recurrent_frac": 1, "head_frac": 4},
        "formats": BASE["formats"] | {"scale": [6, 4]},
        "engine": {"units": 3},
    },
    "six bits, a scale a row": {
        "weights": BASE["weights"] | {"per_row": True},
        "formats": BASE["formats"] | {"scale": [5, 3]},
        "engine": {"units": 5},
    },
    "sparse binary without scales": {
        "weights": {"kind": "binary", "input_frac": 3, "recurrent_frac": 3},
        "engine": {"units": 5},
    },
    "three streams, two layers": {
        "model": {"inputs": 3, "hidden": [6, 5], "head": {"outputs": 4, "kind": "argmax"}},
        "engine": {"units": 3, "streams": 3},
    },
    "two streams, h of every step": {"engine": {"units": 4, "lanes_per_row": 2, "streams": 2}},
    "no biases, logits of the last step": {
        "model": {"inputs": 3, "hidden": [6], "bias": False, "head": {"outputs": 4, "kind": "logits"}},
        "engine": {"units": 6, "cells_per_cycle": 2},
    },
    "loaded weights, initial states, two layers, three streams, saturating": {
        **TIGHT,
        "model": {"inputs": 3, "hidden": [6, 5], "head": {"outputs": 4, "kind": "argmax"}},
        "engine": {"units": 3, "streams": 3, "memory": "scratchpad", "state_streams": True},
    },
    "streamed weights, slow for one layer, two streams, initial states": {
        "model": {"inputs": 3, "hidden": [6, 4], "head": {"outputs": 4, "kind": "argmax"}},
        "engine": {"units": 3, "streams": 2, "memory": "stream", "memory_width": 64, "state_streams": True},
    },
    "streamed weights, dense, two cells, initial states, logits of every step": {
        "model": {"inputs": 3, "hidden": [5], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "sparsity": {"pattern": "dense"},
        "engine": {"units": 4, "cells_per_cycle": 2, "memory": "stream", "memory_width": 200, "state_streams": True},
    },
    "loaded weights, two cells, shared columns, stateful": {
        "model": {"inputs": 4, "hidden": [7], "stateful": True, "head": {"outputs": 3, "kind": "logits"}},
        "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.6, "shared_by_gates": True},
        "engine": {"units": 4, "cells_per_cycle": 2, "lanes_per_row": 2, "memory": "scratchpad"},
    },
    "highway of three levels, stateful": {
        "model": {"cell": "highway", "depth": 3, "inputs": 3, "hidden": [7], "stateful": True},
        "formats": FINE,
        "engine": {"units": 3},
    },
    "two highway layers, three lanes a row, two cells, saturating": {
        **TIGHT,
        "model": {
            **{"cell": "highway", "depth": 2, "inputs": 4, "hidden": [6, 5]},
            "head": {"outputs": 3, "kind": "logits", "when": "step"},
        },
        "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.0},
        "formats": TIGHT["formats"] | {"cell": [5, 5]},
        "engine": {"units": 4, "lanes_per_row": 3, "cells_per_cycle": 2},
    },
    "dense highway of two levels, two lanes a row, operand and multiplier registers": {
        "model": {"cell": "highway", "depth": 2, "inputs": 3, "hidden": [5], "bias": False, "head": {"outputs": 3}},
        "sparsity": {"pattern": "dense"},
        "engine": {"units": 3, "lanes_per_row": 2, "operand_register": True, "multiplier_registers": True},
    },
    "GRU, reset first, stateful": {
        "model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [7], "stateful": True},
        "formats": FINE,
        "engine": {"units": 3},
    },
    "two layers of GRU, reset first, three lanes a row, two cells, saturating": {
        **TIGHT,
        "model": {
            **{"cell": "gru_reset_first", "inputs": 4, "hidden": [6, 5]},
            "head": {"outputs": 3, "kind": "logits", "when": "step"},
        },
        "formats": TIGHT["formats"] | {"cell": [5, 5]},
        "engine": {"units": 4, "lanes_per_row": 3, "cells_per_cycle": 2},
    },
    "dense GRU, reset first, two lanes a row, operand and multiplier registers": {
        "model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [5], "bias": False, "head": {"outputs": 3}},
        "sparsity": {"pattern": "dense"},
        "engine": {"units": 3, "lanes_per_row": 2, "operand_register": True, "multiplier_registers": True},
    },
    "GRU, three lanes a row, two cells, saturating": {
        **TIGHT,
        "model": {
            "cell": "gru",
            "inputs": 4,
            "hidden": [6, 5],
            "head": {"outputs": 3, "kind": "logits", "when": "step"},
        },
        "formats": TIGHT["formats"] | {"cell": [5, 5]},
        "engine": {"units": 4, "lanes_per_row": 3, "cells_per_cycle": 2},
    },
    "GRU, a scale a row, loaded weights, initial states, two streams": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [6, 5], "head": {"outputs": 4, "kind": "argmax"}},
        "weights": BASE["weights"] | {"kind": "ternary", "per_row": True},
        "formats": FINE | {"scale": [7, 5]},
        "engine": {"units": 3, "streams": 2, "memory": "scratchpad", "state_streams": True},
    },
    "dense GRU, streamed weights, operand and multiplier registers, two lanes a row, initial states": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [5]},
        "sparsity": {"pattern": "dense"},
        "formats": FINE,
        "engine": {
            **{
                "units": 2,
                "lanes_per_row": 2,
                "operand_register": True,
                "multiplier_registers": True,
                "state_streams": True,
            },
            **{"memory": "stream", "memory_width": 64},
        },
    },
    "GRU, split lanes, gates share columns, stateful": {
        "model": {
            "cell": "gru",
            "inputs": 4,
            "hidden": [7],
            "stateful": True,
            "head": {"outputs": 3, "kind": "logits"},
        },
        "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.6, "shared_by_gates": True},
        "engine": {"units": 4, "lanes_per_row": 3, "lanes": "split", "input_lanes": 1, "cells_per_cycle": 2},
    },
    "arg max of every step, sparse head": {
        "sparsity": BASE["sparsity"] | {"head": 0.4},
        "model": {"inputs": 3, "hidden": [6], "head": {"outputs": 4, "kind": "argmax", "when": "step"}},
        "engine": {"units": 2},
    },
    "two layers of GRU, reset first, that wait between levels": {
        "model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [4, 6], "head": {"outputs": 3}},
        "sparsity": {"pattern": "row", "input": 0.0, "recurrent": 0.5},
        "formats": FINE,
        "engine": {"units": 2},
    },
    "x first, three lanes with a rest of x, streamed, operand register": {
        "model": {"inputs": 9, "hidden": [9]},
        "sparsity": {"pattern": "row", "input": 0.2, "recurrent": 0.4},
        "engine": {
            **{"order": "x_first", "units": 2, "lanes_per_row": 3, "operand_register": True},
            **{"memory": "stream", "memory_width": 64},
        },
    },
    "x first, two layers of GRU, two streams, loaded": {
        "model": {"cell": "gru", "inputs": 5, "hidden": [8, 6]},
        "formats": FINE,
        "engine": {"order": "x_first", "units": 2, "streams": 2, "memory": "scratchpad"},
    },
    "x first, GRU, reset first": {
        "model": {"cell": "gru_reset_first", "inputs": 6, "hidden": [7]},
        "formats": FINE,
        "engine": {"order": "x_first", "units": 2},
    },
    "two products a multiplier, shared columns, registers": {
        "model": {"inputs": 5, "hidden": [7]},
        "sparsity": {"pattern": "row", "input": 0.4, "recurrent": 0.5, "shared_by_gates": True},
        "engine": {
            "units": 2,
            "lanes_per_row": 3,
            "operand_register": True,
            "multiplier_registers": True,
            "pack": True,
        },
    },
    "two products a multiplier, dense GRU, x first": {
        "model": {"cell": "gru", "inputs": 6, "hidden": [6]},
        "sparsity": {"pattern": "dense"},
        "engine": {"order": "x_first", "units": 2, "lanes_per_row": 2, "multiplier_registers": True, "pack": True},
    },
    "two products a multiplier, dense highway": {
        "model": {"cell": "highway", "depth": 2, "inputs": 3, "hidden": [5]},
        "sparsity": {"pattern": "dense"},
        "formats": FINE,
        "engine": {"units": 2, "lanes_per_row": 2, "pack": True},
    },
}
