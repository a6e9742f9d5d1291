"""Runs of specs with seeds, and the records they leave beside the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.files import read_json, write_json
from accel.base.progress import Progress
from accel.proof.folder import held
from accel.schedule.load_spec import load
from accel.spec import Spec
from training.checkpoint import fingerprint


@dataclass(frozen=True)
class Run:
    """One spec with one seed: the folder it works in, and the file in which its record is kept."""

    spec: Spec
    source: Path
    folder: Path
    kept: Path

    @property
    def digest(self) -> str:
        """Of everything in the spec that training depends on."""
        return fingerprint(self.spec, ("model", "sparsity", "weights", "formats", "tables"))

    def record(self) -> dict[str, Any] | None:
        """What training left; None where it was not run, or with another spec."""
        if not self.kept.is_file():
            return None
        found: dict[str, Any] = read_json(self.kept)
        return found if found["digest"] == self.digest else None

    def here(self) -> bool:
        """Whether the trained network itself lies in the folder; a record alone comes with the project."""
        return (self.folder / "training.json").is_file()

    def make(self, progress: Progress) -> None:
        """Train, or go on with training; keep the record, without the curves of every epoch."""
        from training.train import train

        with held(self.folder):
            train(self.spec, self.folder, progress)
        made = read_json(self.folder / "training.json")
        made.pop("curves")
        write_json(self.kept, {"digest": self.digest, **made})


def runs(specs: Iterable[Path], seeds: Sequence[int], work: Path, records: Path) -> list[Run]:
    """Every spec with every seed, seed by seed, so that each spec has a result early."""
    loaded = [(source, load(source)) for source in specs]
    return [
        Run(with_seed(spec, seed), source, work / f"{spec.name}-{seed}", records / f"{spec.name}-{seed}.json")
        for seed in seeds
        for source, spec in loaded
    ]


def with_seed(spec: Spec, seed: int) -> Spec:
    """The same spec, trained from another seed."""
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seed": seed})})
