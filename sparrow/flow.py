"""The way from a spec to a report: a list of steps, each a function that leaves files in the work folder.

`run` skips a step whose inputs did not change (its sections of the spec, the files it reads, our code behind it) and
goes on where an earlier run stopped. This and `sparrow.cli` are the only modules that know training, accelerator and
tools; they import them inside the step that needs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accel.base import tools
from accel.base.faults import Crashed, Different, Fault, Refused, Unfinished
from accel.base.files import write_json, write_text
from accel.base.progress import Progress, silent
from accel.engines.engine import Engine, Observed, ToolMissing
from accel.engines.verify import Contender, Verdict, Verification
from accel.engines.verify import verify as compare
from accel.model import samples, weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.spec import Spec, plain
from sparrow import ledger, sources

Act = Callable[[Spec, Path, Progress], Iterable[str]]
"""Does a step's work; returns the files it left, as paths within the work folder."""

EVERYTHING = tuple(Spec.model_fields)


@dataclass(frozen=True)
class Step:
    """One step: its work, and everything its result depends on."""

    name: str
    act: Act
    sections: tuple[str, ...]
    """Sections of the spec."""
    reads: tuple[str, ...]
    """Files of the work folder that earlier steps left."""
    code: tuple[str, ...]
    """Our modules and packages behind the work."""
    tools: tuple[str, ...] = ()
    """Tools, by their names in `accel.base.tools`, that make a difference when they come or go."""
    also: Callable[[Spec], Any] = lambda spec: None
    """What else of the spec counts."""

    def inputs(self, spec: Spec, work: Path) -> str:
        """Digest of everything the result depends on."""
        parts: dict[str, Any] = {section: plain(getattr(spec, section)) for section in self.sections}
        if (more := self.also(spec)) is not None:
            parts["also"] = more
        parts["code"] = sources.digest(*self.code)
        if self.tools:
            parts["tools"] = tools.paths(self.tools)
        return ledger.inputs_digest(parts, work, self.reads)

    def is_current(self, spec: Spec, work: Path) -> bool:
        """Whether the work folder holds this step's result for just these inputs."""
        return ledger.is_current(work, self.name, self.inputs(spec, work))

    def perform(self, spec: Spec, work: Path, progress: Progress = silent) -> None:
        """Do the work and remember it. Killed at any moment, the step counts as not done."""
        inputs = self.inputs(spec, work)
        ledger.forget(work, self.name)
        outputs = self.act(spec, work, progress)
        ledger.record(work, self.name, inputs, outputs, made_by=self.name)


def design(spec: Spec, work: Path) -> Design:
    """The spec with the weights that training left. Refused where there are none, or none that fit."""
    path = work / "weights.npz"
    if not path.is_file():
        raise Refused([Fault(str(path), "weights made by `sparrow train` or `sparrow import`", "no such file")])
    return Design(spec, weights.load(path, spec), work)


def train(spec: Spec, work: Path, progress: Progress = silent) -> list[str]:
    """Train, prune, quantise; leaves weights, test samples, a record, and checkpoints to go on from."""
    from training.train import train as make

    make(spec, work, progress)
    return list(WEIGHTS)


def generate(spec: Spec, work: Path, progress: Progress = silent) -> list[str]:
    """Render MyHDL, convert it to Verilog, render HLS C++ and the scripts of the tools."""
    from accel.hls.render import render_hls
    from accel.rtl.convert import convert
    from accel.rtl.render import render
    from fpga import tool, vitis_hls

    made = design(spec, work)
    _require_pace(made)
    files = render(made) | render_hls(made)
    for path, text in files.items():
        write_text(work / path, text)
    verilog = f"rtl/{spec.identifier}.v"
    write_text(work / verilog, convert(made))
    scripts = tool.write(vitis_hls.plan(made), work / "fpga" / "vitis_hls")
    return [*files, verilog, *(str(path.relative_to(work)) for path in scripts)]


def _require_pace(made: Design) -> None:
    """Refused where the exact cycles of a step are more than `engine.target_cycles`."""
    from accel.schedule.schedule import schedule

    target, cycles = made.spec.engine.target_cycles, schedule(made).cycles_per_step
    if target is not None and cycles > target:
        raise Refused([Fault("engine.target_cycles", f"at least {cycles}, which these weights take", str(target))])


def verify(spec: Spec, work: Path, progress: Progress = silent) -> list[str]:
    """Run every engine of `verify.engines`; leaves `verify.json`. Raises Different, else Crashed, else Unfinished."""
    from accel.schedule.schedule import schedule

    made = design(spec, work)
    real = samples.load(work / "samples.npz", spec).first(spec.verify.sequences)
    chosen: dict[str, Contender] = {name: ENGINES[name] for name in spec.verify.engines}
    found = compare(made, real, samples.corners(spec), chosen, schedule(made), progress)
    write_json(work / "verify.json", found.plain())
    _require_equal(found, work / "verify.json")
    return ["verify.json"]


def _require_equal(found: Verification, left_in: Path) -> None:
    """Raises Different where an engine differs, else Crashed, else Unfinished, where one has shown nothing."""

    def reasons(status: Verdict) -> str:
        return "; ".join(f"{one.engine}: {one.reason}" for one in found.having(status))

    if why := reasons("different"):
        raise Different(found.plain(), "verified", why)
    if why := reasons("crashed"):
        raise Crashed(found.plain(), "verified", why, left_in)
    if why := reasons("failed"):
        raise Unfinished(why, found.plain(), "verified")


def build(
    spec: Spec, work: Path, board: str | None, plan: bool, options: Mapping[str, Any], read_back: bool = False
) -> dict[str, Any]:
    """Build the generated design for a board (the spec's own by default), or only write the plan of it.

    `options` are those of `fpga.build.Wishes`. Leaves `utilization.json` and `timing.json`, with `read_back` also
    `readback.json`; returns what the command prints. Raises Unfinished where a tool is missing or fails, and Different
    where the bitstream does not compute what the golden model does.
    """
    from fpga import build as builder
    from fpga import readback
    from fpga.board import find
    from fpga.reports import plain as reported

    name = board or spec.target.board
    if name is None:
        raise Refused([Fault("target.board", "a board to build for", "none")])
    made, chosen, wishes = design(spec, work), find(name), builder.Wishes(**options)
    if read_back:
        readback.require_readable(chosen, spec.target.clock_mhz, planned=plan, alone=wishes.alone)
    if plan:
        return {"files": [str(builder.write_plan(made, chosen, wishes) / "build.sh")]}
    done = builder.build(made, chosen, lambda step, how: None, wishes)
    reports = {"utilization": reported(done.utilization), "timing": reported(done.timing) | {"met": done.timing.met}}
    facts = reports | {"files": [str(done.product)]}
    return facts | {"read_back": _read_back(made, chosen, done, facts)} if read_back else facts


def _read_back(made: Design, board: Any, done: Any, facts: dict[str, Any]) -> dict[str, Any]:
    """Compare the bitstream that was built with the golden model, on the sequences of `verify`."""
    from fpga import readback

    readback.require_readable_cells(done.utilization)
    given = samples.load(made.work / "samples.npz", made.spec).first(made.spec.verify.sequences)
    found = readback.read_back(made, board, done.product, samples.corners(made.spec) + given)
    if found.status in ("not run", "failed"):
        was = "was not run" if found.status == "not run" else found.status
        raise Unfinished(f"{done.product} is built, reading it back {was}: {found.reason}", facts, "built")
    if found.status == "different":
        raise Different(facts | {"read_back": asdict(found)}, "built", f"{done.product}: {found.reason}")
    return asdict(found)


def report(spec: Spec, work: Path, progress: Progress = silent) -> list[str]:
    """One page for a person, `report.html`, and one file for a program, `report.json`."""
    from accel.report.report import write

    return write(design(spec, work))


def engine(path: str) -> Engine:
    """An engine `module:function`, imported when it runs; a Python package that is absent is a missing tool."""

    def run_engine(given: Design, inputs: Samples) -> Observed:
        module, name = path.split(":")
        try:
            found: Engine = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as missing:
            if (missing.name or "").split(".")[0] in sources.PACKAGES:
                raise
            raise ToolMissing(f"the Python package {missing.name} is not installed") from None
        return found(given, inputs)

    return run_engine


ENGINES: dict[str, Contender] = {
    "golden": Contender(engine("accel.engines.engine:golden"), counts=True),
    "torch": Contender(engine("training.engine:torch_engine")),
    "myhdl": Contender(engine("accel.engines.native:native"), clocked=True, slow=True),
    "icarus": Contender(engine("accel.engines.icarus:icarus"), clocked=True, slow=True),
    "verilator": Contender(engine("accel.engines.verilator:verilator"), clocked=True),
    "netlist": Contender(engine("accel.engines.netlist:netlist"), clocked=True),
    "hls": Contender(engine("accel.engines.hls:hls"), counts=True),
    "chip": Contender(engine("fpga.chip:chip"), clocked=True),
}
"""Engines by the names they have in a spec."""

WEIGHTS = ("weights.npz", "samples.npz", "training.json")
NETWORK = ("model", "sparsity", "weights", "formats", "tables")


def lanes_of_pattern(spec: Spec) -> Any:
    """What of the engine the weights depend on: all of it where the search counts cycles, the units that a pattern by
    columns is balanced for (and the matrices that are, where not all are), else nothing."""
    search = spec.sparsity.search
    if search is not None and search.cost == "cycles":
        return plain(spec.engine)
    if not spec.by_columns:
        return None
    return spec.engine.units if len(spec.walks) == 1 else [spec.engine.units, plain(spec.flows)]


STEPS = (
    Step("train", train, (*NETWORK, "training"), (), ("training",), also=lanes_of_pattern),
    Step(
        "generate",
        generate,
        ("name", *NETWORK, "engine", "target"),
        ("weights.npz",),
        ("accel.rtl.render", "accel.hls.render", "accel.rtl.convert", "accel.rtl.blocks", "fpga", "hls_templates"),
    ),
    Step(
        "verify",
        verify,
        ("name", *NETWORK, "engine", "target", "verify"),
        ("weights.npz", "samples.npz"),
        (
            "accel.engines.verify",
            "accel.schedule.schedule",
            "accel.engines",
            "accel.rtl.render",
            "accel.hls.render",
            "training.engine",
        ),
        tools=("g++", "make", "iverilog", "vvp", "verilator", "yosys", "myhdl", "torch"),
    ),
    Step("report", report, EVERYTHING, (*WEIGHTS, "verify.json"), ("accel.report", "accel.schedule.schedule")),
)
"""The steps in their order."""


def step(name: str) -> Step:
    """A step by its name."""
    return next(one for one in STEPS if one.name == name)


def require(name: str, spec: Spec, work: Path) -> None:
    """Refuse to build on a step that never ran, or ran on other inputs."""
    if not step(name).is_current(spec, work):
        got = "other inputs" if ledger.recorded(work, name) else "nothing yet"
        raise Refused([Fault(str(work), f"the results of `sparrow {name}` for this spec", f"results for {got}")])


def import_model(spec: Spec, model: Path, work: Path, **wishes: Any) -> None:
    """Take the weights from a model of the user's own, or from a folder of a finished training, in place of `train`.

    `wishes` are the keywords of `training.importer.import_model`; a folder takes none.
    """
    take: Callable[..., None]
    if model.is_dir():
        from training.finished import take as take_finished

        if wishes:
            raise Refused([Fault(str(model), "no options for a folder", ", ".join(wishes))])
        take = take_finished
    else:
        from training.importer import import_model as take_model

        take = take_model
    training = step("train")
    ledger.forget(work, training.name)
    take(spec, model, work, **wishes)
    ledger.record(work, training.name, training.inputs(spec, work), WEIGHTS, made_by="import")


def run(spec: Spec, work: Path, progress: Progress = silent, steps: Sequence[Step] = STEPS) -> dict[str, str]:
    """All steps in order, skipping those that are current; says of each whether it was `done` or `unchanged`."""
    found = {}
    for one in steps:
        if one.is_current(spec, work):
            found[one.name] = "unchanged"
            continue
        if ledger.recorded(work, one.name).get("made_by") == "import":
            got = "weights imported under other sections; run `sparrow import` again, or `sparrow train`"
            raise Refused([Fault(str(work / "weights.npz"), "weights imported for this spec", got)])
        one.perform(spec, work, progress)
        found[one.name] = "done"
    return found
