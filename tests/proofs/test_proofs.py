"""The proofs of one small design's stream modules, and a fault of each kind that they refute."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.awkward import design
from tests.proofs.properties import FIFO, PROPERTIES
from tests.proofs.prover import Task, missing, proved, refuted, tasks


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    if tool := missing():
        pytest.skip(f"{tool} is not on this machine")
    made = design(tmp_path_factory.mktemp("proofs"), verilog=True)
    text = (made.work / "rtl" / "awkward.v").read_text()
    return {task.of.kind: task for task in tasks(text, "awkward")}


@pytest.mark.parametrize(
    "kind", ["fifo", *(pytest.param(one, marks=pytest.mark.slow) for one in ("output_fifo", "resynchronise"))]
)
def test_a_property_is_proved_and_its_first_fault_refuted(found: dict[str, Task], kind: str) -> None:
    task = found[kind]
    assert proved(task)
    fault, text = next(task.faulty())
    assert refuted(task, text), fault


def test_every_kind_has_faults_that_say_what_its_property_is_good_for() -> None:
    assert all(len(one.faults) >= 2 for one in PROPERTIES.values())


def test_a_module_without_the_number_that_a_property_needs_is_told() -> None:
    with pytest.raises(ValueError, match="fifo: no DEPTH in the module"):
        FIFO.verilog("module it ();\nendmodule")


def test_a_text_that_yosys_does_not_take_is_no_proof(found: dict[str, Task], tmp_path: Path) -> None:
    task = found["fifo"]
    with pytest.raises(RuntimeError, match="yosys ended with"):
        refuted(task, task.text.replace("wire fetching;", "wire fetching fetching;"))
