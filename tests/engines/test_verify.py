"""Verdicts of a verification: what an engine may leave out, how it may end, and what the file says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.engines.engine import EngineFailed, Observed, ProgramFailed, ToolMissing, golden
from accel.engines.verify import DeviceUnderTest
from accel.model.design import Design
from accel.model.samples import Samples
from tests.engines.devices import CYCLES, Even, clocked, compared, faulty, flip_h, raising, verified


def test_a_faultless_engine_is_equal(tmp_path: Path) -> None:
    result = compared(tmp_path, clocked, clocked=True)
    assert (result.status, result.mismatches, result.cycles_per_step, result.reason) == ("equal", 0, CYCLES, "")


def hide_what_has_no_port(seen: Observed) -> None:
    for name in ("i_pre", "f_pre", "g_pre", "o_pre", "tanh_c"):
        del seen.signals["lstm0"][name]


def test_hardware_need_not_show_what_has_no_port_and_it_is_said(tmp_path: Path) -> None:
    result = compared(tmp_path, faulty(hide_what_has_no_port), clocked=True)
    assert result.status == "equal"
    assert result.unseen == ("lstm0.i_pre", "lstm0.f_pre", "lstm0.g_pre", "lstm0.o_pre", "lstm0.tanh_c")


def test_an_engine_without_a_clock_must_show_every_signal(tmp_path: Path) -> None:
    result = compared(tmp_path, faulty(hide_what_has_no_port))
    assert result.status == "different"
    assert result.reason.startswith("lstm0.i_pre differs first at step 0")
    assert compared(tmp_path, golden).unseen == ()


def test_engines_without_a_clock_need_not_measure(tmp_path: Path) -> None:
    result = compared(tmp_path, golden)
    assert (result.status, result.cycles_per_step) == ("equal", None)


def test_a_design_that_hangs_is_different(tmp_path: Path) -> None:
    result = compared(tmp_path, raising(EngineFailed("3 of 8 result words after 900 cycles")))
    assert (result.status, result.reason) == ("different", "failed: 3 of 8 result words after 900 cycles")


def test_a_program_that_ended_early_has_failed_and_gives_its_log(tmp_path: Path) -> None:
    result = compared(tmp_path, raising(ProgramFailed("vvp: out of memory")))
    assert (result.status, result.reason) == ("failed", "vvp: out of memory")


def test_a_fault_of_our_own_is_a_crash_and_no_difference_and_says_where(tmp_path: Path) -> None:
    result = compared(tmp_path, raising(KeyError("c")))
    assert result.status == "crashed"
    assert result.reason.startswith("KeyError in engine, line ")
    assert result.traceback.startswith("Traceback")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), Refused([])])
def test_what_the_machine_lacks_is_no_result(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)):
        compared(tmp_path, raising(error))


def test_only_a_missing_tool_is_not_run(tmp_path: Path) -> None:
    result = compared(tmp_path, raising(ToolMissing("iverilog is not on PATH")), clocked=True)
    assert (result.status, result.reason, result.steps) == ("not run", "iverilog is not on PATH", 0)


def test_slow_engines_get_fewer_steps_corners_first_and_say_so(tmp_path: Path) -> None:
    given = {}

    def watching(made: Design, inputs: Samples) -> Observed:
        given["samples"] = inputs
        return golden(made, inputs)

    found = verified(
        tmp_path,
        {"fast": DeviceUnderTest(golden), "slow": DeviceUnderTest(watching, slow=True)},
        verify={"slow_steps": 20},
    )
    assert found.steps == found.engines[0].steps > 20
    assert found.engines[1].steps == given["samples"].steps <= 20
    assert set(np.unique(given["samples"].x[0])) == {-128}


def test_one_bad_engine_does_not_hide_behind_good_ones(tmp_path: Path) -> None:
    found = verified(tmp_path, {"good": DeviceUnderTest(golden), "bad": DeviceUnderTest(faulty(flip_h))})
    assert [result.engine for result in found.different] == ["bad"]


def test_the_file_has_the_agreed_fields(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(verified(tmp_path, {"golden": DeviceUnderTest(golden)}).plain()))
    assert {
        "spec",
        "sequences",
        "steps",
        "lanes",
        "nonzeros_per_step",
        "predicted_cycles_per_step",
        "utilisation",
        "memories",
        "coverage",
        "engines",
    } <= facts.keys()
    assert list(facts["engines"][0]) == [
        "engine",
        "status",
        "steps",
        "mismatches",
        "cycles_per_step",
        "seconds",
        "reason",
        "unseen",
        "peer",
        "traceback",
    ]
    assert facts["sequences"] == 7
    assert facts["utilisation"] == Even.busy
