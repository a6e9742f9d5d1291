"""Every rule of the spec, broken once: place, wanted, got."""

from __future__ import annotations

from typing import Any

import pytest

from tests.designs import data
from tests.spec.faulty import FORMATS, faults

SEARCH = {"input": None, "recurrent": None, "search": {"total": 0.5}}
WIDE_GATE = "at most the 17 fraction bits of the weight products"
COLUMN = {"pattern": "column", "input": 0.5, "recurrent": 0.5}
BY_COLUMNS = {"units": 4, "dataflow": "column"}
BOTH = {"model": {"hidden": [8, 8]}, "engine": {"dataflow": ["row", "column"]}}

BROKEN = [
    pytest.param(
        {"model": {"inputs": 8, "window": {"steps": 3}}},
        "model.window.steps: wanted a divisor of model.inputs = 8, got 3",
        id="a_window_of_broken_frames",
    ),
    pytest.param(
        {"model": {"inputs": 8, "window": {"steps": 2, "pad": [0, 2]}}},
        "model.window.pad: wanted [front, behind], each from 0 to 1: windows of nothing but zeros have no frame, "
        "got [0, 2]",
        id="a_window_of_zeros",
    ),
    pytest.param(
        {"model": {"inputs": 8, "vocabulary": 9, "window": {"steps": 2}}},
        "model.window: wanted nothing beside model.vocabulary, as tokens come one a step, "
        'got {"steps": 2, "stride": 1, "pad": [0, 0]}',
        id="a_window_of_tokens",
    ),
    pytest.param(
        {"formats": FORMATS | {"activation": [20, 19], "cell": [32, 0]}},
        'formats.cell: wanted exact sums of at most 62 bits, got "72 bits"',
        id="a_cell_whose_sum_is_too_wide",
    ),
    pytest.param(
        {
            "formats": {"input": [4, 40], "bias": [2, 40], "gate": [16, 0]}
            | {"activation": [24, 23], "cell": [16, 11], "state": [2, 40]},
            "weights": {"width": 2, "input_frac": 24, "recurrent_frac": 24},
        },
        'formats.gate: wanted exact sums of at most 62 bits, got "64 bits"',
        id="a_drop_of_too_many_bits",
    ),
    pytest.param(
        {"model": {"cell": "highway", "depth": 1}, "formats": FORMATS | {"cell": [32, 2], "state": [12, 40]}},
        'formats.state: wanted exact sums of at most 62 bits, got "70 bits"',
        id="a_state_too_much_finer_than_the_cell",
    ),
    pytest.param(
        {"sparsity": COLUMN},
        'engine.dataflow: wanted column for sparsity.pattern: column, got "row"',
        id="row_for_column",
    ),
    pytest.param(
        {"sparsity": COLUMN | {"input": 0.9}, "engine": BY_COLUMNS},
        "sparsity.input: wanted at most 0.75 so that no lane of 2 rows is without a weight, got 0.9",
        id="a_lane_without_a_weight",
    ),
    pytest.param(
        {"sparsity": COLUMN | {"threshold": 1.5}, "engine": BY_COLUMNS},
        "sparsity.threshold: wanted at most 0.99951171875, the largest fixed<12,11> of formats.state, got 1.5",
        id="a_threshold_outside_the_states",
    ),
    pytest.param(
        {"sparsity": {"threshold": 0.1}},
        "sparsity.threshold: wanted nothing beside engine.dataflow: row, which reads every h, got 0.1",
        id="a_threshold_for_rows",
    ),
    pytest.param(
        {"sparsity": COLUMN | {"states": 0.8}, "engine": BY_COLUMNS, "training": {"task": "digits_rows"}},
        "sparsity.threshold: wanted above 0, for sparsity.states, got null",
        id="states_without_a_threshold",
    ),
    pytest.param(
        {"sparsity": {"pattern": "balanced"}},
        'sparsity.pattern: wanted row, bank or dense for engine.dataflow: row, got "balanced"',
        id="two_words_for_one_pattern",
    ),
    pytest.param(
        {"sparsity": {**SEARCH, "pattern": "balanced"}, **BOTH},
        'sparsity: wanted input and recurrent for pattern: balanced, got ["search"]',
        id="a_search_beside_columns",
    ),
    pytest.param(
        {"sparsity": {"pattern": "bank"}, **BOTH},
        'sparsity.pattern: wanted balanced or dense for engine.dataflow: [row, column], got "bank"',
        id="banks_beside_columns",
    ),
    pytest.param({"model": {"inputs": "8"}}, 'model.inputs: wanted a whole number, got "8"', id="text_for_number"),
    pytest.param({"model": {"inputs": 8.0}}, "model.inputs: wanted a whole number, got 8.0", id="float_for_int"),
    pytest.param({"model": {"inputs": True}}, "model.inputs: wanted a whole number, got true", id="bool_for_int"),
    pytest.param({"model": {"inputs": 0}}, "model.inputs: wanted greater than or equal to 1, got 0", id="no_inputs"),
    pytest.param({"model": {"hidden": []}}, None, id="no_layers"),
    pytest.param(
        {"model": {"hidden": [8, 0]}}, "model.hidden[1]: wanted greater than or equal to 1, got 0", id="empty"
    ),
    pytest.param({"model": {"bias": "yes"}}, 'model.bias: wanted true or false, got "yes"', id="text_for_bool"),
    pytest.param(
        {"model": {"cell": "rnn"}},
        "model.cell: wanted 'lstm', 'highway', 'gru' or 'gru_reset_first', got \"rnn\"",
        id="unknown_cell",
    ),
    pytest.param({"model": {"gates": 4}}, "model.gates: wanted no such key, got 4", id="unknown_key"),
    pytest.param({"colour": 1}, "colour: wanted no such key, got 1", id="unknown_section"),
    pytest.param({"name": "Bad Name"}, "name: wanted String should match pattern", id="name"),
    pytest.param({"name": 3}, "name: wanted text, got 3", id="number_for_text"),
    pytest.param({"sparsity": {"input": 1.0}}, "sparsity.input: wanted less than 1, got 1.0", id="nothing_left"),
    pytest.param(
        {"sparsity": {"input": 0.9}},
        "sparsity.input: wanted at most 0.8333 so that no row of 3 columns is empty, got 0.9",
        id="empty_row",
    ),
    pytest.param(
        {"sparsity": {"search": {"total": 0.5}}},
        'sparsity: wanted either input and recurrent, or search, got ["input", "recurrent", "search"]',
        id="ratios_and_search",
    ),
    pytest.param(
        {"sparsity": {"pattern": "dense"}}, "sparsity.input: wanted nothing beside pattern: dense, got 0.3", id="dense"
    ),
    pytest.param(
        {"sparsity": {"input": None, "recurrent": None, "search": {"total": 0.9}}},
        "sparsity.search.total: wanted a ratio that leaves two nonzeros a row, one for each matrix, got 0.9",
        id="search_leaves_one",
    ),
    pytest.param(
        {
            "weights": {"kind": "ternary"},
            "formats": {**FORMATS, "bias": [16, 10]},
            "training": {"studies": {"widths": [4]}},
        },
        "training.studies.widths: wanted nothing beside digits (weights.kind), got [4]",
        id="widths_of_digits",
    ),
    pytest.param(
        {"training": {"studies": {"banks": [4]}}},
        "training.studies.banks: wanted at most as many banks as a matrix has columns, 3, got 4",
        id="more_banks_than_columns",
    ),
    pytest.param(
        {"training": {"studies": {"highway_lasso": [1.0]}}},
        "training.studies.highway_lasso: wanted nothing without training.studies.highway, got [1.0]",
        id="lasso_of_no_highway",
    ),
    pytest.param(
        {"training": {"studies": {"state_threshold": "fond"}}},
        'training.studies.state_threshold: wanted found, or a number above 0 and below 1, got "fond"',
        id="unknown_word_for_a_threshold",
    ),
    pytest.param(
        {"training": {"studies": {"totals": [0.5]}}},
        "training.studies.totals: wanted nothing without sparsity.search, got [0.5]",
        id="totals_without_search",
    ),
    pytest.param(
        {"training": {"studies": {"lasso_reweighted": True}}},
        "training.studies.lasso_reweighted: wanted nothing without training.studies.lasso, got true",
        id="reweighting_of_no_lasso",
    ),
    pytest.param(
        {"training": {"studies": {"equal_cycles": True}}},
        "training.studies.equal_cycles: wanted nothing without sparsity.search for cost: nonzeros, got true",
        id="equal_cycles_without_search",
    ),
    pytest.param(
        {"sparsity": SEARCH, "training": {"studies": {"totals": [0.9]}}},
        "training.studies.totals: wanted ratios that leave two nonzeros a row, one for each matrix, got 0.9",
        id="totals_leave_one",
    ),
    pytest.param(
        {"formats": {**FORMATS, "gate": [1, 0]}},
        "formats.gate: wanted [width, frac] with 2 <= width <= 32 and 0 <= frac <= 40, got [1, 0]",
        id="one_bit",
    ),
    pytest.param(
        {"formats": {**FORMATS, "gate": [16, 18]}}, f"formats.gate: wanted {WIDE_GATE}, got [16, 18]", id="fine_gate"
    ),
    pytest.param(
        {"formats": {**FORMATS, "bias": [24, 18]}, "model": {"head": None}},
        f"formats.bias: wanted {WIDE_GATE}, got [24, 18]",
        id="fine_bias",
    ),
    pytest.param(
        {"formats": {**FORMATS, "bias": [16, 15]}, "weights": {"head_frac": 2}},
        "formats.bias: wanted at most the 13 fraction bits of the head's products, got [16, 15]",
        id="fine_bias_of_the_head",
    ),
    pytest.param(
        {"formats": {**FORMATS, "activation": [8, 5]}},
        "formats.state: wanted at most 10 fraction bits, twice those of activation, got [12, 11]",
        id="fine_state",
    ),
    pytest.param(
        {"formats": {**FORMATS, "activation": [12, 12]}},
        "formats.activation: wanted at least one bit above the point (the sign), got [12, 12]",
        id="no_sign",
    ),
    pytest.param(
        {"weights": {"width": 19}},
        "weights.width: wanted a whole number 2 to 18, or a list of them, one a layer, there one a gate too, got 19",
        id="wide_weight",
    ),
    pytest.param(
        {"model": {"head": None}, "sparsity": {"head": 0.5}},
        "sparsity.head: wanted nothing without model.head, got 0.5",
        id="head",
    ),
    pytest.param({"tables": {"sigmoid": 6}}, "tables.sigmoid: wanted a power of two, got 6", id="span"),
    pytest.param({"training": {"learning_rate": float("inf")}}, "training.learning_rate: wanted", id="infinity"),
    pytest.param({"training": {"task": "../x"}}, "training.task: wanted", id="task_is_a_path"),
    pytest.param({"verify": {"engines": ["spice"]}}, "verify.engines[0]: wanted 'golden', 'torch'", id="engine"),
    pytest.param({"target": {"part": "x; exec rm"}}, "target.part: wanted", id="part_is_tcl"),
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_a_broken_rule_is_refused_with_key_wanted_and_got(change: dict[str, Any], expected: str | None) -> None:
    found = faults(data(**change))
    assert len(found) == 1
    assert expected is None or found[0].startswith(expected)
