"""Corner sequences made for one design: they clip what can be clipped, and read the ends of tables that can be read.

A search over sequences of extreme inputs, led by the golden model itself. The same design gives the same sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as combinations

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.operations import Lookup, Operation
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.residual import RESIDUAL
from accel.base.fixed import Fixed, Integers
from accel.model.coverage import Steps, levels_of
from accel.model.golden import cell_sizes, run
from accel.model.reach import Reach, clamped
from accel.model.samples import Samples
from accel.model.trace import Trace
from accel.model.weights import Weights

STEPS = 48
"""Longest sequence that is tried."""
LONGER = 2
"""Times as many steps as intervals let the latest clamp be hit in at the earliest, and a few more."""
BUDGET = 64
"""Steps of all sequences together."""
CANDIDATES = 48
"""Sequences that are tried at once, fewer where layers are large."""
VALUES = 1_000_000
"""Hidden values, of all steps, of the sequences that are tried at once."""
ROUNDS = 12
"""Times that the best are changed and tried again."""


Try = tuple[Integers, Integers | None]
"""Inputs of a sequence, [steps, inputs], and its state where one is given."""


@dataclass(frozen=True, order=True)
class Target:
    """One side of a narrowing of a layer, of any unit or of its last one, or one end of a table (whose layer is empty).

    The last unit counts by itself since nothing comes behind it in a step that would hide what it leaves in registers.
    """

    layer: str
    name: str
    side: str
    last: bool = False


@dataclass(frozen=True)
class Tried:
    """Inputs [steps, inputs] of one sequence, its state (None for zeros), and when it first meets each target."""

    x: Integers
    state: Integers | None
    first: Mapping[Target, int]


def steps_tried(reached: Sequence[Reach], longest: int | None = None) -> int:
    """How long the sequences are that are tried, of at most the `longest` steps that a model takes."""
    earliest = [step for layer in reached for step in layer.earliest.values() if step <= STEPS]
    return min(STEPS, LONGER * max(earliest, default=0) + 4, longest or STEPS)


def directed(net: Network, weights: Weights, reached: Sequence[Reach], given: Samples) -> list[Samples]:
    """Sequences that meet what `given` does not, each as samples of its own, those that meet most a step first."""
    net = _each_alone(net)
    length = steps_tried(reached, net.spec.model.longest)
    wanted = set(_targets(net, reached, length)) - set(_met(net, weights, given))
    if not wanted:
        return []
    found: list[Tried] = []
    best: dict[Target, tuple[int, Try]] = {}
    rng = np.random.default_rng(net.spec.training.seed + 3)
    x, states = _first_tries(net, weights, length, rng)
    for _ in range(ROUNDS):
        margins = _margins(net, weights, Samples(x, np.full(len(x), length), np.full(len(x), -1), states))
        for target in wanted:
            best_of = margins[target].max(axis=1)
            place = int(best_of.argmax())
            if target not in best or best_of[place] > best[target][0]:
                best[target] = (int(best_of[place]), (x[place], None if states is None else states[place]))
        found += list(_tries(x, states, margins, wanted, whole=net.spec.model.bidirectional))
        missed = sorted(target for target in wanted if best[target][0] < 0)
        if not missed:
            break
        x, states = _next_tries(net, [best[target][1] for target in missed], len(x), rng)
    return [_as_samples(one, length) for one, length in _chosen(found, wanted)]


def _each_alone(net: Network) -> Network:
    """The network with every sequence from its own state, so that sequences can be tried side by side."""
    spec = net.spec.model_copy(update={"model": net.spec.model.model_copy(update={"stateful": False})})
    return replace(net, spec=spec)


def _targets(net: Network, reached: Sequence[Reach], length: int) -> Iterator[Target]:
    """What intervals do not rule out in a number of steps."""
    for array, layer in zip(net.layers, net.recurrent(reached), strict=True):
        yield from (Target(array.name, *side) for side, step in layer.earliest.items() if step <= length)
        yield from (Target(array.name, *side, last=True) for side in clamped(net, array, layer.values, last=True))
    for name, (lowest, highest) in table_ends(net, reached).items():
        yield from (Target("", name, side) for side, can in (("lowest", lowest), ("highest", highest)) if can)


def table_ends(net: Network, reached: Sequence[Reach]) -> dict[str, tuple[bool, bool]]:
    """Whether intervals let the lowest and the highest entry of each table be read."""
    found = {}
    for name, ranges in table_ranges(net, reached).items():
        half = 1 << (net.tables[name].address - 1)
        found[name] = (min(lo for lo, _ in ranges) == -half, max(hi for _, hi in ranges) == half - 1)
    return found


def table_ranges(net: Network, reached: Sequence[Reach]) -> dict[str, list[tuple[int, int]]]:
    """Signed indices that intervals let each table be read at, a range for every unit that reads it."""
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in net.tables}
    for array, layer in zip(net.arrays, reached, strict=net.head is None):
        for operation in _operations(array):
            if isinstance(operation, Lookup):
                name = net.table(array, operation.table)
                table, source = net.tables[name], layer.values[operation.source]
                ends = (table.index(source.lo).tolist(), table.index(source.hi).tolist())
                found[name] += zip(*ends, strict=True)
    return found


def _operations(array: Array) -> Iterator[Operation]:
    """All of a cell's, or of a linear layer's."""
    if isinstance(array, LinearArray):
        yield from array.operations.operations
    else:
        yield from (one for level in array.cell.levels for one in level.operations)


def _met(net: Network, weights: Weights, given: Samples) -> Iterator[Target]:
    for target, margins in _margins(net, weights, given).items():
        if (margins >= 0).any():
            yield target


def _margins(net: Network, weights: Weights, samples: Samples) -> dict[Target, Integers]:
    """How far beyond each target every step gets, [sequences, steps]; what it meets is 0 and more."""
    trace = run(net, weights, samples.x, samples.lengths, samples.states)
    found: dict[Target, Integers] = {}
    real = np.arange(samples.x.shape[1]) < samples.lengths[:, None]
    for array, _, steps in levels_of(net, weights, samples, trace):
        for one in steps:
            for target, margin in _of_level(net, array, cell_sizes(net, array, one.level), one):
                placed = np.full(real.shape, np.iinfo(np.int64).min)
                placed[real] = margin
                found[target] = np.maximum(placed, found.get(target, placed))
    return found | {target: np.where(real, one, np.iinfo(np.int64).min) for target, one in _of_sums(net, trace)}


def _of_sums(net: Network, trace: Trace) -> Iterator[tuple[Target, Integers]]:
    """The same of residual sums, [sequences, steps]."""
    for number, residual in net.residuals.items():
        own, fmt, name = trace.layers[number - 1], residual.out, net.layers[number - 1].name
        dropped = fmt.dropped(residual.total(own.h, own.read), residual.frac)
        yield Target(name, RESIDUAL, "above"), dropped.max(axis=2) - fmt.hi - 1
        yield Target(name, RESIDUAL, "below"), fmt.lo - 1 - dropped.min(axis=2)


def _of_level(
    net: Network, array: Array, sizes: Mapping[str, object], steps: Steps
) -> Iterator[tuple[Target, Integers]]:
    for narrow in steps.level.narrowings:
        fmt: Fixed = getattr(array.formats, narrow.format)
        dropped = fmt.dropped(steps.values[narrow.source], sizes[narrow.source].frac)  # type: ignore[attr-defined]
        yield Target(array.name, narrow.name, "above"), dropped.max(axis=1) - fmt.hi - 1
        yield Target(array.name, narrow.name, "below"), fmt.lo - 1 - dropped.min(axis=1)
        yield Target(array.name, narrow.name, "above", last=True), dropped[:, -1] - fmt.hi - 1
        yield Target(array.name, narrow.name, "below", last=True), fmt.lo - 1 - dropped[:, -1]
    for operation in steps.level.operations:
        if isinstance(operation, Lookup):
            name = net.table(array, operation.table)
            table = net.tables[name]
            half, place = 1 << (table.address - 1), steps.values[operation.source] >> table.shift
            yield Target("", name, "highest"), place.max(axis=1) - half + 1
            yield Target("", name, "lowest"), -half - place.min(axis=1)


def _first_tries(
    net: Network, weights: Weights, length: int, rng: np.random.Generator
) -> tuple[Integers, Integers | None]:
    """Inputs that drive all rows of a unit of the first layer together, each up or down; the rest at random."""
    given, array = net.spec.incoming, net.layers[0]
    count = max(8, min(CANDIDATES, VALUES // (length * sum(layer.outputs for layer in net.layers))))
    patterns = np.array([*_driving(net, weights, array)])[:count]
    rest = rng.choice((given.lo, given.hi), (max(0, count - len(patterns)), length, given.values))
    if given.tokens:
        rest = rng.integers(given.lo, given.hi + 1, rest.shape)
    rest[::2] = rest[::2, :1]  # half of them the same in every step
    driven = np.repeat(patterns[:, None], length, axis=1)
    return np.concatenate([driven, rest]), _random_states(net, count, rng)


def _driving(net: Network, weights: Weights, array: Array) -> Iterator[Integers]:
    """For all signs of the rows of the unit that x moves most, the input [values] that drives them farthest."""
    given, w_x = net.spec.incoming, net.recurrent(weights.layers)[0].w_x.values
    halves = w_x.reshape(-1, array.outputs, array.directions, array.inputs // array.directions)
    rows = halves.sum(axis=2)  # of every gate, in every level that reads x; of two directions a row has one half
    for linear in reversed(net.in_front(0, weights.layers)):
        rows = rows @ linear.w_x.values  # as if its activation let everything pass
    for signs in combinations((1, -1), repeat=len(rows)):
        pulls = np.tensordot(signs, rows, axes=1)
        if weights.embedding is None:
            yield np.where(pulls[np.abs(pulls).sum(axis=1).argmax()] >= 0, given.hi, given.lo)
        else:
            yield np.array([(weights.embedding @ pulls.T).max(axis=1).argmax()])


def _random_states(net: Network, count: int, rng: np.random.Generator) -> Integers | None:
    """Extreme states where they are given."""
    if not net.spec.engine.state_streams:
        return None
    ends = [(fmt.lo, fmt.hi) for fmt in state_ranges(net)]
    return np.stack([rng.choice(pair, count) for pair in ends], axis=1)


def state_ranges(net: Network) -> list[Fixed]:
    """The format of every value of a sequence's state."""
    return [fmt for array in net.layers for fmt in array.state_formats for _ in range(array.outputs)]


def _next_tries(
    net: Network, parents: Sequence[Try], count: int, rng: np.random.Generator
) -> tuple[Integers, Integers | None]:
    """Changed copies of the sequences that came nearest: some inputs turned, from some step on; some states anew."""
    ends, length = net.spec.incoming, len(parents[0][0])
    x = np.stack([parents[n % len(parents)][0] for n in range(count)])
    turned = rng.random((count, 1, x.shape[2])) < rng.choice((0.05, 0.2, 0.5), (count, 1, 1))
    begin = rng.integers(0, length, (count, 1, 1)) * rng.integers(0, 2, (count, 1, 1))
    late = np.arange(length)[None, :, None] >= begin
    other = rng.integers(ends.lo, ends.hi + 1, x.shape) if ends.tokens else ends.lo + ends.hi - x
    x = np.where(turned & late, other, x)
    anew = _random_states(net, count, rng)
    given = [parents[n % len(parents)][1] for n in range(count)]
    if anew is None:
        return x, None
    states = np.stack([state for state in given if state is not None])
    return x, np.where(rng.random(states.shape) < 0.2, anew, states)


def _tries(
    x: Integers, states: Integers | None, margins: Mapping[Target, Integers], wanted: set[Target], whole: bool
) -> Iterator[Tried]:
    """Sequences that meet something; of those whose last step the first one depends on, no beginning will do."""
    last = x.shape[1] - 1
    for number in range(len(x)):
        met = {t: margins[t][number] >= 0 for t in wanted if (margins[t][number] >= 0).any()}
        first = {t: last if whole else int(steps.argmax()) for t, steps in met.items()}
        if first:
            yield Tried(x[number], None if states is None else states[number], first)


def _chosen(found: Sequence[Tried], wanted: set[Target]) -> Iterator[tuple[Tried, int]]:
    """Sequences, and how far they go, that together meet what any of them does: those that meet most a step first."""
    missing, left = set(wanted), BUDGET
    while missing:
        offers = [
            (sum(step < length for step in new.values()) / length, -length, number)
            for number, one in enumerate(found)
            if (new := {target: step for target, step in one.first.items() if target in missing})
            for length in {step + 1 for step in new.values()}
            if length <= left
        ]
        if not offers:
            return
        _, shorter, number = max(offers)
        missing -= {target for target, step in found[number].first.items() if step < -shorter}
        left += shorter
        yield found[number], -shorter


def _as_samples(one: Tried, length: int) -> Samples:
    states = None if one.state is None else one.state[None]
    return Samples(one.x[None, :length], np.array([length]), np.array([-1]), states)
