"""What `--json` prints, held against its own JSON Schema."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sparrow.answers import ANSWERS, schema
from sparrow.cli import app
from tests.designs import data

jsonschema = pytest.importorskip("jsonschema")
ALL = schema()


def printed(*arguments: str) -> Any:
    return json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)


def holds(found: Any, verb: str) -> bool:
    """Whether an answer has the form of its verb, and so one of them."""
    whole = jsonschema.Draft202012Validator(ALL).is_valid(found)
    own: bool = jsonschema.Draft202012Validator(ALL["$defs"][verb]).is_valid(found)
    assert whole or not own
    return own


@pytest.fixture
def spec_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("little.yaml").write_text(yaml.safe_dump(data(verify={"engines": ["golden"], "sequences": 2})))
    return "little.yaml"


def test_the_command_prints_a_schema_that_is_one() -> None:
    found = json.loads(CliRunner().invoke(app, ["schema", "--answers"]).stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found == ALL
    assert set(found["$defs"]) == set(ANSWERS)


def test_every_step_prints_its_form(spec_file: str) -> None:
    assert holds(printed("check", spec_file), "check")
    assert holds(printed("check", spec_file, "--lanes", "4"), "check --lanes, --cycles")
    assert holds(printed("train", spec_file), "train")
    assert holds(printed("generate", spec_file), "new --task, generate, report")
    assert holds(printed("verify", spec_file), "verify")
    assert holds(printed("run", spec_file), "run")
    assert holds(printed("report", spec_file), "new --task, generate, report")


def test_answers_have_no_reference_for_people() -> None:
    found = CliRunner().invoke(app, ["schema", "--answers", "--markdown"])
    assert found.exit_code == 2
    assert "--markdown: wanted nothing beside --answers" in found.stderr


@pytest.mark.parametrize("flow", ["column", {"input": "row", "recurrent": "column"}, ["row", "column"]])
def test_what_is_derived_of_every_dataflow_has_the_form(flow: Any, spec_file: str) -> None:
    pattern = "column" if flow == "column" else "balanced"
    layers = [8, 8] if isinstance(flow, list) else [8]
    made = data(model={"hidden": layers}, sparsity={"pattern": pattern}, engine={"dataflow": flow, "units": 4})
    Path(spec_file).write_text(yaml.safe_dump(made))
    found = printed("check", spec_file)
    assert found["cycles"] == "without zeros"
    assert holds(found, "check")


def test_what_a_refusal_and_the_doctor_print(tmp_path: Path) -> None:
    assert holds(printed("check", str(tmp_path / "none.yaml")), "any that refuses")
    assert holds(printed("doctor"), "doctor")


@pytest.mark.parametrize("verb", ANSWERS)
def test_an_answer_without_a_key_or_of_another_version_is_none(verb: str) -> None:
    one: dict[str, Any] = {"schema": 1}
    samples = {"string": "x", "integer": 1, "number": 0.5, "boolean": True, "object": {}, "array": []}
    for key, kind in ANSWERS[verb].items():
        first = kind.get("anyOf", [kind])[0]
        one[key] = first.get("enum", [samples.get(first.get("type", ""))])[0]
    one |= {"refused": [{"place": "", "wanted": "", "got": ""}]} if "refused" in one else {}
    assert holds(one, verb)
    for key in one:
        less = deepcopy(one)
        del less[key]
        assert not holds(less, verb)
    assert not holds(one | {"schema": 2}, verb)
