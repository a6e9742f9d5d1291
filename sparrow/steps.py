"""The steps from a spec to a report, in their order, and what each depends on.

With `sparrow.verbs` and `sparrow.engines` the only modules that know training, accelerator and tools; they import them
inside the step that needs them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from accel.base.faults import Crashed, Different, Fault, Refused, Unfinished
from accel.base.progress import Progress
from accel.engines.verify import DeviceUnderTest, Verdict, Verification
from accel.engines.verify import verify as compare
from accel.model import samples, weights_file
from accel.model.design import Design
from accel.proof import ledger
from accel.proof.outputs import Outputs
from accel.proof.sources import all_but, files, reached
from accel.report.facts import STUDY
from accel.spec import Spec
from sparrow.engines import ENGINES
from sparrow.step import Depends, Step
from training import hand_over

EVERYTHING = tuple(Spec.model_fields)
OURS = ("sparrow.engines", "sparrow.step", "sparrow.steps")
"""What is done in a step; the rest of `sparrow` asks and tells."""
SIMULATORS = ("g++", "make", "iverilog", "vvp", "verilator", "yosys")
SCRATCH = ("verilator", "icarus", "netlist", "chip", "hls/build")
"""Folders that engines build in, and build in again unless their files, or the versions of tools, are others."""


def design(spec: Spec, work: Path) -> Design:
    """The spec with the weights that training left. Refused where there are none, or none that fit."""
    path = work / "weights.npz"
    if not path.is_file():
        raise Refused([Fault(str(path), "weights made by `sparrow train` or `sparrow import`", "no such file")])
    return Design(spec, weights_file.load(path, spec), work)


def train(spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
    """Train, prune, quantise; leaves weights, test samples, a record, and checkpoints to go on from."""
    from training.train import train as make

    if not outputs.replace:
        hand_over.require_own(work)
    outputs.claim(*hand_over.FILES, "states.png", "compact", *hand_over.no_checkpoints(work))
    make(spec, work, progress)
    smaller = (path for path in work.glob("compact/*/*") if path.name in (*hand_over.FILES, "spec.yaml", "states.png"))
    pictures = ["states.png"] if (work / "states.png").is_file() else []
    return [*hand_over.FILES, *pictures, *(str(path.relative_to(work)) for path in smaller)]


def take(spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
    """Read the spec's source, prove it, prune and quantise it; leaves the same files as `train` but checkpoints."""
    from training.importer import import_source

    with hand_over.beside(work) as made:
        import_source(spec, made, progress)
        contents = {name: (made / name).read_bytes() for name in hand_over.FILES}
    outputs.claim(*hand_over.FILES)
    return outputs.write(contents)


def generate(spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
    """Render MyHDL, convert it to Verilog, render HLS C++ and the scripts of the tools."""
    from accel.hls.render import render_hls
    from accel.rtl.convert import convert
    from accel.rtl.render import render
    from fpga import tool, vitis_hls

    made = design(spec, work)
    _require_pace(made)
    rendered, verilog = render(made) | render_hls(made), f"rtl/{spec.identifier}.v"
    scripts = {f"fpga/vitis_hls/{name}": text for name, text in tool.texts(vitis_hls.plan(made)).items()}
    outputs.claim(*rendered, verilog, *scripts)
    left = outputs.write(rendered | scripts)
    left += outputs.write({verilog: convert(made)})  # reads what was rendered
    tool.write(vitis_hls.plan(made), work / "fpga" / "vitis_hls")
    return left


def _require_pace(made: Design) -> None:
    """Refused where the exact cycles of a step are more than `engine.target_cycles`."""
    from accel.schedule.schedule import schedule

    target, cycles = made.spec.engine.target_cycles, schedule(made).cycles_per_step
    if target is not None and cycles > target:
        raise Refused([Fault("engine.target_cycles", f"at least {cycles}, which these weights take", str(target))])


def verify(spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
    """Compare memory contents, then run every engine of `verify.engines` on corners made for the design and on real
    sequences; leaves `verify.json`, which names what was verified by SHA-256.

    Raises Different, else Crashed, else Unfinished.
    """
    from accel.engines.covered import cover, sequences
    from accel.engines.memories import check_memories
    from accel.model.reach import reach
    from accel.schedule.schedule import schedule

    made, known = design(spec, work), ledger.entry(work, "verify")
    outputs.claim("verify.json", *SCRATCH, *(known.outputs if known and not known.begun else ()))
    if known is None or known.links.tools != outputs.links.tools:
        for name in SCRATCH:
            shutil.rmtree(work / name, ignore_errors=True)
    real = samples.load(work / "samples.npz", spec).first(spec.verify.sequences)
    chosen: dict[str, DeviceUnderTest] = {name: ENGINES[name] for name in spec.verify.engines}
    contents, bounds = check_memories(made), reach(made.net, made.weights)
    given = sequences(made, samples.corners(spec), real, bounds)
    found = compare(made, given, chosen, schedule(made), contents, cover(made, given.all, bounds), progress)
    facts = found.plain() | {"verified": {"spec": spec.digest, **outputs.links.plain()}}
    outputs.write({"verify.json": json.dumps(facts, indent=2) + "\n"})
    _require_equal(found, work / "verify.json")
    built = [path for name in SCRATCH for path in sorted((work / name).rglob("*")) if path.is_file()]
    return ["verify.json", *(str(path.relative_to(work)) for path in built)]


def _require_equal(found: Verification, left_in: Path) -> None:
    """Raises Different where memories or an engine differ; else Crashed or Unfinished, where one has shown nothing."""

    def reasons(status: Verdict) -> str:
        return "; ".join(f"{one.engine}: {one.reason}" for one in found.having(status))

    if why := "; ".join(filter(None, [found.memories.reason, reasons("different")])):
        raise Different(found.plain(), "verified", why)
    if why := reasons("crashed"):
        raise Crashed(found.plain(), "verified", why, left_in)
    if why := reasons("failed"):
        raise Unfinished(why, found.plain(), "verified")


def report(spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
    """One page for a person, `report.html`, and one file for a program, `report.json`."""
    from accel.report.report import texts

    made = texts(design(spec, work))
    outputs.claim(*made)
    return outputs.write(made)


STEPS = (
    Step("train", train, hand_over.links_now),
    Step(
        "generate",
        generate,
        Depends(
            sections=("name", *hand_over.NETWORK, "engine", "target"),
            files=("weights.npz",),
            steps=(),
            code=lambda: reached("accel.rtl", "accel.hls", "fpga", "hls_templates") | files(*OURS),
            tools=("python", "numpy", "jinja2", "myhdl"),
        ),
    ),
    Step(
        "verify",
        verify,
        Depends(
            sections=("name", *hand_over.NETWORK, "engine", "target", "verify"),
            files=("weights.npz", "samples.npz"),
            steps=("generate",),
            code=lambda: (
                all_but("accel.package", "accel.report", "sparrow", "exploration", "training")
                | reached("training.engine")
                | files(*OURS)
            ),
            tools=(
                "python",
                "numpy",
                "jinja2",
                "myhdl",
                "torch",
                "g++",
                "make",
                "iverilog",
                "vvp",
                "verilator",
                "yosys",
            ),
        ),
    ),
    Step(
        "report",
        report,
        Depends(
            sections=EVERYTHING,
            files=(*hand_over.FILES, "verify.json", STUDY),
            steps=(),
            code=lambda: all_but("exploration"),
            tools=("python", "numpy", "jinja2", "matplotlib"),
        ),
    ),
)
"""The steps in their order, of a spec that trains."""

TAKE = Step("train", take, STEPS[0].links, maker=hand_over.IMPORT)
"""In place of the first where a spec has a source."""


def steps(spec: Spec) -> tuple[Step, ...]:
    """The steps of a spec in their order."""
    return STEPS if spec.source is None else (TAKE, *STEPS[1:])


def step(name: str, spec: Spec | None = None) -> Step:
    """A step by its name; of a spec, else of one that trains."""
    return next(one for one in (STEPS if spec is None else steps(spec)) if one.name == name)


def before(name: str, spec: Spec) -> tuple[Step, ...]:
    """The steps on whose results one builds. Those outside of the order (building) build on what `generate` left."""
    names = [one.name for one in STEPS]
    return steps(spec)[: names.index(name if name in names else "verify")]
