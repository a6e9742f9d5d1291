"""The flow: steps are skipped, resumed and repeated for the right reasons."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from accel.base.faults import Crashed, Different, Refused
from accel.base.files import write_text
from accel.base.progress import Progress
from accel.engines.engine import Observed, ToolMissing, golden
from accel.model import samples, weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.spec import Spec
from sparrow import flow, ledger
from sparrow.flow import Step
from tests.designs import spec, stimuli


class Counted:
    """Two steps, `first` and `second`, that count how often they ran; the second can be made to stop half-way."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.broken = False
        self.steps = (
            Step("first", self.first, ("training",), (), ("accel.base.faults",)),
            Step("second", self.second, ("verify",), ("one.txt",), ("accel.base.faults",)),
        )

    def first(self, chosen: Spec, work: Path, progress: Progress) -> list[str]:
        self.runs.append("first")
        write_text(work / "one.txt", f"seed {chosen.training.seed}")
        return ["one.txt"]

    def second(self, chosen: Spec, work: Path, progress: Progress) -> list[str]:
        self.runs.append("second")
        write_text(work / "two.txt", "half" if self.broken else "whole")
        if self.broken:
            raise KeyboardInterrupt
        return ["two.txt"]

    def go(self, work: Path, **sections: dict) -> list[str]:
        """Steps that ran."""
        self.runs.clear()
        flow.run(spec(**sections), work, steps=self.steps)
        return list(self.runs)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_a_second_run_does_nothing(counted: Counted, tmp_path: Path) -> None:
    assert counted.go(tmp_path) == ["first", "second"]
    assert counted.go(tmp_path) == []


def test_a_section_repeats_the_steps_that_depend_on_it(counted: Counted, tmp_path: Path) -> None:
    counted.go(tmp_path)
    assert counted.go(tmp_path, verify={"sequences": 3}) == ["second"]
    assert counted.go(tmp_path, verify={"sequences": 3}, training={"seed": 9}) == ["first", "second"]
    assert counted.go(tmp_path, verify={"sequences": 3}, training={"seed": 9}, target={"clock_mhz": 5.0}) == []


def test_a_lost_or_changed_result_is_made_again(counted: Counted, tmp_path: Path) -> None:
    counted.go(tmp_path)
    (tmp_path / "two.txt").unlink()
    assert counted.go(tmp_path) == ["second"]
    write_text(tmp_path / "one.txt", "edited")
    assert counted.go(tmp_path) == ["first"]


def test_a_run_goes_on_where_it_was_stopped(counted: Counted, tmp_path: Path) -> None:
    counted.broken = True
    with pytest.raises(KeyboardInterrupt):
        counted.go(tmp_path)
    counted.broken = False
    assert counted.go(tmp_path) == ["second"]
    assert (tmp_path / "two.txt").read_text() == "whole"


def test_a_step_stopped_on_its_second_run_counts_as_not_done(counted: Counted, tmp_path: Path) -> None:
    counted.go(tmp_path)
    counted.broken = True
    with pytest.raises(KeyboardInterrupt):
        counted.go(tmp_path, verify={"sequences": 3})
    counted.broken = False
    assert counted.go(tmp_path) == ["second"]


def test_files_of_an_earlier_run_that_are_no_longer_made_are_removed(tmp_path: Path) -> None:
    for name in ("old.txt", "new.txt"):
        write_text(tmp_path / name, name)
        ledger.record(tmp_path, "step", "inputs", [name], made_by="step")
    assert not (tmp_path / "old.txt").exists()
    assert (tmp_path / "new.txt").exists()


@pytest.mark.parametrize("contents", ["{", "[]", ""])
def test_an_unreadable_ledger_means_that_nothing_is_done(counted: Counted, tmp_path: Path, contents: str) -> None:
    counted.go(tmp_path)
    (tmp_path / ledger.NAME).write_text(contents)
    assert counted.go(tmp_path) == ["first", "second"]


def test_code_behind_a_step_counts(counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.go(tmp_path)
    monkeypatch.setattr(flow.sources, "digest", lambda *names: "other code")
    assert counted.go(tmp_path) == ["first", "second"]


def test_a_tool_that_appears_repeats_the_steps_that_could_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = flow.step("verify").inputs(spec(), tmp_path)
    monkeypatch.setattr(flow.tools, "paths", lambda names: dict.fromkeys(names, "/elsewhere"))
    assert flow.step("verify").inputs(spec(), tmp_path) != before


def test_every_section_of_the_spec_reaches_some_step() -> None:
    assert {section for step in flow.STEPS for section in step.sections} == set(Spec.model_fields)


def test_code_of_every_step_exists() -> None:
    for step in flow.STEPS:
        for name in step.code:
            assert flow.sources.files(name), name


def imported(chosen: Spec, model: Path, folder: Path) -> None:
    """An importer that takes any model for seeded weights."""
    weights.save(folder / "weights.npz", weights.seeded(chosen), chosen)
    samples.save(folder / "samples.npz", stimuli(chosen))
    write_text(folder / "training.json", "{}")


def test_imported_weights_are_never_trained_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "training.importer", SimpleNamespace(import_model=imported))
    flow.import_model(spec(), Path("model.pt"), tmp_path)
    assert flow.run(spec(), tmp_path, steps=flow.STEPS[:1]) == {"train": "unchanged"}
    with pytest.raises(Refused, match="wanted weights imported for this spec"):
        flow.run(spec(training={"seed": 2}), tmp_path, steps=flow.STEPS[:1])


def test_a_step_on_results_of_another_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="wanted the results of `sparrow generate` for this spec"):
        flow.require("generate", spec(), tmp_path)


def test_without_weights_there_is_no_design(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="wanted weights made by `sparrow train` or `sparrow import`, got no such file"):
        flow.design(spec(), tmp_path)


def prepared(work: Path) -> Spec:
    """A work folder as training leaves it; verified by the golden engine alone."""
    chosen = spec(verify={"engines": ["golden"]})
    imported(chosen, Path(), work)
    return chosen


def test_verification_leaves_its_file(tmp_path: Path) -> None:
    assert flow.verify(prepared(tmp_path), tmp_path) == ["verify.json"]
    assert '"status": "equal"' in (tmp_path / "verify.json").read_text()


def one_result_too_few(made: Design, inputs: Samples) -> Observed:
    seen = golden(made, inputs)
    seen.outputs = seen.outputs[:-1]
    return seen


def test_a_difference_stops_the_flow_and_is_on_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accel.engines.engine.golden", one_result_too_few)
    with pytest.raises(Different, match="golden: outputs"):
        flow.verify(prepared(tmp_path), tmp_path)
    assert '"status": "different"' in (tmp_path / "verify.json").read_text()


def test_a_crash_of_an_engine_is_no_difference_and_its_traceback_is_on_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accel.engines.engine.golden", lambda made, inputs: 1 // 0)
    with pytest.raises(Crashed, match="golden: ZeroDivisionError"):
        flow.verify(prepared(tmp_path), tmp_path)
    found = json.loads((tmp_path / "verify.json").read_text())["engines"][0]
    assert found["status"] == "crashed"
    assert "1 // 0" in found["traceback"]


def test_an_engine_without_its_package_is_a_missing_tool(tmp_path: Path) -> None:
    (tmp_path / "lonely.py").write_text("import no_such_package_anywhere")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        with pytest.raises(ToolMissing, match="the Python package no_such_package_anywhere is not installed"):
            flow.engine("lonely:engine")(Design(spec(), weights.seeded(spec()), tmp_path), stimuli(spec()))


def test_a_missing_module_of_our_own_is_not_a_missing_tool(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        flow.engine("accel.engines.none:engine")(Design(spec(), weights.seeded(spec()), tmp_path), stimuli(spec()))


@pytest.mark.parametrize(("cost", "again"), [("nonzeros", False), ("cycles", True)])
def test_weights_depend_on_the_engine_where_the_search_counts_its_cycles(
    cost: str, again: bool, tmp_path: Path
) -> None:
    def inputs(units: int) -> str:
        sparsity = {"input": None, "recurrent": None, "search": {"total": 0.5, "cost": cost}}
        return flow.step("train").inputs(spec(sparsity=sparsity, engine={"units": units}), tmp_path)

    assert (inputs(4) != inputs(2)) is again
