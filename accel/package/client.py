"""The client of a package in cocotb: the bench's sequences, freely, with pauses, and after a reset."""

from __future__ import annotations

from accel.base.templates import render
from accel.engines.bench import RESET_CYCLES
from accel.model.design import Design
from accel.package.bench import Bench
from accel.schedule.schedule import schedule

STEPS_UNDER_WAY = 5
"""This many steps are over when the client resets."""


def client(design: Design, run: Bench, memories: bool) -> str:
    """The module of tests; `memories` tells whether the top has the parameter for their folder."""
    top = design.spec.identifier
    text: str = render(
        "accel",
        "package/client.py.j2",
        top=top,
        name=f"client/test_{top}.py",
        sources={one.name: (one.width, one.marked) for one in run.sources},
        sinks={one.name: one.width for one in run.sinks},
        tied=run.tied,
        reset_cycles=RESET_CYCLES,
        limit=run.limit,
        under_way=STEPS_UNDER_WAY * schedule(design).cycles_per_step,
        memories=memories,
    )
    return text
