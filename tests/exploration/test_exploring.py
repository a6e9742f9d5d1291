"""`sparrow explore` from a spec to its record: what is refused, what is left, what goes on."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from accel.base.faults import Refused
from accel.schedule.load_spec import load
from exploration import axes, study_file
from sparrow import admission, flow, steps
from sparrow.cli import app
from training import tasks

pytest.importorskip("optuna")
TINY = Path(__file__).parents[2] / "specs" / "tiny.yaml"
AXES = {"engine.units": [2, 4], "engine.lanes_per_row": [1, 2], "engine.cells_per_cycle": [1, 2]}


def explore(tmp_path: Path, *more: str, study: dict[str, Any] | None = None) -> Any:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({"axes": AXES, "sampler": "all"} if study is None else study))
    given = ["explore", str(TINY), str(path), "--work", str(tmp_path / "work"), "--no-prove", "--json", *more]
    return CliRunner().invoke(app, given)


def test_a_study_leaves_a_record_a_page_and_specs_that_run_as_they_are(tmp_path: Path) -> None:
    result = explore(tmp_path)
    assert result.exit_code == 0, result.output
    facts, folder = json.loads(result.stdout), tmp_path / "work" / "explore"
    assert facts["points"] == json.loads((folder / "pareto.json").read_text())["points"]
    front = [point for point in facts["points"] if point["front"]]
    assert 1 < len(front) < len(facts["points"]) == 7
    for point in front:
        made = load(folder / point["file"])
        assert made.engine.units == point["choice"]["engine.units"]
        assert made.name == f"tiny-p{point['number']:02d}"
        assert point["proof"] == {"status": "not verified"}
    page = (folder / "index.html").read_text()
    assert not re.search(r"(src|href)=", page)
    assert facts["sentences"][0] in page
    assert [sentence.split(" is ")[0] for sentence in facts["sentences"]] == [
        "The smallest",
        "The fastest",
        "The best bargain",
    ]


def test_fixed_keys_hold_for_every_point(tmp_path: Path) -> None:
    result = explore(tmp_path, study={"axes": AXES, "fixed": {"engine.streams": 2}, "sampler": "all"})
    assert result.exit_code == 0, result.output
    front = next(point for point in json.loads(result.stdout)["points"] if point["front"])
    assert load(tmp_path / "work" / "explore" / front["file"]).engine.streams == 2


def test_a_second_call_goes_on_and_changes_nothing(tmp_path: Path) -> None:
    first = explore(tmp_path, "--sampler", "random", "--budget", "3")
    more = explore(tmp_path, "--sampler", "random", "--budget", "6")
    points = [json.loads(result.stdout)["points"] for result in (first, more)]
    assert (len(points[0]), len(points[1])) == (3, 6)
    assert [one["choice"] for one in points[1][:3]] == [one["choice"] for one in points[0]]
    again = explore(tmp_path, "--sampler", "random", "--budget", "6")
    assert json.loads(again.stdout)["points"] == points[1]


@pytest.mark.parametrize(
    ("more", "study", "said"),
    [
        (["--objectives", "beauty"], None, "objectives: wanted some of cycles, latency"),
        (["--objectives", "accuracy"], None, "objectives: wanted some of cycles, latency"),
        (["--limit", "cycles>=3"], None, "less is better"),
        (["--limit", "cycles<=3"], None, "limits: wanted cycles <= 3, got nothing; the nearest has cycles "),
        (["--sampler", "guess"], None, "sampler: wanted"),
        ([], {"axes": {"engine.wings": [1, 2]}}, "axes.engine.wings: wanted a key of the spec"),
        ([], {"axes": {"wings": [1, 2]}}, "axes.wings: wanted a key of the spec"),
        ([], {"axes": {"engine.units": [2, 2]}}, "axes.engine.units: wanted each value once"),
        ([], {"axes": {"engine.units": []}}, "axes.engine.units"),
        ([], {"axes": {"engine.units": ["many", "few"]}, "sampler": "all"}, "engine.units: wanted a whole number"),
        ([], {"axes": {"engine.cells_per_cycle": [3]}}, "every choice that was tried (1) is refused; the first one, "),
        ([], {"fixed": {"engine.wings": 2}}, "fixed.engine.wings: wanted a key of the spec"),
        ([], {"fixed": {"engine.units": 99}}, "engine.units: wanted at most the 5 hidden units"),
        (
            [],
            {"fixed": {"engine.memory": "scratchpad"}, "objectives": ["energy"]},
            "that are known of this spec",
        ),
        ([], {"wings": 2}, "study.yaml:1: wings: wanted no such key"),
        ([], {"sampler": "all", "budget": 3}, "sampler all: wanted at most 3 choices"),
    ],
)
def test_what_makes_no_study_is_refused(
    more: list[str], study: dict[str, Any] | None, said: str, tmp_path: Path
) -> None:
    result = explore(tmp_path, *more, study=study)
    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_a_folder_with_another_study_or_with_anything_else_is_refused(tmp_path: Path) -> None:
    assert explore(tmp_path).exit_code == 0
    result = explore(tmp_path, "--objectives", "cycles,lanes")
    assert result.exit_code == 2
    assert "study.json: objectives: wanted ['cycles', 'multipliers', 'memory_bits']" in result.stderr
    (tmp_path / "work" / "explore" / "study.json").unlink()
    result = explore(tmp_path)
    assert (result.exit_code, "one without study.json" in result.stderr) == (2, True)


@pytest.mark.parametrize("name", ["study.json", "journal.log"])
@pytest.mark.parametrize("contents", ["garbage", "{", "[]", '{"op_code": 99}\n'])
def test_a_study_whose_files_are_damaged_is_refused(name: str, contents: str, tmp_path: Path) -> None:
    assert explore(tmp_path).exit_code == 0
    path = tmp_path / "work" / "explore" / name
    path.write_text(contents)
    result = explore(tmp_path)
    assert result.exit_code == 2, result.output
    assert f"{name}: wanted" in result.stderr
    assert path.read_text() == contents


@pytest.mark.slow
def test_points_of_the_front_are_verified(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        yaml.safe_dump({"axes": {"engine.units": [2, 4]}, "sampler": "all", "objectives": ["cycles", "lanes"]})
    )
    given = ["explore", str(TINY), str(path), "--work", str(tmp_path / "work"), "--json"]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    points = json.loads(result.stdout)["points"]
    assert [(p["proof"]["status"], p["proof"]["weights"]) for p in points] == [("verified", "random")] * 2
    assert all(p["proof"]["cycles"] == p["values"]["cycles"] for p in points)


@pytest.mark.slow
def test_points_of_the_front_are_routed_where_asked(tmp_path: Path) -> None:
    made = yaml.safe_load(TINY.read_text()) | {"target": {"board": "ulx3s-85f", "clock_mhz": 30}}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(made))
    study = {"axes": {"engine.units": [1]}, "sampler": "all", "objectives": ["cycles", "lanes"]}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    given = ["explore", *(str(tmp_path / f"{name}.yaml") for name in ("tiny", "study")), "--no-prove", "--route"]
    result = CliRunner().invoke(app, [*given, "--work", str(tmp_path / "work"), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    route = facts["points"][0]["route"]
    if route["status"].startswith("not run"):
        pytest.skip(route["status"])
    assert (route["status"], route["mhz"] > 30, route["used"]["TRELLIS_COMB"] > 100) == ("routed", True, True)
    assert "The fastest that fits ulx3s-85f is point 01" in facts["sentences"][1]


def test_routes_are_refused_where_no_open_tools_place(tmp_path: Path) -> None:
    result = explore(tmp_path, "--route")
    assert (result.exit_code, "--route, which have open place and route, got none" in result.stderr) == (2, True)
    assert not (tmp_path / "work").exists()


def test_weights_of_the_work_folder_make_cycles_exact_and_others_are_another_study(tmp_path: Path) -> None:
    flow.run(load(TINY), tmp_path / "work", steps=steps.STEPS[:1])
    points = json.loads(explore(tmp_path).stdout)["points"]
    assert {point["stages"]["cycles"] for point in points} == {"exact"}
    (tmp_path / "work" / "weights.npz").unlink()
    result = explore(tmp_path)
    assert (result.exit_code, "study.json: weights" in result.stderr) == (2, True)


def test_a_point_of_a_spec_with_a_task_or_a_file_of_its_own_finds_it_from_its_folder(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["new", "--task", str(tmp_path / "mine.py")])
    assert made.exit_code == 0, made.output
    given = ["explore", str(tmp_path / "mine.yaml"), "--work", str(tmp_path / "work"), "--no-prove", "--json"]
    result = CliRunner().invoke(app, [*given, "--budget", "2"])
    assert result.exit_code == 0, result.output
    front = next(point for point in json.loads(result.stdout)["points"] if point["front"])
    found = admission.load(tmp_path / "work" / "explore" / front["file"])
    assert found.training.task == "../../../mine.py:load"
    assert tasks.load(found).name == "largest"


def test_widths_that_differ_by_layer_are_no_axis_and_no_crash() -> None:
    spec = load(TINY)
    lists = spec.model_copy(update={"weights": spec.weights.model_copy(update={"width": (7, 8)})})
    assert "weights.width" not in {axis.key for axis in axes.proposed(lists, networks=True)}
    assert axes.chosen(axes.base(lists), {"weights.width": 6})["weights"]["width"] == 6


@pytest.mark.parametrize(
    ("name", "study"), [("digits", "digits"), ("spoken-digits-columns", "spoken-digits"), ("ptb-chars", "characters")]
)
def test_of_shipped_studies_every_axis_leaves_a_choice(name: str, study: str) -> None:
    specs = TINY.parent
    wished = study_file.chosen(specs / "studies" / f"{study}.yaml", {})
    spec = axes.with_fixed(load(specs / f"{name}.yaml"), wished.fixed)
    data, legal = axes.base(spec), set()
    given = axes.given(wished.axes or {}, spec)
    for values in product(*(axis.values for axis in given)):
        choice = {axis.key: value for axis, value in zip(given, values, strict=True)}
        if all(one in legal for one in map(repr, choice.items())):
            continue
        with suppress(Refused):
            axes.spec_of(data, choice)
            legal |= set(map(repr, choice.items()))
    assert all(sum(repr((axis.key, value)) in legal for value in axis.values) > 1 for axis in given)
