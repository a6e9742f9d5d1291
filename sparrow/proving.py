"""Points of a front, proven: generated, verified bit for bit and cycle for cycle, and placed and routed where asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from accel.base.faults import Different, Fault, Refused, Unfinished
from accel.base.files import read_json
from accel.base.progress import Progress
from accel.spec import Spec
from exploration import networks
from exploration.study import Point
from exploration.work import Job, known_network
from fpga import board as boards
from fpga.nextpnr import CONSTRAINTS

ENGINES = ("golden", "verilator")
"""Engines that prove a point: its bits and its cycles."""


def require_open(spec: Spec) -> None:
    """Refused where the spec has no board that open tools place and route for."""
    name = spec.target.board
    if name is None or boards.find(name).family not in CONSTRAINTS:
        wanted = f"a board of the families {', '.join(CONSTRAINTS)} for --route, which have open place and route"
        raise Refused([Fault("target.board", wanted, name or "none")])


def proofs(
    found: Sequence[Point], specs: Mapping[int, Spec], job: Job, folder: Path, progress: Progress
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Of each point by its number `status`, `cycles` and `weights` (trained or random). Raises Different where one is
    not what it should be.
    """
    for done, point in enumerate(found, 1):
        yield point.number, _proof(specs[point.number], point, job, _place(folder, point))
        progress("proofs", done, len(found), "")


def routes(
    found: Sequence[Point], specs: Mapping[int, Spec], job: Job, folder: Path, progress: Progress
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Of each point by its number `status`, and where it was routed the clock reached in MHz and the cells used."""
    for done, point in enumerate(found, 1):
        yield point.number, _route(specs[point.number], point, job, _place(folder, point))
        progress("routes", done, len(found), "")


def _place(folder: Path, point: Point) -> Path:
    """The work folder of a point."""
    return folder / "points" / f"{point.number:02d}"


def _proof(spec: Spec, point: Point, job: Job, work: Path) -> dict[str, Any]:
    """Generate a point and verify it on golden model and Verilator."""
    try:
        weights = _made(spec, point, job, work, ("train", "generate", "verify"))
    except Different as different:
        raise Different(different.facts, different.view, f"point {point.number:02d}: {different}") from None
    except Unfinished as why:
        return {"status": f"not run: {why}"}
    verified = read_json(work / "verify.json")
    status = {one["engine"]: one["status"] for one in verified["engines"]}
    whole = all(status[name] == "equal" for name in ENGINES)
    return {
        "status": "verified" if whole else f"not run: {', '.join(n for n in ENGINES if status[n] != 'equal')}",
        "weights": weights,
        "cycles": verified["predicted_cycles_per_step"],
    }


def _route(spec: Spec, point: Point, job: Job, work: Path) -> dict[str, Any]:
    """Place and route a point: on an ECP5 the accelerator alone, elsewhere the whole chip with its serial line."""
    from sparrow import flow
    from sparrow.building import Build

    board = boards.find(spec.target.board or "")
    wanted = Build(_alone(spec, job, point)[0], None, False, {"alone": board.family == "ecp5", "allow_slow": True})
    try:
        _made(spec, point, job, work, ("train", "generate"))
        flow.run(_alone(spec, job, point)[0], work, steps=[wanted.step])
    except Refused as refused:  # too large, or not for this board
        return {"status": f"no: {refused.faults[0]}"}
    except Unfinished as why:
        return {"status": f"not run: {why}"}
    timing, used = read_json(work / "timing.json"), read_json(work / "utilization.json")
    return {"status": "routed", "mhz": timing["reached_mhz"], "used": used["used"], "tool": used["tool"]}


def _made(spec: Spec, point: Point, job: Job, work: Path, names: Sequence[str]) -> str:
    """Do these steps of a point that are due, with its trained network where it has one; `trained` or `random`."""
    from sparrow import flow
    from sparrow.steps import STEPS

    chosen, source = _alone(spec, job, point)
    if source is not None and not (work / "weights.npz").is_file():
        flow.import_model(chosen, source, work)
    flow.run(chosen, work, steps=[one for one in STEPS if one.name in names])
    return "random" if source is None else "trained"


def _alone(spec: Spec, job: Job, point: Point) -> tuple[Spec, Path | None]:
    """The spec of a point as it is proven, and the folder of its trained network, if it has one; without it, and
    where a file has it, nothing is trained.
    """
    chosen = spec.model_copy(update={"verify": spec.verify.model_copy(update={"engines": ENGINES})})
    source = _network_of(job, spec, point)
    if source is None or spec.source is not None:
        seeded = chosen.training.model_copy(update={"task": "seeded"})
        chosen = chosen.model_copy(update={"training": seeded, "source": None})
    return chosen, source


def _network_of(job: Job, spec: Spec, point: Point) -> Path | None:
    """The folder of the finished training that a point has, if it has one."""
    if job.metric is not None:
        return networks.folder_of(job.spec(point.choice), job.networks)
    weights, _ = known_network(job, spec)
    return None if weights is None else job.trained
