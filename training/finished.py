"""`sparrow import` of a finished training: another machine's work folder, or weights that are shipped beside a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.model import samples as sample_file
from accel.model import weights_file
from accel.proof import ledger
from accel.spec import Spec
from training.hand_over import STEP
from training.record_file import read_record
from training.seeded import STEPS


def take(spec: Spec, folder: Path, work: Path) -> None:
    """Take `weights.npz` and `training.json` of a folder as they are, and its `samples.npz` where it has one.

    Without real samples seeded ones are made. Refused, with nothing written, where a file is missing or does not fit
    the spec (digest, formats, shapes, row balance, seed), or where the folder's own manifest says that the training did
    not end or that its files were edited.
    """
    if (folder / ledger.NAME).exists() and (faults := list(ledger.changes_since(folder, STEP))):
        raise Refused(faults)
    weights = weights_file.load(folder / "weights.npz", spec)
    record = read_record(folder / "training.json")
    _require_seed(spec, record, str(folder / "training.json"))
    stored = folder / "samples.npz"
    if stored.is_file():
        samples = sample_file.load(stored, spec)
    else:
        samples = sample_file.seeded(spec, spec.verify.sequences, STEPS)
    weights_file.save(work / "weights.npz", weights, spec)
    sample_file.save(work / "samples.npz", samples)
    write_json(work / "training.json", record | {"imported": folder.name})


def _require_seed(spec: Spec, record: dict[str, Any], place: str) -> None:
    """Refused where a training was one of another seed; an imported network was not trained here."""
    if record["task"] is not None and record["seed"] != spec.training.seed:
        wanted = f"{spec.training.seed}, as training.seed of the spec"
        raise Refused([Fault(f"{place}: seed", wanted, str(record["seed"]))])
