"""A dataflow is a strategy: every floor has its part under the same names, and nobody else asks which one it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from accel.architecture.dataflows import ARRAYS
from accel.architecture.dataflows.directions import DirectionsArray
from accel.architecture.dataflows.shared import SharedArray
from accel.engines.dataflows import CHECKED
from accel.hls.dataflows import PROCESSES
from accel.memory.dataflows import LANE_WORDS
from accel.model.dataflows import BALANCED
from accel.report.dataflows import SPANS
from accel.rtl.dataflows import BLOCKS
from accel.schedule.dataflows import STAGES
from accel.spec import BALANCES, DATAFLOWS, TRAVERSALS
from fpga.dataflows import DEMANDS

PACKAGES = ("accel", "training", "fpga", "exploration", "sparrow")
FLOORS: list[Mapping[str, Any]] = [ARRAYS, LANE_WORDS, STAGES, BLOCKS, PROCESSES, CHECKED, SPANS, DEMANDS]
BUILT = {*DATAFLOWS, SharedArray.dataflow, DirectionsArray.dataflow}
"""Those of a spec, and what rows become where layers share lanes, or directions have lanes of their own."""
OF_TRAVERSALS: list[Mapping[str, Any]] = [BALANCES, BALANCED]
PREFIXES = ("Row", "Bank", "Directions", "Column", "Mixed")
PARTS = ("Array", "Stage", "Clock", "Blocks", "Process", "Checked", "Balanced", "Demand")
CLASSES = {f"{prefix}{part}" for prefix in PREFIXES for part in PARTS}
ASKING = ("dataflow", "traversal", "flow")
"""Words in the names of what holds a dataflow's name."""


@pytest.mark.parametrize("floor", FLOORS)
def test_every_floor_has_a_part_of_every_dataflow(floor: Mapping[str, Any]) -> None:
    assert set(floor) == BUILT


@pytest.mark.parametrize("floor", OF_TRAVERSALS)
def test_every_way_through_a_matrix_has_its_balance(floor: Mapping[str, Any]) -> None:
    assert set(floor) == set(TRAVERSALS)


def test_an_array_knows_the_name_it_is_found_under() -> None:
    assert {name: array.dataflow for name, array in ARRAYS.items()} == {name: name for name in BUILT}
    assert {flow.name for flow in DATAFLOWS.values()} == set(DATAFLOWS)


def asks(source: str) -> Iterator[str]:
    """Places of a module that ask which dataflow something has."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            names = {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
            if names & CLASSES:
                yield ast.unparse(node)
        elif isinstance(node, ast.MatchClass) and ast.unparse(node.cls) in CLASSES:
            yield ast.unparse(node)
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            words = {each.value for side in sides for each in ast.walk(side) if isinstance(each, ast.Constant)}
            named = any(word in ast.unparse(side).lower() for side in sides for word in ASKING)
            if named and words & {*DATAFLOWS, *TRAVERSALS}:
                yield ast.unparse(node)


def modules() -> list[Path]:
    """Every module outside of the strategies, and of the one that names them."""
    found = [path for package in PACKAGES for path in Path(package).rglob("*.py")]
    return [path for path in found if "dataflows" not in path.parts and path != Path("accel/spec/dataflow.py")]


def test_nobody_asks_which_dataflow_a_layer_has() -> None:
    found = modules()
    assert len(found) > 200
    assert [f"{path}: {ask}" for path in found for ask in asks(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "asking",
    [
        "isinstance(array, ColumnArray)",
        "isinstance(array, (RowArray, MixedArray))",
        "assert isinstance(stage, RowStage | ColumnStage)",
        "match clock:\n    case ColumnClock():\n        pass",
        "array.dataflow == 'column'",
        "'row' != flow.input",
        "array.traversals == ('row', 'column')",
        "array.traversals[1] in ('column',)",
    ],
)
def test_a_module_that_asks_is_found(asking: str) -> None:
    assert list(asks(asking))


def test_looking_a_dataflow_up_is_not_asking() -> None:
    assert list(asks("STAGES[array.dataflow].of(array) if kind == 'row' else BALANCED[array.traversals[1]]")) == []
