"""The command line: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from accel.base.files import JSON_SCHEMA
from accel.engines.engine import Observed, golden
from accel.engines.verify import DeviceUnderTest
from accel.model.design import Design
from accel.model.samples import Samples
from sparrow import engines
from sparrow.cli import app
from tests.designs import data

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec_file(place: Path, **sections: dict) -> str:
    """A spec whose weights are random, verified by the golden engine alone."""
    text = yaml.safe_dump(data(**{"verify": {"engines": ["golden"], "sequences": 3}, **sections}))
    (place / "small.yaml").write_text(text)
    return "small.yaml"


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `sparrow run` has done every step."""
    folder = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(folder):
        result = sparrow("run", spec_file(folder), "--json")
    assert set(json.loads(result.stdout)["steps"].values()) == {"done"}
    return folder


@pytest.fixture
def ran(finished: Path, place: Path) -> str:
    """The spec in an own copy of the finished folder, which the command is run in."""
    shutil.copytree(finished, place, dirs_exist_ok=True)
    return "small.yaml"


def test_check_prints_everything_derived_and_writes_the_resolved_spec(place: Path) -> None:
    result = sparrow("check", spec_file(place))
    assert result.exit_code == 0
    for words in (
        "lanes",
        "nonzeros a row",
        "cycles per step",
        "utilisation",
        "accumulator bits",
        "bits of values",
        "largest error",
        "about",
    ):
        assert words in result.stdout
    assert json.loads((place / "build/little/spec.json").read_text())["weights"]["width"] == 8


def test_check_prints_json(place: Path) -> None:
    facts = json.loads(sparrow("check", spec_file(place), "--json").stdout)
    assert facts["cycles"] == "estimated"
    assert facts["lanes"] == 16


def test_check_tells_what_a_step_would_take_with_x_first_where_lanes_wait(place: Path) -> None:
    sizes = {"model": {"inputs": 5, "hidden": [8]}, "engine": {"units": 2, "streams": 4}}
    facts = json.loads(sparrow("check", spec_file(place, **sizes), "--json").stdout)
    assert "x_first" not in facts
    sizes = {"model": {"inputs": 5, "hidden": [8]}, "engine": {"units": 2}}
    facts = json.loads(sparrow("check", spec_file(place, **sizes), "--json").stdout)
    ahead = {"engine": {"units": 2, "order": "x_first"}}
    chosen = json.loads(sparrow("check", spec_file(place, **{**sizes, **ahead}), "--json").stdout)
    assert facts["x_first"] == {key: chosen[key] for key in ("cycles_per_step", "memory_bits")}
    assert chosen["cycles_per_step"] < facts["cycles_per_step"]
    assert chosen["memory_bits"] > facts["memory_bits"]
    assert chosen["layers"][0]["cycles_ahead"] > 0
    assert "x_first" not in chosen


def test_a_refused_spec_ends_with_2_prints_every_fault_and_writes_nothing(place: Path) -> None:
    name = spec_file(place, model={"inputs": "x"}, weights={"width": 99})
    for verb in ("check", "train", "generate", "verify", "report", "run"):
        result = sparrow(verb, name)
        assert result.exit_code == 2
        assert 'model.inputs: wanted a whole number, got "x"' in result.stderr
        assert "weights.width: wanted" in result.stderr
        assert "Traceback" not in result.output
    assert [path.name for path in place.iterdir()] == ["small.yaml"]


def test_refusals_are_json_too(place: Path) -> None:
    result = sparrow("check", spec_file(place, weights={"width": 99}), "--json")
    fault = json.loads(result.stdout)["refused"][0]
    assert fault["place"].endswith("weights.width")
    assert fault["got"] == "99"


@pytest.mark.parametrize(("verb", "needs"), [("generate", "train"), ("verify", "generate"), ("report", "verify")])
def test_a_verb_says_which_verb_comes_before_it(place: Path, verb: str, needs: str) -> None:
    result = sparrow(verb, spec_file(place))
    assert result.exit_code == 2
    assert f"sparrow {needs}" in result.stderr


def test_run_does_every_step_once_and_prints_where_the_report_is(ran: str, place: Path) -> None:
    second = json.loads(sparrow("run", ran, "--json").stdout)
    assert set(second["steps"].values()) == {"unchanged"}
    assert Path(second["files"][0]).is_file()
    for file in ("weights.npz", "rtl/little.v", "myhdl/little.py", "hls/top.cpp", "fpga", "verify.json", "report.json"):
        assert (place / "build/little" / file).exists()
    shown = sparrow("run", ran)
    assert shown.exit_code == 0
    assert "build/little/report.html" in shown.stdout
    assert "equal" in shown.stdout


def test_work_folder_can_be_chosen(place: Path) -> None:
    assert sparrow("train", spec_file(place), "--work", "elsewhere").exit_code == 0
    assert (place / "elsewhere/weights.npz").is_file()
    assert not (place / "build").exists()


def flipped(given: Design, inputs: Samples) -> Observed:
    seen = golden(given, inputs)
    seen.signals["lstm0"]["h"][2, 1] ^= 1
    return seen


def test_a_difference_ends_with_1_and_is_named(ran: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.ENGINES, "golden", DeviceUnderTest(flipped))
    for verb in ("verify", "run"):
        result = sparrow(verb, ran)
        assert result.exit_code == 1
        assert "golden: lstm0.h differs first at step 2 (sequence 0, step 2), unit 1" in result.stderr
        assert "different" in result.stdout
    assert json.loads((place / "build/little/verify.json").read_text())["engines"][0]["status"] == "different"


def test_verify_prints_the_file_as_json(ran: str, place: Path) -> None:
    printed = json.loads(sparrow("verify", ran, "--json").stdout)
    assert printed == {"schema": JSON_SCHEMA} | json.loads((place / "build/little/verify.json").read_text())


def test_check_knows_the_exact_cycles_once_there_are_weights(ran: str) -> None:
    assert json.loads(sparrow("check", ran, "--json").stdout)["cycles"] == "exact"


def test_check_of_a_changed_spec_says_that_the_weights_do_not_fit(place: Path) -> None:
    sparrow("train", spec_file(place))
    facts = json.loads(sparrow("check", spec_file(place, model={"hidden": [12]}), "--json").stdout)
    assert "does not fit" in facts["weights"]
    assert facts["cycles"] == "estimated"


def test_a_model_file_that_is_not_there_is_refused(place: Path) -> None:
    result = sparrow("import", spec_file(place), "none.pt")
    assert result.exit_code == 2
    assert "none.pt" in result.stderr


def model_file(place: Path, name: str = "model.pt") -> str:
    """An LSTM that fits the spec, and a bias that has no place in it."""
    lstm = torch.nn.LSTM(3, 8)
    head = torch.nn.Linear(8, 3)
    extra = {"offset.bias": torch.zeros(2)}
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc.") | extra, place / name)
    return name


def test_import_tells_what_it_took_and_what_is_lost(place: Path) -> None:
    np.save(place / "x.npy", np.zeros((2, 4, 3)))
    result = sparrow("import", spec_file(place), model_file(place), "--ignore", "offset.*", "--data", "x.npy")
    assert result.exit_code == 0, result.output
    for words in ("Taken from the file", "offset.bias", "Compared with the file", "x.npy", "clipped", "of rms"):
        assert words in result.stdout
    facts = json.loads((place / "build/little/training.json").read_text())["import"]
    assert (facts["layers"], facts["head"], facts["ignored"]) == (["lstm"], "fc", ["offset.bias"])


def test_a_tensor_without_a_place_ends_with_2_and_leaves_nothing(place: Path) -> None:
    result = sparrow("import", spec_file(place), model_file(place))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "model.pt: offset.bias: wanted a place in the network, or --ignore 'offset.bias'" in result.stderr
    assert not list(place.rglob("*.npz"))


def test_wishes_that_a_kind_of_file_does_not_take_are_refused(place: Path, ran: str) -> None:
    (place / "model.onnx").write_bytes(b"")
    assert "wanted --output alone" in sparrow("import", ran, "model.onnx", "--lstm", "lstm").stderr
    assert "wanted --output for an .onnx alone" in sparrow("import", ran, model_file(place), "--output", "y").stderr
    assert "wanted no options for a folder, got head" in sparrow("import", ran, "build/little", "--head", "fc").stderr


def test_a_missing_module_of_our_own_is_a_bug(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "training.train", None)
    result = sparrow("train", spec_file(place), "--work", str(place))
    assert result.exit_code == 70
    assert "crashed: ModuleNotFoundError: " in result.stderr
    assert "Traceback" not in result.output
    assert "training.train" in (place / "crash.txt").read_text()


def test_a_package_that_is_not_installed_is_named(ran: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("matplotlib", "accel.report"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = sparrow("report", ran)
    assert result.exit_code == 3
    assert "cannot be done here: the Python package matplotlib is not installed" in result.stderr


def test_doctor_tells_of_every_tool(place: Path) -> None:
    found = json.loads(sparrow("doctor", "--json").stdout)["tools"]
    assert {"g++", "verilator", "vitis_hls"} <= {tool["tool"] for tool in found}


def test_schema_is_json_schema(place: Path) -> None:
    assert json.loads(sparrow("schema").stdout)["title"] == "sparrow spec"


def test_every_verb_has_help() -> None:
    assert sparrow("--help").exit_code == 0
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__


def test_check_imports_nothing_heavy(place: Path) -> None:
    heavy = "{'torch', 'sklearn', 'matplotlib', 'myhdl', 'jinja2', 'scipy'}"
    program = (
        f"import sys; sys.argv = ['sparrow', 'check', {spec_file(place)!r}]\n"
        "from sparrow.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"loaded = {heavy} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={"PYTHONPATH": str(ROOT)})
