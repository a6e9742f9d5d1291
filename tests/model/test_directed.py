"""Corners made for a design: what intervals rule out never happens, and what can happen mostly does."""

from __future__ import annotations

from functools import reduce
from itertools import product
from operator import add
from typing import Any

import numpy as np
import pytest

from accel.architecture.network import Network
from accel.engines.engine import flat
from accel.model import samples
from accel.model.coverage import Coverage, measure
from accel.model.directed import BUDGET, directed, table_ends, table_ranges
from accel.model.golden import run
from accel.model.reach import LONGEST, reach
from accel.model.samples import Samples
from accel.model.weights import Weights
from tests.engines.awkward import BASE
from tests.engines.awkward_columns import COLUMNS
from tests.engines.awkward_rows import AWKWARD
from tests.marks import first
from tests.model.test_coverage import DESIGNS, network, stimuli


def covered(net: Network, made: Weights, given: Samples) -> Coverage:
    return measure(net, made, given, run(net, made, given.x, given.lengths, given.states))


def clipped(found: Coverage) -> set[tuple[str, str, str]]:
    return {
        (one.layer, one.signal, side) for one in found.clamps for side in ("below", "above") if getattr(one, side) > 0
    }


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
def test_every_signal_stays_in_its_interval_and_clips_where_it_may(sections: dict[str, Any]) -> None:
    net, made = network(**sections)
    given = stimuli(net)
    trace, reached = run(net, made, given.x, given.lengths, given.states), reach(net, made)
    for array, layer, intervals in zip(net.layers, trace.layers, reached, strict=True):
        for name, values in layer.signals.items():
            seen, interval = flat(values, given.lengths), intervals.values[name]
            assert (seen >= interval.lo).all()
            assert (seen <= interval.hi).all()
        may = {(array.name, *side) for side in intervals.earliest}
        assert {side for side in clipped(covered(net, made, given)) if side[0] == array.name} <= may


SMALL = {
    "model": {"inputs": 1, "hidden": [2]},
    "sparsity": {"pattern": "dense"},
    "weights": {"width": 4, "input_frac": 1, "recurrent_frac": 1, "head_frac": 1},
    "formats": {
        **{"input": [3, 1], "bias": [6, 2], "gate": [6, 2]},
        **{"activation": [5, 4], "cell": [5, 3], "state": [5, 4]},
    },
    "tables": {"address": 5, "sigmoid": 8, "tanh": 4},
    "engine": {"units": 1},
}
"""So small that every sequence of four steps can be tried."""


@pytest.mark.parametrize("seed", first(range(1, 9)))
def test_no_sequence_at_all_clips_what_cannot_be_or_earlier_than_it_may(seed: int) -> None:
    net, made = network(**SMALL, training={"task": "seeded", "seed": seed})
    fmt, steps = net.spec.formats.input, 4
    every = np.array(list(product(range(fmt.lo, fmt.hi + 1), repeat=steps)))[:, :, None]
    (reached,) = reach(net, made)
    for length in range(1, steps + 1):
        given = Samples(every[:, :length], np.full(len(every), length), np.full(len(every), -1))
        may = {("lstm0", *side) for side, step in reached.earliest.items() if step <= length}
        found = covered(net, made, given)
        assert clipped(found) <= may
        for reads in found.tables:
            lowest, highest = table_ends(net, [reached])[reads.table]
            assert reads.lowest <= lowest
            assert reads.highest <= highest
            places = {n for lo, hi in table_ranges(net, [reached])[reads.table] for n in range(lo, hi + 1)}
            assert reads.read <= len(places)


def test_what_grows_for_ever_may_be_anything() -> None:
    wide = BASE["formats"] | {"cell": [15, 8], "activation": [14, 13]}
    net, made = network(
        **AWKWARD["split lanes"] | {"formats": wide, "tables": {"address": 10, "sigmoid": 8, "tanh": 2}}
    )
    assert reach(net, made)[0].earliest[("c", "above")] > LONGEST


def test_what_forgetting_bounds_cannot_be_clipped() -> None:
    roomy = BASE["formats"] | {"cell": [17, 8]}  # the largest f is 503/512, so |c| stays below 512/9
    net, made = network(**AWKWARD["split lanes"] | {"formats": roomy})
    assert ("c", "above") not in reach(net, made)[0].earliest


@pytest.mark.parametrize(
    "name",
    [
        "split lanes",
        "two layers, logits of every step",
        "streamed weights, dense, two cells, initial states, logits of every step",
        "W_x by rows and W_h by columns, three cells and input words",
        "loaded weights, initial states, two layers, three streams, saturating",
    ],
)
def test_sequences_made_for_a_design_reach_more_than_the_corners(name: str) -> None:
    net, made = network(**(AWKWARD | COLUMNS)[name])
    given, fmt = samples.corners(net.spec), net.spec.formats.input
    made_for = directed(net, made, reach(net, made), given)
    assert made_for
    assert sum(one.steps for one in made_for) <= BUDGET
    assert all(one.x.min() >= fmt.lo and one.x.max() <= fmt.hi and len(one.lengths) == 1 for one in made_for)
    before, after = covered(net, made, given), covered(net, made, reduce(add, [given, *made_for]))
    assert clipped(before) < clipped(after)
    assert all(new.read >= old.read for old, new in zip(before.tables, after.tables, strict=True))


def test_the_same_design_gives_the_same_sequences() -> None:
    net, made = network(**AWKWARD["split lanes"])
    first, second = (directed(net, made, reach(net, made), samples.corners(net.spec)) for _ in range(2))
    assert [one.x.tolist() for one in first] == [one.x.tolist() for one in second]


def test_where_everything_is_reached_nothing_is_made() -> None:
    net, made = network(**AWKWARD["split lanes"])
    corners, reached = samples.corners(net.spec), reach(net, made)
    longer = reduce(add, [corners, *directed(net, made, reached, corners)])
    missed = {("lstm0", *side) for side in reached[0].earliest} - clipped(covered(net, made, longer))
    again = directed(net, made, reached, longer)
    found = clipped(covered(net, made, reduce(add, [longer, *again])))
    assert missed - found == missed if not again else found > clipped(covered(net, made, longer))


def test_every_sequence_earns_its_steps() -> None:
    net, made = network(**AWKWARD["dense, all units at once"])
    corners = samples.corners(net.spec)
    made_for = directed(net, made, reach(net, made), corners)
    every = covered(net, made, reduce(add, [corners, *made_for]))
    for left_out in range(len(made_for)):
        rest = [one for number, one in enumerate(made_for) if number != left_out]
        some = covered(net, made, reduce(add, [corners, *rest]))
        assert (clipped(some), some.tables) != (clipped(every), every.tables)
