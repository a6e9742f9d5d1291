"""The report says what the files of the work folder say, and a browser shows it."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from accel.base.files import read_json, write_json, write_text
from accel.engines.covered import cover, sequences
from accel.engines.engine import golden
from accel.engines.memories import Memories, Mismatch
from accel.engines.verify import DeviceUnderTest, verify
from accel.model import golden as golden_model
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.model.reach import reach
from accel.model.samples import corners
from accel.report.figures import THEMED, fits
from accel.report.report import texts
from accel.report.timeline import runs, with_every_weight
from accel.schedule.schedule import schedule
from tests.designs import spec

VOID = ("meta", "link", "br", "img", "input", "hr")
"""Elements without an end."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HELD = Memories("equal", 12, 3456, 0, ())
MODELS = {"float": 0.9712, "pruned": 0.9634, "quantized": 0.9589, "golden": 0.9589}


def write(design: Design) -> None:
    """Leave the report in the work folder."""
    for name, text in texts(design).items():
        write_text(design.work / name, text)


def prepared(work: Path, **sections: dict) -> Design:
    """A work folder as training and verification leave it."""
    chosen = spec(**sections)
    design = Design(chosen, random_weights.seeded(chosen), work)
    inputs = samples.seeded(chosen, 5, 6)
    weights_file.save(work / "weights.npz", design.weights, chosen)
    samples.save(work / "samples.npz", inputs)
    candidates = [
        {"kept": [[2, 4]], "valid": 0.95, "chosen": True},
        {"kept": [[1, 5]], "valid": 0.91, "chosen": False},
    ]
    layers = [
        {"name": array.name, "kept": list(array.nnz), "ratios": {"input": 1 / 3, "recurrent": 0.5}}
        for array in design.net.layers
    ]
    bits = {"float": 10000, "values": 800, "indices": 300, "bias": 100, "total": 1200}
    record = {"task": "test", "metric": "accuracy", "models": MODELS, "layers": layers, "bits": bits, "seed": 1}
    stages = {"dense": 0.97, "pruned 2+4": 0.95, "pruned 1+5": 0.91, "quantized": 0.94}
    curves = {name: [{"valid": end - 0.1}, {"valid": end}] for name, end in stages.items()}
    write_json(work / "training.json", record | {"candidates": candidates, "curves": curves})
    reached = reach(design.net, design.weights)
    given = sequences(design, corners(chosen), inputs, reached)
    covered = cover(design, given.all, reached)
    found = verify(design, given, {"golden": DeviceUnderTest(golden)}, schedule(design), HELD, covered)
    write_json(work / "verify.json", found.plain())
    return design


class Texts(HTMLParser):
    """All text, all references and all elements of a page; of each element what it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.references: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.open: list[tuple[str, str]] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        self.elements.append((tag, dict(attrs), tuple(classes for _, classes in self.open)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()


def read(work: Path) -> Texts:
    page = Texts()
    page.feed((work / "report.html").read_text())
    return page


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


def test_tables_name_their_rows_and_columns_and_pictures_are_told_in_words(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    elements = read(tmp_path).elements
    heads = [attrs for tag, attrs, _ in elements if tag == "th"]
    assert len(heads) > 40
    assert {attrs.get("scope") for attrs in heads} == {"row", "col"}
    pictures = [attrs for tag, attrs, _ in elements if tag == "svg"]
    assert all(attrs["role"] == "img" for attrs in pictures)
    told = " ".join(str(attrs["aria-label"]) for attrs in pictures)
    for words in (
        "W_x keeps 2 of 3 columns in every row",
        "2 + 4 was chosen, at 0.9500",
        "dense ends at 0.9700",
        "lanes",
    ):
        assert words in told
    names = [attrs["id"] for _, attrs, _ in elements if "id" in attrs]
    assert len(names) == len(set(names))


def test_every_table_and_picture_has_a_box_of_its_own_to_scroll_in(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    for tag, _, within in read(tmp_path).elements:
        assert tag not in ("table", "svg") or any("scroll" in classes.split() for classes in within)


def test_pictures_have_the_colours_of_the_page(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    page = (tmp_path / "report.html").read_text()
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not [colour for colour in THEMED if colour in pictures]
    used = set(re.findall(r"var\(--([\w-]+)\)", page))
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    assert used - {"color-scheme"} <= set(re.findall(r"--([\w-]+):", dark)) == set(re.findall(r"--([\w-]+):", light))


def test_labels_that_have_no_room_are_left_out() -> None:
    assert fits("x", 8, 0.1)
    assert not fits("forget gate", 8, 0.5)


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


TOO_WIDE = """<style>html { width: 390px; }</style><script>
const wide = [...document.body.querySelectorAll("main, main *")].filter(
  (one) => !one.parentElement.closest(".scroll, pre, svg") && one.getBoundingClientRect().right > 390.5);
document.title = "too wide: " + wide.length;
</script>"""
"""Counts what a page shows beyond the edge of a phone, but within the boxes that scroll."""


def test_nothing_is_cut_on_a_phone(tmp_path: Path) -> None:
    write(prepared(tmp_path, model={"hidden": [8, 6, 7]}))
    page = (tmp_path / "report.html").read_text()
    assert "<title>too wide: 0</title>" in browsed(tmp_path, page + TOO_WIDE)
    assert "<title>too wide: 0</title>" not in browsed(tmp_path, page.replace('class="scroll', 'class="') + TOO_WIDE)


def browsed(tmp_path: Path, page: str) -> str:
    """The page as a browser has it after its scripts."""
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    path = tmp_path / "browsed.html"
    path.write_text(page)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [browser, *flags, "--virtual-time-budget=2000", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_browser_shows_the_page(tmp_path: Path) -> None:
    write(prepared(tmp_path))
    shown = browsed(tmp_path, (tmp_path / "report.html").read_text())
    assert '<span class="verdict good" id="verdict">memories equal, 1 engines: 1 equal</span>' in shown
    assert shown.count("<svg") == 4
    assert "lstm0 lanes" in shown
