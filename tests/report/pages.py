"""A work folder with a report, and its page as texts, references and elements."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

from accel.base.files import write_json, write_text
from accel.engines.covered import cover, sequences
from accel.engines.engine import golden
from accel.engines.memories import Memories
from accel.engines.verify import DeviceUnderTest, verify
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.model.reach import reach
from accel.model.samples import corners
from accel.report.report import texts
from accel.schedule.schedule import schedule
from tests.designs import spec

VOID = ("meta", "link", "br", "img", "input", "hr")
"""Elements without an end."""
HELD = Memories("equal", 12, 3456, 0, ())
MODELS = {"float": 0.9712, "pruned": 0.9634, "quantized": 0.9589, "golden": 0.9589}


def write(design: Design) -> None:
    """Leave the report in the work folder."""
    for name, text in texts(design).items():
        write_text(design.work / name, text)


def prepared(work: Path, **sections: dict) -> Design:
    """A work folder as training and verification leave it; the plain one is worked out once."""
    if sections:
        return _prepared(work, **sections)
    for name, content in _plain().items():
        (work / name).write_bytes(content)
    chosen = spec()
    return Design(chosen, random_weights.seeded(chosen), work)


@cache
def _plain() -> dict[str, bytes]:
    """The files of a work folder of the plain spec, by name."""
    with TemporaryDirectory() as folder:
        _prepared(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _prepared(work: Path, **sections: dict) -> Design:
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
