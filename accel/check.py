"""What follows from a spec, as `sparrow check` tells it: sizes, lanes, memories, cycles, table errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel import weights
from accel.engines.engine import Design
from accel.faults import Refused
from accel.shape import Array, Network, network
from accel.spec import Spec
from accel.tables import Table


def derive(spec: Spec, work: Path) -> dict[str, Any]:
    """Everything derived, as JSON data. Where the work folder holds weights that fit, their ratios and pattern count.

    `cycles` says what the cycle count is: `exact` for weights, else `at least`, since the gap between two steps depends
    on the pattern.
    """
    design, note = _design(spec, work)
    net = design.net if design else network(spec)
    lanes = sum(layer.multipliers for layer in net.layers)
    nonzeros = sum(layer.nonzeros for layer in net.layers)
    cycles = _scheduled(design) if design else max(layer.groups * layer.cycles_per_group for layer in net.layers)
    return {
        "spec": spec.name,
        "digest": spec.digest,
        "weights": note,
        "lanes": lanes,
        "nonzeros_per_step": nonzeros,
        "cycles": "exact" if design else "at least",
        "cycles_per_step": cycles,
        "utilisation": round(nonzeros / (lanes * cycles), 4),
        "steps_per_second": round(spec.target.clock_mhz * 1e6 / cycles),
        "layers": [array_facts(array) for array in net.arrays],
        "tables": table_facts(net),
        "memory_bits": sum(sum(array.memory_bits.values()) for array in net.arrays),
    }


def array_facts(array: Array) -> dict[str, Any]:
    """Sizes of one layer's lanes and memories."""
    return {
        "name": array.name,
        "inputs": array.inputs,
        "outputs": array.outputs,
        "nonzeros_per_row": list(array.kept),
        "lanes": array.multipliers,
        "groups": array.groups,
        "cycles_per_group": array.cycles_per_group,
        "accumulator_bits": array.sum_width,
        "memory_bits": array.memory_bits,
    }


def table_facts(net: Network) -> list[dict[str, Any]]:
    """Size and largest error of each table."""
    return [_table_facts(name, table) for name, table in net.tables.items()]


def _table_facts(name: str, table: Table) -> dict[str, Any]:
    error = table.largest_error
    return {
        "name": name,
        "entries": 1 << table.address,
        "bits": table.bits,
        "largest_error": error,
        "largest_error_lsb": round(error * 2**table.output.frac, 2),
    }


def _design(spec: Spec, work: Path) -> tuple[Design | None, str]:
    path = work / "weights.npz"
    if not path.is_file():
        return None, "none yet: planned ratios"
    try:
        return Design(spec, weights.load(path, spec), work), f"{path}"
    except Refused as refused:
        return None, f"{path} does not fit ({refused.faults[0]}): planned ratios"


def _scheduled(design: Design) -> int:
    from accel.schedule import schedule

    return schedule(design).cycles_per_step
