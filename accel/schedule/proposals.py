"""Which P, M and E to choose: designs of the row engine for a wanted number of lanes, or for wanted cycles per step.

Layers of different sizes have each its own P, so that none waits for another one.

Cycles are estimated: the gap between two steps depends on the pattern, and a random one stands here for the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import gcd

from accel.architecture.array import Array
from accel.architecture.cells.operations import Mix, Product
from accel.architecture.constraints import violations
from accel.architecture.network import Network, network
from accel.schedule.budget import excesses
from accel.schedule.dataflows import stage_of
from accel.schedule.sharing import Need, kept, shared_out, slowed
from accel.spec import Spec, divisors, of_all, plain
from accel.spec.rules import structural_rules

MOST_LANES_PER_ROW = 8
"""M up to which is tried; more lanes a row idle more often, and P is the cheaper way to the same number."""
CELLS = (1, 2, 4, 8, 16, 32)
"""E of which the units of each layer are made a multiple."""
MOST_BANKS = 32
"""The same where each lane of a row has a bank of the columns: they share a copy of the operands out."""


@dataclass(frozen=True)
class Proposal:
    """One choice and its price, over all LSTM layers: `multipliers` are those of lanes and cell stages together."""

    units: int | tuple[int, ...]
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
        choice = f"units: {plain(one.units)}, lanes_per_row: {one.lanes_per_row}"
        choice += f", cells_per_cycle: {one.cells_per_cycle}"
        wanted += f"; or {choice} ({one.lanes} lanes, {one.cycles_per_step} cycles)"
    yield "engine.target_cycles", wanted, target


def estimated_cycles(net: Network) -> int:
    """Cycles per step, as the module says; by columns, the least of a step without zeros."""
    intervals = (stage_of(array).estimated(array) for array in net.in_hardware.layers)
    return max(*intervals, *(array.input_beats for array in net.arrays))


def for_lanes(spec: Spec, lanes: int, count: int = 5) -> list[Proposal]:
    """The fastest designs within a number of lanes of all layers together, shared out so that these take about equally
    long; among equals the one with the fewest memory bits.
    """
    found: list[Proposal] = []
    for m in _lanes_per_row(spec):
        if spec.engine.shared_layers:
            tried = [one for one in _on_the_same(spec, m) if one.lanes <= lanes]
        else:
            tried = _tried(spec, m, partial(shared_out, _needs(spec, m), lanes))
        found += sorted(tried, key=lambda one: (one.cycles_per_step, one.lanes, one.cells_per_cycle))[:1]
    return sorted(found, key=lambda one: (one.cycles_per_step, one.memory_bits))[:count]


def for_cycles(spec: Spec, cycles: int, count: int = 5) -> list[Proposal]:
    """The designs with the fewest lanes whose steps take at most a number of cycles; empty where none does."""
    found = [one for m in _lanes_per_row(spec) if (one := _slowest(spec, m, cycles)) is not None]
    return sorted(found, key=lambda one: (one.lanes, one.memory_bits))[:count]


def _slowest(spec: Spec, m: int, cycles: int) -> Proposal | None:
    """With some lanes a row, the design with the fewest of those that take at most a number of cycles."""
    if spec.engine.shared_layers:
        fast = (one for one in _on_the_same(spec, m) if one.cycles_per_step <= cycles)
        return min(fast, key=lambda one: (one.lanes, one.cells_per_cycle), default=None)
    needs = _needs(spec, m)
    for pace in reversed([pace for pace in slowed(needs) if pace <= cycles]):
        found = [one for one in _tried(spec, m, partial(kept, needs, pace)) if one.cycles_per_step <= cycles]
        if found:
            return min(found, key=lambda one: (one.lanes, one.cells_per_cycle))
    return None


def _needs(spec: Spec, m: int) -> list[Need]:
    return [Need.of(array) for array in _network(spec, 1, m, 1, 1).layers]


def _on_the_same(spec: Spec, m: int) -> list[Proposal]:
    """Every design whose layers share lanes: P divides the units of each that another one follows."""
    layers, common = len(spec.model.hidden), divisors(gcd(*spec.model.hidden[:-1]))
    asked = [units for units in common if units <= min(spec.model.hidden)]
    tried = ((units, cells) for units in asked for cells in divisors(units))
    return [one for units, cells in tried if (one := _proposal(spec, (units,) * layers, m, cells)) is not None]


def _lanes_per_row(spec: Spec) -> Sequence[int]:
    """M to try: with banks those that the columns are dealt to."""
    if spec.banks == 1:
        return range(1, MOST_LANES_PER_ROW + 1)
    powers = (1 << n for n in range(1, MOST_BANKS.bit_length()))
    return [m for m in powers if not any(structural_rules(_asked(spec, 1, m, 1, 1)))]


def _tried(spec: Spec, m: int, units_for: Callable[[int], tuple[int, ...] | None]) -> list[Proposal]:
    """Designs of the units that there are for a multiple of E, with each E that divides them."""
    tried = {(units, cells) for cells in CELLS if (units := units_for(cells)) is not None}
    tried |= {(units, cells) for units, _ in tried for cells in divisors(gcd(*units))}
    return [one for units, cells in sorted(tried) if (one := _proposal(spec, units, m, cells)) is not None]


def _proposal(spec: Spec, each: tuple[int, ...], m: int, cells: int) -> Proposal | None:
    units = of_all(each)
    depth = max(array.depth for array in _network(spec, units, m, cells, 1).in_hardware.layers)
    added = spec.adds_input(0) and not spec.model.before
    words = cells if added else -(-spec.model.inputs // depth)
    net = _network(spec, units, m, cells, words if spec.banks == 1 else 1 << (words - 1).bit_length())
    if any(structural_rules(net.spec)) or any(excesses(net)) or any(violations(net)):
        return None
    built = net.in_hardware.layers
    lanes = sum(array.multipliers for array in built)
    cycles = estimated_cycles(net)
    return Proposal(
        units=units,
        lanes_per_row=m,
        cells_per_cycle=cells,
        input_words=net.spec.engine.input_words,
        lanes=lanes,
        cycles_per_step=cycles,
        utilisation=round(sum(array.nonzeros for array in built) / (lanes * cycles), 4),
        memory_bits=net.memory_bits,
        multipliers=sum(products_at_once(array) for array in built),
    )


def products_at_once(array: Array) -> int:
    """Multipliers of a layer: of lanes (none for digits, one for two that are packed), scales (one a sum), cells (three
    for one of an LSTM).
    """
    multiplied = [one for level in array.cell.pipelines for one in level.operations if isinstance(one, (Product, Mix))]
    products, scales = len(multiplied), array.sums_per_unit * (array.scale is not None)
    return array.multipliers * array.multiplies - array.pairs + array.cells * (products + scales)


def _network(spec: Spec, units: int | tuple[int, ...], m: int, cells: int, input_words: int) -> Network:
    return network(_asked(spec, units, m, cells, input_words))


def _asked(spec: Spec, units: int | tuple[int, ...], m: int, cells: int, input_words: int) -> Spec:
    """The spec with an engine of these keys, its lanes shared."""
    keys = {"units": units, "lanes_per_row": m, "cells_per_cycle": cells, "input_words": input_words}
    engine = spec.engine.model_copy(update=keys | {"lanes": "shared", "input_lanes": None})
    return spec.model_copy(update={"engine": engine})
