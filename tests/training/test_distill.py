"""A student without labels: nearer to the file than pruning and rounding leave it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.base.files import read_json
from accel.base.progress import silent
from accel.model import weights_file
from accel.model.sequences import Data
from accel.schedule.load_spec import parse
from accel.spec import Spec
from training import prune, spread
from training.distill import distill
from training.importer import filled, import_model, read
from training.importing.source import Wishes

SPEC: dict[str, Any] = {
    "name": "student",
    "model": {"inputs": 3, "hidden": [12], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "sparsity": {"pattern": "row", "input": 0.34, "recurrent": 0.75},
    "weights": {"width": 6, "input_frac": 4, "recurrent_frac": 4, "head_frac": 4},
    "formats": {"input": [12, 8], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]},
    "engine": {"units": 4},
    "training": {"task": "seeded", "learning_rate": 0.01, "prune_epochs": 12, "quantize_epochs": 6, "batch": 8},
}


def spec(**training: Any) -> Spec:
    return parse({**SPEC, "training": {**SPEC["training"], **training}})


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file of a network whose weights are as large as trained ones are."""
    torch.manual_seed(3)
    lstm, head = nn.LSTM(3, 12, batch_first=True), nn.Linear(12, 3)
    state = {f"lstm.{name}": 2.0 * value for name, value in lstm.state_dict().items()}
    state |= {f"head.{name}": value for name, value in head.state_dict().items()}
    torch.save(state, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def data(count: int = 24, steps: int = 20) -> Data:
    rng = np.random.default_rng(5)
    lengths = rng.integers(steps // 2, steps + 1, count)
    x = rng.normal(0.0, 1.0, (count, steps, 3)) * (np.arange(steps) < lengths[:, None])[..., None]
    return Data(x, lengths, "x.npz")


def imported(model: Path, work: Path, chosen: Spec, **wishes: Any) -> dict[str, Any]:
    given = data()
    np.savez(model.with_name("x.npz"), x=given.x, lengths=given.lengths)
    work.mkdir()
    import_model(chosen, model, work, data_file=model.with_name("x.npz"), **wishes)
    found: dict[str, Any] = read_json(work / "training.json")["import"]
    return found


def test_a_student_is_nearer_to_the_file_than_pruning_alone_and_keeps_the_pattern(model: Path, tmp_path: Path) -> None:
    alone = imported(model, tmp_path / "alone", spec())
    taught = imported(model, tmp_path / "taught", spec(), distill=True)
    before, after = (one["loss"]["layers"][0]["relative_error"] for one in (alone, taught))
    assert after < 0.75 * before
    assert taught["loss"]["decisions"]["differ"] <= alone["loss"]["decisions"]["differ"]
    assert weights_file.load(tmp_path / "taught" / "weights.npz", spec()).network(spec()).layers[0].nnz == (2, 3)
    assert alone["distilled"] is None
    stages = [epoch["stage"] for epoch in taught["distilled"]]
    assert stages == ["pruned"] * 13 + ["quantised"] * 7


def test_the_same_seed_distills_the_same_student(model: Path, tmp_path: Path) -> None:
    chosen = spec(prune_epochs=2, quantize_epochs=1)
    imported(model, tmp_path / "one", chosen, distill=True)
    imported(model, tmp_path / "two", chosen, distill=True)
    assert (tmp_path / "one/weights.npz").read_bytes() == (tmp_path / "two/weights.npz").read_bytes()


def test_the_best_epoch_is_kept_and_its_error_is_that_of_the_student(model: Path) -> None:
    chosen = spec(prune_epochs=3, quantize_epochs=3, learning_rate=0.5)  # so fast that it gets worse
    network = read(chosen, model, Wishes()).network
    made = distill(chosen, network, filled(chosen, network), data(), silent)
    errors = [epoch.error for epoch in made.curve if epoch.stage == "quantised"]
    from training.distill import _parted, _Stage

    left = _Stage(chosen, network, made.model.float(), "again", 0).error(_parted(data())[1])
    assert left == pytest.approx(min(errors), rel=1e-4)


def test_gradual_pruning_ends_with_the_ratios_of_the_spec(model: Path, tmp_path: Path) -> None:
    chosen = spec(gradual=True, prune_epochs=6, quantize_epochs=1)
    imported(model, tmp_path / "work", chosen, distill=True)
    assert weights_file.load(tmp_path / "work" / "weights.npz", chosen).network(chosen).layers[0].nnz == (2, 3)


def test_a_student_needs_x_and_enough_of_it(model: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--distill: wanted --data with x to learn from, got none"):
        import_model(spec(), model, tmp_path, distill=True)
    network = read(spec(), model, Wishes()).network
    short = Data(np.ones((1, 12, 3)), np.array([12]), "x.npy")
    with pytest.raises(Refused, match="one of at least 16 steps, to distill, got one of 12 steps"):
        distill(spec(), network, filled(spec(), network), short, silent)
    long = Data(np.ones((1, 32, 3)), np.array([32]), "x.npy")
    assert distill(spec(prune_epochs=1, quantize_epochs=1), network, filled(spec(), network), long, silent).curve
    with pytest.raises(Refused, match=r"source.distill: wanted source.data, x to learn from"):
        parse({**SPEC, "training": {}, "source": {"file": "model.pt", "distill": True}})


@pytest.mark.parametrize(
    "model_keys",
    [
        {"head": {"outputs": 3, "kind": "logits", "pool": "mean", "longest": 20}},
        {"head": {"outputs": 3, "kind": "logits", "pool": "max"}},
        {"bidirectional": True, "longest": 20, "head": {"outputs": 3, "kind": "logits", "last": "states"}},
        {"bidirectional": True, "longest": 20, "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    ],
    ids=["mean", "max", "last states of both directions", "both directions"],
)
def test_a_student_learns_through_pools_and_in_both_directions(model_keys: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(3)
    both = bool(model_keys.get("bidirectional"))
    lstm, head = nn.LSTM(3, 12, batch_first=True, bidirectional=both), nn.Linear(12 * (1 + both), 3)
    state = {f"lstm.{name}": 2.0 * value for name, value in lstm.state_dict().items()}
    torch.save(state | {f"head.{name}": value for name, value in head.state_dict().items()}, tmp_path / "model.pt")
    chosen = parse(
        {**SPEC, "model": {**SPEC["model"], **model_keys}, "training": {**SPEC["training"], "prune_epochs": 6}}
    )
    pool = chosen.model.head.pool if chosen.model.head else "none"
    without = {key: value for key, value in model_keys["head"].items() if key not in ("pool", "longest")}
    taken = read(
        parse({**SPEC, "model": {**SPEC["model"], **model_keys, "head": without}}), tmp_path / "model.pt", Wishes()
    )
    teacher = replace(taken.network, pool=pool)
    made = distill(chosen, teacher, filled(chosen, teacher), data(), silent)
    begun = made.curve[0].error
    assert min(epoch.error for epoch in made.curve if epoch.stage == "pruned") < 0.85 * begun
    assert min(epoch.error for epoch in made.curve if epoch.stage == "quantised") < 0.85 * begun


def kept_of(made: Any) -> np.ndarray:
    """Which weights of W_x a student keeps, [rows, inputs]."""
    return np.asarray(prune.masks(made.model.layers[0])[0])


def test_weights_are_kept_by_what_they_add_and_what_never_changes_is_left_to_the_bias(model: Path) -> None:
    chosen = spec(prune_epochs=1, quantize_epochs=1, learning_rate=1e-6)
    network, given = read(chosen, model, Wishes()).network, data()
    alike = replace(given, x=given.x * [1.0, 1.0, 0.01] + [0.0, 0.0, 9.0])
    made = distill(chosen, network, filled(chosen, network), alike, silent)
    assert not kept_of(made)[:, 2].any()
    weights = np.abs(network.layers[0].w_x)
    assert weights[:, 2].max() > weights[:, :2].max(axis=1).min()
    without = distill(chosen, network, filled(chosen, network), given, silent)
    assert kept_of(without)[:, 2].any()


@pytest.mark.parametrize("bias", [True, False])
def test_spreads_are_those_of_real_steps_and_whole_sizes_where_no_bias_is(bias: bool, model: Path) -> None:
    chosen, given = spec(), data()
    network = read(chosen, model, Wishes()).network
    layer, operands = filled(chosen, network).float().layers[0], spread.Operands()
    real = np.arange(given.x.shape[1]) < given.lengths[:, None]
    operands.real = torch.from_numpy(real[..., None].astype(np.float32))
    x = torch.from_numpy(given.x.astype(np.float32))
    operands.met(layer, (x,), layer(x))
    rows = given.x[real]
    of_x, of_h = operands.spreads(bias)
    np.testing.assert_allclose(of_x, rows.std(axis=0) if bias else (rows**2).mean(axis=0) ** 0.5, rtol=1e-5)
    assert of_h.shape == (12,)
