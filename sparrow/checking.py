"""`sparrow check`: everything that follows from a spec, and what a board has room for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.report.derived import derive, planned_or_trained
from accel.report.other_choices import other_choices
from accel.spec import Spec


def checked(spec: Spec, work: Path) -> dict[str, Any]:
    """What is derived, under `resources` what the design takes of the spec's board, None where there is none, under
    `x_first` what a step would take in that order where lanes wait, and under `directions` what it would with the other
    lanes of bidirectional layers.
    """
    return derive(spec, work) | other_choices(spec, work) | {"resources": resources(spec, work)}


def resources(spec: Spec, work: Path) -> dict[str, Any] | None:
    """What a design takes of the spec's board, before synthesis; None where the spec names none."""
    if spec.target.board is None:
        return None
    from fpga.board import find
    from fpga.estimate import facts

    return facts(planned_or_trained(spec, work), find(spec.target.board))
