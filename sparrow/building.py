"""`sparrow build`: a step for each board, outside of `run`; also the reading back of its bitstream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accel.base.faults import Different, Fault, Refused, Unfinished
from accel.base.progress import Progress
from accel.model import samples
from accel.model.design import Design
from accel.proof import ledger
from accel.proof.links import Links
from accel.proof.outputs import Outputs
from accel.proof.sources import files, reached
from accel.spec import Spec
from sparrow.step import Depends, Step
from sparrow.steps import OURS, design
from training.hand_over import NETWORK

REPORTS = ("utilization.json", "timing.json", "versions.json", "seeds.json", "readback.json")

DEPENDS = Depends(
    sections=("name", *NETWORK, "engine", "target", "verify"),
    files=("weights.npz", "samples.npz"),
    steps=("generate",),
    code=lambda: reached("accel.rtl", "accel.hls", "fpga", "hls_templates") | files(*OURS, "sparrow.building"),
    tools=(
        *("python", "numpy", "jinja2", "yosys", "nextpnr-ecp5", "nextpnr-ice40", "nextpnr-gowin", "apycula"),
        *("icebox_vlog", "verilator", "vitis_hls", "vitis-run", "vivado"),
    ),
)


class Build:
    """Building the generated design for a board (the spec's own by default), or only writing the plan of it.

    `options` are those of `fpga.build.Wishes`. `facts` are what the command prints, once the step was performed.
    """

    def __init__(
        self, spec: Spec, board: str | None, plan: bool, options: Mapping[str, Any], read_back: bool = False
    ) -> None:
        name = board or spec.target.board
        if name is None:
            raise Refused([Fault("target.board", "a board to build for", "none")])
        self.board, self.plan, self.options, self.read_back = name, plan, options, read_back
        self.facts: dict[str, Any] = {}

    @classmethod
    def known(cls, spec: Spec, work: Path) -> Build:
        """The build for the spec's own board as the work folder has it. Refused where there is none."""
        made = cls(spec, None, False, {})
        found = ledger.entry(work, made.step.name)
        if found is None:
            raise Refused([Fault(str(work), f"the bitstream of `sparrow build` for {made.board}", "none yet")])
        options = dict(found.links.spec["build"])
        return cls(spec, options.pop("board"), False, options, options.pop("read_back"))

    @property
    def step(self) -> Step:
        """The step; the wishes are links of it."""
        return Step(f"{'plan' if self.plan else 'build'} {self.board}", self.act, self.links)

    def links(self, spec: Spec, work: Path, made_by: str) -> Links:
        """What the bitstream depends on."""
        found = DEPENDS(spec, work, made_by)
        wishes = {"board": self.board, "read_back": self.read_back, **self.options}
        return Links({**found.spec, "build": wishes}, found.files, found.sources, found.tools)

    def act(self, spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> list[str]:
        """Leaves `utilization.json` and `timing.json`, with `read_back` also `readback.json`.

        Raises Unfinished where a tool is missing or fails, and Different where the bitstream does not compute what the
        golden model does.
        """
        from fpga import build as builder
        from fpga import readback, tool
        from fpga.board import find

        made, chosen, wishes = design(spec, work), find(self.board), builder.Wishes(**self.options)
        if self.read_back:
            readback.require_readable(chosen, spec.target.clock_mhz, planned=self.plan, alone=wishes.alone)
        plan = builder.plan(made, chosen, wishes)
        folder = builder.folder_of(made, chosen).relative_to(work)
        texts = {f"{folder}/{name}": text for name, text in tool.texts(plan).items()}
        products = [f"{folder}/{name}" for command in plan.commands for name in command.makes]
        if self.plan:
            outputs.claim(*texts)
            left = outputs.write(texts)
            self.facts = {"files": [str(builder.write_plan(made, chosen, wishes) / "build.sh")]}
            return left
        outputs.claim(str(folder), *REPORTS, *texts, *self._complete(work))
        outputs.write(texts)
        done = builder.build(made, chosen, lambda step, how: None, wishes)
        self.facts = _facts(done)
        if not wishes.alone and (command := chosen.loading(done.product)) is not None:
            self.facts["load"] = command
        if self.read_back:
            self.facts["read_back"] = _read_back(made, chosen, done, self.facts)
        return [*texts, *(name for name in (*products, *REPORTS) if (work / name).is_file())]

    def _complete(self, work: Path) -> list[str]:
        """What an earlier build left; nothing of one that did not end, whose tools may have begun to replace it."""
        known = ledger.entry(work, self.step.name)
        return [] if known is None or known.begun else list(known.outputs)


def _facts(done: Any) -> dict[str, Any]:
    from fpga.reports import plain as reported

    timing = reported(done.timing) | {"met": done.timing.met}
    return {"utilization": reported(done.utilization), "timing": timing, "files": [str(done.product)]}


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
