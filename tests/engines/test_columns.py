"""The column dataflow: every engine equals the golden model, every step takes the predicted cycles, faults show."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from accel import samples
from accel.engines.engine import Design, Engine, Observed, golden
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.render_hls import render_hls
from accel.samples import Samples
from accel.schedule import schedule
from accel.verify import Contender, Result, judge
from accel.work import write_text
from tests.engines.awkward import COLUMNS, design
from training.engine import torch_engine

FIRST, *OTHERS = COLUMNS


def sequences(made: Design) -> Samples:
    return samples.corners(made.spec, 2) + samples.seeded(made.spec, 3, 4)


def verdict(engine: Engine, made: Design, clocked: bool = True) -> Result:
    result = judge("it", Contender(engine, clocked), made, sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return design(tmp_path_factory.mktemp("columns"), verilog=True, **COLUMNS[FIRST])


@pytest.fixture
def copied(converted: Design, tmp_path: Path) -> Design:
    """The same design in a folder of its own, to be spoilt."""
    shutil.copytree(converted.work / "rtl", tmp_path / "rtl")
    shutil.copytree(converted.work / "myhdl", tmp_path / "myhdl")
    return replace(converted, work=tmp_path)


def test_native_equals_golden_bit_for_bit_and_cycle_for_cycle(converted: Design) -> None:
    result = verdict(native, converted)
    assert (result.status, result.reason) == ("equal", "")


def test_verilog_equals_golden_bit_for_bit_and_cycle_for_cycle(converted: Design) -> None:
    result = verdict(icarus, converted)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.parametrize("name", OTHERS)
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


def spoil(made: Design, pattern: str, replacement: str) -> None:
    file = made.work / "rtl" / "awkward.v"
    text, count = re.subn(pattern, replacement, file.read_text())
    assert count == 1
    write_text(file, text)


@pytest.mark.parametrize("ago", ["near", "middle", "far"])
def test_a_sum_that_is_not_forwarded_gives_wrong_bits(ago: str, copied: Design) -> None:
    """Three products may be on their way to a row when the next one reads its sum."""
    spoil(copied, rf"(assign \w*steer_lanes\w*_{ago} = )[^;]*;", r"\g<1>1'b0;")
    assert verdict(icarus, copied).mismatches > 0


def test_a_cycle_more_than_predicted_is_found(copied: Design) -> None:
    """The end of a vector that does not join the column that waits costs a cycle and changes no bit."""
    spoil(copied, r"(assign \w*operand_queue1\w*_joining = )[^;]*;", r"\g<1>1'b0;")
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
