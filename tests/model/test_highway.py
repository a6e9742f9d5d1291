"""The highway cell: the golden model against its equations one number at a time, sizes, timing, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from accel.architecture.cells.sizes import MixSizes, Size
from accel.architecture.network import network
from accel.base.faults import Refused
from accel.base.fixed import Fixed, bits_for, index_bits
from accel.engines.differences import differences
from accel.engines.engine import golden, reference
from accel.memory.dataflows.rows import row_words
from accel.memory.images import bias_depth, bias_words, sum_format, unit_words
from accel.model import random_weights, samples, weights, weights_file
from accel.model.design import Design
from accel.model.golden import run
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import design, spec
from tests.model.test_golden import narrow

MODEL = {"cell": "highway", "depth": 3, "inputs": 3, "hidden": [7], "head": {"outputs": 3}}
TIGHT = {"input": [4, 2], "bias": [6, 2], "gate": [5, 2], "activation": [6, 4], "cell": [5, 4], "state": [3, 3]}
READ_MORE_FINELY = {"cell": [10, 8], "state": [12, 11]}
FINE_ACTIVATION = {"gate": [12, 8], "bias": [12, 8], "activation": [12, 11], "cell": [10, 8], "state": [8, 7]}


def level(chosen: Spec, given: weights.Weights, number: int, x: list, s: list, read: list) -> tuple[list, list]:
    """One level on exact fractions."""
    net, formats = given.network(chosen), chosen.formats
    array, layer = net.layers[0], given.layers[0].level(number, 3)

    def pre(row: int) -> Fraction:
        total = Fraction(int(layer.bias[row]), 2**formats.bias.frac)
        for matrix, fmt, values in ((layer.w_x, array.w_x, x), (layer.w_h, array.w_h, read)):
            for column, value in enumerate(values[: matrix.values.shape[1]]):
                total += Fraction(int(matrix.values[row, column]), 2**fmt.frac) * value
        return narrow(total, formats.gate)

    def look_up(name: str, value: Fraction) -> Fraction:
        return Fraction(int(net.tables[name](int(value * 2**formats.gate.frac))), 2**formats.activation.frac)

    kept = []
    for unit in range(array.outputs):
        h, t = look_up("tanh", pre(unit)), look_up("sigmoid", pre(array.outputs + unit))
        kept.append(narrow(h * t + s[unit] * (1 - t), formats.cell))
    return kept, [narrow(value, formats.state) for value in kept]


@pytest.mark.parametrize(
    "formats", [{}, TIGHT, FINE_ACTIVATION, READ_MORE_FINELY], ids=["usual", "tight", "fine activation", "fine state"]
)
def test_golden_model_equals_the_equations_one_number_at_a_time(formats: dict) -> None:
    weight = {"width": 6, "input_frac": 3, "recurrent_frac": 3, "head_frac": 3}
    chosen = spec(model=MODEL, formats=formats, weights=weight, engine={"units": 1})
    given, inputs = random_weights.seeded(chosen), samples.seeded(chosen, 2, 4) + samples.corners(chosen, 2)
    trace = run(given.network(chosen), given, inputs.x, inputs.lengths).layers[0]
    for number, length in enumerate(inputs.lengths):
        s = read = [Fraction(0)] * 7
        for t in range(length):
            x = [Fraction(int(value), 2**chosen.formats.input.frac) for value in inputs.x[number, t]]
            for n in range(3):
                s, read = level(chosen, given, n, x, s, read)
                for name, values, fmt in (("s", s, "cell"), ("s{}_read", read, "state")):
                    name = name.format(n + 1) if "{}" in name else f"{name}{n + 1}"
                    scale = 2 ** getattr(chosen.formats, fmt).frac
                    assert trace.signals[name][number, t].tolist() == [int(value * scale) for value in values]


@pytest.mark.parametrize("kept", [Fixed(5, 4), Fixed(4, 1), Fixed(6, 6)], ids=["as fine", "coarser", "finer"])
def test_one_product_gives_the_integer_of_two_within_its_widths(kept: Fixed) -> None:
    act = Fixed(5, 4)
    narrow, wide = (Size(fmt.width, fmt.frac) for fmt in (act, kept))
    sizes, one = MixSizes(narrow, wide, narrow), 1 << act.frac
    every = (np.arange(fmt.lo, fmt.hi + 1) for fmt in (act, act, kept))
    h, t, s = np.meshgrid(*every, indexing="ij")
    difference = (h << sizes.one_shift) - (s << sizes.other_shift)
    total = t * difference + (s << sizes.sum_shift)
    two = (h * t << sizes.frac - 2 * act.frac) + (s * (one - t) << sizes.frac - act.frac - kept.frac)
    np.testing.assert_array_equal(total, two)
    for values, width in ((difference, sizes.difference), (t * difference, sizes.product), (total, sizes.total)):
        assert bits_for(int(values.min()), int(values.max())) <= width


def test_saturations_of_every_level_are_counted() -> None:
    formats = TIGHT | {"cell": [4, 4]}
    chosen = spec(model=MODEL, formats=formats, weights={"width": 6, "input_frac": 2, "recurrent_frac": 2})
    given = random_weights.seeded(chosen)
    trace = run(given.network(chosen), given, samples.corners(chosen, 16).x)
    assert all(count > 0 for count in trace.layers[0].saturations.values())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_neither_neighbours_nor_padding_matter(depth: int, tmp_path: Path) -> None:
    made = design(spec(model=MODEL | {"depth": depth}), tmp_path)
    inputs = samples.seeded(made.spec, 4, 5)
    whole, alone = reference(made, inputs), golden(made, inputs)
    assert whole.status == alone.status
    assert list(differences(whole, alone, {"highway0": made.net.layers[0].cell.required})) == []


def test_a_state_that_nobody_showed_is_a_difference(tmp_path: Path) -> None:
    made = design(spec(model=MODEL), tmp_path)
    inputs, required = samples.seeded(made.spec, 2, 3), {"highway0": made.net.layers[0].cell.required}
    seen = reference(made, inputs)
    del seen.signals["highway0"]["s2"]
    found = list(differences(reference(made, inputs), seen, required))
    assert [(one.signal, one.got) for one in found] == [("highway0.s2", "nothing")]


def test_levels_lie_one_behind_the_other_in_the_lanes_memories(tmp_path: Path) -> None:
    made = design(spec(model=MODEL), tmp_path)
    array, layer = made.net.layers[0], made.weights.layers[0]
    (k_x, k_h), groups = array.nnz, array.groups
    assert array.depth == groups * (k_x + 3 * k_h)
    assert array.nonzeros == 2 * 7 * (k_x + 3 * k_h)
    words = unit_words(array, layer)
    assert {len(unit) for unit in words} == {array.depth}
    code = array.w_h.codes(row_words(layer.level(2, array.levels), array.column_banks)[0])[
        0, 0
    ]  # of unit 0, row h, first position
    assert words[0][groups * (k_x + 2 * k_h)] & 0xFF == code


def test_biases_of_a_level_begin_at_a_power_of_two(tmp_path: Path) -> None:
    made = design(spec(model=MODEL | {"hidden": [5]}, engine={"units": 1}), tmp_path)
    array, layer = made.net.layers[0], made.weights.layers[0]
    words = bias_words(array, layer, sum_format(array))
    assert len(words) == bias_depth(array) == 2 * 8 + 5
    own = bias_words(array.level(1), layer.level(1, array.levels), sum_format(array))
    assert words[1 << index_bits(array.beats) :][:5] == own


def test_a_level_waits_only_for_what_it_reads() -> None:
    wide = spec(
        model={"cell": "highway", "depth": 2, "inputs": 30, "hidden": [96]},
        sparsity={"input": 0.5, "recurrent": 0.5},
        engine={"units": 8},
    )
    timing = schedule(Design(wide, random_weights.seeded(wide), Path()))
    assert timing.gap == 0
    assert timing.utilisation == 1.0
    short = spec(model=MODEL)
    timing = schedule(Design(short, random_weights.seeded(short), Path()))
    stage = timing.stages[0]
    assert timing.cycles_per_step == sum(stage.intervals)
    assert all(cycles >= level.depth for cycles, level in zip(stage.intervals, stage.array.by_level, strict=True))


def test_weights_of_another_depth_are_refused(tmp_path: Path) -> None:
    chosen = spec(model=MODEL)
    weights_file.save(tmp_path / "weights.npz", random_weights.seeded(chosen), chosen)
    found = weights_file.load(tmp_path / "weights.npz", chosen)
    np.testing.assert_array_equal(found.layers[0].w_h.values, random_weights.seeded(chosen).layers[0].w_h.values)
    with pytest.raises(Refused, match=r"highway0.w_h: wanted shape \(28, 7\), got \(42, 7\)"):
        weights_file.load(tmp_path / "weights.npz", spec(model=MODEL | {"depth": 2}))


def test_an_lstm_has_tanh_of_its_cell_and_a_highway_cell_has_not() -> None:
    assert set(network(spec(model=MODEL)).tables) == {"sigmoid", "tanh"}
    assert set(network(spec()).tables) == {"sigmoid", "tanh", "cell_tanh"}


STUDY = "training.studies.widths: wanted nothing for model.cell: highway, got [4]"


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"model": MODEL | {"depth": None}}, "model.depth: wanted a number of levels for cell: highway, got null"),
        ({"model": {"depth": 2}}, "model.depth: wanted nothing but for cell: highway, got 2"),
        ({"sparsity": {"shared_by_gates": True}}, "sparsity.shared_by_gates: wanted False for model.cell: highway"),
        (
            {"sparsity": {"input": None, "recurrent": None, "search": {"total": 0.9}}},
            "wanted a ratio that leaves 4 nonzeros a row, one for W_x and 3 for the levels of W_h, got 0.9",
        ),
        ({"weights": {"kind": "ternary"}}, "weights.kind: wanted fixed for model.cell: highway, got"),
        ({"engine": {"units": 7, "dataflow": "column"}}, "engine.dataflow: wanted row for model.cell: highway, got"),
        ({"engine": {"streams": 2}}, "engine.streams: wanted 1 for model.cell: highway, got 2"),
        ({"engine": {"memory": "scratchpad"}}, "engine.memory: wanted rom for model.cell: highway, got"),
        ({"engine": {"state_streams": True}}, "engine.state_streams: wanted False for model.cell: highway, got true"),
        ({"training": {"studies": {"widths": [4]}}}, STUDY),
    ],
)
def test_what_does_not_go_together_is_refused(sections: dict, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        spec(**({"model": MODEL} | sections))
    assert sentence in str(refused.value)


def test_the_head_reads_what_the_last_level_gives() -> None:
    chosen = spec(model=MODEL | {"head": {"outputs": 3, "kind": "logits", "when": "step"}})
    given = random_weights.seeded(chosen)
    trace = run(given.network(chosen), given, samples.seeded(chosen, 2, 3).x)
    np.testing.assert_array_equal(trace.h, trace.layers[0].signals["s3_read"])
    fmt: Fixed = chosen.formats.state
    assert np.abs(trace.h).max() <= fmt.hi
