"""Weights that are loaded: another set runs on the same hardware, and a bad load changes nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from myhdl import block, instance

from accel.architecture.network import network
from accel.base.files import write_text
from accel.engines.bench import Beat, Record, Script
from accel.engines.cosimulation import simulate
from accel.engines.engine import Engine, reference
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.observe import observe
from accel.engines.script import script
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.engines.weight_frames import first_frames
from accel.hls.render import render_hls
from accel.memory.load_frame import frame, sealed, shape_digest
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.sparse import Mask
from accel.model.weights import LayerWeights, Matrix, Weights
from accel.rtl import convert, render
from accel.rtl.blocks.primitives.signals import flag
from accel.schedule import load_spec
from accel.schedule.schedule import schedule
from accel.schedule.turns import all_turns
from accel.spec import MIXED, plain
from tests.engines.awkward import design
from tests.engines.deliberate import spoil
from tests.engines.test_torn import named
from tests.marks import first

LOADED = {"model": {"inputs": 3, "hidden": [5]}, "engine": {"units": 2, "memory": "scratchpad"}}
BY_COLUMNS = {
    "model": {"inputs": 3, "hidden": [4]},
    "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5, "threshold": 0.05},
    "engine": {"units": 2, "memory": "scratchpad", "dataflow": plain(MIXED)},
}
KINDS = [pytest.param(LOADED, id="rows"), pytest.param(BY_COLUMNS, id="both_ways", marks=pytest.mark.slow)]


def other_weights(made: Design) -> Design:
    """The same shape with other weights and another pattern."""
    training = {"task": "seeded", "seed": 99}
    return Design(
        made.spec, random_weights.seeded(load_spec.parse(plain(made.spec) | {"training": training})), made.work
    )


def two_sequences(made: Design) -> Samples:
    return samples.seeded(made.spec, 2, 3)


def beats(words: list[int]) -> list[Beat]:
    return [Beat(0, word, n == len(words) - 1) for n, word in enumerate(words)]


@block
def watch(status: Any, seen: list[set[str]]) -> Any:
    """Notes what the flags of a load say, each time they change."""
    flags = {name: signal for name, signal in vars(status).items() if name.startswith("load_")}

    @instance
    def watching():
        while True:
            seen.append({name.removeprefix("load_") for name, signal in flags.items() if signal})
            yield list(flags.values())

    return watching


def drive(
    made: Design, given: Samples, loads: list[Beat], x_waits: dict[int, int]
) -> tuple[Script, Record, list[set[str]]]:
    """Run natively with frames of one's own and waits before some beats of x; what the flags said."""
    driven = script(made, given).uncut
    x = [dataclasses.replace(beat, wait=x_waits.get(n, 0)) for n, beat in enumerate(driven.sources["s_axis"])]
    limit = driven.limit + sum(x_waits.values()) + len(loads)
    sources = driven.sources | {"s_axis": tuple(x), "s_weights": tuple(loads)}
    driven = dataclasses.replace(driven, sources=sources, limit=limit)
    module, flags = convert.load_top(made.work, made.spec.identifier), []
    signals = convert.top_signals(module)
    top = [module.accelerator(**signals), watch(signals["status"], flags)]
    return driven, simulate(top, signals, ("lstm0",), driven, flag()), flags


def h_of(made: Design, driven: Script, record: Record) -> np.ndarray:
    record.status |= {"load_checksum": 1, "load_short": 0, "load_long": 0, "load_shape": 0}  # judged by each test
    return observe(made, driven, record).signals["lstm0"]["h"]


@pytest.mark.parametrize("kind", KINDS)
def test_another_set_of_weights_needs_no_other_hardware(kind: dict[str, Any], tmp_path: Path) -> None:
    made = design(tmp_path, **kind)
    first, second = render.render(made), render.render(other_weights(made))
    assert {path for path in first if first[path] != second[path]} == {"load/awkward.hex"}


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_load_changes_nothing_but_its_flag_and_a_right_one_clears_it(
    kind: dict[str, Any], tmp_path: Path
) -> None:
    made = design(tmp_path, **kind)
    given, other = two_sequences(made), other_weights(made)
    inputs, length = made.spec.model.inputs, int(given.lengths[0])
    bad = [spoil(frame(other)) for spoil in (shorter, longer, of_another_shape, damaged, nothing)]
    loads = beats(frame(made)) + [beat for words in bad for beat in beats(words)] + beats(frame(other))
    waits = {(length - 1) * inputs: 7 * len(frame(made))}  # the second sequence begins after all loads
    driven, record, flags = drive(made, given, loads, waits)
    assert flags == [set(), {"short"}, {"long"}, {"shape"}, {"checksum"}, {"short"}, set()]
    h, old, new = h_of(made, driven, record), *(reference(each, given).signals["lstm0"]["h"] for each in (made, other))
    np.testing.assert_array_equal(h[:length], old[:length])
    np.testing.assert_array_equal(h[length:], new[length:])
    assert not np.array_equal(old[:length], new[:length])


def test_a_sequence_uses_the_weights_that_are_there_when_its_first_step_begins(tmp_path: Path) -> None:
    """The state of the second one is taken long before, when the first ones were there."""
    made = design(tmp_path, **LOADED | {"engine": LOADED["engine"] | {"state_streams": True}})
    given, other = two_sequences(made), other_weights(made)
    length, inputs, late = int(given.lengths[0]), made.spec.model.inputs, 12 * schedule(made).cycles_per_step
    first, *rest = beats(frame(other))
    loads = [*beats(frame(made)), dataclasses.replace(first, wait=late), *rest]
    driven, record, _ = drive(made, given, loads, {length * inputs: 2 * late})
    h, old, new = h_of(made, driven, record), *(reference(each, given).signals["lstm0"]["h"] for each in (made, other))
    np.testing.assert_array_equal(h[:length], old[:length])
    np.testing.assert_array_equal(h[length:], new[length:])
    assert not np.array_equal(old[length:], new[length:])


def test_a_checksum_that_nobody_compares_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **LOADED)
    spoil(tmp_path / "rtl" / "awkward.v", r"(checksum <= )[^;]*complement[^;]*;", r"\1 0;")
    result = compare("icarus", DeviceUnderTest(icarus, clocked=True), made, two_sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"
    assert "unknown value" in result.reason  # the bad frame names columns that do not exist


def test_lanes_by_columns_that_stay_with_one_set_are_caught(tmp_path: Path) -> None:
    """A step takes its set when it begins; the first frame goes to the second set."""
    made = design(tmp_path, verilog=True, **BY_COLUMNS)
    spoil(tmp_path / "rtl" / "awkward.v", r"(\btraversal_weight_set <= )(?!0)[^;]*;", r"\g<1>1'b0;")
    result = compare("icarus", DeviceUnderTest(icarus, clocked=True), made, two_sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"


def latest(rows: int, columns: int, kept: int) -> Mask:
    mask = np.zeros((rows, columns), dtype=bool)
    mask[:, columns - kept :] = True
    return mask


@pytest.mark.parametrize(("less", "status"), [(0, "equal"), (1, "different")])
def test_the_gap_is_the_smallest_that_every_pattern_allows(less: int, status: str, tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED | {"engine": {"units": 2, "lanes_per_row": 2, "memory": "scratchpad"}})
    layer = made.weights.layers[0]
    mask = latest(20, 5, layer.nnz_per_row[1])
    worst = LayerWeights(layer.w_x, Matrix(np.where(mask, 9, 0), mask), layer.bias)
    hard = Design(made.spec, Weights((worst,)), made.work)
    interval = schedule(hard).stages[0].interval
    assert interval == schedule(made).stages[0].interval > made.net.layers[0].depth
    top = tmp_path / "myhdl" / "awkward.py"
    write_text(top, top.read_text().replace(f"intervals=({interval},)", f"intervals=({interval - less},)"))
    result = compare(
        "myhdl", DeviceUnderTest(native, clocked=True), hard, samples.seeded(made.spec, 4, 5), schedule(hard)
    )
    assert result.status == status
    assert (result.mismatches > 0) == bool(less)


def test_the_digest_is_that_of_the_shape(tmp_path: Path) -> None:
    made = design(tmp_path, **LOADED)
    wider = design(tmp_path, **LOADED | {"engine": {"units": 3, "memory": "scratchpad"}})
    assert shape_digest(made.net) == shape_digest(other_weights(made).net) != shape_digest(wider.net)


@pytest.mark.parametrize(
    ("weights", "digest"),
    [({}, 0x3E6C3990), ({"kind": "ternary", "input_frac": 5, "recurrent_frac": 5}, 0x4F3F0039)],
    ids=["fixed", "ternary"],
)
def test_a_frame_fits_bitstreams_that_were_made_before(weights: dict[str, Any], digest: int) -> None:
    found = load_spec.load("specs/tiny-loaded.yaml")
    other = load_spec.parse(plain(found) | ({"weights": weights} if weights else {}))
    assert shape_digest(network(other)) == digest


LEFT_OPEN: dict[str, Any] = {
    "model": {"inputs": 3, "hidden": [4]},
    "engine": {"units": 2, "streams": 2, "memory": "scratchpad", "state_streams": True},
}
"""Of sequences of three steps and one, the last round takes the state of a filler whose step never comes."""


def left_open(made: Design) -> Samples:
    given = samples.seeded(made.spec, 2, 3)
    given.lengths[1], given.x[1, 1:] = 1, 0
    return given


@pytest.mark.parametrize("engine", first([native, hls, icarus, verilator], 2), ids=named)
def test_a_state_whose_sequence_takes_no_step_keeps_no_frame_waiting(engine: Engine, tmp_path: Path) -> None:
    made = design(tmp_path, verilog=engine in (icarus, verilator), **LEFT_OPEN)
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    given = left_open(made)
    order = all_turns(given.lengths.tolist(), 2, True)
    assert sum(not turn.is_step for turn in order) == sum(turn.final for turn in order) + 1
    assert sum(beat.last for beat in script(made, given).sources["s_weights"]) > len(first_frames(made)) + 2
    result = compare("it", DeviceUnderTest(engine, clocked=engine is not hls), made, given, schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert (result.status, result.reason) == ("equal", "")


def test_a_set_that_a_state_alone_keeps_in_use_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **LEFT_OPEN)
    spoil(tmp_path / "rtl" / "awkward.v", r"(count_uses0 \([^;]*\.ping_pong_leads\(lstm0_ping_pong_)leads", r"\1opens")
    result = compare("icarus", DeviceUnderTest(icarus, clocked=True), made, left_open(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"
    assert "beats of s_weights" in result.reason
