"""Every rule of the engine, and of the dataflows that ask for a sparsity, broken once: place, wanted, got."""

from __future__ import annotations

from typing import Any

import pytest

from tests.designs import data
from tests.spec.faulty import faults

SEARCH = {"input": None, "recurrent": None, "search": {"total": 0.5}}
COLUMN = {"pattern": "column", "input": 0.5, "recurrent": 0.5}
BY_COLUMNS = {"units": 4, "dataflow": "column"}
BANKS = {"sparsity": {"pattern": "bank"}, "model": {"inputs": 9}}
BOTH_WAYS = {"input": "row", "recurrent": "column"}

BROKEN = [
    pytest.param(
        {"engine": BY_COLUMNS},
        'sparsity.pattern: wanted column or dense for engine.dataflow: column, got "row"',
        id="column_for_row",
    ),
    pytest.param(
        {"sparsity": COLUMN, "engine": BY_COLUMNS | {"units": 3}},
        "engine.units: wanted a divisor of 8 hidden units for dataflow: column (1, 2, 4, 8), got 3",
        id="lanes_that_do_not_divide_the_rows",
    ),
    pytest.param(
        {"sparsity": COLUMN, "engine": BY_COLUMNS | {"memory": "stream", "memory_width": 32}},
        'engine.memory: wanted rom or scratchpad for engine.dataflow: column, got "stream"',
        id="columns_from_a_stream",
    ),
    pytest.param(
        {"engine": {"dataflow": "rows"}},
        "engine.dataflow: wanted row, column, {input: row, recurrent: column}, or a list of them, one a layer, got",
        id="unknown_dataflow",
    ),
    pytest.param(
        {"engine": {"dataflow": []}},
        "engine.dataflow: wanted row, column, {input: row, recurrent: column}, or a list of them, one a layer, got []",
        id="no_dataflow",
    ),
    pytest.param(
        {"engine": {"dataflow": {"input": "row"}}},
        "engine.dataflow: wanted row, column, {input: row, recurrent: column}, or a list of them, one a layer, got",
        id="a_dataflow_of_one_matrix",
    ),
    pytest.param(
        {"sparsity": {"pattern": "balanced"}, "engine": {"dataflow": {"input": "column", "recurrent": "row"}}},
        "engine.dataflow: wanted row, column or {input: row, recurrent: column} (W_h by rows waits for all of h_t,",
        id="columns_of_x_before_rows_of_h",
    ),
    pytest.param(
        {"engine": {"dataflow": BOTH_WAYS}},
        "sparsity.pattern: wanted balanced or dense for engine.dataflow: {input: row, recurrent: column}, got",
        id="rows_for_both_matrices",
    ),
    pytest.param(
        {
            "sparsity": {"pattern": "balanced", "input": 0.9},
            "engine": {"dataflow": {"input": "row", "recurrent": "column"}},
        },
        "sparsity.input: wanted at most 0.8333 so that no row of 3 columns is empty, got 0.9",
        id="an_empty_row_beside_columns",
    ),
    pytest.param(
        {"engine": {"dataflow": ["row", "row"]}},
        'engine.dataflow: wanted as many as the 1 layers of model.hidden, got ["row", "row"]',
        id="a_dataflow_too_many",
    ),
    pytest.param(
        {"model": {"hidden": [8, 8]}, "engine": {"dataflow": ["row", "column"]}},
        'sparsity.pattern: wanted balanced or dense for engine.dataflow: [row, column], got "row"',
        id="rows_for_both",
    ),
    pytest.param(
        BANKS,
        "engine.lanes_per_row: wanted a power of two from 2 on for sparsity.pattern: bank, a lane of a row for each",
        id="one_bank",
    ),
    pytest.param(
        BANKS | {"engine": {"lanes_per_row": 3}},
        "engine.lanes_per_row: wanted a power of two from 2 on for sparsity.pattern: bank, a lane of a row for each",
        id="three_banks",
    ),
    pytest.param(
        BANKS | {"engine": {"lanes_per_row": 8}},
        "engine.lanes_per_row: wanted a power of two below 8, the fewest columns of a matrix, for sparsity.pattern:",
        id="as_many_banks_as_columns",
    ),
    pytest.param(
        {"sparsity": {"pattern": "bank"}, "model": {"inputs": 2}, "engine": {"lanes_per_row": 2}},
        "engine.lanes_per_row: wanted sparsity.pattern: row where a matrix has 2 columns; bank wants 3 at least, got 2",
        id="too_few_columns_for_banks",
    ),
    pytest.param(
        BANKS | {"engine": {"lanes_per_row": 4, "input_words": 3}},
        "engine.input_words: wanted a divisor or a multiple of the 4 banks of sparsity.pattern: bank, got 3",
        id="words_that_banks_do_not_divide",
    ),
    pytest.param(
        BANKS | {"engine": {"lanes_per_row": 2, "units": 3, "cells_per_cycle": 3}},
        "engine.cells_per_cycle: wanted a divisor or a multiple of the 2 banks of sparsity.pattern: bank, got 3",
        id="cells_that_banks_do_not_divide",
    ),
    pytest.param(
        BANKS | {"engine": {"lanes_per_row": 2, "lanes": "split", "input_lanes": 1}},
        'engine.lanes: wanted shared for sparsity.pattern: bank, whose lanes are each a bank\'s, got "split"',
        id="split_lanes_with_banks",
    ),
    pytest.param(
        {"engine": {"order": "x_first", "units": 8}},
        'engine.order: wanted rows where engine.units = 8 make one group of all hidden units, got "x_first"',
        id="x_first_in_one_group",
    ),
    pytest.param(
        {"engine": {"order": "x_first", "lanes": "split", "lanes_per_row": 2, "input_lanes": 1}},
        'engine.order: wanted rows beside engine.lanes: split, whose lanes take x and h at once, got "x_first"',
        id="x_first_with_split_lanes",
    ),
    pytest.param(
        {"engine": {"order": "x_first", "dataflow": "column"}, "sparsity": {"pattern": "column"}},
        'engine.order: wanted rows where no layer goes by rows, got "x_first"',
        id="x_first_by_columns",
    ),
    pytest.param(
        {"engine": {"loaded_memory": "ultra"}},
        "engine.loaded_memory: wanted auto but for memory: scratchpad (UltraRAM has no contents when a chip starts), "
        'got "ultra"',
        id="ultraram_with_contents",
    ),
    pytest.param(
        {"engine": {"pack": True}},
        "engine.pack: wanted false where no two lanes share an operand; they do with engine.dataflow: column, "
        "sparsity.shared_by_gates, or pattern: dense of layers without indices, got true",
        id="pack_of_lanes_with_operands_of_their_own",
    ),
    pytest.param(
        {
            "engine": {"pack": True, "shared_layers": True},
            "model": {"hidden": [8, 8]},
            "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        },
        "engine.pack: wanted false where no two lanes share an operand; they do with engine.dataflow: column, "
        "sparsity.shared_by_gates, or pattern: dense of layers without indices, got true",
        id="pack_of_dense_layers_that_share_lanes",
    ),
    pytest.param(
        {"engine": {"pack": True}, "weights": {"kind": "binary"}, "sparsity": {"shared_by_gates": True}},
        "engine.pack: wanted false for weights.kind: binary, which needs no multipliers, got true",
        id="pack_without_multipliers",
    ),
    pytest.param(
        {"engine": {"pack": True}, "model": {"cell": "gru_reset_first"}},
        "engine.pack: wanted false for model.cell: gru_reset_first, whose gates take turns on the lanes, got true",
        id="pack_of_gates_that_take_turns",
    ),
    pytest.param(
        {"sparsity": {"pattern": "bank", "recurrent": 0.9}, "model": {"inputs": 9}, "engine": {"lanes_per_row": 2}},
        "sparsity.recurrent: wanted at most 0.875 so that no bank of a row of 8 columns is empty, got 0.9",
        id="an_empty_bank",
    ),
    pytest.param(
        {"sparsity": {"pattern": "bank"}, "engine": BY_COLUMNS},
        'sparsity.pattern: wanted column or dense for engine.dataflow: column, got "bank"',
        id="banks_by_columns",
    ),
    pytest.param(
        BANKS | {"sparsity": SEARCH | {"pattern": "bank"}, "engine": {"lanes_per_row": 2}},
        'sparsity: wanted input and recurrent for pattern: bank, got ["search"]',
        id="a_search_in_banks",
    ),
    pytest.param(
        {"engine": {"dataflow": "bank"}},
        "engine.dataflow: wanted row, column, {input: row, recurrent: column}, or a list of them, one a layer, got",
        id="banks_as_a_dataflow",
    ),
    pytest.param({"engine": None}, "engine: wanted a mapping, got null", id="empty_section"),
    pytest.param(
        {"engine": {"units": 9}}, "engine.units: wanted at most the 8 hidden units of the layer, got 9", id="units"
    ),
    pytest.param(
        {"engine": {"cells_per_cycle": 3}},
        "engine.cells_per_cycle: wanted a divisor of engine.units = 4, got 3",
        id="cells",
    ),
    pytest.param(
        {"model": {"stateful": True}, "engine": {"state_streams": True}},
        "engine.state_streams: wanted false where model.stateful carries the state over, got true",
        id="state_streams",
    ),
    pytest.param(
        {"engine": {"memory": "stream"}},
        "engine.memory_width: wanted a width for memory: stream, got null",
        id="memory_width missing",
    ),
    pytest.param(
        {"engine": {"memory_width": 64}},
        "engine.memory_width: wanted nothing but for memory: stream, got 64",
        id="memory_width without stream",
    ),
    pytest.param(
        {"engine": {"memory": "stream", "memory_width": 12}},
        "engine.memory_width: wanted whole bytes, got 12",
        id="memory_width",
    ),
    pytest.param(
        {"engine": {"memory": "cloud"}},
        "engine.memory: wanted 'rom', 'scratchpad' or 'stream', got \"cloud\"",
        id="memory",
    ),
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_a_broken_rule_of_the_engine_is_refused_with_key_wanted_and_got(
    change: dict[str, Any], expected: str | None
) -> None:
    found = faults(data(**change))
    assert len(found) == 1
    assert expected is None or found[0].startswith(expected)
