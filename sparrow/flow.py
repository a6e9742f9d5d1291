"""The way from a spec to a report: runs the steps that are due, refuses to build on results that are stale.

`run` skips a step whose links did not change (its sections of the spec, the files it reads, our sources, the tools'
versions) and goes on where an earlier run stopped. A single verb does its own step on results that must be current.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.progress import Progress, say, silent
from accel.proof import ledger
from accel.proof.folder import Busy, held
from accel.proof.links import Links
from accel.proof.outputs import Outputs, set_aside_unreadable
from accel.spec import Spec, plain
from sparrow.step import Step
from sparrow.steps import before
from sparrow.steps import steps as steps_of
from training import hand_over


def perform(one: Step, spec: Spec, work: Path, progress: Progress = silent, replace: bool = False) -> None:
    """Do one step, whether or not it is current. Refused where a step on whose results it builds is stale."""
    with held(work):
        if replace:
            set_aside_unreadable(work)
        if lacking := [fault for earlier in before(one.name, spec) for fault in earlier.lacking(spec, work)]:
            raise Refused(lacking)
        one.perform(spec, work, progress, replace)


def run(
    spec: Spec, work: Path, progress: Progress = silent, steps: Sequence[Step] | None = None, replace: bool = False
) -> dict[str, str]:
    """All steps in order, skipping those that are current; says of each whether it was `done` or `unchanged`.

    Refused where the weights are a person's own and stale, or where files of others would be written over and
    `replace` does not say so.
    """
    with held(work):
        if replace:
            set_aside_unreadable(work)
        return {one.name: _once(one, spec, work, progress, replace) for one in steps or steps_of(spec)}


def _once(one: Step, spec: Spec, work: Path, progress: Progress, replace: bool) -> str:
    known = ledger.entry(work, one.name)
    changed = one.changes(spec, work)
    if not changed:
        return "unchanged"
    if known is not None and known.made_by != one.made_by and not replace:
        wanted = f"what `{known.made_by}` left for this spec, its sources and tools; do that again, or --replace"
        raise Refused([Fault(str(work), wanted, "others"), *changed])
    if known is not None and not known.begun:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        say(f"{one.name} again, since a link changed: {changed[0]}{more}")
    one.perform(spec, work, progress, replace)
    return "done"


def import_model(spec: Spec, model: Path, work: Path, replace: bool = False, **wishes: Any) -> None:
    """Take the weights from a model of the user's own, or from a folder of a finished training, in place of `train`.

    `wishes` are the keywords of `training.importer.import_model`; a folder takes none. Refused where the weights would
    replace some that were made in another way and `replace` does not say so.
    """
    take: Callable[..., None]
    made_by: hand_over.Maker = "sparrow import"
    if model.is_dir():
        from training.finished import take as take_finished

        if wishes:
            raise Refused([Fault(str(model), "no options for a folder", ", ".join(wishes))])
        take, made_by = take_finished, "sparrow import FOLDER"
    else:
        from training.importer import import_model as take_model

        take = take_model
    with hand_over.taking(spec, work, made_by, replace) as made:
        take(spec, model, made, **wishes)


def resolve(spec: Spec, work: Path) -> None:
    """Leave the spec with all that it does not say: `spec.json`; not while another sparrow works in the folder."""
    links = Links({section: plain(getattr(spec, section)) for section in Spec.model_fields})
    try:
        with held(work):
            outputs = Outputs(work, "check", "sparrow check", links)
            outputs.claim("spec.json")
            ledger.record(work, "check", "sparrow check", links, outputs.write({"spec.json": spec.resolved()}))
    except Busy as busy:
        say(f"spec.json is not written: {busy}")
