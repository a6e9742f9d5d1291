"""Both directions as one layer: each half is a network of its own that reads forward, or backward, alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.mirror import Mirror
from accel.base.faults import Refused
from accel.engines.predict import quantized
from accel.model import golden, random_weights, samples
from accel.model.design import Design
from accel.model.directions import mirrored, through
from accel.model.sequences import Data
from accel.model.weights import LayerWeights, Matrix, Weights
from accel.model.weights_checks import faults_of
from accel.spec import Spec
from tests.designs import spec

LONGEST = 6


def chosen(head: Any = None, **model: Any) -> Spec:
    both = {"inputs": 3, "hidden": [4], "bidirectional": True, "longest": LONGEST, "head": head}
    return spec(model=both | model, engine={"units": 2})


def half(matrix: Matrix, number: int, gates: int) -> Matrix:
    """The matrix of one direction."""

    def cut(whole: np.ndarray) -> np.ndarray:
        parts = whole.reshape(gates, 2, -1, 2, whole.shape[1] // 2)[:, number, :, number]
        return parts.reshape(-1, whole.shape[1] // 2)

    return Matrix(cut(matrix.values), cut(matrix.mask))


def alone(layer: LayerWeights, number: int, gates: int) -> LayerWeights:
    """The weights of one direction."""
    sums = len(layer.bias) // layer.w_h.values.shape[1]
    bias = layer.bias.reshape(sums, 2, -1)[:, number].reshape(-1)
    return replace(layer, w_x=half(layer.w_x, number, gates), w_h=half(layer.w_h, number, gates), bias=bias)


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_each_direction_computes_what_it_does_alone(cell: str, gates: int) -> None:
    made, single = (
        chosen(cell=cell),
        spec(model={"cell": cell, "inputs": 3, "hidden": [4], "head": None}, engine={"units": 2}),
    )
    weights, given = random_weights.seeded(made), samples.seeded(made, 7, LONGEST)
    y = golden.run(weights.network(made), weights, given.x, given.lengths).outputs
    parts = []
    for number in range(2):
        own = Weights((alone(weights.layers[0], number, gates),), 0)
        assert not list(faults_of(own, single, "it"))
        x = mirrored(given.x, given.lengths) if number else given.x
        h = golden.run(own.network(single), own, x, given.lengths).outputs
        parts.append(mirrored(h, given.lengths) if number else h)
    real = np.arange(y.shape[1]) < given.lengths[:, None]
    np.testing.assert_array_equal(y[real], np.concatenate(parts, axis=2)[real])
    assert np.any(parts[1][real])


@pytest.mark.parametrize("pairs", [False, True])
def test_a_buffer_puts_halves_of_turns_back_into_the_order_of_steps(pairs: bool) -> None:
    rng, lengths = np.random.default_rng(1), np.array([5, 1, 3])
    y = rng.integers(-9, 10, (3, 5, 4))
    turns = np.concatenate([y[..., :2], mirrored(y, lengths)[..., 2:]], axis=2)
    given = through(Mirror(5, 2, 16, crossed=True, pairs=pairs), turns, lengths)
    np.testing.assert_array_equal(given[..., :4], y)
    if pairs:
        np.testing.assert_array_equal(given[..., 4:], mirrored(y, lengths))


def last_of(last: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of a head that reads so, those after every step, and the numbers of last steps."""
    heads = [{"outputs": 3, "kind": "logits", "last": last}, {"outputs": 3, "kind": "logits", "when": "step"}]
    specs = [chosen(head) for head in heads]
    weights, given = random_weights.seeded(specs[0]), samples.seeded(specs[0], 7, LONGEST)
    runs = [golden.run(weights.network(one), weights, given.x, given.lengths) for one in specs]
    assert runs[0].logits is not None
    assert runs[1].logits is not None
    return runs[0].logits[:, 0], runs[1].logits, given.lengths - 1


def test_output_is_what_the_layer_gives_for_the_last_step_and_states_are_not() -> None:
    logits, every, ends = last_of("output")
    np.testing.assert_array_equal(logits, every[np.arange(len(ends)), ends])
    states, _, _ = last_of("states")
    assert np.any(states != logits)
    np.testing.assert_array_equal(states[ends == 0], logits[ends == 0])  # of one step they are the same


@pytest.mark.parametrize("pool", [{"pool": "max"}, {"pool": "mean", "longest": LONGEST}])
def test_a_pool_needs_no_buffer_since_it_does_not_know_the_order_of_steps(pool: dict[str, Any]) -> None:
    made = chosen({"outputs": 3, "kind": "logits"} | pool)
    weights, given = random_weights.seeded(made), samples.seeded(made, 7, LONGEST)
    net = weights.network(made)
    y = golden.run(net, weights, given.x, given.lengths).layers[0].h
    in_order = through(Mirror(LONGEST, 8, 12, crossed=True, pairs=False), y, given.lengths)
    assert len(net.layers) not in net.mirrors
    assert net.pool is not None
    np.testing.assert_array_equal(
        golden.pooled(net.pool, y, given.lengths), golden.pooled(net.pool, in_order, given.lengths)
    )


def test_a_longer_sequence_is_refused_by_name() -> None:
    made = chosen()
    weights = random_weights.seeded(made)
    x = np.zeros((2, LONGEST + 1, 3))
    with pytest.raises(ValueError, match=r"lengths: wanted at most 6 steps \(model.longest\), got 7"):
        golden.run(weights.network(made), weights, x.astype(np.int64))
    design = Design(made, weights, Path())
    with pytest.raises(Refused, match=r"mine.npy: wanted sequences of at most 6 steps \(model.longest\), got one of 7"):
        quantized(design, Data(x, np.array([1, 7]), "mine.npy"))


def test_weights_of_the_other_direction_are_refused() -> None:
    made = chosen()
    weights = random_weights.seeded(made)
    layer = weights.layers[0]
    moved = Matrix(np.roll(layer.w_h.values, 4, axis=1), np.roll(layer.w_h.mask, 4, axis=1))
    spoiled = Weights((replace(layer, w_h=moved),), 0)
    assert [str(fault) for fault in faults_of(spoiled, made, "it")] == [
        "it: lstm0.w_h.mask: wanted each direction's weights in its own half of the columns, got others"
    ]


def test_memories_count_the_buffers() -> None:
    net = random_weights.seeded(chosen(hidden=[4, 4])).network(chosen(hidden=[4, 4]))
    sizes = {0: 2 * LONGEST * 3 * 8, 1: 2 * LONGEST * 8 * 12, 2: 2 * LONGEST * 8 * 12}
    assert {number: mirror.bits for number, mirror in net.mirrors.items()} == sizes
    arrays = sum(sum(array.memory_bits.values()) for array in net.arrays)
    assert net.memory_bits == arrays + sum(sizes.values())
