"""What follows from a spec: lanes, cycles, widths, memories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from accel.architecture.network import network
from accel.architecture.plan import even_allocation, planned, row_cost
from accel.base.faults import Refused
from accel.schedule.load_spec import load
from accel.spec import Spec
from tests.designs import spec


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Specs that the engine can do; a group that is too short for its cell stage is drawn again."""
    hidden = draw(st.integers(1, 40))
    try:
        return spec(
            model={"inputs": draw(st.integers(1, 20)), "hidden": [hidden], "head": None},
            sparsity={"input": draw(st.floats(0, 0.5)), "recurrent": draw(st.floats(0, 0.5))},
            engine={"units": draw(st.integers(1, min(hidden, 8))), "lanes_per_row": draw(st.integers(1, 5))},
            weights={"input_frac": draw(st.integers(0, 8)), "recurrent_frac": draw(st.integers(2, 8))},
            formats={
                "bias": [16, 5],
                "input": [8, 6],
                "gate": [16, 6],
                "activation": [12, 11],
                "cell": [16, 11],
                "state": [12, 11],
            },
        )
    except Refused:
        reject()


@given(specs())
def test_lanes_share_out_every_nonzero_of_a_row(chosen: Spec) -> None:
    array = network(chosen).layers[0]
    assert sum(lane.x_slots for lane in array.lanes) == array.nnz[0]
    assert sum(lane.h_slots for lane in array.lanes) == array.nnz[1]
    assert array.cycles_per_group == -(-sum(array.nnz) // array.lanes_per_row)


@given(specs())
def test_groups_cover_every_unit(chosen: Spec) -> None:
    array = network(chosen).layers[0]
    assert (array.groups - 1) * array.units < array.outputs <= array.groups * array.units


@given(specs())
def test_accumulator_holds_the_worst_row(chosen: Spec) -> None:
    """All weights and operands at their minimum, and the bias at its own: computed, not bounded."""
    array = network(chosen).layers[0]
    k_x, k_h = array.nnz
    x_part = k_x * array.w_x.lo * array.x.lo << array.x_shift
    h_part = k_h * array.w_h.lo * array.h.lo << array.h_shift
    worst = x_part + h_part - (array.bias.lo << array.bias_shift)
    assert worst < 1 << (array.sum_width - 1)


@given(st.floats(0, 0.9), st.integers(1, 300), st.integers(1, 300), st.integers(1, 4))
def test_even_allocation_keeps_the_total_and_leaves_neither_matrix_empty(
    total: float, inputs: int, hidden: int, levels: int
) -> None:
    nonzeros = int((1 - total) * (inputs + levels * hidden) + 0.5)
    if nonzeros < 1 + levels:
        return
    k_x, k_h = even_allocation(total, inputs, hidden, levels)
    assert nonzeros - levels < row_cost((k_x, k_h), levels) <= nonzeros
    assert 1 <= k_x <= inputs
    assert 1 <= k_h <= hidden


def test_digits_as_computed_by_hand() -> None:
    net = network(load("specs/digits.yaml"), [(6, 6)])
    (layer,), head = net.layers, net.head
    assert head is not None
    assert (layer.multipliers, layer.groups, layer.cycles_per_group, layer.nonzeros) == (32, 4, 12, 1536)
    assert (head.multipliers, head.groups, head.cycles_per_group) == (10, 1, 32)
    assert layer.memory_bits["values"] == 32 * 4 * 12 * 8
    assert layer.sum_width == 1 + (6 * 2**7 * 2**7 * 2**5 + 6 * 2**7 * 2**11 + 2**15 * 2**6).bit_length()


def test_every_layer_of_a_stack_reads_the_one_before() -> None:
    layers = network(spec(model={"hidden": [8, 5, 4], "head": None})).layers
    assert [layer.inputs for layer in layers] == [3, 8, 5]
    assert [layer.name for layer in layers] == ["lstm0", "lstm1", "lstm2"]
    assert layers[1].x == layers[0].h


def test_a_dense_spec_keeps_every_weight() -> None:
    assert planned(spec(sparsity={"pattern": "dense", "input": None, "recurrent": None})) == ((3, 8),)


@pytest.mark.parametrize("groups", range(1, 9))
def test_head_keeps_pace_with_the_lstm(groups: int) -> None:
    net = network(spec(model={"inputs": 8, "hidden": [8 * groups], "head": {"outputs": 10}}))
    assert net.head is not None
    head = net.head.groups * net.head.cycles_per_group
    assert head <= max(net.layers[0].groups * net.layers[0].cycles_per_group, net.head.inputs)


def test_memory_bits_count_whole_words() -> None:
    array = network(spec(model={"hidden": [7], "head": None})).layers[0]
    assert array.groups == 2
    bits = array.memory_bits
    assert bits["values"] == np.prod([array.units, 4, array.depth, 8])
    assert bits["bias"] == 8 * 4 * 16
