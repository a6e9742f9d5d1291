"""Weights in a work folder: what they depend on by who made them, and how those that a person made get there.

`sparrow train` makes them in the work folder itself. An import, an export from Python and a finished training that is
taken over are made elsewhere and moved in whole; nothing that is there is replaced unless that is asked for.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any, Literal

from accel.base.faults import Fault, Refused
from accel.proof import ledger
from accel.proof.folder import held
from accel.proof.ledger import file_digest
from accel.proof.links import Links
from accel.proof.outputs import Outputs, set_aside_unreadable
from accel.proof.sources import digests, reached
from accel.proof.versions import versions
from accel.spec import Spec, plain
from training.tasks import own

STEP = "train"
TAKING = ".taking-"
CHECKPOINT = b"sparrow checkpoint "
"""What every checkpoint begins with."""
FILES = ("weights.npz", "samples.npz", "training.json")
NETWORK = ("model", "sparsity", "weights", "formats", "tables")

TRAIN = "sparrow train"
IMPORT = "sparrow import"
FILE = "imported file"
"""The link to the file that weights were imported from, by its path."""

Maker = Literal["sparrow train", "sparrow import", "sparrow import FOLDER", "training.api.export"]
CODE: dict[str, tuple[str, ...]] = {
    TRAIN: ("training",),
    IMPORT: ("training.importer",),
    "training.api.export": ("training.api",),
}
"""Our code behind the weights, by who made them; a finished training is taken as it is, whatever made it."""

TOOLS = ("python", "numpy", "torch", "sklearn", "scipy")


def maker(work: Path) -> str:
    """Who made the weights of a work folder, a Maker; where there are none, training is to."""
    known = ledger.entry(work, STEP)
    return known.made_by if known else TRAIN


def links(spec: Spec, made_by: str) -> Links:
    """What weights of a maker depend on."""
    sections = {section: plain(getattr(spec, section)) for section in (*NETWORK, "source", "training")}
    if (lanes := lanes_of_pattern(spec)) is not None:
        sections["engine"] = lanes
    if not CODE.get(made_by):
        return Links(sections)
    if spec.source is not None:
        sections["source file"] = given(spec)
    if made_by == TRAIN and (task := own.digests(spec)):
        sections["task files"] = task
    return Links(sections, {}, digests(reached(*CODE[made_by])), versions(TOOLS))


def links_now(spec: Spec, work: Path, made_by: str) -> Links:
    """The same for the weights of a work folder: an imported file counts as it is now, if it is where it was."""
    known, now = ledger.entry(work, STEP), links(spec, made_by)
    if known is None or FILE not in known.links.spec:
        return now
    return replaced(now, spec={**now.spec, FILE: _as_they_are(known.links.spec[FILE])})


def _as_they_are(were: dict[str, str]) -> dict[str, str]:
    """Digests of files by their paths; of one that is gone, which is no fault of the weights, as it was."""
    from training.importing.source import digest

    return {name: digest(Path(name)) if Path(name).is_file() else was for name, was in were.items()}


def given(spec: Spec) -> dict[str, str]:
    """SHA-256 of the files of the spec's source as they are now, by the names that the spec has for them."""
    if spec.source is None:
        return {}
    from training.importing.source import digest

    more = (spec.source.data, spec.source.before, spec.source.after)
    named = {spec.source.file: digest, **{name: file_digest for name in more if name}}
    return {name: of(path) if (path := spec.beside(name)).is_file() else "" for name, of in named.items()}


def lanes_of_pattern(spec: Spec) -> Any:
    """What of the engine the weights depend on: all of it where the search counts cycles, the units that a pattern by
    columns is balanced for (and the matrices that are, where not all are), the banks of rows, else nothing."""
    search = spec.sparsity.search
    if search is not None and search.cost == "cycles":
        return plain(spec.engine)
    if not spec.skips_states:
        return {"banks": spec.banks} if spec.banks > 1 else None
    units = plain(spec.engine.units)
    return units if len(spec.traversals) == 1 else [units, plain(spec.flows)]


def no_checkpoints(work: Path) -> list[str]:
    """Files among the checkpoints, as paths within the work folder, that are none that training saves."""
    every = (path for path in sorted(work.glob("checkpoints/**/*")) if path.is_file() and not _is_checkpoint(path))
    return [str(path.relative_to(work)) for path in every]


def _is_checkpoint(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(CHECKPOINT)) == CHECKPOINT


def require_own(work: Path) -> None:
    """Refused where training would replace weights that it did not make."""
    made_by = maker(work)
    if made_by != TRAIN:
        raise Refused([_taken(work, "weights.npz", made_by)])


@contextmanager
def taking(spec: Spec, work: Path, made_by: Maker, replace: bool = False) -> Iterator[Path]:
    """A folder to leave weights, samples and their record in; they move into the work folder when the context ends.

    Refused, with nothing changed, where they would replace those of another maker and `replace` does not say so. An
    exception within changes nothing either.
    """
    if spec.source is not None:
        wanted = f"nothing beside `{made_by}`: weights come from {spec.source.file} by `sparrow run`, or import alone"
        raise Refused([Fault("source", wanted, spec.source.file)])
    with held(work), beside(work) as made:
        if replace:
            set_aside_unreadable(work)
        known = links(spec, made_by)
        yield made
        contents = {name: (made / name).read_bytes() for name in FILES}
        if made_by == IMPORT:
            told = json.loads(contents["training.json"])
            known = replaced(known, spec={**known.spec, FILE: {told["file"]: told["sha256"]}})
        if not replace:
            _require_no_others(work, made_by)
        outputs = Outputs(work, STEP, made_by, known, replace)
        outputs.claim(*FILES)
        ledger.record(work, STEP, made_by, known, outputs.write(contents))


@contextmanager
def beside(work: Path) -> Iterator[Path]:
    """A folder in the work folder for files that are not whole yet; it does not outlive the context, killed or not."""
    with tempfile.TemporaryDirectory(dir=work, prefix=TAKING) as name:
        for killed in work.glob(f"{TAKING}*"):
            if killed.name != Path(name).name:
                shutil.rmtree(killed)
        yield Path(name)


def _require_no_others(work: Path, made_by: str) -> None:
    """Refused where weights would replace those of another maker."""
    known = ledger.entry(work, STEP)
    there = [name for name in FILES if (work / name).exists()]
    if known is not None and known.made_by != made_by and there:
        raise Refused([_taken(work, name, known.made_by) for name in there])


def _taken(work: Path, name: str, made_by: str) -> Fault:
    wanted = "no weights of another maker: another --work, or --replace, which sets them aside"
    return Fault(str(work / name), wanted, f"those of `{made_by}`")
