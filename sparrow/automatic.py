"""`formats: auto` in a spec: number formats that `sparrow run` finds for the file's network, and its work folder keeps.

Until they are found the spec has none, and every other verb refuses it by that key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json
from accel.base.progress import Progress
from accel.proof import ledger
from accel.proof.links import Links
from accel.proof.outputs import Outputs
from accel.proof.sources import digests, reached
from accel.proof.versions import versions
from accel.spec import Spec, checked, plain
from accel.spec.rules import rules
from accel.spec.spec import TABLED
from accel.spec.yaml_file import Document
from sparrow.admission import AUTO
from sparrow.new import data_of
from sparrow.step import Step
from training import hand_over

FILE = "formats.json"
BOUND = 0.02
"""Relative error (rms) of h_t of each layer, and of the head's sums, where the spec says no other."""
FOUND = ("weights", "formats", "tables")
"""Sections that are found, whole."""
STAND_IN = {key: [16, 10] for key in ("input", "gate", "activation", "cell", "state")}
"""Formats until they are found."""
WANTED = "formats: [width, frac] each, or those that `sparrow run` finds"


def refused(document: Document, got: str = "auto, and none found yet") -> Refused:
    """What is said where formats are needed that are not found yet."""
    return Refused([_fault(document, "formats", WANTED, got)])


def settled(
    document: Document, folder: Path, work: Path | None, find: Progress | None = None, replace: bool = False
) -> Document:
    """The document of a spec that lies in `folder` with the formats that `work` keeps, by default build/<name>; with
    `find`, which is told how far it is, they are found where there are none, or those of others.

    Refused: keys that would be chosen beside, a spec without a source, and, without `find`, formats to be found yet.
    """
    spec, bound = _open(document, folder)
    work = work or Path("build", spec.name)
    step = Step("formats", partial(_find, bound), partial(_links, bound), maker="sparrow run")
    changed = step.changes(spec, work)
    if changed and find is None:
        known = ledger.entry(work, step.name)
        raise refused(document, *([f"auto, and those found before are others' ({changed[0]})"] if known else []))
    if changed and find is not None:
        step.perform(spec, work, find, replace)
    return _with(document, read_json(work / FILE))


def _with(document: Document, found: dict[str, Any]) -> Document:
    """The document with other sections; keys keep their lines."""
    return Document(document.source, document.data | found, document.lines, document.faults)


def _open(document: Document, folder: Path) -> tuple[Spec, float]:
    """The spec with formats that stand in for those to be found, and the bound of their error."""
    given = document.data["formats"]
    faults = [
        _fault(document, key, "nothing beside formats: auto", "values") for key in FOUND if _beside(document, key)
    ]
    bound = BOUND if given == AUTO else given[AUTO]
    if type(bound) not in (int, float) or not 0 < bound < 1:
        faults.append(_fault(document, "formats", "auto, or {auto: a relative error above 0 and below 1}", str(bound)))
    if faults:
        raise Refused(faults)
    spec = checked(Spec, _with(document, {"formats": STAND_IN}), _rules).lying_in(folder)
    if any(one.activation not in TABLED for one in spec.linear.values()):
        formats = spec.formats.model_copy(update={"linear": spec.formats.input})
        spec = spec.model_copy(update={"formats": formats}).lying_in(folder)
    if spec.has_residual:
        formats = spec.formats.model_copy(update={"residual": spec.formats.input})
        spec = spec.model_copy(update={"formats": formats}).lying_in(folder)
    return spec, float(bound)


def _beside(document: Document, key: str) -> bool:
    """Whether a spec has some of what is found beside."""
    return key in document.data and (key != "formats" or (document.data[key] != AUTO and len(document.data[key]) > 1))


def _rules(spec: Spec) -> Iterable[tuple[str, str, Any]]:
    """Contradictions but those of formats that stand in."""
    yield from (fault for fault in rules(spec) if fault[0].split(".")[0] not in FOUND)
    if spec.source is None:
        yield "source", "a file, for whose network formats: auto finds them", None
    if spec.skips_states:
        yield "engine.dataflow", "row beside formats: auto", "column"
    for key, layer in spec.linear.items():
        if layer.frac is not None:
            yield f"{key}.frac", "nothing beside formats: auto", layer.frac


def _links(bound: float, spec: Spec, work: Path, made_by: str) -> Links:
    """What formats depend on: the network, its file, the data, the bound, and how they are found."""
    sections = {key: plain(getattr(spec, key)) for key in ("model", "sparsity", "source")}
    sections |= {"auto": bound, "source file": hand_over.given(spec)}
    return Links(
        sections,
        {},
        digests(reached("training.automatic.formats", "training.importer")),
        versions(("python", "numpy", "torch")),
    )


def _find(bound: float, spec: Spec, work: Path, outputs: Outputs, progress: Progress) -> Iterator[str]:
    """Search the formats of the network of the spec's source, as `sparrow new` does; leaves FILE."""
    from training.automatic.formats import choose
    from training.importer import read_again

    assert spec.source is not None
    source = spec.source
    asked = {"lstm": source.lstm, "head": source.head, "ignore": source.ignore, "output": source.output}
    asked |= {"embedding": source.embedding}
    network = read_again(spec, spec.beside(source.file), asked)
    path = None if source.data is None else spec.beside(source.data)
    data = data_of(path, spec.model.inputs, spec.model.vocabulary, spec.model.window)
    progress("formats", 0, 1, f"of {source.file}, within {bound:g}")
    chosen = choose(network, spec, data, bound, "formats: auto")
    progress("formats", 1, 1, f"{chosen.bits:.3g} bits a weight")
    found = {key: plain(getattr(chosen.spec, key)) for key in ("model", *FOUND)}
    outputs.claim(FILE)
    yield from outputs.write({FILE: json.dumps(found, indent=2) + "\n"})


def _fault(document: Document, key: str, wanted: str, got: str) -> Fault:
    line = document.lines.get((key,))
    return Fault(f"{document.source}{f':{line}' if line else ''}: {key}", wanted, got)
