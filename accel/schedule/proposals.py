"""Which P, M and E to choose: designs of the row engine for a wanted number of lanes, or for wanted cycles per step.

Cycles are estimated: the gap between two steps depends on the pattern, and a random one stands here for the real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accel.architecture.array import Array
from accel.architecture.cells.operations import Mix, Product
from accel.architecture.constraints import violations
from accel.architecture.network import Network, network
from accel.schedule.budget import excesses
from accel.schedule.dataflows import stage_of
from accel.spec import Spec, divisors
from accel.spec.rules import structural_rules

MOST_LANES_PER_ROW = 8
"""M up to which is tried; more lanes a row idle more often, and P is the cheaper way to the same number."""
MOST_BANKS = 32
"""The same where each lane of a row has a bank of the columns: they share a copy of the operands out."""


@dataclass(frozen=True)
class Proposal:
    """One choice and its price, over all LSTM layers: `multipliers` are those of lanes and cell stages together."""

    units: int
    lanes_per_row: int
    cells_per_cycle: int
    input_words: int
    lanes: int
    cycles_per_step: int
    utilisation: float
    memory_bits: int
    multipliers: int


def late(net: Network) -> Iterator[tuple[str, str, object]]:
    """Lanes too few for `engine.target_cycles`: (key path, what would do, what was given)."""
    target = net.spec.engine.target_cycles
    if target is None or (cycles := estimated_cycles(net)) <= target:
        return
    wanted = f"at least {cycles}, which these lanes take"
    for one in for_cycles(net.spec, target, 1):
        choice = f"units: {one.units}, lanes_per_row: {one.lanes_per_row}, cells_per_cycle: {one.cells_per_cycle}"
        wanted += f"; or {choice} ({one.lanes} lanes, {one.cycles_per_step} cycles)"
    yield "engine.target_cycles", wanted, target


def estimated_cycles(net: Network) -> int:
    """Cycles per step, as the module says; by columns, the least of a step without zeros."""
    intervals = (stage_of(array).estimated(array) for array in net.layers)
    return max(*intervals, *(array.input_beats for array in net.arrays))


def for_lanes(spec: Spec, lanes: int, count: int = 5) -> list[Proposal]:
    """The fastest designs within a number of lanes in each layer; among equals the one with the fewest memory bits."""
    rows, hidden = network(spec).layers[0].rows_per_unit, min(spec.model.hidden)
    tried = [(min(lanes // (rows * m), hidden), m) for m in _lanes_per_row(spec) if lanes >= rows * m]
    found = [_best(spec, units, m) for units, m in tried]
    return sorted(filter(None, found), key=lambda one: (one.cycles_per_step, one.memory_bits))[:count]


def for_cycles(spec: Spec, cycles: int, count: int = 5) -> list[Proposal]:
    """The designs with the fewest lanes whose steps take at most a number of cycles; empty where none does."""
    found = []
    for m in _lanes_per_row(spec):
        for units in _enough(spec, m, cycles):
            one = _best(spec, units, m)
            if one is not None and one.cycles_per_step <= cycles:
                found.append(one)
                break
    return sorted(found, key=lambda one: (one.lanes, one.memory_bits))[:count]


def _lanes_per_row(spec: Spec) -> Sequence[int]:
    """M to try: with banks those that the columns are dealt to."""
    if spec.banks == 1:
        return range(1, MOST_LANES_PER_ROW + 1)
    powers = (1 << n for n in range(1, MOST_BANKS.bit_length()))
    return [m for m in powers if not any(structural_rules(_asked(spec, 1, m, 1, 1)))]


def _enough(spec: Spec, m: int, cycles: int) -> Iterator[int]:
    """P from the least that could do; each makes a group fewer than the one before."""
    hidden, last = min(spec.model.hidden), 0
    for groups in range(hidden, 0, -1):
        units = -(-hidden // groups)
        deepest = max(array.depth for array in _network(spec, units, m, 1, 1).layers) if units != last else 0
        if units != last and deepest <= cycles:
            yield units
        last = units


def _best(spec: Spec, units: int, m: int) -> Proposal | None:
    """The E, and the input words, with which these lanes are fastest; the smallest ones that are."""
    found = [one for number in divisors(units) if (one := _proposal(spec, units, m, number)) is not None]
    return min(found, key=lambda one: (one.cycles_per_step, one.cells_per_cycle)) if found else None


def _proposal(spec: Spec, units: int, m: int, cells: int) -> Proposal | None:
    depth = max(array.depth for array in _network(spec, units, m, cells, 1).layers)
    words = -(-spec.model.inputs // depth)
    net = _network(spec, units, m, cells, words if spec.banks == 1 else 1 << (words - 1).bit_length())
    if any(structural_rules(net.spec)) or any(excesses(net)) or any(violations(net)):
        return None
    lanes = sum(array.multipliers for array in net.layers)
    cycles = estimated_cycles(net)
    return Proposal(
        units=units,
        lanes_per_row=m,
        cells_per_cycle=cells,
        input_words=net.layers[0].input_words,
        lanes=lanes,
        cycles_per_step=cycles,
        utilisation=round(sum(array.nonzeros for array in net.layers) / (lanes * cycles), 4),
        memory_bits=net.memory_bits,
        multipliers=sum(products_at_once(array) for array in net.layers),
    )


def products_at_once(array: Array) -> int:
    """Multipliers of a layer: of lanes (none for digits), scales (one a sum), cells (three for one of an LSTM)."""
    multiplied = [one for level in array.cell.pipelines for one in level.operations if isinstance(one, (Product, Mix))]
    products, scales = len(multiplied), array.sums_per_unit * (array.scale is not None)
    return array.multipliers * array.multiplies + array.cells * (products + scales)


def _network(spec: Spec, units: int, m: int, cells: int, input_words: int) -> Network:
    return network(_asked(spec, units, m, cells, input_words))


def _asked(spec: Spec, units: int, m: int, cells: int, input_words: int) -> Spec:
    """The spec with an engine of these keys, its lanes shared."""
    keys = {"units": units, "lanes_per_row": m, "cells_per_cycle": cells, "input_words": input_words}
    engine = spec.engine.model_copy(update=keys | {"lanes": "shared", "input_lanes": None})
    return spec.model_copy(update={"engine": engine})
