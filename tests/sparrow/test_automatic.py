"""`formats: auto` as a person writes it: found by the first run, kept, found again where a link changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from accel.base.faults import Refused
from sparrow import load
from sparrow.cli import app

SPEC: dict[str, Any] = {
    "name": "own",
    "source": {"file": "model.pt", "data": "x.npy", "head": ["fc1", "fc2"]},
    "model": {
        "inputs": 3,
        "hidden": [6, 6],
        "head": {"layers": [{"outputs": 4, "activation": "relu"}], "outputs": 2, "kind": "logits"},
    },
    "sparsity": {"pattern": "dense"},
    "formats": "auto",
    "engine": {"units": 1},
    "verify": {"engines": ["golden", "torch"], "sequences": 4},
}


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def written(**sections: Any) -> str:
    Path("own.yaml").write_text(yaml.safe_dump(SPEC | sections, sort_keys=False))
    return "own.yaml"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a model file, and sequences for it."""
    monkeypatch.chdir(tmp_path)
    save(0)
    np.save("x.npy", np.random.default_rng(0).normal(0, 0.8, (6, 9, 3)))


def save(seed: int) -> None:
    torch.manual_seed(seed)
    layers = {"lstm": torch.nn.LSTM(3, 6, num_layers=2), "fc1": torch.nn.Linear(6, 4), "fc2": torch.nn.Linear(4, 2)}
    torch.save(torch.nn.ModuleDict(layers).state_dict(), "model.pt")


def formats() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("build/own/formats.json").read_text())
    return found


def test_the_first_run_finds_formats_and_the_next_one_keeps_them() -> None:
    spec = written()
    assert sparrow("run", spec).exit_code == 0
    errors = json.loads(Path("build/own/training.json").read_text())["import"]["loss"]["layers"]
    assert max(one["relative_error"] for one in errors) <= 0.02
    before = formats(), Path("build/own/formats.json").stat().st_mtime_ns
    again = sparrow("run", spec)
    assert (again.exit_code, again.stderr) == (0, "")
    assert (formats(), Path("build/own/formats.json").stat().st_mtime_ns) == before
    checked = sparrow("check", spec)
    assert checked.exit_code == 0, checked.output
    assert json.loads(Path("build/own/spec.json").read_text())["formats"] == formats()["formats"]


def test_numbers_that_are_written_out_give_the_same_bits_as_auto() -> None:
    assert sparrow("import", written()).exit_code == 0
    found = {key: value for key, value in formats().items() if key != "model"}
    model = SPEC["model"] | {"head": formats()["model"]["head"]}
    by_hand = {"name": "by-hand", "model": model, **found}
    Path("hand.yaml").write_text(yaml.safe_dump(SPEC | by_hand))
    assert sparrow("import", "hand.yaml").exit_code == 0
    both = [Path(f"build/{name}/weights.npz") for name in ("own", "by-hand")]
    with np.load(both[0]) as auto, np.load(both[1]) as hand:
        names = [name for name in auto.files if auto[name].dtype.kind in "iu"]
        assert names
        assert all(np.array_equal(auto[name], hand[name]) for name in names)


def test_a_smaller_bound_is_found_again_with_more_bits() -> None:
    assert sparrow("import", written()).exit_code == 0
    coarse = formats()
    refused = sparrow("check", written(formats={"auto": 0.002}))
    assert refused.exit_code == 2
    assert "formats: wanted formats: [width, frac] each" in refused.output
    assert "got auto, and those found before are others' (auto: wanted 0.02, got 0.002)" in refused.output
    assert sparrow("import", "own.yaml").exit_code == 0
    assert formats()["formats"]["state"] != coarse["formats"]["state"]


def test_another_file_is_searched_anew_and_nothing_is_built_on_what_was_found_before() -> None:
    assert sparrow("import", written()).exit_code == 0
    before = formats()
    save(1)
    refused = sparrow("verify", "own.yaml")
    assert refused.exit_code == 2
    assert "those found before are others' (source file.model.pt" in refused.output
    assert sparrow("import", "own.yaml").exit_code == 0
    assert formats() != before


def test_formats_that_somebody_edits_are_found_again() -> None:
    assert sparrow("import", written()).exit_code == 0
    before = formats()
    Path("build/own/formats.json").write_text(json.dumps(before | {"weights": {"width": 2}}))
    assert sparrow("check", "own.yaml").exit_code == 2
    assert sparrow("import", "own.yaml").exit_code == 0
    assert formats() == before


VERBS = ("check", "train", "generate", "verify", "report", "build", "explore")


@pytest.mark.parametrize("verb", VERBS)
def test_every_other_verb_refuses_formats_that_are_not_found_by_their_key(verb: str) -> None:
    refused = sparrow(verb, written())
    assert refused.exit_code == 2, refused.output
    line = Path("own.yaml").read_text().splitlines().index("formats: auto") + 1
    wanted = "formats: [width, frac] each, or those that `sparrow run` finds, got auto, and none found yet"
    assert f"own.yaml:{line}: formats: wanted {wanted}" in refused.output
    assert not Path("build").exists()


def test_in_python_a_spec_never_has_open_formats() -> None:
    with pytest.raises(Refused, match=r"formats: wanted .*, got auto, and none found yet"):
        load(written())


HEAD = {"layers": [{"outputs": 4, "frac": 3}], "outputs": 2, "kind": "logits"}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "weights beside": ({"weights": {"width": 8}}, "weights: wanted nothing beside formats: auto, got values"),
    "tables beside": ({"tables": {"address": 8}}, "tables: wanted nothing beside formats: auto, got values"),
    "a format beside": (
        {"formats": {"auto": 0.02, "gate": [8, 4]}},
        "formats: wanted nothing beside formats: auto, got values",
    ),
    "fraction bits of a linear layer": (
        {"model": SPEC["model"] | {"head": HEAD}},
        "model.head.layers[0].frac: wanted nothing beside formats: auto, got 3",
    ),
    "no bound": (
        {"formats": {"auto": 0}},
        "formats: wanted auto, or {auto: a relative error above 0 and below 1}, got 0",
    ),
    "a word": ({"formats": {"auto": "fine"}}, "or {auto: a relative error above 0 and below 1}, got fine"),
    "truth": ({"formats": {"auto": True}}, "or {auto: a relative error above 0 and below 1}, got True"),
    "nothing": ({"formats": {"auto": None}}, "or {auto: a relative error above 0 and below 1}, got None"),
    "no file": (
        {"source": None, "training": {"task": "digits"}},
        "source: wanted a file, for whose network formats: auto finds them",
    ),
    "columns": ({"engine": {"units": 1, "dataflow": "column"}}, "engine.dataflow: wanted row beside formats: auto"),
    "a name that leads out": ({"name": "../../own"}, "name: wanted"),
    "no model": ({"model": "none"}, "model: wanted a mapping"),
    "another word": ({"formats": "automatic"}, 'formats: wanted a mapping, got "automatic"'),
    "another network": ({"model": SPEC["model"] | {"hidden": [6, 4]}}, "model.hidden: wanted [6, 6]"),
    "a bound out of reach": ({"formats": {"auto": 1e-9}}, "formats: auto: wanted at least"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_auto_does_not_go_with_is_refused_and_leaves_nothing(case: str) -> None:
    sections, said = CASES[case]
    refused = sparrow("run", written(**sections))
    assert refused.exit_code == 2, refused.output
    assert said in refused.output
    assert not list(Path().glob("**/formats.json"))
