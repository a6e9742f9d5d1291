"""`sparrow package`: a verified accelerator as a folder that stands alone, outside of the work folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json
from accel.model import samples
from accel.model.design import Design
from accel.package import axi_lite, manifest, simulated
from accel.package import folder as made
from accel.proof import ledger
from accel.proof.folder import held
from accel.report.derived import derive
from accel.report.page import network_words
from accel.spec import Spec
from sparrow.steps import STEPS, design

READ_VERILOG = ("icarus", "verilator", "netlist", "chip")
"""Engines that run the converted Verilog."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a package: memory contents in the text, registers on AXI4-Lite."""

    inline: bool = False
    registers: bool = False


def package(spec: Spec, work: Path, folder: Path, wanted: Wanted, resources: dict[str, Any] | None) -> dict[str, Any]:
    """Leave the package; what the command prints.

    Refused where train, generate or verify is not current, where no engine has run the Verilog and was equal, or where
    the folder holds what `package` did not leave. Raises Different where the package's own bench fails; then nothing is
    left.
    """
    manifest.require_ours(folder)
    with held(work):
        if faults := list(_unverified(spec, work)):
            raise Refused(faults)
        chosen = design(spec, work)
        verified = read_json(work / "verify.json")
        facts = made.Facts(
            metadata.version("sparrow-lstm"), derive(spec, work), resources, verified, network_words(chosen)
        )
        return _left(chosen, facts, folder, wanted)


def _left(chosen: Design, facts: made.Facts, folder: Path, wanted: Wanted) -> dict[str, Any]:
    spec, work = chosen.spec, chosen.work
    real = samples.load(work / "samples.npz", spec).first(spec.verify.sequences)
    run = made.made_bench(chosen, real, wanted.inline)
    files = made.files(chosen, run, facts, wanted.inline, wanted.registers)
    with manifest.beside(folder) as new:
        manifest.write(new, files)
        said = simulated.simulated(new, spec.identifier)
        files["README.md"] = made.readme(chosen, run, facts, said, wanted.inline, wanted.registers)
        results = ledger.digests(work, ("weights.npz", "verify.json"))
        made_from = {
            "vlnv": made.vlnv(spec.identifier, facts.version),
            "version": facts.version,
            "spec": spec.name,
            "digest": spec.digest,
            "design": axi_lite.digest(files),
            "inline": wanted.inline,
            **results,
        }
        files[manifest.NAME] = manifest.manifest(files, made_from)
        manifest.write(new, files)
    return {"files": [str(folder / "README.md")], "bench": said, "inline": wanted.inline, "manifest": len(files) - 1}


def _unverified(spec: Spec, work: Path) -> Iterator[Fault]:
    """What is not current, else why what was verified says nothing about the Verilog."""
    lacking = [fault for step in STEPS if step.name != "report" for fault in step.lacking(spec, work)]
    yield from lacking
    if not lacking:
        engines = read_json(work / "verify.json")["engines"]
        if not any(one["status"] == "equal" and one["engine"] in READ_VERILOG for one in engines):
            got = ", ".join(f"{one['engine']} {one['status']}" for one in engines)
            yield Fault("verify.engines", f"one of {', '.join(READ_VERILOG)} that was equal", got)
