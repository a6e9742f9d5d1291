"""Weights that are loaded: another set runs on the same hardware, and a bad load changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accel import convert, render, samples, spec, weights
from accel.blocks.signals import flag
from accel.engines.bench import Beat, Record, Script, observe, script
from accel.engines.cosimulation import simulate
from accel.engines.engine import Design, reference
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.loading import frame, sealed, shape_digest
from accel.samples import Samples
from accel.schedule import schedule
from accel.sparse import Mask
from accel.verify import Contender, judge
from accel.weights import LayerWeights, Matrix, Weights
from accel.work import write_text
from tests.engines.awkward import BASE, design

LOADED = {"model": {"inputs": 3, "hidden": [5]}, "engine": {"units": 2, "memory": "scratchpad"}}
SOON, LATE = 50, 300
"""Cycles after which a sequence is under way, and after which a second frame is in, in these small designs."""


def other_weights(made: Design) -> Design:
    """The same shape with other weights and another pattern."""
    training = {"task": "seeded", "seed": 99}
    return Design(made.spec, weights.seeded(spec.parse(BASE | LOADED | {"training": training})), made.work)


def two_sequences(made: Design) -> Samples:
    return samples.seeded(made.spec, 2, 3)


def beats(words: list[int], wait: int = 0) -> list[Beat]:
    return [Beat(wait if n == 0 else 0, word, n == len(words) - 1) for n, word in enumerate(words)]


def drive(made: Design, given: Samples, loads: list[Beat], x_waits: dict[int, int]) -> tuple[Script, Record]:
    """Run natively with frames of one's own and waits before some beats of x."""
    driven = script(made, given)
    x = [dataclasses.replace(beat, wait=x_waits.get(n, 0)) for n, beat in enumerate(driven.sources["s_axis"])]
    driven = dataclasses.replace(
        driven, sources={"s_axis": tuple(x), "s_weights": tuple(loads)}, limit=driven.limit + 2 * LATE
    )
    module = convert.load_top(made.work, made.spec.identifier)
    signals = convert.top_signals(module)
    top = getattr(module, made.spec.identifier)(**signals)
    return driven, simulate(top, signals, ("lstm0",), driven, flag())


def h_of(made: Design, driven: Script, record: Record) -> np.ndarray:
    record.status |= {"load_checksum": 1, "load_short": 0, "load_long": 0, "load_shape": 0}  # judged by each test
    return observe(made, driven, record).signals["lstm0"]["h"]


def test_another_set_of_weights_needs_no_other_hardware(tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    first, second = render.render(made), render.render(other_weights(made))
    assert {path for path in first if first[path] != second[path]} == {"load/awkward.hex"}


def test_a_sequence_keeps_the_weights_that_it_began_with(tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    other, given = other_weights(made), two_sequences(made)
    inputs, length = made.spec.model.inputs, int(given.lengths[0])
    last_step_after_the_load = {(length - 1) * inputs: LATE}
    driven, record = drive(made, given, beats(frame(made)) + beats(frame(other), SOON), last_step_after_the_load)
    h, old, new = h_of(made, driven, record), *(reference(each, given).signals["lstm0"]["h"] for each in (made, other))
    np.testing.assert_array_equal(h[:length], old[:length])
    np.testing.assert_array_equal(h[length:], new[length:])
    assert not np.array_equal(old, new)


def shorter(words: list[int]) -> list[int]:
    return sealed(words[:-2])


def longer(words: list[int]) -> list[int]:
    return sealed(words)


def of_another_shape(words: list[int]) -> list[int]:
    return sealed([words[0] ^ 1, *words[1:-1]])


def damaged(words: list[int]) -> list[int]:
    return [*words[:7], words[7] ^ 1 << 31, *words[8:]]


def nothing(words: list[int]) -> list[int]:
    return words[:1]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (shorter, "load_short"),
        (longer, "load_long"),
        (of_another_shape, "load_shape"),
        (damaged, "load_checksum"),
        (nothing, "load_short"),
    ],
)
def test_a_bad_load_changes_nothing(spoil: Callable[[list[int]], list[int]], error: str, tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    given = two_sequences(made)
    bad = beats(spoil(frame(other_weights(made))), SOON)
    driven, record = drive(made, given, beats(frame(made)) + bad, {int(given.lengths[0]) * 3: LATE})
    flags = {name for name, value in record.status.items() if name.startswith("load_") and value}
    assert flags == {error}
    np.testing.assert_array_equal(h_of(made, driven, record), reference(made, given).signals["lstm0"]["h"])


def test_a_right_load_after_a_bad_one_counts_and_clears_the_error(tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    given, other = two_sequences(made), other_weights(made)
    loads = beats(damaged(frame(made))) + beats(frame(other))
    driven, record = drive(made, given, loads, {})
    assert not any(value for name, value in record.status.items() if name.startswith("load_"))
    assert record.status["loaded"]
    np.testing.assert_array_equal(h_of(made, driven, record), reference(other, given).signals["lstm0"]["h"])


def test_a_checksum_that_nobody_compares_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **LOADED)
    file = tmp_path / "rtl" / "awkward.v"
    text = file.read_text()
    line = next(line for line in text.splitlines() if "checksum <= " in line and "complement" in line)
    write_text(file, text.replace(line, line.split("<=")[0] + "<= 0;"))
    result = judge("icarus", Contender(icarus, clocked=True), made, two_sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"
    assert "unknown value" in result.reason  # the bad frame names columns that do not exist


def latest(rows: int, columns: int, kept: int) -> Mask:
    mask = np.zeros((rows, columns), dtype=bool)
    mask[:, columns - kept :] = True
    return mask


@pytest.mark.parametrize(("less", "status"), [(0, "equal"), (1, "different")])
def test_the_gap_is_the_smallest_that_every_pattern_allows(less: int, status: str, tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED | {"engine": {"units": 2, "lanes_per_row": 2, "memory": "scratchpad"}})
    layer = made.weights.layers[0]
    mask = latest(20, 5, layer.kept[1])
    worst = LayerWeights(layer.w_x, Matrix(np.where(mask, 9, 0), mask), layer.bias)
    hard = Design(made.spec, Weights((worst,)), made.work)
    interval = schedule(hard).stages[0].interval
    assert interval == schedule(made).stages[0].interval > made.net.layers[0].depth
    top = tmp_path / "myhdl" / "awkward.py"
    write_text(top, top.read_text().replace(f"interval={interval},", f"interval={interval - less},"))
    result = judge("myhdl", Contender(native, clocked=True), hard, samples.seeded(made.spec, 4, 5), schedule(hard))
    assert result.status == status
    assert (result.mismatches > 0) == bool(less)


def test_the_digest_is_that_of_the_shape(tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    wider = design(tmp_path, **LOADED | {"engine": {"units": 3, "memory": "scratchpad"}})
    assert shape_digest(made.net) == shape_digest(other_weights(made).net) != shape_digest(wider.net)
