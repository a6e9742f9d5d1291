"""Whatever an engine shows that is not the golden model's, or at other cycles, makes it different, and is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accel.engines.engine import Observed
from accel.engines.verify import DeviceUnderTest
from accel.model import samples
from tests.designs import design, spec
from tests.engines.devices import CYCLES, clocked, compared, faulty, flip_h, verified


def test_one_flipped_bit_is_named_by_step_unit_and_signal(tmp_path: Path) -> None:
    expected = clocked(design(spec(), tmp_path), samples.corners(spec()) + samples.seeded(spec(), 7, 5))
    value = int(expected.signals["lstm0"]["h"][17, 5])
    result = compared(tmp_path, faulty(flip_h))
    assert result.status == "different"
    assert result.mismatches == 1
    place = "step 17 (sequence 4, step 1), unit 5"
    assert result.reason == f"lstm0.h differs first at {place}: expected {value}, got {value ^ 1}"


def test_the_first_step_and_the_earliest_signal_are_named(tmp_path: Path) -> None:
    def change(seen: Observed) -> None:
        seen.signals["lstm0"]["h"][3:, 2] += 1
        seen.signals["lstm0"]["c"][3:, 2] += 1
        seen.signals["lstm0"]["i"][9:, 0] += 1

    assert compared(tmp_path, faulty(change)).reason.startswith(
        "lstm0.c differs first at step 3 (sequence 0, step 3), unit 2"
    )


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
    assert verified(tmp_path, {"it": DeviceUnderTest(clocked, clocked=True)}, **two).engines[0].status == "equal"
    (found,) = verified(tmp_path, {"it": DeviceUnderTest(faulty(change), clocked=True)}, **two).engines
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
def test_every_fault_makes_an_engine_different(tmp_path: Path, change: Callable[[Observed], None], reason: str) -> None:
    result = compared(tmp_path, faulty(change), clocked=True)
    assert result.status == "different"
    assert result.reason.startswith(reason)
