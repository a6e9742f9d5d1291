"""Verification catches every way of being different, and says where."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.engines.covered import Covered, Sequences
from accel.engines.engine import Engine, EngineFailed, Observed, ProgramFailed, ToolMissing, golden
from accel.engines.memories import Memories
from accel.engines.verify import Contender, Result, Verification, verify
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from tests.designs import design, spec

CYCLES, LAG = 24, 31
HELD = Memories("equal", 1, 1, 0, ())
REACHED = Covered(1, 1, (), (), ())


class Even:
    """A schedule in which every step takes the same number of cycles."""

    busy = 0.5

    def cycles_over(self, samples: Samples) -> int:
        return CYCLES

    def busy_over(self, samples: Samples) -> float:
        return self.busy

    def intervals(self, samples: Samples) -> np.ndarray:
        return np.full(samples.steps - 1, CYCLES)

    def lags(self, samples: Samples) -> list[np.ndarray]:
        return [np.full(samples.steps, LAG)]


def clocked(given: Design, inputs: Samples) -> Observed:
    """A faultless engine that measures."""
    seen = golden(given, inputs)
    seen.step_cycles = np.full(inputs.steps - 1, CYCLES)
    seen.lags = [np.full(inputs.steps, LAG)]
    return seen


def faulty(change: Callable[[Observed], None]) -> Engine:
    """A faultless engine whose observation is then changed."""

    def engine(given: Design, inputs: Samples) -> Observed:
        seen = clocked(given, inputs)
        change(seen)
        return seen

    return engine


def raising(error: Exception) -> Engine:
    def engine(given: Design, inputs: Samples) -> Observed:
        raise error

    return engine


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Result]:
    """Verifies one engine on seven sequences of one step to five, after four corners of four steps."""

    def run(engine: Engine, **kind: bool) -> Result:
        return verified(tmp_path, {"it": Contender(engine, **kind)}).engines[0]

    return run


def verified(work: Path, contenders: dict[str, Contender], **sections: dict) -> Verification:
    made = design(spec(**sections), work)
    real = samples.seeded(made.spec, 7, 5)
    given = Sequences(samples.corners(made.spec), real, 7, samples.brief(made.spec, 0), None)
    return verify(made, given, contenders, Even(), HELD, REACHED)


def test_a_faultless_engine_is_equal(judged: Callable[..., Result]) -> None:
    result = judged(clocked, clocked=True)
    assert (result.status, result.mismatches, result.cycles_per_step, result.reason) == ("equal", 0, CYCLES, "")


def flip_h(seen: Observed) -> None:
    seen.signals["lstm0"]["h"][17, 5] ^= 1


def test_one_flipped_bit_is_named_by_step_unit_and_signal(judged: Callable[..., Result], tmp_path: Path) -> None:
    expected = clocked(design(spec(), tmp_path), samples.corners(spec()) + samples.seeded(spec(), 7, 5))
    value = int(expected.signals["lstm0"]["h"][17, 5])
    result = judged(faulty(flip_h))
    assert result.status == "different"
    assert result.mismatches == 1
    place = "step 17 (sequence 4, step 1), unit 5"
    assert result.reason == f"lstm0.h differs first at {place}: expected {value}, got {value ^ 1}"


def test_the_first_step_and_the_earliest_signal_are_named(judged: Callable[..., Result]) -> None:
    def change(seen: Observed) -> None:
        seen.signals["lstm0"]["h"][3:, 2] += 1
        seen.signals["lstm0"]["c"][3:, 2] += 1
        seen.signals["lstm0"]["i"][9:, 0] += 1

    assert judged(faulty(change)).reason.startswith("lstm0.c differs first at step 3 (sequence 0, step 3), unit 2")


def drop_last(seen: Observed) -> None:
    seen.outputs = seen.outputs[:-1]


def repeat_last(seen: Observed) -> None:
    seen.outputs = np.concatenate([seen.outputs, seen.outputs[-1:]])


def wrong_class(seen: Observed) -> None:
    seen.outputs[2] ^= 1


def lose_step(seen: Observed) -> None:
    seen.signals["lstm0"]["h"] = seen.signals["lstm0"]["h"][:-1]


def lose_unit(seen: Observed) -> None:
    seen.signals["lstm0"]["h"] = seen.signals["lstm0"]["h"][:, :-1]


def hide_cell(seen: Observed) -> None:
    del seen.signals["lstm0"]["c"]


def hide_layer(seen: Observed) -> None:
    del seen.signals["lstm0"]


def invent_signal(seen: Observed) -> None:
    seen.signals["lstm0"]["q"] = seen.signals["lstm0"]["h"]


def invent_layer(seen: Observed) -> None:
    seen.signals["lstm1"] = seen.signals["lstm0"]


def stall_once(seen: Observed) -> None:
    assert seen.step_cycles is not None
    seen.step_cycles[7] += 1


def hurry_once(seen: Observed) -> None:
    assert seen.step_cycles is not None
    seen.step_cycles[0] -= 1


def measure_nothing(seen: Observed) -> None:
    seen.step_cycles = None


def measure_no_step(seen: Observed) -> None:
    seen.step_cycles = np.array([], dtype=np.int64)


def measure_the_first_steps_alone(seen: Observed) -> None:
    assert seen.step_cycles is not None
    seen.step_cycles = seen.step_cycles[:17]


def measure_too_much(seen: Observed) -> None:
    assert seen.step_cycles is not None
    seen.step_cycles = np.concatenate([seen.step_cycles, seen.step_cycles])


def start_late(seen: Observed) -> None:
    seen.lags[0][3] += 1


def start_at_one_layer(seen: Observed) -> None:
    seen.lags = []


def start_the_first_steps_alone(seen: Observed) -> None:
    seen.lags = [seen.lags[0][:18]]


def start_no_step(seen: Observed) -> None:
    seen.lags = [np.array([], dtype=np.int64)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (start_late, "layer 1: cycles behind the first: expected 31, got 32 (1 of 37 measured steps"),
        (start_at_one_layer, "measured steps at 0 later layers, not at 1"),
        (start_no_step, "layer 1: measured 0 steps of 37"),
        (start_the_first_steps_alone, "layer 1: measured 18 steps of 37"),
    ],
)
def test_a_step_that_begins_otherwise_at_a_later_layer_is_a_difference(
    change: Callable[[Observed], None], reason: str, tmp_path: Path
) -> None:
    two = {"model": {"hidden": [8, 8]}}
    assert verified(tmp_path, {"it": Contender(clocked, clocked=True)}, **two).engines[0].status == "equal"
    (found,) = verified(tmp_path, {"it": Contender(faulty(change), clocked=True)}, **two).engines
    assert (found.status, found.mismatches) == ("different", 0)
    assert found.reason.startswith(reason)


def lose_step_count(seen: Observed) -> None:
    assert seen.status is not None
    seen.status = dataclasses.replace(seen.status, steps=seen.status.steps - 1)


def count_too_much(seen: Observed) -> None:
    assert seen.status is not None
    seen.status.saturations["lstm0"]["cell"] += 1


def count_what_is_not_there(seen: Observed) -> None:
    assert seen.status is not None
    seen.status.saturations["lstm0"]["heat"] = 7


def count_in_a_layer_that_is_not_there(seen: Observed) -> None:
    assert seen.status is not None
    seen.status.saturations["lstm7"] = {"cell": 7}


def hide_gate(seen: Observed) -> None:
    del seen.signals["lstm0"]["g"]


def show_real_numbers(seen: Observed) -> None:
    seen.signals["lstm0"]["c"] = seen.signals["lstm0"]["c"].astype(np.float64)


def hide_results(seen: Observed) -> None:
    seen.outputs = seen.outputs[:0]


def hide_logits(seen: Observed) -> None:
    del seen.signals["head"]


def invent_last_states(seen: Observed) -> None:
    seen.last_states = np.zeros((11, 16), dtype=np.int64)


def count_nothing(seen: Observed) -> None:
    seen.status = None


FAULTS = [
    (lose_step_count, "status word: expected "),
    (count_too_much, "status word: expected "),
    (count_nothing, "reported no status word"),
    (count_what_is_not_there, "status word: expected no saturations of lstm0.heat, got 7"),
    (count_in_a_layer_that_is_not_there, "status word: expected no saturations of lstm7.cell, got 7"),
    (measure_the_first_steps_alone, "measured 17 intervals between 37 steps"),
    (measure_too_much, "measured "),
    (hide_gate, "lstm0.g differs first at step 0 (sequence 0, step 0), unit 0: expected a signal, got nothing"),
    (show_real_numbers, "lstm0.c differs first at step 0 (sequence 0, step 0), unit 0: expected integers, got float64"),
    (hide_results, "outputs differ first at result 0, value 0: expected 11 rows, got 0 rows"),
    (hide_logits, "head.logits differs first at step 3 (sequence 0, step 3), unit 0: expected a signal, got nothing"),
    (invent_last_states, "h_n and c_n differ first in sequence 0, value 0: expected nothing, got a signal"),
    (drop_last, "outputs differ first at result 10, value 0: expected 11 rows, got 10 rows"),
    (repeat_last, "outputs differ first at result 11, value 0: expected 11 rows, got 12 rows"),
    (wrong_class, "outputs differ first at result 2, value 0: expected "),
    (lose_step, "lstm0.h differs first at step "),
    (lose_unit, "lstm0.h differs first at step 0 (sequence 0, step 0), unit 0: expected shape "),
    (hide_cell, "lstm0.c differs first at step 0 (sequence 0, step 0), unit 0: expected a signal, got nothing"),
    (hide_layer, "lstm0.i differs first at step 0 (sequence 0, step 0), unit 0: expected a signal, got nothing"),
    (invent_signal, "lstm0.q differs first at step 0 (sequence 0, step 0), unit 0: expected nothing, got a signal"),
    (invent_layer, "lstm1.i_pre differs first at step 0 (sequence 0, step 0), unit 0: expected nothing, got a signal"),
    (stall_once, f"cycles per step: expected {CYCLES}, got {CYCLES + 1} (1 of "),
    (hurry_once, f"cycles per step: expected {CYCLES}, got {CYCLES - 1} (1 of "),
    (measure_nothing, "measured no cycles"),
    (measure_no_step, "measured no cycles"),
]


@pytest.mark.parametrize(("change", "reason"), FAULTS, ids=[change.__name__ for change, _ in FAULTS])
def test_every_fault_makes_an_engine_different(
    judged: Callable[..., Result], change: Callable[[Observed], None], reason: str
) -> None:
    result = judged(faulty(change), clocked=True)
    assert result.status == "different"
    assert result.reason.startswith(reason)


def hide_what_has_no_port(seen: Observed) -> None:
    for name in ("i_pre", "f_pre", "g_pre", "o_pre", "tanh_c"):
        del seen.signals["lstm0"][name]


def test_hardware_need_not_show_what_has_no_port_and_it_is_said(judged: Callable[..., Result]) -> None:
    result = judged(faulty(hide_what_has_no_port), clocked=True)
    assert result.status == "equal"
    assert result.unseen == ("lstm0.i_pre", "lstm0.f_pre", "lstm0.g_pre", "lstm0.o_pre", "lstm0.tanh_c")


def test_an_engine_without_a_clock_must_show_every_signal(judged: Callable[..., Result]) -> None:
    result = judged(faulty(hide_what_has_no_port))
    assert result.status == "different"
    assert result.reason.startswith("lstm0.i_pre differs first at step 0")
    assert judged(golden).unseen == ()


def test_engines_without_a_clock_need_not_measure(judged: Callable[..., Result]) -> None:
    result = judged(golden)
    assert (result.status, result.cycles_per_step) == ("equal", None)


def test_a_design_that_hangs_is_different(judged: Callable[..., Result]) -> None:
    result = judged(raising(EngineFailed("3 of 8 result words after 900 cycles")))
    assert (result.status, result.reason) == ("different", "failed: 3 of 8 result words after 900 cycles")


def test_a_program_that_ended_early_has_failed_and_gives_its_log(judged: Callable[..., Result]) -> None:
    result = judged(raising(ProgramFailed("vvp: out of memory")))
    assert (result.status, result.reason) == ("failed", "vvp: out of memory")


def test_a_fault_of_our_own_is_a_crash_and_no_difference_and_says_where(judged: Callable[..., Result]) -> None:
    result = judged(raising(KeyError("c")))
    assert result.status == "crashed"
    assert result.reason.startswith("KeyError in engine, line ")
    assert result.traceback.startswith("Traceback")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), Refused([])])
def test_what_the_machine_lacks_is_no_result(judged: Callable[..., Result], error: Exception) -> None:
    with pytest.raises(type(error)):
        judged(raising(error))


def test_only_a_missing_tool_is_not_run(judged: Callable[..., Result]) -> None:
    result = judged(raising(ToolMissing("iverilog is not on PATH")), clocked=True)
    assert (result.status, result.reason, result.steps) == ("not run", "iverilog is not on PATH", 0)


def test_slow_engines_get_fewer_steps_corners_first_and_say_so(tmp_path: Path) -> None:
    given = {}

    def watching(made: Design, inputs: Samples) -> Observed:
        given["samples"] = inputs
        return golden(made, inputs)

    found = verified(
        tmp_path, {"fast": Contender(golden), "slow": Contender(watching, slow=True)}, verify={"slow_steps": 20}
    )
    assert found.steps == found.engines[0].steps > 20
    assert found.engines[1].steps == given["samples"].steps <= 20
    assert set(np.unique(given["samples"].x[0])) == {-128}


def test_one_bad_engine_does_not_hide_behind_good_ones(tmp_path: Path) -> None:
    found = verified(tmp_path, {"good": Contender(golden), "bad": Contender(faulty(flip_h))})
    assert [result.engine for result in found.different] == ["bad"]


def test_the_file_has_the_agreed_fields(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(verified(tmp_path, {"golden": Contender(golden)}).plain()))
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
