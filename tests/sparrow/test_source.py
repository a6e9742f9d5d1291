"""A spec that names the file of its network: `run` imports it, and a changed file is refused or imported anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from sparrow import flow, load, steps
from sparrow.cli import app
from tests.designs import data
from tests.training.importing.graphs import FINE
from training.importing.source import digest

HEAD = {"outputs": 3, "kind": "logits", "when": "step"}
SPEC = {**data(model={"head": HEAD}), **FINE, "sparsity": {"pattern": "dense"}}
SPEC["verify"] = {"engines": ["golden", "torch"], "sequences": 4}


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def saved(path: Path, seed: int = 0) -> None:
    torch.manual_seed(seed)
    lstm, head = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, 3)
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc."), path)


def written(**source: Any) -> None:
    spec = {key: value for key, value in SPEC.items() if key != "training"} | {"source": source}
    Path("specs/own.yaml").write_text(yaml.safe_dump(spec))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec in a folder of its own, and a model and data elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name in ("specs", "models"):
        Path(name).mkdir()
    saved(Path("models/a.pt"))
    np.save("models/x.npy", np.random.default_rng(0).normal(0, 0.5, (4, 6, 3)))
    written(file="../models/a.pt", data="../models/x.npy", sha256=digest(Path("models/a.pt")))
    return tmp_path


def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(Path("build").glob("*/training.json")).read_text())
    return found


@pytest.mark.usefixtures("place")
def test_run_imports_the_file_by_itself() -> None:
    result = sparrow("run", "specs/own.yaml", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["steps"] == dict.fromkeys(("train", "generate", "verify", "report"), "done")
    assert record()["import"]["loss"]["inputs"] == "x.npy"
    again = json.loads(sparrow("run", "specs/own.yaml", "--json").stdout)
    assert set(again["steps"].values()) == {"unchanged"}


@pytest.mark.usefixtures("place")
def test_import_takes_the_file_that_the_spec_names_and_no_other() -> None:
    assert sparrow("import", "specs/own.yaml").exit_code == 0
    for more in (("models/a.pt",), ("--head", "fc")):
        refused = sparrow("import", "specs/own.yaml", *more)
        assert refused.exit_code == 2
        assert "MODEL and options: wanted nothing beside the spec's own source" in refused.output


@pytest.mark.usefixtures("place")
def test_another_file_than_the_spec_was_written_for_is_refused_by_every_verb() -> None:
    assert sparrow("import", "specs/own.yaml").exit_code == 0
    saved(Path("models/a.pt"), seed=1)
    for verb in ("check", "verify", "run"):
        refused = sparrow(verb, "specs/own.yaml")
        assert refused.exit_code == 2
        assert "source.file: wanted the file that the spec was written for, sha256" in refused.output


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("changed", ["model", "data"])
def test_without_a_digest_a_changed_file_is_imported_anew(changed: str) -> None:
    written(file="../models/a.pt", data="../models/x.npy")
    assert sparrow("import", "specs/own.yaml").exit_code == 0
    saved(Path("models/a.pt"), seed=1 if changed == "model" else 0)
    if changed == "data":
        np.save("models/x.npy", np.ones((4, 6, 3)))
    stale = sparrow("generate", "specs/own.yaml")
    assert stale.exit_code == 2
    name = {"model": "a.pt", "data": "x.npy"}[changed]
    assert f"source file.../models/{name}: wanted" in stale.output
    chosen = load("specs/own.yaml")
    work = Path("build", chosen.name)
    assert flow.run(chosen, work, steps=steps.steps(chosen)[:1]) == {"train": "done"}
    assert flow.run(chosen, work, steps=steps.steps(chosen)[:1]) == {"train": "unchanged"}


@pytest.mark.usefixtures("place")
def test_what_is_not_there_or_says_two_things_is_refused() -> None:
    cases = [
        ({"file": "no.pt"}, "source.file: wanted a file that can be read"),
        ({"file": "../models/a.pt", "data": "no.npy"}, "source.data: wanted a file that can be read"),
        ({"file": "../models/a.pt", "data_sha256": "0" * 64}, "source.data_sha256: wanted nothing without source.data"),
        ({"file": "../models/a.pt", "sha256": "0"}, "source.sha256: wanted"),
        ({"file": "a\nb"}, "source.file: wanted"),
    ]
    for source, said in cases:
        written(**source)
        refused = sparrow("run", "specs/own.yaml")
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert not Path("build").exists()


@pytest.mark.usefixtures("place")
def test_a_spec_has_a_task_or_a_source() -> None:
    for training, source, said in ((None, None, "a task, or a source"), ("seeded", "../models/a.pt", "nothing beside")):
        spec = {key: value for key, value in SPEC.items() if key != "training"}
        spec |= {"training": {"task": training}} if training else {}
        spec |= {"source": {"file": source}} if source else {}
        Path("specs/own.yaml").write_text(yaml.safe_dump(spec))
        refused = sparrow("check", "specs/own.yaml")
        assert refused.exit_code == 2
        assert f"training.task: wanted {said}" in refused.output


@pytest.mark.usefixtures("place")
def test_weights_of_another_maker_are_neither_taken_for_the_files_nor_written_over() -> None:
    spec = {key: value for key, value in SPEC.items() if key != "training"} | {"training": {"task": "seeded"}}
    Path("specs/seeded.yaml").write_text(yaml.safe_dump(spec))
    assert sparrow("train", "specs/seeded.yaml").exit_code == 0
    refused = sparrow("run", "specs/own.yaml")
    assert refused.exit_code == 2
    assert "what `sparrow train` left" in refused.output
    replaced = sparrow("import", "specs/own.yaml", "--replace")
    assert replaced.exit_code == 0, replaced.output
    assert record()["imported"] == "a.pt"


def test_data_files_beside_an_onnx_are_part_of_its_digest(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    path = tmp_path / "a.onnx"
    stored = numpy_helper.from_array(np.zeros((4, 4), np.float32), "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (4,))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (4,))
    graph = helper.make_graph([helper.make_node("MatMul", ["w", "x"], ["y"])], "g", [x], [y], [stored])
    onnx.save(helper.make_model(graph), path, save_as_external_data=True, location="a.data", size_threshold=0)
    before = digest(path)
    (tmp_path / "a.data").write_bytes(b"\1" * 64)
    assert digest(path) != before
