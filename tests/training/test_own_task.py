"""A task of one's own: the template trains as it is, every breach of the contract is named, its files are links."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from accel.base.faults import Refused
from accel.spec import Spec
from sparrow import admission, flow
from sparrow.cli import app
from training import hand_over, tasks
from training.checkpoint import fingerprint
from training.tasks.contract import faults
from training.tasks.example import load
from training.tasks.task import Split, Task, Text


def made(folder: Path) -> Path:
    result = CliRunner().invoke(app, ["new", "--task", str(folder / "mine.py"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["files"] == [str(folder / "mine.py"), str(folder / "mine.yaml")]
    return folder / "mine.yaml"


def test_the_template_trains_and_verifies_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path)
    text = re.sub(r"epochs: \d+", "epochs: 2", path.read_text())
    path.write_text(text + "verify: {engines: [golden, torch], sequences: 4}\n")
    spec = admission.load(path)
    done = flow.run(spec, tmp_path / "work")
    assert set(done.values()) == {"done"}
    assert set(flow.run(spec, tmp_path / "work").values()) == {"unchanged"}
    record = json.loads((tmp_path / "work" / "training.json").read_text())
    assert (record["task"], record["metric"]) == ("largest", "accuracy")


def test_a_change_of_the_task_or_of_a_file_that_it_lists_makes_training_stale(tmp_path: Path) -> None:
    spec = admission.load(made(tmp_path))
    source = tmp_path / "mine.py"
    (tmp_path / "data.npz").write_bytes(b"first")
    source.write_text(source.read_text().replace("FILES = ()", 'FILES = ("data.npz",)'))

    def known() -> tuple[dict[str, Any], str]:
        return hand_over.links(spec, hand_over.TRAIN).spec, fingerprint(spec, ("model",))

    before = known()
    assert set(before[0]["task files"]) == {"mine.py", "data.npz"}
    (tmp_path / "data.npz").write_bytes(b"second")
    after = known()
    assert before[0]["task files"]["mine.py"] == after[0]["task files"]["mine.py"]
    assert before[0]["task files"]["data.npz"] != after[0]["task files"]["data.npz"]
    assert before[1] != after[1]
    source.write_text(source.read_text() + "\n")
    assert known()[0]["task files"]["mine.py"] != after[0]["task files"]["mine.py"]


def test_a_task_in_a_module_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = admission.load(made(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "own_module_of_a_test.py").write_text((tmp_path / "mine.py").read_text())
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    assert tasks.load(named(spec, "own_module_of_a_test:load")).name == "largest"
    monkeypatch.delitem(sys.modules, "own_module_of_a_test")


def named(spec: Spec, task: str) -> Spec:
    return spec.model_copy(update={"training": spec.training.model_copy(update={"task": task})})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def other(): ...", "training.task: wanted a function of mine.py: other, got load"),
        ("load = 3", "training.task: wanted a function of mine.py: it has none, got load"),
        ("def load(: ...", "mine.py:1: invalid syntax"),
        ("import no_such_module", "mine.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def load():\n    return 1 / 0", "mine.py:2: ZeroDivisionError: division by zero"),
        ("def load():\n    return {'x': 1}", "wanted a training.tasks.task.Task, got a dict"),
        ("def load(path): ...", "TypeError: load() missing 1 required positional argument"),
    ],
)
def test_code_that_is_no_task_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = made(tmp_path)
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(Refused) as refused:
        tasks.load(admission.load(path))
    assert said in str(refused.value)


@pytest.mark.parametrize("task", ["theirs.py:load", "no.such.module:load", "../mine:load", "a b.py:load"])
def test_a_place_that_is_not_there_is_refused_by_check(task: str, tmp_path: Path) -> None:
    path = made(tmp_path)
    path.write_text(path.read_text().replace("mine.py:load", task))
    with pytest.raises(Refused, match=r"training.task: wanted a FILE.py:FUNCTION beside the spec"):
        admission.load(path)


def split(**changes: Any) -> Callable[[Task], Task]:
    return lambda task: replace(task, valid=replace(task.valid, **changes))


TEXT = Text(np.arange(9) % 3)
BREACHES: list[tuple[Callable[[Task], Any], str]] = [
    (lambda task: replace(task, classes=1), "classes: wanted a whole number of at least 2, got 1"),
    (lambda task: replace(task, metric="f1"), "metric: wanted one of accuracy"),
    (lambda task: replace(task, test=None), "test: wanted a Split, or a Text, as the other two, got a NoneType"),
    (lambda task: replace(task, test=TEXT), "test: wanted a Split, or a Text, as the other two, got a Text"),
    (lambda task: replace(task, train=TEXT, valid=TEXT, test=TEXT), "wanted a vocabulary"),
    (
        lambda task: replace(task, train=TEXT, valid=TEXT, test=TEXT, vocabulary=2),
        "tokens: wanted tokens from 0 to 1",
    ),
    (split(x=[[1.0]]), "valid.x: wanted float32 [sequences, steps, inputs], a numpy array, got a list"),
    (
        split(x=load().valid.x.astype(float)),
        "wanted float32 [sequences, steps, inputs], not empty, got float64",
    ),
    (split(x=load().valid.x[:0]), "not empty, got float32 [0, 12, 3]"),
    (split(x=load().valid.x[:, :, :2]), "wanted x with as many inputs in each split"),
    (split(x=np.full_like(load().valid.x, np.nan)), "valid.x: wanted finite numbers, got 3600 that are not"),
    (split(x=np.ones_like(load().valid.x)), "valid.x: wanted zeros behind the end of a sequence"),
    (split(lengths=load().valid.lengths[:3]), "valid.lengths: wanted 100 numbers, one a sequence, got 3"),
    (split(lengths=load().valid.lengths * 0), "valid.lengths: wanted numbers from 1 to 12, got 0 to 0"),
    (split(labels=load().valid.labels + 1), "valid.labels: wanted numbers from 0 to 2, got 1 to 3"),
    (split(labels=load().valid.labels.astype(np.int32)), "valid.labels: wanted int64 [100]"),
]


@pytest.mark.parametrize(("breach", "said"), BREACHES)
def test_every_breach_of_the_contract_is_named(breach: Callable[[Task], Any], said: str) -> None:
    assert list(faults(load(), "task")) == []
    assert said in "\n".join(map(str, faults(breach(load()), "task")))


def test_tasks_of_the_project_keep_the_contract() -> None:
    from training.tasks.digits import digits_pixels, digits_rows

    for task in (digits_rows(), digits_pixels()):
        assert list(faults(task, "task")) == []
        assert isinstance(task.train, Split)


def test_files_that_are_there_are_not_written_over(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "mine.py").write_text("mine")
    again = CliRunner().invoke(app, ["new", "--task", str(tmp_path / "mine.py")])
    assert again.exit_code == 2
    assert (tmp_path / "mine.py").read_text() == "mine"
    assert CliRunner().invoke(app, ["new"]).exit_code == 2
    assert CliRunner().invoke(app, ["new", "--task", str(tmp_path / "Mine.txt")]).exit_code == 2
