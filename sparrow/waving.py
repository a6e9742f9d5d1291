"""`sparrow wave`: a wave of one stored test sequence, from the Verilog that `generate` left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused, Unfinished
from accel.model import samples
from accel.package import simulated
from accel.package.wave import wave as leave
from accel.proof.folder import held
from accel.spec import Spec
from sparrow.steps import STEPS, design

NEEDED = ("train", "generate")
"""Steps on whose results a wave builds."""


def wave(spec: Spec, work: Path, sequence: int, fst: Path) -> dict[str, Any]:
    """Leave the wave and its save file; what the command prints.

    Refused where train or generate is not current, or where there is no such sequence or no such file can be meant.
    Raises Different where the accelerator's answers are not the golden model's, with the wave left; Unfinished without
    Icarus.
    """
    if fst.suffix != ".fst":
        raise Refused([Fault("--output", "a file that ends in .fst", str(fst))])
    with held(work):
        if lacking := [fault for step in STEPS if step.name in NEEDED for fault in step.lacking(spec, work)]:
            raise Refused(lacking)
        chosen = design(spec, work)
        stored = samples.load(work / "samples.npz", spec)
        if not 0 <= sequence < len(stored.lengths):
            raise Refused([Fault("--sequence", f"0 to {len(stored.lengths) - 1}", str(sequence))])
        said = leave(chosen, stored.only(sequence), fst)
    if said == simulated.NOT_RUN:
        raise Unfinished(f"a wave is {said}")
    return {"bench": said, "files": [str(fst), str(fst.with_suffix(".gtkw"))]}
