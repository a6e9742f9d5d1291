"""What goes with bidirectional layers, whose sequences wait in buffers until they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.spec.spec import Spec
from accel.spec.types import plain

ALONE: dict[str, Any] = {
    "model.stateful": False,
    "model.initial": "zeros",
    "sparsity.threshold": None,
    "sparsity.states": None,
    "engine.dataflow": "row",
    "engine.streams": 1,
    "engine.state_streams": False,
    "engine.memory": "rom",
    "training.baselines": (),
    "training.gradual": False,
}
"""Keys that have one value beside bidirectional layers."""


def direction_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Contradictions of `model.bidirectional` and the keys that only it needs."""
    model, head = spec.model, spec.model.head
    if model.bidirectional != (model.longest is not None):
        wanted = "nothing but for bidirectional: true"
        if model.longest is None:
            wanted = "steps of the longest sequence, for bidirectional: true"
        yield "model.longest", wanted, model.longest
    asked = model.bidirectional and head is not None and head.when == "last" and head.pool == "none"
    if head is not None and asked != (head.last is not None):
        wanted = "nothing but for a bidirectional model's when: last without a pool"
        if asked:
            wanted = "states (PyTorch's h_n) or output (its output[:, -1]), which differ in the backward direction"
        yield "model.head.last", wanted, head.last
    if model.bidirectional:
        yield from _alone(spec)
    if spec.own_lanes:
        yield from _own_lanes(spec)


def _own_lanes(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What lanes of its own for each direction need: as many units of both in every group, word by word."""
    if not spec.model.bidirectional:
        yield "engine.directions", "shared, without model.bidirectional", "own"
        return
    both = 2 * spec.engine.cells_per_cycle
    for units in sorted(set(spec.units)):
        if units % both:
            wanted = f"a multiple of {both}, twice engine.cells_per_cycle, for engine.directions: own"
            yield "engine.units", wanted, units
    for number in filter(spec.adds_input, range(len(spec.model.between))):
        wanted = "no residual beside engine.directions: own (shared allows it)"
        yield f"model.between.{number}", wanted, "residual"


def _alone(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    if spec.model.cell not in ("lstm", "gru"):
        yield "model.cell", "lstm or gru beside model.bidirectional", spec.model.cell
    if spec.sparsity.pattern not in ("row", "dense"):
        yield "sparsity.pattern", "row or dense beside model.bidirectional", spec.sparsity.pattern
    for key, fits in ALONE.items():
        section, name = key.split(".")
        got = getattr(getattr(spec, section), name)
        if got != fits:
            wanted = "nothing" if fits in (None, ()) else str(plain(fits)).lower()
            yield key, f"{wanted} beside model.bidirectional", got
    studies = spec.training.studies
    for key, field in type(studies).model_fields.items():
        if getattr(studies, key) != field.default:
            yield f"training.studies.{key}", "nothing beside model.bidirectional", getattr(studies, key)
    if spec.model.inputs % spec.engine.input_words:
        wanted = f"a divisor of the {spec.model.inputs} inputs beside model.bidirectional"
        yield "engine.input_words", wanted, spec.engine.input_words
    for hidden in spec.model.hidden:
        if hidden % spec.engine.cells_per_cycle:
            wanted = f"a divisor of {hidden} hidden units beside model.bidirectional"
            yield "engine.cells_per_cycle", wanted, spec.engine.cells_per_cycle
