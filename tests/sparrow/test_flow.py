"""The flow: steps are skipped, resumed and repeated for the right reasons."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from accel.base.faults import Refused
from accel.base.files import write_text
from accel.base.progress import Progress
from accel.model import random_weights, samples, weights_file
from accel.proof import ledger
from accel.proof.outputs import Outputs
from accel.proof.sources import files
from accel.spec import Spec
from sparrow import flow, steps
from sparrow.step import Depends, Step
from tests.designs import spec, stimuli
from training import hand_over


class Counted:
    """Two steps, `first` and `second`, that count how often they ran; the second can be made to stop half-way."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.broken = False
        self.steps = (
            Step("first", self.first, Depends(("training",), (), (), self.code, ("python",))),
            Step("second", self.second, Depends(("verify",), ("one.txt",), ("first",), self.code, ("myhdl",))),
        )

    def code(self) -> set[Path]:
        return files("accel.base.faults")

    def first(self, chosen: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
        self.runs.append("first")
        outputs.claim("one.txt")
        return outputs.write({"one.txt": f"seed {chosen.training.seed}"})

    def second(self, chosen: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
        self.runs.append("second")
        outputs.claim("two.txt")
        left = outputs.write({"two.txt": "half" if self.broken else "whole"})
        if self.broken:
            raise KeyboardInterrupt
        return left

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


@pytest.mark.parametrize("contents", ["{", "[]", ""])
def test_an_unreadable_manifest_is_refused_and_replaced_where_that_is_asked_for(
    counted: Counted, tmp_path: Path, contents: str
) -> None:
    counted.go(tmp_path)
    (tmp_path / ledger.NAME).write_text(contents)
    with pytest.raises(Refused, match="wanted what sparrow wrote there"):
        counted.go(tmp_path)
    assert set(flow.run(spec(), tmp_path, steps=counted.steps, replace=True).values()) == {"done"}
    assert counted.go(tmp_path) == []


def test_code_behind_a_step_counts(counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.go(tmp_path)
    monkeypatch.setattr("accel.proof.sources.digest", lambda path: "other code")
    assert counted.go(tmp_path) == ["first", "second"]


def test_the_version_of_a_tool_counts(counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.go(tmp_path)
    monkeypatch.setattr("accel.proof.versions.package", lambda name: "0.12" if name == "myhdl" else "")
    assert counted.go(tmp_path) == ["first", "second"]


def test_why_a_step_is_done_again_is_said(counted: Counted, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted.go(tmp_path)
    assert capsys.readouterr().err == ""
    counted.go(tmp_path, verify={"sequences": 3})
    assert "note: second again, since a link changed: verify.sequences: wanted 32, got 3\n" in capsys.readouterr().err


def test_a_file_that_changes_under_a_step_is_refused(counted: Counted, tmp_path: Path) -> None:
    def second(chosen: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
        write_text(work / "one.txt", "changed meanwhile")
        return []

    counted.go(tmp_path)
    one = Step("second", second, counted.steps[1].links)
    with pytest.raises(Refused, match=r"one\.txt: wanted sha256"):
        one.perform(spec(), tmp_path)


def test_every_section_of_the_spec_reaches_some_step(tmp_path: Path) -> None:
    links = [step.links(spec(), tmp_path, step.made_by) for step in steps.STEPS]
    assert {section for one in links for section in one.spec} == set(Spec.model_fields)


def imported(chosen: Spec, model: Path, folder: Path) -> None:
    """An importer that takes any model for seeded weights."""
    weights_file.save(folder / "weights.npz", random_weights.seeded(chosen), chosen)
    samples.save(folder / "samples.npz", stimuli(chosen))
    write_text(folder / "training.json", json.dumps({"file": str(model), "sha256": ""}))


@pytest.fixture
def importer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "training.importer", SimpleNamespace(import_model=imported))


@pytest.mark.usefixtures("importer")
def test_imported_weights_are_never_trained_over(tmp_path: Path) -> None:
    flow.import_model(spec(), Path("model.pt"), tmp_path)
    assert flow.run(spec(), tmp_path, steps=steps.STEPS[:1]) == {"train": "unchanged"}
    with pytest.raises(Refused, match=r"wanted what `sparrow import` left for this spec.*\n.*seed: wanted 1, got 2"):
        flow.run(spec(training={"seed": 2}), tmp_path, steps=steps.STEPS[:1])
    with pytest.raises(Refused, match="got those of `sparrow import`"):
        flow.perform(steps.step("train"), spec(), tmp_path)


@pytest.mark.usefixtures("importer")
def test_an_import_over_trained_weights_is_refused_and_sets_them_aside_where_that_is_asked_for(tmp_path: Path) -> None:
    flow.run(spec(), tmp_path, steps=steps.STEPS[:1])
    trained = (tmp_path / "training.json").read_bytes()
    with pytest.raises(Refused, match="got those of `sparrow train`"):
        flow.import_model(spec(), Path("model.pt"), tmp_path)
    assert (tmp_path / "training.json").read_bytes() == trained
    flow.import_model(spec(), Path("model.pt"), tmp_path, replace=True)
    assert (tmp_path / "set-aside/1/training.json").read_bytes() == trained
    flow.import_model(spec(), Path("model.pt"), tmp_path)  # over an import that nobody changed
    assert hand_over.maker(tmp_path) == "sparrow import"


@pytest.mark.usefixtures("importer")
def test_an_import_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow.import_model(spec(), Path("model.pt"), tmp_path / "work")
    before = {path: path.read_bytes() for path in (tmp_path / "work").iterdir()}
    monkeypatch.setitem(sys.modules, "training.importer", SimpleNamespace(import_model=lambda *given: 1 // 0))
    with pytest.raises(ZeroDivisionError):
        flow.import_model(spec(), Path("model.pt"), tmp_path / "work")
    assert {path: path.read_bytes() for path in (tmp_path / "work").iterdir()} == before


def test_weights_that_no_step_left_are_not_trained_over(tmp_path: Path) -> None:
    imported(spec(), Path(), tmp_path)
    before = (tmp_path / "weights.npz").read_bytes()
    with pytest.raises(Refused, match=r"weights\.npz: wanted no such file yet"):
        flow.run(spec(), tmp_path)
    assert (tmp_path / "weights.npz").read_bytes() == before


def test_a_step_on_results_that_are_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match="wanted the results of `sparrow train` for this spec, its sources and tools, got"
    ):
        flow.perform(steps.step("generate"), spec(), tmp_path)
    assert not (tmp_path / ledger.NAME).exists()


def test_without_weights_there_is_no_design(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="wanted weights made by `sparrow train` or `sparrow import`, got no such file"):
        steps.design(spec(), tmp_path)


@pytest.mark.parametrize(("cost", "again"), [("nonzeros", False), ("cycles", True)])
def test_weights_depend_on_the_engine_where_the_search_counts_its_cycles(cost: str, again: bool) -> None:
    def links(units: int) -> object:
        sparsity = {"input": None, "recurrent": None, "search": {"total": 0.5, "cost": cost}}
        return hand_over.links(spec(sparsity=sparsity, engine={"units": units}), "sparrow train")

    assert (links(4) != links(2)) is again
