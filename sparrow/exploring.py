"""`sparrow explore`: a study from the user's wishes to a front whose points are proven."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.base.progress import Progress
from accel.proof.folder import held
from accel.proof.ledger import file_digest
from accel.spec import Spec
from exploration import axes, measures, networks, record, sentences, workers
from exploration.hardware import missing
from exploration.kept import read_kept
from exploration.study import Plan, Point, require_small_enough, run
from exploration.study_file import StudyFile
from exploration.work import Job, best, machine
from sparrow import proving

if TYPE_CHECKING:
    from exploration.measures import Measure

FOLDER, MARK = "explore", "study.json"
DEFAULT = ("cycles", "multipliers", "memory_bits")


@dataclass(frozen=True)
class Wishes:
    """What the command line says about how a study is run."""

    workers: int = 1
    scheduler: str | None = None
    prove: bool = True
    route: bool = False
    """Place and route the points of the front, for boards of families with open tools."""


def explore(spec: Spec, work: Path, study: StudyFile, wishes: Wishes, progress: Progress) -> dict[str, Any]:
    """Run a study of a spec, or go on with it; prove its front; leave all in `work/explore`.

    Refused where the study in the folder is another one, and, at its end, where nothing keeps the limits.
    """
    folder, spec = work / FOLDER, axes.with_fixed(spec, study.fixed)
    plan, job = planned(spec, study, work)
    require_small_enough(plan, study.budget)
    if wishes.route:
        proving.require_open(spec)
    with held(folder):
        _require_same(folder, _identity(spec, study, plan, job))
        points = _points(plan, study, job, wishes, folder, progress)
        found = _front(plan, points)
        specs = {point.number: _named_spec(job, spec, point, folder / record.SPECS) for point in found}
        proofs = dict(proving.proofs(found, specs, job, folder, progress)) if wishes.prove else {}
        routes = dict(proving.routes(found, specs, job, folder, progress)) if wishes.route else {}
        machines = {point.number: machine(job, job.spec(point.choice)) for point in found}
        studied = record.Studied(spec, plan, points, found, proofs, routes, machines)
        return record.write(studied, folder, specs) | {"folder": str(folder)}


def planned(spec: Spec, study: StudyFile, work: Path) -> tuple[Plan, Job]:
    """What a study of a spec, its fixed keys set, is about, and what its points are worked out from."""
    plan, metric = _plan(spec, study)
    job = _job(spec, study, plan, metric, work)
    _require_known(plan, job)
    return plan, job


def _require_known(plan: Plan, job: Job) -> None:
    """Refused where no model knows some measure of the spec, nor of it with another value for one of the axes."""
    reasons = []
    for choice in ({}, *({axis.key: value} for axis in plan.axes for value in axis.values)):
        with suppress(Refused):
            reasons.append(missing(job.spec(choice), job.names))
    if reasons and all(reasons):
        raise Refused([Fault("objectives", "measures that are known of this spec", reasons[0])])


def _plan(spec: Spec, study: StudyFile) -> tuple[Plan, Measure | None]:
    names = study.objectives or DEFAULT
    asked = {*names, *(text.split("<")[0].split(">")[0].strip() for text in study.limits)}
    hardware = {one.name for one in measures.HARDWARE}
    metric = _metric(spec) if asked - hardware else None
    known = measures.measures(metric)
    wanted, limits = measures.objectives(names, known), measures.limits(study.limits, known)
    of_networks = any(one.name not in hardware for one in (*wanted, *(limit.measure for limit in limits)))
    trained = known[metric.replace(" ", "_")] if metric is not None and of_networks else None
    chosen = axes.proposed(spec, trained is not None) if study.axes is None else axes.given(study.axes, spec)
    if not chosen:
        raise Refused([Fault("axes", "something to choose from", "none: every other value is refused for this spec")])
    return Plan(chosen, wanted, limits, study.sampler, study.seed), trained


def _metric(spec: Spec) -> str | None:
    """The metric of the spec's task, `error` where a file has the network; None where nothing is trained."""
    from training import tasks

    if spec.source is not None:
        return measures.ERROR
    return None if spec.training.task in (None, tasks.SEEDED) else tasks.load(spec).metric


def _job(spec: Spec, study: StudyFile, plan: Plan, metric: Measure | None, work: Path) -> Job:
    data = axes.base(spec)
    if metric is not None:
        for key in ("prune_epochs", "quantize_epochs"):
            data["training"][key] = getattr(study, key) or max(1, getattr(spec.training, key) // 4)
        data["training"] |= {"baselines": (), "studies": {}}
    hardware = {one.name for one in measures.HARDWARE}
    asked = [one.name for one in (*plan.objectives, *(limit.measure for limit in plan.limits))]
    same = metric is None and not any(axis.of_the_network for axis in plan.axes)
    trained = work if same and (work / "weights.npz").is_file() and (work / "samples.npz").is_file() else None
    names = tuple(dict.fromkeys(name for name in asked if name in hardware))
    return Job(data, metric, names, work / FOLDER / "networks", spec.beside("."), trained)


def _identity(spec: Spec, study: StudyFile, plan: Plan, job: Job) -> dict[str, Any]:
    """What makes a study this one, as JSON data; its budget may grow."""
    return {
        "spec": spec.digest,
        "files": networks.files(spec) if job.metric else {},
        "axes": {axis.key: list(axis.values) for axis in plan.axes},
        "objectives": [one.name for one in plan.objectives],
        "limits": [str(one) for one in plan.limits],
        "sampler": plan.sampler,
        "seed": plan.seed,
        "epochs": [study.prune_epochs, study.quantize_epochs],
        "weights": file_digest(job.trained / "weights.npz") if job.trained else None,
    }


def _require_same(folder: Path, identity: dict[str, Any]) -> None:
    mark = folder / MARK
    if mark.is_file():
        known = read_kept(mark, tuple(identity))
        faults = [
            Fault(f"{mark}: {key}", f"{known[key]}, as the study in this folder has it", str(value))
            for key, value in identity.items()
            if known[key] != value
        ]
        if faults:
            raise Refused([*faults, Fault(str(folder), "the same study, or another --work", "another study")])
        return
    if others := [path.name for path in folder.iterdir() if not path.name.startswith(".")]:
        raise Refused([Fault(str(folder), "a folder of a study", f"one without {MARK}, with {', '.join(others[:3])}")])
    write_json(mark, identity)


def _points(plan: Plan, study: StudyFile, job: Job, wishes: Wishes, folder: Path, progress: Progress) -> list[Point]:
    if job.metric is not None:
        networks.dense(job.spec({}), job.networks)
    with workers.pool(job, plan.objectives, wishes.workers, wishes.scheduler) as evaluate:
        return run(plan, study.budget, evaluate, folder / "journal.log", lambda n, of: progress("points", n, of, ""))


def _front(plan: Plan, points: Sequence[Point]) -> list[Point]:
    """The front of the points that keep the limits. Refused where none does, saying the nearest."""
    ended = [point for point in points if not point.outcome.stopped]
    keeping = sentences.keeping(ended, plan.limits)
    if not keeping:
        near = sentences.nearest(ended, plan.limits)
        got = ", ".join(f"{one.measure.name} {near.outcome.values[one.measure.name]:g}" for one in plan.limits)
        raise Refused(
            [Fault("limits", " and ".join(map(str, plan.limits)), f"nothing; the nearest has {got}: {near.choice}")]
        )
    return best(keeping, plan.objectives)


def _named_spec(job: Job, spec: Spec, point: Point, folder: Path) -> Spec:
    """The spec of a point, to lie in `folder`: a name of its own, the training of the spec that was explored, and the
    same files.
    """
    made, keys = job.spec(point.choice), ("prune_epochs", "quantize_epochs")
    training = {key: getattr(spec.training, key) for key in keys}
    if spec.training.task is not None and ".py:" in spec.training.task:
        training["task"] = _from(folder, spec, spec.training.task)
    changed: dict[str, Any] = {"training": made.training.model_copy(update=training)}
    if (source := made.source) is not None:
        named = {key: name for key in ("file", "data", "before", "after") if (name := getattr(source, key)) is not None}
        changed["source"] = source.model_copy(update={key: _from(folder, spec, name) for key, name in named.items()})
    return made.model_copy(update={"name": f"{spec.name[:34]}-p{point.number:02d}", **changed}).lying_in(folder)


def _from(folder: Path, spec: Spec, name: str) -> str:
    """A path that a spec gives, as one relative to another folder."""
    return Path(os.path.relpath(spec.beside(name), folder)).as_posix()
