"""The column dataflow: every engine equals the golden model, every step takes the predicted cycles, faults show."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accel.architecture.dataflows.columns import ColumnArray
from accel.base.files import write_text
from accel.engines.bench import Record
from accel.engines.engine import Engine, EngineFailed, Observed, golden
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.observe import check_queues
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.hls.render import render_hls
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.golden import run
from accel.model.samples import Samples
from accel.schedule import load_spec
from accel.schedule.dataflows.rows import RowStage
from accel.schedule.schedule import schedule
from accel.spec import MIXED, plain
from tests.engines.awkward import BASE, design
from tests.engines.awkward_columns import COLUMNS
from tests.engines.deliberate import spoil
from training.engine import torch_engine

FIRST, *OTHERS = COLUMNS
ROWS_FIRST = "a layer by rows, then one by columns, two cells"
BOTH_WAYS = "W_x by rows and W_h by columns, three cells and input words"
LATER = [name for name in OTHERS if name != BOTH_WAYS][1:]
"""Wait for `make test-all`: large, and their parts are in others."""


def sequences(made: Design) -> Samples:
    return samples.corners(made.spec, 2) + samples.seeded(made.spec, 3, 4)


def verdict(engine: Engine, made: Design, clocked: bool = True) -> Result:
    result = compare("it", DeviceUnderTest(engine, clocked), made, sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return design(tmp_path_factory.mktemp("columns"), verilog=True, **COLUMNS[FIRST])


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return design(tmp_path_factory.mktemp("mixed"), verilog=True, **COLUMNS[BOTH_WAYS])


@pytest.mark.parametrize("dataflow", ["column", plain(MIXED)], ids=["column", "mixed"])
def test_a_head_that_answers_once_a_sequence_is_right(dataflow: Any, tmp_path: Path) -> None:
    model = {"inputs": 3, "hidden": [6], "head": {"outputs": 3, "kind": "logits", "when": "last"}}
    engine = {"dataflow": dataflow, "units": 2}
    made = design(tmp_path, verilog=True, model=model, sparsity={"pattern": "dense"}, engine=engine)
    assert verdict(icarus, made).status == "equal"


@pytest.fixture
def copied(converted: Design, tmp_path: Path) -> Design:
    return copy(converted, tmp_path)


def copy(made: Design, folder: Path) -> Design:
    """The same design in a folder of its own, to be spoilt."""
    shutil.copytree(made.work / "rtl", folder / "rtl")
    shutil.copytree(made.work / "myhdl", folder / "myhdl")
    return replace(made, work=folder)


def test_native_equals_golden_bit_for_bit_and_cycle_for_cycle(converted: Design) -> None:
    result = verdict(native, converted)
    assert (result.status, result.reason) == ("equal", "")


def test_verilog_equals_golden_bit_for_bit_and_cycle_for_cycle(converted: Design) -> None:
    result = verdict(icarus, converted)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.parametrize("name", [OTHERS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in LATER)])
def test_more_verilog_equals_golden_bit_for_bit_and_cycle_for_cycle(name: str, tmp_path: Path) -> None:
    result = verdict(icarus, design(tmp_path, verilog=True, **COLUMNS[name]))
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.parametrize("name", COLUMNS)
def test_the_engines_without_a_clock_equal_golden(name: str, tmp_path: Path) -> None:
    made = design(tmp_path, **COLUMNS[name])
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    for engine in (golden, torch_engine, hls):
        result = verdict(engine, made, clocked=False)
        assert (result.status, result.reason) == ("equal", ""), engine


@pytest.mark.parametrize("ago", ["near", "middle", "far"])
def test_a_sum_that_is_not_forwarded_gives_wrong_bits(ago: str, copied: Design) -> None:
    """Three products may be on their way to a row when the next one reads its sum."""
    spoil(copied.work / "rtl" / "awkward.v", rf"(assign steering_{ago} = )[^;]*;", r"\g<1>1'b0;")
    assert verdict(icarus, copied).mismatches > 0


def test_a_cycle_more_than_predicted_is_found(copied: Design) -> None:
    """The end of a vector that does not join the column that waits costs a cycle and changes no bit."""
    spoil(copied.work / "rtl" / "awkward.v", r"(assign \w*queue_h\w*_joining = )[^;]*;", r"\g<1>1'b0;")
    result = verdict(icarus, copied)
    assert (result.status, result.mismatches) == ("different", 0)
    assert "cycles per step" in result.reason


def test_another_threshold_than_the_weights_have_gives_wrong_bits(copied: Design) -> None:
    def lower(made: Design, inputs: Samples) -> Observed:
        return icarus(replace(made, weights=replace(made.weights, threshold=1)), inputs)

    assert verdict(lower, copied).mismatches > 0


def test_sparse_and_dense_states_run_on_the_same_hardware(converted: Design) -> None:
    """The threshold is given to the hardware: with another one every bit and cycle is predicted as well."""
    dense = replace(converted, weights=replace(converted.weights, threshold=0))
    result = verdict(icarus, dense)
    assert (result.status, result.reason) == ("equal", "")
    inputs = sequences(converted)
    assert schedule(dense).intervals(inputs).sum() > schedule(converted).intervals(inputs).sum()


def test_the_mark_of_the_queue_of_h_is_checked(converted: Design) -> None:
    array = converted.net.layers[0]
    assert isinstance(array, ColumnArray)
    check_queues(converted, Record(layers={"lstm0": {"queued": [array.h_queue]}}))
    for most in ([array.h_queue + 1], []):
        with pytest.raises(EngineFailed, match="the queue of h has 6 places"):
            check_queues(converted, Record(layers={"lstm0": {"queued": most}}))


def test_waits_and_work_of_the_lanes_add_up_to_the_run(converted: Design) -> None:
    """Every cycle from the second step's begin on is work or a wait for something."""
    inputs, timing = sequences(converted), schedule(converted)
    (waits,), (passages,) = timing.waits(inputs), timing.passages(inputs)
    last = passages[-1]
    end = max(last.begin + last.x_cycles, last.h_begin + last.h_cycles)
    first = passages[0]
    before = first.begin  # what the lanes waited for the first step does not count
    assert waits.cycles == end - before


@pytest.mark.parametrize("engine", [pytest.param(native, marks=pytest.mark.slow), icarus])
def test_rows_and_columns_on_the_same_lanes_equal_golden(engine: Engine, both_ways: Design) -> None:
    result = verdict(engine, both_ways)
    assert (result.status, result.reason) == ("equal", "")


def test_a_row_whose_products_follow_each_other_needs_its_latest_sum(both_ways: Design, tmp_path: Path) -> None:
    made = copy(both_ways, tmp_path)
    spoil(made.work / "rtl" / "awkward.v", r"(assign steering_near = )[^;]*;", r"\g<1>1'b0;")
    assert verdict(icarus, made).mismatches > 0


def test_x_given_back_after_its_first_row_gives_wrong_bits(both_ways: Design, tmp_path: Path) -> None:
    made = copy(both_ways, tmp_path)
    spoil(
        made.work / "rtl" / "awkward.v", r"(_give_back\w*_ending <= )(\w*_last;)", r"\g<1>!\g<2>"
    )  # a lane has two rows
    assert verdict(icarus, made).mismatches > 0


def test_x_by_rows_takes_as_long_whatever_it_is(both_ways: Design) -> None:
    """The zeros of x cost what others do, those of h nothing: G K_x cycles for x in every step."""
    inputs, array = sequences(both_ways), both_ways.net.layers[0]
    (passages,) = schedule(both_ways).passages(inputs)
    assert {one.x_cycles for one in passages} == {array.groups * array.nnz[0]} == {10}
    assert len({one.h_cycles for one in passages}) > 2


def test_columns_before_rows_equal_golden_and_begin_as_predicted_in_both_layers(tmp_path: Path) -> None:
    both = COLUMNS[ROWS_FIRST]
    turned = both | {"engine": both["engine"] | {"dataflow": ["column", "row"]}}
    result = verdict(icarus, design(tmp_path, verilog=True, **turned))
    assert (result.status, result.reason) == ("equal", "")


def test_a_schedule_in_which_columns_wait_for_all_of_x_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer by columns begins with the first word of one by rows."""
    made = design(tmp_path, verilog=True, **COLUMNS[ROWS_FIRST])
    monkeypatch.setattr(RowStage, "results_at", property(lambda stage: (stage.last_result,) * stage.results))
    result = verdict(icarus, made)
    assert (result.status, result.mismatches) == ("different", 0)
    assert "layer 1: cycles behind the first: expected" in result.reason


def test_a_layer_by_rows_reads_states_that_one_by_columns_would_skip() -> None:
    """The threshold belongs to the layers by columns: those by rows compute as if there were none."""
    made = load_spec.parse(BASE | COLUMNS[ROWS_FIRST])
    drawn, inputs = random_weights.seeded(made), samples.seeded(made, 3, 4)
    skipping, reading = (
        run(drawn.network(made), replace(drawn, threshold=threshold), inputs.x, inputs.lengths).layers
        for threshold in (100, 0)
    )
    same = [(a.signals["h"] == b.signals["h"]).all() for a, b in zip(skipping, reading, strict=True)]
    assert same == [True, False]


def test_steps_without_zeros_take_a_cycle_a_weight() -> None:
    """Long columns hide the pipeline: only the cycles of the weights remain."""
    made = load_spec.parse(
        BASE
        | {
            "model": {"inputs": 6, "hidden": [32]},
            "sparsity": {"pattern": "dense"},
            "engine": {"dataflow": "column", "units": 2, "streams": 2},
        }
    )
    timing = schedule(Design(made, random_weights.seeded(made), Path()))
    assert timing.gap == 0
    assert timing.cycles_per_step == (6 + 32) * 16
