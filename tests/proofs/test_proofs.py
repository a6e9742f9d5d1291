"""The proofs of one small design's modules, and a fault that each refutes; what a package carries of them."""

from __future__ import annotations

import re

import pytest

from accel.package.asserted import KINDS, NotThere, assertions
from tests.engines.awkward import design
from tests.proofs.faults import FAULTS
from tests.proofs.prover import Faulty, Task, missing, proved, refuted, tasks


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    if tool := missing():
        pytest.skip(f"{tool} is not on this machine")
    made = design(tmp_path_factory.mktemp("proofs"), verilog=True)
    text = (made.work / "rtl" / "awkward.v").read_text()
    return {task.of.kind: task for task in tasks(text, "awkward", made.work / "rtl")}


@pytest.mark.parametrize(
    "kind",
    [
        "sequence",
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in ("fifo", "output_fifo", "resynchronise", "receive", "recurrent_layer")
        ),
    ],
)
def test_claims_are_proved_and_the_first_fault_refuted(found: dict[str, Task], kind: str) -> None:
    task = found[kind]
    assert proved(task)
    one = next(task.faulty())
    assert refuted(task, one), one.fault


def test_every_kind_has_faults_and_every_claim_an_assertion(found: dict[str, Task]) -> None:
    assert set(FAULTS) == set(KINDS) - {"top"}
    for task in found.values():
        named = set(re.findall(r"\b(\w+): assert \(", task.of.assertions))
        assert set(task.of.claims) == named, task.of.kind


def test_a_module_without_the_number_that_a_claim_needs_is_told() -> None:
    with pytest.raises(NotThere, match="fifo: not in the module: end_word_memory"):
        assertions("it", "fifo", "module it ();\nendmodule", [])


def test_a_text_that_yosys_does_not_take_is_no_proof(found: dict[str, Task]) -> None:
    task = found["fifo"]
    broken = task.of.whole(task.of.module.replace("wire fetching;", "wire fetching fetching;"))
    with pytest.raises(RuntimeError, match="yosys ended with"):
        refuted(task, Faulty("order", broken, "no Verilog"))
