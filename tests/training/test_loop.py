"""The loop: seeds repeat, a killed run goes on to the same numbers, divergence stops with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.base.faults import Refused
from accel.base.progress import silent
from accel.engines.engine import reference
from accel.model import samples, weights_file
from accel.model.design import Design
from accel.schedule.load_spec import load
from sparrow import flow, steps
from tests.training.small import small, task
from training import checkpoint, pipeline
from training.batches import to_train
from training.loop import Fit, Stage, rate
from training.model import LSTM

SPEC = small()


@pytest.fixture(autouse=True)
def tasks_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


def run(work: Path, kill_at: int | None = None, spec: Any = SPEC) -> list[str]:
    """Run the pipeline, killed after some epochs; the stage of each epoch that was run."""
    epochs: list[str] = []

    def progress(stage: str, done: int, total: int, note: str) -> None:
        epochs.append(stage)
        if len(epochs) == kill_at:
            raise Killed

    pipeline.run(spec, work, progress)
    return epochs


def outcome(work: Path) -> tuple[bytes, Any]:
    """What must be the same: the weights, and the record without its times."""
    record = json.loads((work / "training.json").read_text())
    record.pop("seconds")
    for curve in record["curves"].values():
        for epoch in curve:
            epoch.pop("seconds")
    return (work / "weights.npz").read_bytes(), record


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    run(tmp_path / "a")
    run(tmp_path / "b")
    run(tmp_path / "c", spec=small(training={"seed": 2}))
    assert outcome(tmp_path / "a") == outcome(tmp_path / "b")
    assert outcome(tmp_path / "a")[0] != outcome(tmp_path / "c")[0]


def test_plain_descent_moves_by_the_rate_times_the_clipped_gradient() -> None:
    spec = small(training={"optimizer": "sgd", "learning_rate": 2.0, "gradient_clip": 0.01})
    model, data = LSTM(spec), task()
    fit = Fit(model, Stage("dense", 1, ""), data, spec.training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batch = next(to_train(data.train, 16, 1, fit.order, next(model.parameters())))
    fit.step(batch, None)
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter, before[name] - 2.0 * parameter.grad), name
    norm = torch.stack([parameter.grad.norm() for parameter in model.parameters()]).norm()
    assert float(norm) == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("kill_at", [1, 2, 5, 11])
def test_a_killed_run_goes_on_to_the_numbers_of_an_uninterrupted_one(tmp_path: Path, kill_at: int) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "killed", kill_at)
    rest = run(tmp_path / "killed")
    assert len(rest) == len(whole) - kill_at
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "whole")


def test_a_finished_run_trains_nothing_again(tmp_path: Path) -> None:
    run(tmp_path)
    assert run(tmp_path) == []


def test_other_formats_repeat_only_the_stage_that_depends_on_them(tmp_path: Path) -> None:
    run(tmp_path)
    assert set(run(tmp_path, spec=small(formats={"gate": [14, 10]}))) == {"quantized"}


def damage(path: Path, bit: int) -> None:
    """Flip one bit of a file."""
    changed = bytearray(path.read_bytes())
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    path.write_bytes(changed)


@pytest.mark.parametrize("lost", [0, 1, 100, -1])
def test_of_a_torn_checkpoint_the_one_before_is_taken(
    tmp_path: Path, lost: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    whole = outcome(tmp_path)
    path = tmp_path / "checkpoints" / "quantized.pt"
    path.write_bytes(path.read_bytes()[:lost])
    assert run(tmp_path) == ["quantized"]
    assert f"note: {path} is damaged" in capsys.readouterr().err
    assert outcome(tmp_path) == whole


@pytest.mark.parametrize("bit", [3, 8 * 30, 8 * 100 + 1, 8 * 3000 + 5, 8 * 5000, 8 * 9000 + 2])
def test_a_flipped_bit_anywhere_in_a_checkpoint_is_told_and_changes_no_number(
    tmp_path: Path, bit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    whole = outcome(tmp_path)
    damage(tmp_path / "checkpoints" / "dense.pt", bit)
    damage(tmp_path / "checkpoints" / "quantized.pt", bit)
    damage(tmp_path / "checkpoints" / "quantized.pt.before", bit)
    run(tmp_path)
    said = capsys.readouterr().err
    for name in ("dense.pt", "quantized.pt", "quantized.pt.before"):
        assert f"{tmp_path / 'checkpoints' / name} is damaged" in said
    assert outcome(tmp_path) == whole


def test_every_flipped_bit_of_a_checkpoint_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "one.pt"
    checkpoint.save(path, {"fingerprint": "f", "numbers": torch.arange(20.0)})
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 53):
        path.write_bytes(whole)
        damage(path, bit)
        assert checkpoint.load(path, "f") is None
    path.write_bytes(whole)
    assert checkpoint.load(path, "f") is not None
    assert checkpoint.load(path, "another") is None


def test_a_checkpoint_that_is_somebody_elses_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"fingerprint": "f"}, tmp_path / "one.pt")
    assert checkpoint.load(tmp_path / "one.pt", "f") is None


def test_what_a_run_leaves_fits_together(tmp_path: Path) -> None:
    run(tmp_path)
    loaded = weights_file.load(tmp_path / "weights.npz", SPEC)
    kept = samples.load(tmp_path / "samples.npz", SPEC)
    record = json.loads((tmp_path / "training.json").read_text())
    design = Design(SPEC, loaded, tmp_path)
    answers = reference(design, kept).outputs[:, 0]
    assert record["models"]["golden"] == record["models"]["quantized"] == np.mean(answers == kept.labels)
    assert len(kept.x) == len(task().test)
    chosen = [tried for tried in record["candidates"] if tried["chosen"]]
    assert [tried["kept"] for tried in chosen] == [[list(layer.nnz) for layer in design.net.layers]]
    assert len(record["candidates"]) == 3


def test_a_dense_spec_has_no_candidates(tmp_path: Path) -> None:
    run(tmp_path, spec=small(sparsity={"pattern": "dense", "search": None}))
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["candidates"] == []
    assert record["models"]["float"] == record["models"]["pruned"]


def test_divergence_stops_with_a_sentence_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    training = small(training={"epochs": 4}).training
    fit = Fit(LSTM(SPEC), Stage("dense", 4, "f"), task(), training)

    def spoil(stage: str, done: int, total: int, note: str) -> None:
        if done == 2:
            torch.nn.init.constant_(fit.model.layers[0].bias_ih_l0, torch.nan)  # type: ignore[union-attr, arg-type]

    with pytest.raises(
        Refused, match="learning_rate: wanted a rate at which the loss stays finite, got nan in epoch 3"
    ):
        fit.run(tmp_path, spoil)
    again = Fit(LSTM(SPEC), Stage("dense", 4, "f"), task(), training)
    assert len(again.run(tmp_path, silent).curve) == 4


def test_the_rate_falls_from_full_to_nearly_nothing() -> None:
    rates = [rate(0.1, epoch, 10) for epoch in range(10)]
    assert rates[0] == 0.1
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < 0.01


def test_baselines_are_fine_tuned_beside_the_search_and_repeat_no_other_stage(tmp_path: Path) -> None:
    run(tmp_path)
    with_baselines = small(training={"baselines": ["unstructured", "targeted"]})
    assert set(run(tmp_path, spec=with_baselines)) == {"baseline-unstructured", "baseline-targeted"}
    record = json.loads((tmp_path / "training.json").read_text())
    assert [other["pattern"] for other in record["baselines"]] == ["unstructured", "targeted"]


def test_studies_of_every_method_are_recorded_and_go_on_after_a_kill(tmp_path: Path) -> None:
    studies = {
        "states": [0.5],
        "widths": [4],
        "row_widths": [3],
        "low_bit": ["ternary-weight", "binary-batch"],
        "lasso": [150.0],
    }
    spec = small(training={"studies": studies})
    run(tmp_path / "whole", spec=spec)
    with pytest.raises(Killed):
        run(tmp_path / "killed", 22, spec=spec)
    run(tmp_path / "killed", spec=spec)
    record = outcome(tmp_path / "whole")[1]
    assert outcome(tmp_path / "killed")[1] == record
    found = {study["name"]: study for study in record["studies"]}
    assert list(found) == [
        "states 0.5",
        "states 0.5, row-balanced",
        "row-balanced, 4 bits after training",
        "row-balanced, 4 bits",
        "row-balanced, 3 bits and a scale a row after training",
        "row-balanced, 3 bits and a scale a row",
        "ternary-weight",
        "ternary-weight, states 0.5",
        "binary-batch",
        "units 150.0",
        "units 150.0, row-balanced",
    ]
    assert found["units 150.0"]["hidden"][0] < 8
    assert found["states 0.5"]["threshold"] == pytest.approx(0.2)
    assert (tmp_path / "whole" / "states.png").read_bytes().startswith(b"\x89PNG")
    for name in ("units-150.0", "units-150.0-row-balanced"):
        is_a_finished_training_of_its_own(tmp_path / "whole" / "compact" / name, tmp_path / name)


def is_a_finished_training_of_its_own(folder: Path, work: Path) -> None:
    """What removing units left is a spec and weights that `import` takes, dense or as sparse as the whole one."""
    smaller = load(folder / "spec.yaml")
    flow.import_model(smaller, folder, work)
    made = steps.design(smaller, work)
    assert smaller.model.hidden[0] < 8
    assert made.net.layers[0].dense == (smaller.sparsity.pattern == "dense")
    assert sum(made.net.layers[0].nnz) <= sum(planned(smaller)[0])


def test_removed_units_balanced_columns_and_pruned_states_compose(tmp_path: Path) -> None:
    spec = small(
        sparsity={"pattern": "column", "search": None, "input": 0.5, "recurrent": 0.5, "threshold": 0.1, "states": 0.3},
        engine={"dataflow": "column", "units": 1},
        training={"task": "digits_rows", "studies": {"lasso": [45.0]}},
    )
    run(tmp_path, spec=spec)
    record = outcome(tmp_path)[1]
    study = next(one for one in record["studies"] if one["name"] == "units 45.0, column-balanced")
    smaller = load(tmp_path / "compact" / "units-45.0-column-balanced" / "spec.yaml")
    assert (smaller.sparsity.threshold, smaller.sparsity.states) == (0.1, 0.3)
    array = network(smaller, planned(smaller)).layers[0]
    assert study["nonzeros"] == [list(array.matrix_nonzeros)]
    assert study["zeros"]["1"] > 0
    for name in ("units-45.0", "units-45.0-column-balanced"):
        is_a_finished_training_of_its_own(tmp_path / "compact" / name, tmp_path / name)


@pytest.mark.parametrize(
    "sections",
    [{"training": {"gradual": True, "prune_epochs": 4}}, {"sparsity": {"shared_by_gates": True}}],
    ids=["gradual", "shared_by_gates"],
)
def test_other_ways_to_prune_leave_weights_that_fit_the_spec(tmp_path: Path, sections: dict[str, Any]) -> None:
    spec = small(**sections)
    run(tmp_path, spec=spec)
    assert sum(weights_file.load(tmp_path / "weights.npz", spec).layers[0].nnz_per_row) == 6
