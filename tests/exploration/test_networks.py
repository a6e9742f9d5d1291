"""Points with a network of their own: trained once, shared by all lanes, left unfinished where they are beaten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from accel.base.files import read_json
from exploration import networks
from exploration.measures import measures
from exploration.study import Outcome, Point
from exploration.work import Beaten
from sparrow.cli import app
from tests.training.importing.graphs import FINE
from tests.training.small import BASE, task
from training import pipeline

pytest.importorskip("optuna")
TRAINING = {"task": "digits_rows", "epochs": 1, "prune_epochs": 4, "quantize_epochs": 4, "batch": 64}
AXES = {"sparsity.input": [0.0, 0.34], "weights.width": [4, 8], "engine.units": [2, 4]}


@pytest.fixture
def explored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())
    spec, study = tmp_path / "small.yaml", tmp_path / "study.yaml"
    spec.write_text(json.dumps({**BASE, "training": TRAINING}))
    study.write_text(yaml.safe_dump({"axes": AXES, "sampler": "all", "objectives": ["accuracy", "cycles"]}))
    given = ["explore", str(spec), str(study), "--work", str(tmp_path / "work"), "--no-prove", "--json"]
    return lambda *more: CliRunner().invoke(app, [*given, *more])


def test_designs_with_the_same_network_train_it_once(explored: Any, tmp_path: Path) -> None:
    result = explored()
    assert result.exit_code == 0, result.output
    points = json.loads(result.stdout)["points"]
    networks = tmp_path / "work/explore/networks"
    assert len(list(networks.glob("pruned-*/pruned-*.pt"))) == 2  # other widths go on from the same pruned network
    assert len(list(networks.glob("dense-*/dense.pt"))) == 1
    left = {path.parent.name for path in networks.glob("*/valid.json")}
    ended = [point for point in points if not point["stopped"]]
    assert len(points) == 8
    assert 1 <= len(left) <= 4
    assert {point["stages"]["accuracy"] for point in ended} == {"trained"}
    assert {point["stages"]["cycles"] for point in ended} == {"exact"}
    by_network = {(p["choice"]["sparsity.input"], p["choice"]["weights.width"]): p["values"]["accuracy"] for p in ended}
    assert all(
        by_network[p["choice"]["sparsity.input"], p["choice"]["weights.width"]] == p["values"]["accuracy"]
        for p in ended
    )


def test_a_loss_is_counted_from_the_dense_network(explored: Any, tmp_path: Path) -> None:
    result = explored("--limit", "accuracy_loss<=1")
    assert result.exit_code == 0, result.output
    points = [point["values"] for point in json.loads(result.stdout)["points"] if not point["stopped"]]
    kept = [read_json(path) for path in (tmp_path / "work/explore/networks").glob("*/valid.json")]
    assert {one["dense"] for one in kept} == {round(p["accuracy"] + p["accuracy_loss"], 9) for p in points}


def test_a_point_trains_a_quarter_of_the_epochs_and_its_spec_all_of_them(explored: Any, tmp_path: Path) -> None:
    facts = json.loads(explored().stdout)
    folder = tmp_path / "work" / "explore"
    record = read_json(next(folder.glob("networks/*/training.json")))
    assert len(record["curves"]["quantized"]) == 1
    front = next(point for point in facts["points"] if point["front"])
    assert yaml.safe_load((folder / front["file"]).read_text())["training"]["quantize_epochs"] == 4


def test_a_network_is_left_where_a_known_point_is_as_good_in_everything_already() -> None:
    known = measures("accuracy")
    wanted = (known["accuracy"], known["cycles"])
    beaten = Beaten.by([Point(1, {}, Outcome({"accuracy": 0.9, "cycles": 20}, {}))], wanted)
    assert beaten.why({"accuracy": 0.89, "cycles": 20})
    assert not beaten.why({"accuracy": 0.89, "cycles": 19})
    assert not beaten.why({"accuracy": 0.91, "cycles": 30})
    stopped = Point(1, {}, Outcome({"cycles": 20}, {}, stopped="beaten"))
    assert not Beaten.by([stopped], wanted).why({"accuracy": 0.1, "cycles": 99})


def test_a_network_that_is_hopeless_is_not_quantised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from accel.schedule.load_spec import parse

    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())
    spec = parse({**BASE, "training": TRAINING})
    assert networks.trained(spec, tmp_path, lambda best: "beaten") == (None, "beaten")
    assert not list(tmp_path.glob("*/checkpoints/quantized.pt"))
    metric, why = networks.trained(spec, tmp_path, lambda best: "")
    assert (metric is not None, why) == (True, "")


def test_points_of_a_spec_with_a_file_are_told_by_their_error_against_it(tmp_path: Path) -> None:
    torch.manual_seed(1)
    lstm, head = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, 3)
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc."), tmp_path / "a.pt")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 0.5, (4, 6, 3)))
    given = {key: value for key, value in BASE.items() if key != "training"} | FINE | {"sparsity": {"pattern": "dense"}}
    source = {"file": "a.pt", "data": "x.npy", "allow_clipping": True}
    (tmp_path / "own.yaml").write_text(json.dumps({**given, "source": source}))
    study = {"axes": {"weights.width": [4, 8]}, "objectives": ["error", "memory_bits"], "sampler": "all"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    paths = [str(tmp_path / name) for name in ("own.yaml", "study.yaml")]
    given = ["explore", *paths, "--work", str(tmp_path / "work"), "--no-prove", "--json"]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    coarse, fine = (point["values"]["error"] for point in json.loads(result.stdout)["points"])
    assert 0 < fine < coarse
    (tmp_path / "a.pt").write_bytes(b"another")
    other = CliRunner().invoke(app, given)
    assert (other.exit_code, "study.json: files" in other.stderr) == (2, True)
    result = CliRunner().invoke(app, [*given[:-2], "--json", "--objectives", "accuracy"])
    assert (result.exit_code, "error" in result.stderr) == (2, True)
