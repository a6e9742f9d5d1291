"""What a step would take with another choice of the engine: where it is faster, or what the choice costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.architecture.constraints import violations
from accel.architecture.network import Network, network
from accel.report.derived import planned_or_trained
from accel.schedule.proposals import estimated_cycles
from accel.spec import Spec
from accel.spec.rules import structural_rules


def other_choices(spec: Spec, work: Path) -> dict[str, Any]:
    """Both, as JSON data."""
    net = planned_or_trained(spec, work)
    return x_first(spec, net) | other_lanes(spec, net)


def x_first(spec: Spec, net: Network) -> dict[str, Any]:
    """What a step would take with `engine.order: x_first`, as JSON data under that name: `cycles_per_step`, estimated,
    and `memory_bits` of all layers. Empty where lanes do not wait, or would wait as long.
    """
    cycles = estimated_cycles(net)
    waits = cycles > max(layer.shortest_step for layer in net.layers)
    found = None if spec.skips_states or not waits else _with(spec, net, order="x_first")
    return {"x_first": found} if found is not None and found["cycles_per_step"] < cycles else {}


def other_lanes(spec: Spec, net: Network) -> dict[str, Any]:
    """The same of a bidirectional spec with the other choice of `engine.directions`, under `directions` by its name.
    Empty where the other choice is refused.
    """
    if not spec.model.bidirectional:
        return {}
    other = "shared" if spec.own_lanes else "own"
    found = _with(spec, net, directions=other)
    return {} if found is None else {"directions": {other: found}}


def _with(spec: Spec, net: Network, **engine: Any) -> dict[str, Any] | None:
    """Cycles and memory bits with other keys of the engine and as many weights a row; None where these are refused."""
    other = spec.model_copy(update={"engine": spec.engine.model_copy(update=engine)})
    if any(structural_rules(other)):
        return None
    made = network(other, [layer.nnz for layer in net.layers])
    if any(violations(made)):
        return None
    return {"cycles_per_step": estimated_cycles(made), "memory_bits": made.memory_bits}
