"""What benches see beside values: flags as they change, outputs in every cycle, what a reset leaves, full places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from accel.base.files import write_text
from accel.engines.covered import sequences
from accel.engines.engine import Ports
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.peers import Peers
from accel.engines.script import LONGEST, script
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.model.reach import reach
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from tests.engines.awkward import TIGHT, design

SMALL: dict[str, Any] = {"model": {"inputs": 3, "hidden": [5]}, "engine": {"units": 3}}
KINDS: Mapping[str, dict[str, Any]] = {
    "rows": SMALL | TIGHT,
    "head": {"model": {"inputs": 3, "hidden": [4], "head": {"outputs": 3}}, "engine": {"units": 2}},
    "loaded": SMALL | {"engine": {"units": 3, "memory": "scratchpad"}},
    "fed": SMALL
    | {"engine": {"units": 3, "memory": "stream", "memory_width": 64, "streams": 2, "state_streams": True}},
}


def given(made: Design) -> Samples:
    """What `verify` gives it."""
    real = samples.seeded(made.spec, 4, 3)
    return sequences(made, samples.corners(made.spec), real, reach(made.net, made.weights)).all


def spoilt(made: Design, changes: Mapping[str, str]) -> None:
    """Faults of the Verilog: every place that a pattern finds, at least one."""
    file = made.work / "rtl" / "awkward.v"
    text = file.read_text(encoding="utf-8")
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, replacement, text)
        assert count, pattern
    write_text(file, text)


def compared(made: Design, name: str, clocked: bool = True) -> Result:
    engine = {"icarus": icarus, "hls": hls, "myhdl": native}[name]
    result = compare(name, DeviceUnderTest(engine, clocked=clocked, counts=True), made, given(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


def within(module: str, pattern: str) -> str:
    """A pattern for one place in a module of the Verilog; what is before it there is the first group."""
    return rf"(?s)(\nmodule awkward_{module} \((?:(?!endmodule).)*?{pattern}"


EARLY = r"if \(\((moving) && (beats_last) && \(!(ending)\)\)\) begin"
FAULTS = {
    "a flag that rises at once": ("rows", {EARLY: r"if (!(\1 && \2 && (!\3))) begin"}, "torn: wanted 1 in cycle"),
    "a bank that is given back too often": ("head", {r"if \((ping_pong_release)\) begin": r"if (!\1) begin"}, ""),
    "uses of a set that are counted as those of the other": (
        "loaded",
        {within("count_uses", r" lower <= \()lower \+ 1\);"): r"\1upper + 1);"},
        "",
    ),
    "a use that begins as another one ends": (
        "loaded",
        {r"(\((?:upper|lower)_begins && )\(!\w+_ends\)\)": r"\1 1'b1)"},
        "beats of s_weights",
    ),
    "a sequence whose order outlives a reset": (
        "rows",
        {r"hand_over0_oldest <= 0;": ";", r"(reg hand_over0_oldest);": r"\1 = 1'b0;"},
        "",
    ),
    "surplus of a state that is not dropped": (
        "fed",
        {within("resynchronise_2", r"surplus <= )\(!arriving_last\);"): r"\g<1>1'b0;"},
        "",
    ),
    "surplus of weights that is not dropped": (
        "fed",
        {within("resynchronise_1", r"surplus <= )\(!arriving_last\);"): r"\g<1>1'b0;"},
        "",
    ),
    "weights that are too few or too many and not told": (
        "fed",
        {within("resynchronise_1", r"torn <= )1'b1;"): r"\g<1>1'b0;"},
        "lstm0_weights_torn: wanted 1 in cycle",
    ),
}


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        pytest.param(*fault, id=name, marks=[pytest.mark.slow] if number % 2 else [])
        for number, (name, fault) in enumerate(FAULTS.items())
    ],
)
def test_a_fault_that_only_stalls_flags_or_a_reset_bring_out_is_caught(
    kind: str, changes: dict[str, str], reason: str, tmp_path: Path
) -> None:
    made = design(tmp_path, verilog=True, **KINDS[kind])
    spoilt(made, changes)
    result = compared(made, "icarus")
    assert result.status == "different"
    assert reason in result.reason


CPP_FAULTS = {
    "a flag that whole vectors raise": (
        "receive.h",
        {r"beat < A::kInputBeats - 1\) torn": "beat <= A::kInputBeats - 1) torn"},
        "status word (step and value of every change)",
    ),
    "surplus of a state that stays": ("recurrent.h", {r"ended = in\.read\(\)\.last;": "ended = true;"}, ""),
    "surplus of weights that stays": ("fed.h", {r"ended = in\.read\(\)\.last;": "ended = true;"}, ""),
    "torn weights that are not told": ("fed.h", {r"torn_before = true;": "torn_before = false;"}, "lstm0_weights_torn"),
}


LATER = ("surplus of a state that stays", "torn weights that are not told")
"""Wait for `make test-all`: what they spoil is built like the others'."""


@pytest.mark.parametrize(
    ("file", "changes", "reason"),
    [
        pytest.param(*fault, id=name, marks=[pytest.mark.slow] if name in LATER else [])
        for name, fault in CPP_FAULTS.items()
    ],
)
def test_a_torn_vector_that_the_cpp_takes_wrongly_is_caught(
    file: str, changes: dict[str, str], reason: str, tmp_path: Path
) -> None:
    made = design(tmp_path, **KINDS["fed"])
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    assert compared(made, "hls", clocked=False).reason == ""
    text = (tmp_path / "hls" / file).read_text(encoding="utf-8")
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, replacement, text)
        assert count
    write_text(tmp_path / "hls" / file, text)
    result = compared(made, "hls", clocked=False)
    assert result.status == "different"
    assert reason in result.reason


def test_an_output_that_changes_a_cycle_sooner_is_caught_beside_the_blocks(tmp_path: Path) -> None:
    """No value and no count differs: the golden model cannot tell."""
    made = design(tmp_path, verilog=True, **KINDS["rows"])
    inputs, peers = given(made), Peers()
    if icarus_missing():
        pytest.skip("iverilog is not there")
    assert peers.compared("myhdl", shown(native, made, inputs)) == ("", "")
    assert peers.compared("icarus", shown(icarus, made, inputs)) == ("myhdl", "")
    sooner = r"always @\(posedge clk\) begin: (count_narrowed0_count_flags0_hold_all0_holding)"
    spoilt(made, {sooner: r"always @(negedge clk) begin: \1"})
    assert compared(made, "icarus").status == "equal"
    peer, why = peers.compared("icarus", shown(icarus, made, inputs))
    assert peer == "myhdl"
    assert re.match(r"status_lstm0_gate in cycle \d+: wanted", why)


def icarus_missing() -> bool:
    import shutil

    return shutil.which("iverilog") is None


def shown(engine: Any, made: Design, inputs: Samples) -> Ports:
    ports: Ports = engine(made, inputs).ports
    return ports


def test_the_first_output_that_differs_is_named_by_its_cycle() -> None:
    wanted = Ports(("a_tready", "b_tdata"), [(0, "0,-"), (3, "1,-"), (7, "1,2f")])
    for changes, why in (
        ([(0, "0,-"), (4, "1,-"), (7, "1,2f")], "a_tready in cycle 3: wanted 1, got 0"),
        ([(0, "0,-"), (3, "1,-"), (7, "1,2e")], "b_tdata in cycle 7: wanted 2f, got 2e"),
        ([(0, "0,-"), (3, "1,-")], "b_tdata in cycle 7: wanted 2f, got -"),
    ):
        peers = Peers()
        assert peers.compared("first", wanted) == ("", "")
        peer, found = peers.compared("second", Ports(wanted.names, changes))
        assert peer == "first"
        assert found.startswith(why)
    assert Peers("first", wanted).compared("second", wanted) == ("first", "")


def test_behind_the_free_steps_everything_fills_comes_late_and_meets(tmp_path: Path) -> None:
    made = design(tmp_path, **KINDS["fed"])
    driven, interval = script(made, given(made)), schedule(made).cycles_per_step
    assert max(driven.sinks["m_axis"]) > 8 * interval
    assert max(driven.sinks["m_state_lstm0"]) > 8 * interval
    assert any(beat.wait > interval for beat in driven.sources["s_axis"])
    assert all(wait <= LONGEST for wait in waits(driven.sources.values()))


def waits(sources: Any) -> Iterator[int]:
    return (beat.wait for beats in sources for beat in beats)


def test_every_kind_of_vector_is_torn_once_each_way(tmp_path: Path) -> None:
    made = design(tmp_path, **KINDS["fed"])
    driven, array = script(made, given(made)), made.net.layers[0]
    for name, count in (("s_state_lstm0", array.output_beats), ("s_weights_lstm0", array.streamed_beats)):
        ends = [n for n, beat in enumerate(driven.sources[name]) if beat.last]
        lengths = [after - before for before, after in zip([-1, *ends], ends, strict=False)]
        assert sum(length < count for length in lengths) == 1
        assert sum(length > count for length in lengths) == 1
