"""Tasks: their shapes, that splits share nothing, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model import samples, weights_file
from tests.training.small import small
from training import tasks
from training.export import excerpt
from training.model import LSTM
from training.tasks.digits import digits_rows
from training.train import train


def test_digits_by_rows_have_eight_steps_of_eight_pixels() -> None:
    task = digits_rows()
    assert [split.x.shape for split in (task.train, task.valid, task.test)] == [(1197, 8, 8), (240, 8, 8), (360, 8, 8)]
    assert task.train.x.min() == 0.0
    assert task.train.x.max() == 1.0
    assert np.bincount(task.test.labels).min() >= 34


def test_the_splits_of_the_digits_share_no_scan_and_are_the_same_each_time() -> None:
    task, again = digits_rows(), digits_rows()
    seen = [{scan.tobytes() for scan in split.x} for split in (task.train, task.valid, task.test)]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 1797
    np.testing.assert_array_equal(task.test.x, again.test.x)


def test_pixels_are_exact_in_the_input_format() -> None:
    task, spec = digits_rows(), small()
    exported = excerpt(LSTM(spec), task.test, spec)
    np.testing.assert_array_equal(spec.formats.input.real(exported.samples.x), task.test.x)


def test_an_unknown_task_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"training.task: wanted one of .*digits_rows.*seeded.*, got chess"):
        tasks.load(small(training={"task": "chess"}))


def test_every_misfit_of_task_and_network_is_refused_at_once() -> None:
    with pytest.raises(Refused) as refused:
        tasks.load(small(training={"task": "digits_rows"}, model={"head": {"outputs": 3, "when": "step"}}))
    assert [fault.place for fault in refused.value.faults] == ["model.inputs", "model.head.outputs", "model.head.when"]


def test_a_task_gives_windows_itself() -> None:
    model = {"inputs": 8, "window": {"steps": 2}, "head": {"outputs": 10}}
    with pytest.raises(Refused, match=r"model\.window: wanted nothing, as task digits_rows gives what"):
        tasks.load(small(training={"task": "digits_rows"}, model=model))


def test_the_seeded_task_leaves_weights_and_samples_without_training(tmp_path: Path) -> None:
    spec = small()
    train(spec, tmp_path)
    assert weights_file.load(tmp_path / "weights.npz", spec).network(spec).layers[0].nnz == (2, 4)
    assert len(samples.load(tmp_path / "samples.npz", spec).x) == spec.verify.sequences


def test_the_seeded_task_does_not_import_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.training.small import small; "
        "from training.train import train; "
        "train(small(), Path(sys.argv[1])); assert not {'torch', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
