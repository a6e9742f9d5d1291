"""The report says what the files of the work folder say, and a browser shows it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from accel.base.files import read_json, write_json
from accel.engines.memories import Memories, Mismatch
from accel.model import golden as golden_model
from accel.model import samples
from accel.report.timeline import runs, with_every_weight
from accel.schedule.schedule import schedule
from tests.designs import spec
from tests.report.pages import MODELS, prepared, read, write


def test_page_tells_every_accuracy_every_engine_and_every_candidate(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    text = " ".join(read(tmp_path).text)
    for words in (
        "0.9712",
        "0.9634",
        "0.9589",
        "golden",
        "equal",
        "2 + 4",
        "1 + 5",
        "chosen",
        "LSTM 3 → 8 → 3, arg max",
    ):
        assert words in text


def test_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    outside = [ref for ref in read(tmp_path).references if not ref.startswith(("#", "data:"))]
    assert outside == []
    assert not re.search(r"url\((?!#)|@import|<script", (tmp_path / "report.html").read_text())


def test_a_study_of_the_spec_is_linked_where_there_is_one(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    write(made)
    assert read_json(tmp_path / "report.json")["study"] is None
    (tmp_path / "explore").mkdir()
    (tmp_path / "explore" / "index.html").write_text("a page")
    write(made)
    assert read_json(tmp_path / "report.json")["study"] == "explore/index.html"
    assert [ref for ref in read(tmp_path).references if not ref.startswith(("#", "data:"))] == ["explore/index.html"]


def test_a_difference_is_shown_as_bad_and_a_missing_tool_as_open(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    facts = read_json(tmp_path / "verify.json")
    for status, colour in (("different", "bad"), ("not run", "open"), ("equal", "good")):
        facts["engines"][0] |= {"status": status, "reason": "<b> & co"}
        write_json(tmp_path / "verify.json", facts)
        write(design)
        html = (tmp_path / "report.html").read_text()
        assert f'class="verdict {colour}" id="verdict">memories equal, 1 engines: 1 {status}' in html
        assert "&lt;b&gt; &amp; co" in html


def test_a_wrong_word_in_a_memory_is_shown_as_bad_with_its_place(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    facts = read_json(tmp_path / "verify.json")
    wrong = Mismatch("rtl/little_tanh.hex", "word 7, entry 0", "1f", "<1e>")
    facts["memories"] = dataclasses.asdict(Memories("different", 12, 3456, 1, (wrong,)))
    write_json(tmp_path / "verify.json", facts)
    write(design)
    html = (tmp_path / "report.html").read_text()
    assert 'class="verdict bad" id="verdict">memories different, 1 engines: 1 equal' in html
    assert "rtl/little_tanh.hex, word 7, entry 0: wanted 1f, got &lt;1e&gt;" in html


def test_what_was_not_reached_is_shown_with_its_reason(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    reached = read_json(tmp_path / "verify.json")["coverage"]
    text = re.sub(r"\s+", " ", " ".join(read(tmp_path).text))
    for side in reached["clamps"]:
        assert side["why"] in text
    assert any(side["why"].startswith("cannot be: it gets to ") for side in reached["clamps"])
    for use in reached["weights"]:
        assert f"{use['layer']} {use['matrix']} {use['kept']:,} {use['met']:,} {use['shown']:,}" in text


def test_same_design_gives_the_same_page(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    write(design)
    first = (tmp_path / "report.html").read_bytes()
    write(design)
    assert (tmp_path / "report.html").read_bytes() == first


def test_report_for_programs_repeats_the_records(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    facts = json.loads((tmp_path / "report.json").read_text())
    assert facts["training"]["models"] == MODELS
    assert facts["verify"] == read_json(tmp_path / "verify.json")
    assert facts["derived"]["cycles"] == "exact"
    assert facts["schedule"]["cycles_per_step"] == facts["derived"]["cycles_per_step"]
    assert {line["signal"] for line in facts["saturations"]} == {"gate", "cell", "state"}


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param(
            {
                "model": {"inputs": 1, "hidden": [1], "head": None},
                "engine": {"units": 1},
                "sparsity": {"input": 0.0, "recurrent": 0.0},
            },
            id="one_unit",
        ),
        pytest.param(
            {"engine": {"units": 4, "lanes": "split", "lanes_per_row": 2, "input_lanes": 1}}, id="split_lanes"
        ),
        pytest.param({"model": {"hidden": [5, 7], "head": {"outputs": 2, "when": "step"}}}, id="two_layers"),
        pytest.param(
            {
                "model": {"hidden": [8, 4]},
                "sparsity": {"pattern": "balanced"},
                "engine": {"dataflow": ["row", "column"]},
            },
            id="rows_then_columns",
        ),
        pytest.param(
            {
                "sparsity": {"pattern": "balanced"},
                "engine": {"dataflow": {"input": "row", "recurrent": "column"}},
            },
            id="both_ways",
        ),
    ],
)
def test_awkward_networks_have_a_report(tmp_path: Path, sections: dict) -> None:
    write(prepared(tmp_path, **sections))
    assert "Two steps of the hardware" in (tmp_path / "report.html").read_text()


def columns(threshold: float) -> dict[str, dict]:
    """A design by columns with or without pruned states."""
    return {
        "model": {"hidden": [8]},
        "sparsity": {"pattern": "column", "input": 0.5, "recurrent": 0.5, "threshold": threshold},
        "engine": {"dataflow": "column", "units": 2},
    }


@pytest.mark.parametrize(
    ("sections", "names"),
    [
        pytest.param({}, ["dense weights", "sparse weights"], id="rows"),
        pytest.param(columns(0.0), ["dense weights", "sparse weights"], id="columns"),
        pytest.param(
            columns(0.1),
            [
                f"{weights} weights, {states} states"
                for weights in ("dense", "sparse")
                for states in ("dense", "sparse")
            ],
            id="columns_and_states",
        ),
    ],
)
def test_timelines_compare_what_the_design_leaves_out(tmp_path: Path, sections: dict, names: list[str]) -> None:
    design = prepared(tmp_path, **sections)
    found = runs(design)
    assert [run.name for run in found] == names
    cycles = [run.cycles for run in found]
    assert cycles[0] == max(cycles)
    assert cycles[-1] == min(cycles) < cycles[0]
    own = schedule(design)
    assert cycles[-1] == own.cycles_over(samples.load(tmp_path / "samples.npz", design.spec).only(0))


def test_timelines_show_the_same_numbers(tmp_path: Path) -> None:
    design, inputs = prepared(tmp_path, **columns(0.1)), samples.load(tmp_path / "samples.npz", spec(**columns(0.1)))
    dense = with_every_weight(design)
    given = (inputs.x, inputs.lengths)
    for one, other in zip(
        golden_model.run(design.net, design.weights, *given).layers,
        golden_model.run(dense.net, dense.weights, *given).layers,
        strict=True,
    ):
        assert (one.signals["h"] == other.signals["h"]).all()


def test_a_highway_network_is_told_of_in_its_own_words(tmp_path: Path) -> None:
    sparsity = {"input": 0.3, "recurrent": 0.5}
    write(prepared(tmp_path, model={"cell": "highway", "depth": 3, "inputs": 3, "hidden": [8]}, sparsity=sparsity))
    text = " ".join(read(tmp_path).text)
    for words in (
        "Recurrent highway network of 3 levels, 3 → 8 → 3, arg max",
        "highway0 lanes",
        "level by level",
        "h3",
    ):
        assert words in text
    for words in ("LSTM", "forget", "cell_tanh", "lstm0"):
        assert words not in text
    facts = json.loads((tmp_path / "report.json").read_text())
    steps = samples.load(tmp_path / "samples.npz", spec()).steps
    assert {line["signal"]: line["values"] for line in facts["saturations"]} == {
        **{"gate": 2 * 3 * 8 * steps, "cell": 3 * 8 * steps, "state": 3 * 8 * steps}
    }


def test_random_weights_have_no_accuracy_to_tell(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    record = read_json(tmp_path / "training.json")
    write_json(tmp_path / "training.json", {**record, "models": {}, "metric": None, "candidates": []})
    write(design)
    assert "nothing was trained" in (tmp_path / "report.html").read_text()


def test_answers_are_counted_by_class(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    inputs = samples.load(tmp_path / "samples.npz", design.spec)
    answers = golden_model.run(design.net, design.weights, inputs.x, inputs.lengths).outputs.ravel()
    labels = (answers + np.array([0, 0, 0, 1, 0])) % 3
    samples.save(tmp_path / "samples.npz", dataclasses.replace(inputs, labels=labels))
    write(design)
    counts = np.array(json.loads((tmp_path / "report.json").read_text())["confusion"])
    assert (counts.sum(), np.trace(counts)) == (5, 4)
    assert counts[labels[3], answers[3]] == 1
    assert 'class="n bad">1</td>' in (tmp_path / "report.html").read_text()


def test_without_classes_nothing_is_counted(tmp_path: Path) -> None:
    design = prepared(tmp_path)
    inputs = samples.load(tmp_path / "samples.npz", design.spec)
    samples.save(tmp_path / "samples.npz", dataclasses.replace(inputs, labels=np.full(5, -1)))
    write(design)
    assert json.loads((tmp_path / "report.json").read_text())["confusion"] is None
