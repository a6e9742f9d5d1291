"""What follows from a spec, as `sparrow check` tells it: sizes, lanes, memories, cycles, table errors."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from accel.architecture.array import Array
from accel.architecture.embedding import Embedding
from accel.architecture.mirror import Mirror
from accel.architecture.network import Network, network
from accel.base.faults import Fault, Refused
from accel.base.tables import Table
from accel.memory.load_frame import beats
from accel.model import weights_file
from accel.model.design import Design
from accel.schedule.proposals import estimated_cycles, for_cycles, for_lanes
from accel.spec import BALANCES, Spec, Traversal, plain

LENGTHS = (1, 16)
"""Steps of the sequences whose latency is told."""


def derive(spec: Spec, work: Path) -> dict[str, Any]:
    """Everything derived, as JSON data. Where the work folder holds weights that fit, their ratios and pattern count.

    `cycles` says what the cycle count is: `exact` for weights, else `estimated`, since the gap between two steps
    depends on the pattern; by columns it is that of steps `without zeros`. `sequences`, where there are weights, are
    cycles from the first beat of a sequence to its last result, through all layers.
    """
    design, note = _design(spec, work)
    net = design.net if design else network(spec)
    built = net.in_hardware
    lanes = sum(layer.multipliers for layer in built.layers)
    nonzeros = sum(layer.nonzeros for layer in built.layers)
    cycles, sequences = _scheduled(design) if design else (estimated_cycles(net), [])
    arrays = [array_facts(array) for array in built.arrays]
    return {
        "spec": spec.name,
        "digest": spec.digest,
        "weights": note,
        "lanes": lanes,
        "nonzeros_per_step": nonzeros,
        "dataflow": plain(spec.engine.dataflow),
        "cycles": "without zeros" if spec.skips_states else "exact" if design else "estimated",
        "cycles_per_step": cycles,
        "utilisation": round(nonzeros / (lanes * cycles), 4),
        "steps_per_second": round(spec.target.clock_mhz * 1e6 / cycles),
        "sequences": sequences,
        "layers": [facts | {"memory_bits": _every_kind(facts["memory_bits"], arrays)} for facts in arrays],
        **({"shared": [*map(shared_facts, net.layers)]} if spec.engine.shared_layers else {}),
        "tables": table_facts(net),
        **({"load_beats": beats(net)} if spec.engine.memory == "scratchpad" else {}),
        **({"feeds": [feed_facts(array, spec) for array in net.arrays]} if spec.engine.memory == "stream" else {}),
        **({"sequence_buffers": [mirror_facts(*one) for one in net.mirrors.items()]} if net.mirrors else {}),
        **({"embedding": embedding_facts(net.embedding)} if net.embedding else {}),
        "memory_bits": net.memory_bits,
    }


def planned_or_trained(spec: Spec, work: Path) -> Network:
    """The arrays with the ratios of the work folder's weights, or with those that the spec plans."""
    design, _ = _design(spec, work)
    return design.net if design else network(spec)


def proposed(spec: Spec, lanes: int | None, cycles: int | None) -> dict[str, Any]:
    """Designs within a number of lanes, which layers share out, or of cycles a step, as JSON data. Refused if none."""
    if spec.skips_states:
        raise Refused([Fault("engine.dataflow", "row, which proposals are for", ", ".join(map(str, spec.flows)))])
    found = for_cycles(spec, cycles) if cycles is not None else for_lanes(spec, lanes or 0)
    if not found:
        if cycles is None:
            rows = sum(array.rows_per_unit for array in network(spec).layers)
            raise Refused([Fault("--lanes", f"at least {rows}, one for each gate of each layer", str(lanes))])
        raise Refused([Fault("--cycles", "more: no number of lanes is enough", str(cycles))])
    return {"spec": spec.name, "proposals": [asdict(one) for one in found]}


def _every_kind(bits: dict[str, int], arrays: list[dict[str, Any]]) -> dict[str, int]:
    """Memory bits by every kind that some array has."""
    return {kind: bits.get(kind, 0) for facts in arrays for kind in facts["memory_bits"]}


def array_facts(array: Array) -> dict[str, Any]:
    """Sizes of one layer's lanes and memories. By columns an operand takes as many cycles as a lane keeps weights.

    Nonzeros of W_x and W_h stand where they are counted, by rows or by columns; null where in the other way.
    """
    return {
        "name": array.name,
        "inputs": array.inputs,
        "outputs": array.outputs,
        "nonzeros_per_row": _counted(array, "row"),
        "nonzeros_per_lane_and_column": _counted(array, "column"),
        "lanes": array.multipliers,
        "groups": array.groups,
        "levels": array.levels,
        "cycles_per_group": array.group_cycles[0] + array.cycles_ahead if array.group_cycles else None,
        "cycles_ahead": array.cycles_ahead,
        "accumulator_bits": array.sum_width,
        "memory_bits": array.memory_bits,
    }


def shared_facts(array: Array) -> dict[str, Any]:
    """Sizes of one of the layers that share lanes, and the cycles of a step in which these work for it."""
    return {
        "name": array.name,
        "inputs": array.inputs,
        "outputs": array.outputs,
        "nonzeros_per_row": _counted(array, "row"),
        "groups": array.groups,
        "cycles": array.depth,
    }


def _counted(array: Array, traversal: Traversal) -> list[int | None] | None:
    if array.levels > array.unit_levels:  # each layer has its own
        return None
    own = [BALANCES[each].counts for each in array.traversals]
    found = [count if counted == traversal else None for count, counted in zip(array.nnz, own, strict=True)]
    return None if found == [None, None] else found


def feed_facts(array: Array, spec: Spec) -> dict[str, Any]:
    """What a stream of weights has to bring: bits of a step, beats of a word of all units, and the bandwidth at which
    the lanes never wait, in gigabits per second at the spec's clock.
    """
    bits = array.units * array.word_width
    return {
        "name": array.name,
        "bits_per_step": bits * array.depth,
        "beats_per_cycle": array.set_beats,
        "gigabits_per_second": round(bits * spec.target.clock_mhz / 1000, 3),
    }


def mirror_facts(number: int, mirror: Mirror) -> dict[str, Any]:
    """Size of the sequence buffer in front of an array, or behind the last layer."""
    return {"before": number, "steps": mirror.longest, "words": mirror.depth, "bits": mirror.bits}


def embedding_facts(embedding: Embedding) -> dict[str, Any]:
    """Size of the table in front of the first layer."""
    return {"tokens": embedding.tokens, "words": embedding.depth, "bits": embedding.bits}


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
        return Design(spec, weights_file.load(path, spec), work), f"{path}"
    except Refused as refused:
        return None, f"{path} does not fit ({refused.faults[0]}): planned ratios"


def _scheduled(design: Design) -> tuple[int, list[dict[str, int]]]:
    """Cycles per step, and those of sequences of some lengths from the first beat to the last result."""
    from accel.schedule.schedule import schedule

    built = schedule(design)
    most = design.spec.model.longest or max(LENGTHS)
    lengths = sorted({min(steps, most) for steps in LENGTHS})
    return built.cycles_per_step, [{"steps": steps, "cycles": built.finish([steps])} for steps in lengths]
