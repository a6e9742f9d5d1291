"""What an engine shows too often, too seldom or in pieces is told, and not left out of the comparison."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.files import write_text
from accel.engines import hls as hls_engine
from accel.engines.bench import Record, Script
from accel.engines.cosimulation import simulate
from accel.engines.engine import Observed
from accel.engines.observe import observe
from accel.engines.script import script
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.convert import load_top, top_signals
from accel.schedule.schedule import schedule
from tests.engines.awkward import design

SECTIONS: dict[str, Any] = {
    "model": {"inputs": 2, "hidden": [4, 3], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "engine": {"units": 2},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Design:
    built = design(tmp_path_factory.mktemp("made"), **SECTIONS)
    for path, text in render_hls(built).items():
        write_text(built.work / path, text)
    return built


def given(built: Design) -> Samples:
    return samples.corners(built.spec, 2) + samples.seeded(built.spec, 3, 3)


@pytest.fixture(scope="module")
def recorded(made: Design) -> tuple[Script, Record]:
    """What the bench saw of the blocks."""
    signals, driven = top_signals(load_top(made.work, "awkward")), script(made, given(made))
    top = load_top(made.work, "awkward").accelerator(**signals)
    return driven, simulate(top, signals, tuple(array.name for array in made.net.layers), driven)


def compared(built: Design, engine: Callable[[Design, Samples], Observed], clocked: bool = True) -> Result:
    return compare("it", DeviceUnderTest(engine, clocked), built, given(built), schedule(built))


def with_fault(made: Design, recorded: tuple[Script, Record], fault: Callable[[Record], None]) -> Result:
    driven, record = recorded[0], copy.deepcopy(recorded[1])
    fault(record)
    return compared(made, lambda built, inputs: observe(built, driven, record))


def nothing(record: Record) -> None: ...


def begin_once_more(record: Record) -> None:
    record.layers["lstm0"]["begin"].append(9999)


def begin_once_less(record: Record) -> None:
    record.layers["lstm1"]["begin"].pop()


def show_a_piece_of_h_more(record: Record) -> None:
    record.layers["lstm0"]["h"].append(0)


def show_a_piece_of_c_less(record: Record) -> None:
    record.layers["lstm1"]["c"].pop()


def show_a_whole_h_more(record: Record) -> None:
    record.layers["lstm0"]["h"] += [0] * 4


def show_the_last_gates_not(record: Record) -> None:
    del record.layers["lstm0"]["gates"][-4:]


def show_a_piece_of_the_logits_more(record: Record) -> None:
    record.logits.append(0)


def show_the_last_logits_twice(record: Record) -> None:
    record.logits += record.logits[-3:]


def give_a_result_more(record: Record) -> None:
    record.sinks["m_axis"] += [(9999, 0, False)] * 3


def give_a_piece_of_a_result_more(record: Record) -> None:
    record.sinks["m_axis"].append((9999, 0, False))


def end_a_sequence_too_early(record: Record) -> None:
    cycle, word, _ = record.sinks["m_axis"][2]
    record.sinks["m_axis"][2] = (cycle, word, True)


def count_a_cycle_more(record: Record) -> None:
    record.status["cycles"] += 1


FAULTS = [
    (begin_once_more, "failed: lstm0: "),
    (begin_once_less, "failed: lstm1: "),
    (show_a_piece_of_h_more, "failed: "),
    (show_a_piece_of_c_less, "failed: "),
    (show_a_whole_h_more, "lstm0.h differs first at step "),
    (show_the_last_gates_not, "lstm0.i differs first at step "),
    (show_a_piece_of_the_logits_more, "failed: "),
    (show_the_last_logits_twice, "head.logits differs first at step "),
    (give_a_result_more, "outputs differ first at result "),
    (give_a_piece_of_a_result_more, "failed: "),
    (end_a_sequence_too_early, "failed: tlast: wanted after results "),
    (count_a_cycle_more, "failed: status word: wanted "),
]


def test_what_the_bench_saw_is_equal(made: Design, recorded: tuple[Script, Record]) -> None:
    assert with_fault(made, recorded, nothing).reason == ""


@pytest.mark.parametrize(("fault", "reason"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_every_fault_of_what_the_bench_saw_is_a_difference(
    made: Design, recorded: tuple[Script, Record], fault: Callable[[Record], None], reason: str
) -> None:
    result = with_fault(made, recorded, fault)
    assert result.status == "different"
    assert result.reason.startswith(reason)


def append(name: str, contents: bytes) -> Callable[[Path], None]:
    """A fault of the C++: some bytes more in a file that it writes."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + contents)


def cut(name: str, count: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-count])


SIGNALS = 11 * (4 + 3) + 3
CPP_FAULTS = {
    "a result more at the end": (append("outputs", b"1 2 3\n"), "outputs differ first at result "),
    "a piece of a result more": (append("outputs", b"1\n"), "failed: "),
    "signals of a step more": (append("signals", bytes(8 * SIGNALS)), "failed: signals of "),
    "a signal more": (append("signals", bytes(8)), "failed: "),
    "signals of a step less": (cut("signals", 8 * SIGNALS), "failed: signals of "),
}


@pytest.mark.parametrize(("fault", "reason"), CPP_FAULTS.values(), ids=CPP_FAULTS)
def test_what_the_cpp_writes_too_much_or_too_little_is_a_difference(
    made: Design, fault: Callable[[Path], None], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = hls_engine._run

    def faulty(command: Sequence[str], folder: Path) -> str:
        printed = run(command, folder)
        fault(folder)
        return printed

    assert compared(made, hls_engine.hls, clocked=False).status == "equal"
    monkeypatch.setattr(hls_engine, "_run", faulty)
    result = compared(made, hls_engine.hls, clocked=False)
    assert result.status == "different"
    assert result.reason.startswith(reason)


def test_an_engine_that_shows_no_sequence_at_all_is_different(made: Design) -> None:
    def nobody(built: Design, inputs: Samples) -> Observed:
        return Observed({}, np.zeros((0, 3), dtype=np.int64))

    result = compared(made, nobody, clocked=False)
    assert result.status == "different"
    assert result.mismatches > 0
