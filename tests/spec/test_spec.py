"""Every rule of the spec, broken once: place, wanted, got."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from accel.base.faults import Refused
from accel.base.fixed import Fixed
from accel.schedule.load_spec import load, parse
from accel.spec import schema
from accel.spec.reference import markdown, rows
from tests.designs import data

ROOT = Path(__file__).parents[2]


def faults(given: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        parse(given)
    return [str(fault).removeprefix("spec: ") for fault in refused.value.faults]


NARROW = {"input": [8, 1], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
FORMATS = {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
SEARCH = {"input": None, "recurrent": None, "search": {"total": 0.5}}
WIDE_GATE = "at most the 17 fraction bits of the weight products"

COLUMN = {"pattern": "column", "input": 0.5, "recurrent": 0.5}
BY_COLUMNS = {"units": 4, "dataflow": "column"}

BANKS = {"sparsity": {"pattern": "bank"}, "model": {"inputs": 9}}

BOTH_WAYS = {"input": "row", "recurrent": "column"}
BOTH = {"model": {"hidden": [8, 8]}, "engine": {"dataflow": ["row", "column"]}}

BROKEN = [
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
        {"sparsity": {"pattern": "bank"}, **BOTH},
        'sparsity.pattern: wanted balanced or dense for engine.dataflow: [row, column], got "bank"',
        id="banks_beside_columns",
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
    pytest.param({"engine": None}, "engine: wanted a mapping, got null", id="empty_section"),
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
        "weights.width: wanted a whole number 2 to 18, or a list of them, one a layer, got 19",
        id="wide_weight",
    ),
    pytest.param(
        {"model": {"head": None}, "sparsity": {"head": 0.5}},
        "sparsity.head: wanted nothing without model.head, got 0.5",
        id="head",
    ),
    pytest.param({"tables": {"sigmoid": 6}}, "tables.sigmoid: wanted a power of two, got 6", id="span"),
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


def test_a_missing_key_is_refused() -> None:
    assert faults({**data(), "model": {"hidden": [8]}}) == [
        "model.inputs: wanted a value (the key is missing), got nothing"
    ]


def test_every_fault_is_told_at_once() -> None:
    given = data(model={"inputs": "8", "gates": 4}, weights={"width": 99}, training={"task": 7})
    assert len(faults(given)) == 4


def test_every_contradiction_is_told_at_once() -> None:
    given = data(engine={"units": 9, "cells_per_cycle": 2}, formats={**FORMATS, "gate": [16, 18]})
    assert len(faults(given)) == 3


@pytest.mark.parametrize("given", [None, 3, [], "text"], ids=str)
def test_something_other_than_a_mapping_is_refused(given: Any) -> None:
    assert faults(given) == [f"wanted a mapping of sections, got {json.dumps(given)}"]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    return path


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(Refused) as found:
        load(written(tmp_path, text))
    return [str(fault).removeprefix(str(tmp_path)) for fault in found.value.faults]


def test_a_fault_names_file_line_and_key(tmp_path: Path) -> None:
    text = yaml.safe_dump(data(model={"inputs": "x"}))
    line = 1 + text.splitlines().index("  inputs: x")
    assert refused(tmp_path, text) == [f'/some.yaml:{line}: model.inputs: wanted a whole number, got "x"']


def test_a_key_given_twice_is_refused_beside_other_faults(tmp_path: Path) -> None:
    text = yaml.safe_dump(data(weights={"width": 99})) + "name: again\n"
    line = len(text.splitlines())
    found = refused(tmp_path, text)
    assert any(fault.startswith(f"/some.yaml:{line}: name: wanted each key once (first on line ") for fault in found)
    assert any("weights.width" in fault for fault in found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: [", id="torn"),
        pytest.param("a: 1\n---\nb: 2\n", id="two_documents"),
        pytest.param("a: &x [*x]\n", id="alias_of_itself"),
        pytest.param("a: !!python/object:os.system x\n", id="python_object"),
        pytest.param("a: !!int x\n", id="tag_that_does_not_fit"),
        pytest.param("a: " + "9" * 5000, id="number_too_long"),
        pytest.param("a: " + "[" * 2000, id="too_deep"),
        pytest.param("? [a]\n: b\n", id="list_as_key"),
        pytest.param("\x00", id="control_character"),
    ],
)
def test_what_is_not_one_plain_document_is_refused(tmp_path: Path, text: str) -> None:
    assert len(refused(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("name: a\nmodel: {a: 1", 2, "expected ',' or '}'"),
        ("name: a\n\nmodel: &anchor {}\nengine: *anchor\n", 4, "an alias"),
        ("name: a\nmodel: !python/object:os.system {}\n", 2, "a tag"),
        ("name: a\n---\nname: b\n", 2, "expected a single document"),
        ("name: a\nmodel:\n  \x01: 1\n", 3, "character #x01"),
        ("name: a\nseed: " + "9" * 5000, 2, "a number of 5000 digits"),
        ("name:\n" + "- " * 50 + "a", 2, "nesting deeper than 20"),
        ("name: a\n? [b]\n: c\n", 2, "unhashable key"),
    ],
)
def test_a_fault_of_the_syntax_says_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    (fault,) = refused(tmp_path, text)
    assert f"some.yaml:{line}: wanted valid YAML, got " in str(fault)
    assert what in str(fault)


def test_a_file_that_is_no_spec_is_refused_for_its_size_before_it_is_parsed(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path, "# " + "x" * 20000)
    assert "wanted at most 16,384 bytes" in str(fault)


def test_a_missing_section_is_refused_in_the_first_line(tmp_path: Path) -> None:
    faults = [str(fault) for fault in refused(tmp_path, "name: a\n")]
    assert any("some.yaml:1: model: wanted a value" in fault for fault in faults)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    for name in ("none.yaml", "latin.yaml", "."):
        with pytest.raises(Refused, match="a readable YAML file"):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [("1e-3", 0.001), ("5.0e-3", 0.005), (".5", 0.5), ("1", 1)],
)
def test_numbers_are_numbers(tmp_path: Path, written_as: str, meant: float) -> None:
    text = yaml.safe_dump(data()).replace("task: seeded", f"task: seeded\n  learning_rate: {written_as}")
    assert load(written(tmp_path, text)).training.learning_rate == meant


@pytest.mark.parametrize("word", ["on", "yes", "12:30", "2026-11-20", ".nan", "0x10"])
def test_words_that_yaml_1_1_took_for_something_else_are_text(tmp_path: Path, word: str) -> None:
    text = yaml.safe_dump(data()).replace("cell: lstm", "").replace("inputs: 3", f"inputs: 3\n  cell: {word}")
    assert refused(tmp_path, text)[0].endswith(
        f"model.cell: wanted 'lstm', 'highway', 'gru' or 'gru_reset_first', got \"{word}\""
    )


def test_resolved_spec_is_a_spec_again_and_has_the_same_digest() -> None:
    one = parse(data())
    again = parse(json.loads(one.resolved()))
    assert again == one
    assert again.digest == one.digest


def test_digest_changes_with_every_decision() -> None:
    digests = {parse(data(**change)).digest for change in ({}, {"training": {"seed": 2}}, {"engine": {"units": 2}})}
    assert len(digests) == 3


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(data()).name = "other"  # type: ignore[misc]


def test_formats_are_fixed_point_below_the_border() -> None:
    assert parse(data()).formats.input == Fixed(8, 6)


def test_schema_in_the_docs_is_current() -> None:
    stored = json.loads((ROOT / "docs" / "spec.schema.json").read_text())
    assert stored == json.loads(json.dumps(schema())), "run `make schema`"


def test_reference_in_the_docs_is_current() -> None:
    assert (ROOT / "docs" / "spec.md").read_text() == markdown(schema()), "run `make schema`"


def test_every_key_says_what_it_means() -> None:
    assert [row.path for row in rows(schema()) if not row.meaning] == []


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_spec_is_valid(path: Path) -> None:
    assert load(path).name == path.stem
