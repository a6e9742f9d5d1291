"""A spec as the command takes it: what it names must be there, and a board that it names must have room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.architecture.network import network
from accel.schedule.load_spec import admission
from accel.spec import Spec, checked
from accel.spec.yaml_file import read


def load(path: Path | str, elsewhere: bool = False) -> Spec:
    """Read and check a spec file. Raises Refused with every fault: place, wanted, got.

    What is built `elsewhere` needs no room on the board that the spec names.
    """
    return checked(Spec, read(Path(path)), _known if elsewhere else _fitting)


def _known(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    yield from admission(spec)
    yield from _names(spec)


def _fitting(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    faults = [*_known(spec)]
    yield from faults or _room(spec)


def _names(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Tasks and boards that nobody knows."""
    from training import tasks

    known = sorted([*tasks.MODULES, tasks.SEEDED])
    if spec.training.task not in known:
        yield "training.task", f"one of {', '.join(known)}", spec.training.task
    if spec.target.board is not None:
        from fpga import board

        if spec.target.board not in board.names():
            yield "target.board", f"one of {', '.join(board.names())}", spec.target.board


def _room(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What the spec's board has too little of, with the shares of zeros that the spec plans."""
    if spec.target.board is not None:
        from fpga import board, room

        yield from room.faults(spec, network(spec), board.find(spec.target.board))
