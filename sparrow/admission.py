"""A spec as the command takes it: what it names must be there, and a board that it names must have room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.architecture.network import network
from accel.proof.links import shown
from accel.schedule.load_spec import admission
from accel.spec import Spec, checked
from accel.spec.yaml_file import Document, read

AUTO = "auto"
"""In place of formats: they are found by `sparrow.automatic`."""


def load(path: Path | str, elsewhere: bool = False) -> Spec:
    """Read and check a spec file. Raises Refused with every fault: place, wanted, got; formats that are `auto` too,
    which a work folder keeps (`sparrow.verb.opened`).

    What is built `elsewhere` needs no room on the board that the spec names.
    """
    document = read(Path(path))
    if asks(document):
        from sparrow.automatic import refused

        raise refused(document)
    return admitted(document, Path(path).parent, elsewhere)


def asks(document: Document) -> bool:
    """Whether a spec leaves its formats open."""
    formats = document.data.get("formats") if isinstance(document.data, dict) else None
    return formats == AUTO or (isinstance(formats, dict) and AUTO in formats)


def admitted(document: Document, folder: Path, elsewhere: bool = False) -> Spec:
    """The spec of a document that lies in `folder`, checked as `load` does."""

    def known(spec: Spec) -> Iterator[tuple[str, str, Any]]:
        yield from admission(spec)
        yield from _names(spec.lying_in(folder))
        yield from _source(spec.lying_in(folder))

    def fitting(spec: Spec) -> Iterator[tuple[str, str, Any]]:
        faults = [*known(spec)]
        yield from faults or _room(spec)

    return checked(Spec, document, known if elsewhere else fitting).lying_in(folder)


def _source(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Files of the source that are not there, or others than those that the spec was written for."""
    if spec.source is None:
        return
    from training.hand_over import given

    keys = {"file": "sha256"} | {key: f"{key}_sha256" for key in ("data", "before", "after")}
    pinned = {key: (of, getattr(spec.source, of)) for key, of in keys.items()}
    found = given(spec)
    for key, (digest_key, wanted) in pinned.items():
        name = getattr(spec.source, key)
        if name is None and wanted is not None:
            yield f"source.{digest_key}", f"nothing without source.{key}", shown(wanted)
        elif name is not None and not found[name]:
            yield f"source.{key}", "a file that can be read (paths are relative to the spec)", name
        elif name is not None and wanted is not None and found[name] != wanted:
            why = f"the file that the spec was written for, {shown(wanted)}; `sparrow new` writes a spec for another"
            yield f"source.{key}", why, f"{name} with {shown(found[name])}"


def _names(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Tasks and boards that nobody knows."""
    from training import tasks

    known = sorted([*tasks.MODULES, tasks.SEEDED])
    if tasks.own.is_own(spec.training.task):
        if why := tasks.own.unknown(spec):
            yield "training.task", "a FILE.py:FUNCTION beside the spec, or MODULE:FUNCTION", why
    elif spec.training.task is not None and spec.training.task not in known:
        yield "training.task", f"one of {', '.join(known)}, or FILE.py:FUNCTION", spec.training.task
    if spec.target.board is not None:
        from fpga import board

        if spec.target.board not in board.names():
            yield "target.board", f"one of {', '.join(board.names())}", spec.target.board


def _room(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What the chip of the spec's board cannot do; else what it has too little of, with the zeros the spec plans."""
    if spec.target.board is None and not spec.engine.pack:
        return
    from fpga import able, board, room

    unable = [*able.refusals(spec)]
    yield from unable
    if spec.target.board is not None and not unable:
        yield from room.faults(spec, network(spec), board.find(spec.target.board))
