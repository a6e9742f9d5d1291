"""What sequences reach is counted as it is: against the golden model's own counts, and against every single change."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from accel.architecture.network import Network
from accel.engines.engine import flat
from accel.model import random_weights, samples
from accel.model.coverage import Coverage, levels_of, measure
from accel.model.golden import run
from accel.model.samples import Samples
from accel.model.trace import Trace
from accel.model.weights import LayerWeights, Matrix, Weights
from accel.schedule import load_spec
from tests.engines.awkward import BASE
from tests.engines.awkward_columns import COLUMNS
from tests.engines.awkward_rows import AWKWARD

DESIGNS = {
    name: sections
    for name, sections in (AWKWARD | COLUMNS).items()
    if any(word in name for word in ("given states", "highway", "GRU", "stateful", "ternary", "columns", "logits"))
}


def network(**sections: Any) -> tuple[Network, Weights]:
    spec = load_spec.parse(copy.deepcopy(BASE) | sections)
    made = random_weights.seeded(spec)
    return made.network(spec), made


def traced(net: Network, made: Weights, given: Samples) -> tuple[Trace, Coverage]:
    trace = run(net, made, given.x, given.lengths, given.states)
    return trace, measure(net, made, given, trace)


def stimuli(net: Network) -> Samples:
    return samples.corners(net.spec) + samples.seeded(net.spec, 6, 5)


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
def test_every_clip_is_counted_on_its_side_as_the_golden_model_counts_it(sections: dict[str, Any]) -> None:
    net, made = network(**sections)
    given = stimuli(net)
    trace, found = traced(net, made, given)
    for array, layer in zip(net.layers, trace.layers, strict=True):
        counted = dict.fromkeys(layer.saturations, 0)
        for clamp in found.clamps:
            if clamp.layer == array.name:
                counted[array.cell.signals[clamp.signal]] += clamp.below + clamp.above
        assert counted == layer.saturations
    assert found.steps == given.steps


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
def test_values_computed_for_all_steps_at_once_are_those_of_the_trace(sections: dict[str, Any]) -> None:
    net, made = network(**sections)
    given = stimuli(net)
    trace, _ = traced(net, made, given)
    for (_, _, steps), layer in zip(levels_of(net, made, given, trace), trace.layers, strict=True):
        for one in steps:
            for name in one.level.signals:
                np.testing.assert_array_equal(one.values[name], flat(layer.signals[name], given.lengths))


TIGHT = "two highway layers, three lanes a row, two cells, saturating"


def test_both_sides_are_told_apart() -> None:
    net, made = network(**AWKWARD[TIGHT])
    high = traced(net, made, samples.corners(net.spec))[1]
    assert any(clamp.below for clamp in high.clamps)
    assert any(clamp.above for clamp in high.clamps)
    assert any(clamp.below != clamp.above for clamp in high.clamps)


def test_entries_of_tables_are_those_that_are_read() -> None:
    net, made = network(**AWKWARD["split lanes"])
    given = stimuli(net)
    trace, found = traced(net, made, given)
    signals = trace.layers[0].signals
    users = {"sigmoid": ("i_pre", "f_pre", "o_pre"), "tanh": ("g_pre",), "cell_tanh": ("c",)}
    for reads in found.tables:
        table = net.tables[reads.table]
        read = np.concatenate([flat(signals[name], given.lengths) for name in users[reads.table]])
        places = set(table.index(read).ravel().tolist())
        half = reads.entries // 2
        assert (reads.read, reads.lowest, reads.highest) == (len(places), -half in places, half - 1 in places)


def changed(made: Weights, layer: int, matrix: str, row: int, column: int, by: int) -> Weights:
    """Weights of which one is more or less by a unit."""
    old: LayerWeights = made.layers[layer]
    values = getattr(old, matrix).values.copy()
    values[row, column] += by
    new = replace(old, **{matrix: Matrix(values, getattr(old, matrix).mask)})
    return replace(made, layers=(*made.layers[:layer], new, *made.layers[layer + 1 :]))


def shows(net: Network, made: Weights, given: Samples, matrix: str, row: int, column: int) -> bool:
    """Whether one unit more or less changes a pre-activation of the row in some step."""
    gate = ("i_pre", "f_pre", "g_pre", "o_pre")[row // net.layers[0].outputs]
    unit = row % net.layers[0].outputs
    before = run(net, made, given.x, given.lengths).layers[0].signals[gate][:, :, unit]
    others = (changed(made, 0, matrix, row, column, by) for by in (-1, 1))
    return any(
        not np.array_equal(before, run(net, one, given.x, given.lengths).layers[0].signals[gate][:, :, unit])
        for one in others
    )


def kept(matrix: Matrix) -> Iterator[tuple[int, int]]:
    yield from zip(*(part.tolist() for part in np.nonzero(matrix.mask)), strict=True)


COARSE = {
    "formats": BASE["formats"] | {"gate": [8, 3]},
    "model": {"inputs": 3, "hidden": [4]},
    "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5},
    "engine": {"units": 2},
}
"""Pre-activations so coarse that many a change is rounded away."""


def test_weights_whose_change_shows_are_those_of_which_each_was_changed() -> None:
    net, made = network(**COARSE)
    given = samples.seeded(net.spec, 4, 1)  # of one step, so that a change meets nothing that another one made
    given = replace(given, x=given.x // 16)
    _, found = traced(net, made, given)
    each = [shows(net, made, given, "w_x", row, column) for row, column in kept(made.layers[0].w_x)]
    (use,) = (use for use in found.weights if use.matrix == "W_x")
    assert (use.kept, use.shown) == (len(each), sum(each))
    assert 0 < use.shown < use.kept
    (recurrent,) = (use for use in found.weights if use.matrix == "W_h")
    assert (recurrent.met, recurrent.shown) == (0, 0)  # h_0 is 0


def test_a_weight_that_meets_zeros_alone_is_not_multiplied() -> None:
    net, made = network(**COARSE)
    given = samples.seeded(net.spec, 3, 4)
    given.x[:, :, 1] = 0
    _, found = traced(net, made, given)
    use = found.weights[0]
    assert use.kept - use.met == int(made.layers[0].w_x.mask[:, 1].sum())
    assert use.shown <= use.met


def test_weights_of_a_head_show_where_they_are_multiplied() -> None:
    net, made = network(**AWKWARD["arg max of every step, sparse head"])
    trace, found = traced(net, made, stimuli(net))
    head, mask = found.weights[-1], made.layers[-1].w_x.mask
    assert (head.layer, head.kept) == ("head", int(mask.sum()))
    assert head.shown == head.met == head.kept
    trace.layers[-1].h[:, :, 2] = 0
    without = measure(net, made, stimuli(net), trace).weights[-1]
    assert without.shown == without.met == head.kept - int(mask[:, 2].sum())


def test_where_there_are_too_many_steps_some_are_tried_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    net, made = network(**COARSE)
    given = samples.seeded(net.spec, 6, 9)
    every = traced(net, made, given)[1].weights[0]
    monkeypatch.setattr("accel.model.coverage.EVALUATIONS", 5 * every.kept)
    some = traced(net, made, given)[1].weights[0]
    assert every.steps == given.steps
    assert 0 < some.steps <= 5
    assert some.met == every.met
    assert some.shown <= every.shown
