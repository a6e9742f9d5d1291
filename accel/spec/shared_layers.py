"""What goes with layers that share lanes: all of one kind and format, by rows, one sequence at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.spec.spec import Spec
from accel.spec.types import plain

BESIDE = "beside engine.shared_layers"
ALONE: dict[str, Any] = {
    "model.bidirectional": False,
    "model.between": (),
    "model.initial": "zeros",
    "weights.per_row": False,
    "engine.dataflow": "row",
    "engine.lanes": "shared",
    "engine.order": "rows",
    "engine.streams": 1,
    "engine.state_streams": False,
    "engine.memory": "rom",
    "training.gradual": False,
}
"""Keys that have one value beside layers that share lanes."""


def shared_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Contradictions of `engine.shared_layers`."""
    if not spec.engine.shared_layers:
        return
    for key, fits in ALONE.items():
        section, name = key.split(".")
        got = getattr(getattr(spec, section), name)
        if got != fits:
            yield key, f"{'nothing' if fits == () else str(plain(fits)).lower()} {BESIDE}", got
    if spec.model.cell not in ("lstm", "gru"):
        yield "model.cell", f"lstm or gru {BESIDE}", spec.model.cell
    if spec.model.head is not None and spec.model.head.pool != "none":
        yield "model.head.pool", f"none {BESIDE}", spec.model.head.pool
    if spec.sparsity.pattern not in ("row", "dense"):
        yield "sparsity.pattern", f"row or dense {BESIDE}", spec.sparsity.pattern
    if len(spec.model.hidden) < 2:
        yield "engine.shared_layers", "false where there is one layer", True
    units = spec.units[0]
    if len(set(spec.units)) > 1:
        yield "engine.units", f"one number for all layers {BESIDE}, which have the same lanes", spec.engine.units
    elif wrong := [hidden for hidden in spec.model.hidden[:-1] if hidden % units]:
        yield (
            "engine.units",
            f"a divisor of the {wrong[0]} hidden units that another layer follows {BESIDE}",
            units,
        )


def shared_format_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Lanes and cells have one format for what each layer has: formats and weights of all layers are the same, and
    behind the first layer, where lanes read the states of two, those of both matrices.
    """
    if not spec.engine.shared_layers:
        return
    first, *later = (spec.layer_formats(number) for number in range(len(spec.model.hidden)))
    for layer in later:
        if (layer.bias, layer.signals) != (first.bias, first.signals):
            yield "formats", f"one format of each signal for all layers {BESIDE}", "lists"
            return
        if {layer.w_x, layer.w_h} != {first.w_h}:
            wanted = f"one format of W_h of all layers, and of W_x behind the first {BESIDE}"
            yield "weights", wanted, f"{first.w_h}, {layer.w_x}, {layer.w_h}"
            return
