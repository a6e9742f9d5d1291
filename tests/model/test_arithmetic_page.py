"""The network as a stranger computes it who read `docs/arithmetic.md` alone: it must give the golden model's bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.model import golden, random_weights, samples, weights, weights_file
from accel.schedule.load_spec import parse
from accel.spec import Spec, plain
from tests.designs import data
from tests.model.stranger import Network, Row

LOGITS = {"outputs": 3, "kind": "logits"}
COLUMNS = {"input": "row", "recurrent": "column"}
SPECS: dict[str, dict[str, Any]] = {
    "arg max of the last step": {"model": {"head": {"outputs": 12}}, "weights": {"head_frac": 4}},
    "arg max of every step, the logits often equal": {
        "model": {"bias": False, "head": {"outputs": 5, "when": "step"}},
        "weights": {"width": 2, "input_frac": 4, "recurrent_frac": 4, "head_frac": 0},
        "formats": {
            **{"input": [8, 6], "bias": [4, 2], "gate": [8, 5]},
            **{"activation": [4, 3], "cell": [6, 3], "state": [3, 2]},
        },
    },
    "no head, two layers, coarse input": {
        "model": {"hidden": [8, 4], "head": None},
        "formats": {"input": [6, 2], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [8, 7]},
    },
    "logits of every step, few address bits, wide span, a cell finer than its product": {
        "model": {"head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "formats": {"input": [8, 6], "gate": [6, 3], "activation": [9, 6], "cell": [20, 14], "state": [12, 11]},
        "tables": {"address": 5, "sigmoid": 16, "tanh": 2},
    },
    "everything saturates": {
        "model": {"head": None},
        "weights": {"width": 6, "input_frac": 2, "recurrent_frac": 2},
        "formats": {
            **{"input": [4, 2], "bias": [6, 2], "gate": [5, 2]},
            **{"activation": [5, 4], "cell": [4, 3], "state": [4, 4]},
        },
    },
    "ternary with scales": {
        "model": {"head": LOGITS},
        "weights": {"kind": "ternary", "per_row": True, "input_frac": 1, "recurrent_frac": 0},
        "formats": {
            **{"input": [8, 6], "gate": [16, 12], "activation": [12, 11]},
            **{"cell": [16, 11], "state": [12, 11], "scale": [10, 8]},
        },
    },
    "binary": {
        "model": {"head": LOGITS},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "weights": {"kind": "binary", "input_frac": 3, "recurrent_frac": 3},
    },
    "by columns with a threshold, one layer by rows": {
        "model": {"hidden": [8, 8], "head": LOGITS},
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "engine": {"units": 4, "dataflow": ["row", COLUMNS]},
    },
    "given states": {"model": {"hidden": [8, 4], "head": LOGITS}, "engine": {"units": 4, "state_streams": True}},
    "linear layers with every activation, that clip": {
        "model": {
            "hidden": [8, 4],
            "head": LOGITS
            | {
                "layers": [
                    {"outputs": 6, "activation": kind} for kind in ("relu", "tanh", "hard_tanh", "sigmoid", "none")
                ]
            },
        },
        "formats": {"input": [8, 6], "gate": [8, 5], "activation": [9, 7], "cell": [16, 11], "state": [12, 11]}
        | {"bias": [10, 7], "linear": [6, 4]},
    },
    "linear layers behind every step, fractions of their own": {
        "model": {
            "head": LOGITS | {"when": "step", "layers": [{"outputs": 5, "activation": "hard_sigmoid", "frac": 3}]}
        },
        "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
        | {"linear": [9, 8]},
    },
    "tokens": {"model": {"vocabulary": 11, "inputs": 5, "head": LOGITS}},
    "tokens, linear layers in front, relu between": {
        "model": {
            "vocabulary": 7,
            "inputs": 4,
            "before": [{"outputs": 6, "activation": "tanh", "frac": 3}, {"outputs": 5, "activation": "relu"}],
            "hidden": [8, 4],
            "between": ["relu"],
            "head": LOGITS | {"layers": [{"outputs": 3, "activation": "sigmoid"}]},
        },
        "formats": {"input": [8, 6], "gate": [10, 7], "activation": [9, 7], "cell": [16, 11], "state": [12, 11]}
        | {"bias": [10, 7], "linear": [8, 5]},
    },
    "a linear layer in front, ends between": {
        "model": {
            "before": [{"outputs": 6, "activation": "hard_tanh"}],
            "hidden": [6, 4, 4],
            "between": ["hard_sigmoid", "none"],
            "head": None,
        },
        "formats": {"input": [8, 6], "gate": [10, 7], "activation": [9, 7], "cell": [16, 11], "state": [12, 9]}
        | {"bias": [10, 7], "linear": [8, 5]},
    },
    "linear layers between": {
        "model": {
            "inputs": 4,
            "before": [{"outputs": 3}],
            "hidden": [4, 6, 6],
            "between": [[{"outputs": 5, "activation": "tanh", "frac": 4}, {"outputs": 6}], "residual"],
            "head": LOGITS | {"layers": [{"outputs": 4, "activation": "hard_tanh"}]},
        },
        "formats": {"input": [8, 6], "gate": [10, 7], "activation": [9, 7], "cell": [16, 11], "state": [12, 9]}
        | {"bias": [10, 7], "linear": [8, 5], "residual": [8, 5]},
    },
    "a residual behind, the mean": {
        "model": {"inputs": 8, "hidden": [8], "between": ["residual"], "head": LOGITS | {"pool": "mean", "longest": 3}},
        "formats": {"input": [8, 6], "gate": [10, 7], "activation": [9, 7], "cell": [16, 11], "state": [12, 9]}
        | {"bias": [10, 7], "residual": [8, 5]},
    },
    "residuals between": {
        "model": {"inputs": 4, "hidden": [4, 4, 4], "between": ["residual", "residual"], "head": LOGITS},
        "formats": {"input": [8, 6], "gate": [10, 7], "activation": [9, 7], "cell": [16, 11], "state": [12, 9]}
        | {"bias": [10, 7], "residual": [8, 5]},
    },
    "the largest of all steps": {"model": {"hidden": [8, 4], "head": LOGITS | {"pool": "max"}}},
    "the mean of three steps at most, an MLP behind": {
        "model": {"head": LOGITS | {"pool": "mean", "longest": 3, "layers": [{"outputs": 5, "activation": "tanh"}]}}
    },
    "constants to begin with": {"model": {"hidden": [8, 4], "head": LOGITS, "initial": "constant"}},
    "constants to begin with, GRU": {
        "model": {"cell": "gru", "hidden": [8], "head": None, "initial": "constant"},
        "formats": {"input": [8, 6], "gate": [14, 10], "activation": [12, 11], "cell": [18, 14], "state": [12, 11]},
    },
    "GRU that resets first, two layers": {
        "model": {"cell": "gru_reset_first", "hidden": [8, 4], "head": LOGITS},
        "formats": {"input": [8, 6], "gate": [10, 6], "activation": [12, 11], "cell": [10, 7], "state": [12, 11]},
    },
    "stateful GRU that resets first": {
        "model": {"cell": "gru_reset_first", "hidden": [8], "stateful": True, "head": None},
        "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [18, 14], "state": [12, 10]},
    },
    "GRU, two layers, initial states": {
        "model": {"cell": "gru", "hidden": [8, 4], "head": LOGITS},
        "formats": {"input": [8, 6], "gate": [14, 10], "activation": [12, 11], "cell": [18, 14], "state": [12, 11]},
        "engine": {"units": 4, "cells_per_cycle": 2, "state_streams": True},
    },
    "GRU by columns, ternary with scales, stateful": {
        "model": {"cell": "gru", "head": LOGITS, "stateful": True},
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "weights": {"kind": "ternary", "per_row": True, "input_frac": 1, "recurrent_frac": 0},
        "formats": {
            **{"input": [8, 6], "gate": [16, 12], "activation": [12, 11]},
            **{"cell": [16, 9], "state": [12, 11], "scale": [10, 8]},
        },
        "engine": {"units": 4, "dataflow": COLUMNS},
    },
    "stateful": {"model": {"stateful": True, "head": None}},
    "stateful highway of three levels": {
        "model": {"cell": "highway", "depth": 3, "hidden": [8], "stateful": True, "head": None},
        "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [18, 14], "state": [12, 10]},
    },
    "highway with a head and a coarse cell": {
        "model": {"cell": "highway", "depth": 2, "hidden": [8, 4], "head": LOGITS},
        "engine": {"units": 4, "cells_per_cycle": 2},
        "formats": {"input": [8, 6], "gate": [10, 6], "activation": [12, 11], "cell": [10, 7], "state": [12, 11]},
    },
}


def given(spec: Spec) -> samples.Samples:
    return samples.seeded(spec, 5, 4) + samples.corners(spec, 3)


def by_page(spec: Spec, folder: Path, inputs: samples.Samples) -> list[Row]:
    """All results of all sequences, by the two files and this module."""
    network = Network(json.loads((folder / "spec.json").read_text()), dict(np.load(folder / "weights.npz")))
    flows = network.spec["engine"]["dataflow"]
    by_layer = flows if isinstance(flows, list) else [flows] * len(network.model["hidden"])
    columns = [flow == "column" or (isinstance(flow, dict) and flow["recurrent"] == "column") for flow in by_layer]
    hidden, states, results = network.model["hidden"], [], []
    for n, length in enumerate(inputs.lengths.tolist()):
        if inputs.states is not None:
            values = iter(inputs.states[n].tolist())
            states = [network.given(size, values) for size in hidden]
        elif network.model["initial"] == "constant":
            states = [network.given(size, iter(network.arrays[f"{k}.initial"])) for k, size in enumerate(hidden)]
        elif n == 0 or not network.model["stateful"]:
            states = [([0] * size, [0] * size) for size in hidden]
        results += network.sequence(inputs.x[n, :length].tolist(), states, columns)
    return results


def by_golden(spec: Spec, found: weights.Weights, inputs: samples.Samples) -> list[Row]:
    """The same by the golden model."""
    traced = golden.run(found.network(spec), found, inputs.x, inputs.lengths, inputs.states).outputs
    counts = inputs.lengths.tolist() if traced.shape[1] > 1 else [1] * len(traced)
    return [row for rows, count in zip(traced.tolist(), counts, strict=True) for row in rows[:count]]


@pytest.mark.parametrize("sections", SPECS.values(), ids=SPECS)
def test_a_stranger_who_read_the_page_computes_every_bit(sections: dict[str, Any], tmp_path: Path) -> None:
    spec = parse(data(**sections))
    found, inputs = random_weights.seeded(spec), given(spec)
    weights_file.save(tmp_path / "weights.npz", found, spec)
    (tmp_path / "spec.json").write_text(json.dumps(plain(spec)))
    wanted = by_golden(spec, found, inputs)
    assert len({tuple(row) for row in wanted}) > 1
    assert by_page(spec, tmp_path, inputs) == wanted
