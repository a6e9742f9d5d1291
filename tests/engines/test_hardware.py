"""MyHDL, Icarus and Verilator against the golden model and the schedule: awkward sizes, and faults that must show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from accel.base.files import write_text
from accel.base.tools import paths
from accel.engines.engine import Engine, ToolMissing, reference
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.netlist import netlist, synthesised
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.engines.verilator import verilator
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl import convert
from accel.schedule.schedule import schedule
from tests.engines.awkward import TIGHT, design
from tests.engines.awkward_rows import AWKWARD
from tests.marks import first

GAPPED = {"engine": {"units": 4, "lanes_per_row": 2}}
"""A design whose schedule needs a gap between steps."""


FEW_GATES = {
    "model": {"inputs": 1, "hidden": [2]},
    "sparsity": {"pattern": "dense"},
    "weights": {"width": 3, "input_frac": 1, "recurrent_frac": 1},
    "formats": {"input": [4, 2], "bias": [4, 2], "gate": [5, 3], "activation": [4, 3], "cell": [5, 3], "state": [4, 3]},
    "tables": {"address": 5, "sigmoid": 2, "tanh": 1},
    "engine": {"units": 1},
}


KINDS = ("six bits, a scale a row", "ternary, a scale a row", "sparse binary without scales")


def sequences(made: Design) -> Samples:
    return samples.corners(made.spec, 2) + samples.seeded(made.spec, 4, 5)


def verdict(name: str, engine: Engine, made: Design) -> Result:
    result = compare(name, DeviceUnderTest(engine, clocked=True), made, sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


LARGE = (
    *("streamed weights, slow for one layer", "three streams, two layers", "stateful, logits", "two layers, logits"),
    *("no biases, logits", "six bits, a scale a row", "GRU, a scale a row, loaded", "x first, two layers of GRU"),
    *("two layers of GRU, reset first, that wait", "two highway layers"),
)
LONGEST = (
    *("two layers of GRU", "two highway", "loaded weights, initial", "GRU, three lanes"),
    *("GRU, a scale a row, loaded", "x first, two layers of GRU"),
)
NATIVE = [
    pytest.param(sections, id=name, marks=[pytest.mark.slow] if number % 3 or name.startswith(LONGEST) else [])
    for number, (name, sections) in enumerate(AWKWARD.items())
]
"""Two of three, and the largest, wait for `make test-all`; Icarus runs the Verilog of others."""


@pytest.mark.parametrize("sections", NATIVE)
def test_native_equals_golden_bit_for_bit_and_cycle_for_cycle(sections: dict, tmp_path: Path) -> None:
    result = verdict("myhdl", native, design(tmp_path, **sections))
    assert (result.status, result.reason) == ("equal", "")


VERILOG = [
    pytest.param(sections, id=name, marks=[pytest.mark.slow] if number % 3 != 1 or name.startswith(LARGE) else [])
    for number, (name, sections) in enumerate(AWKWARD.items())
]
"""Two of three, and large ones whose options others have as well, wait for `make test-all`."""


@pytest.mark.parametrize("sections", VERILOG)
def test_icarus_equals_golden_bit_for_bit_and_cycle_for_cycle(sections: dict, tmp_path: Path) -> None:
    result = verdict("icarus", icarus, design(tmp_path, verilog=True, **sections))
    assert (result.status, result.reason) == ("equal", "")


VERILATED = [
    pytest.param(AWKWARD[name], id=name, marks=[pytest.mark.slow] if number else [])
    for number, name in enumerate([*AWKWARD][3:9:2])
]


@pytest.mark.parametrize("sections", VERILATED)
def test_verilator_equals_golden_bit_for_bit_and_cycle_for_cycle(sections: dict, tmp_path: Path) -> None:
    result = verdict("verilator", verilator, design(tmp_path, verilog=True, **sections))
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.slow
def test_gates_equal_golden_and_wrong_gates_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = design(tmp_path, verilog=True, **FEW_GATES)
    result = verdict("netlist", netlist, made)
    assert (result.status, result.reason) == ("equal", "")
    wrong = tmp_path / "wrong.v"
    write_text(wrong, synthesised(made).read_text().replace(" ^ ", " | ", 40))
    monkeypatch.setattr("accel.engines.netlist.synthesised", lambda design: wrong)
    result = verdict("netlist", netlist, made)
    assert result.status == "different"
    assert result.reason.startswith(("lstm0.", "failed: "))


@pytest.mark.slow
def test_gates_of_a_highway_cell_equal_golden(tmp_path: Path) -> None:
    model = {"cell": "highway", "depth": 2, "inputs": 1, "hidden": [2]}
    made = design(tmp_path, verilog=True, **{**FEW_GATES, "model": model})
    result = verdict("netlist", netlist, made)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.slow
def test_gates_are_made_again_where_a_memory_changed(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **FEW_GATES)
    if not paths(["yosys"])["yosys"]:
        pytest.skip("yosys is not installed")
    before = synthesised(made).read_text()
    wrong_table(made)
    assert synthesised(made).read_text() != before


def lose_a_saturation(made: Design) -> None:
    file = made.work / "rtl" / "awkward.v"
    text = file.read_text()
    write_text(file, re.sub(r"(out_clipped\d+ <=)[^;]*;", r"\1 0;", text))


def test_a_saturation_that_is_not_counted_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **{**TIGHT, "model": {"inputs": 3, "hidden": [4]}, "engine": {"units": 2}})
    counts = reference(made, sequences(made)).status
    assert counts is not None
    assert all(count > 0 for count in counts.saturations["lstm0"].values())
    assert verdict("icarus", icarus, made).reason == ""
    lose_a_saturation(made)
    assert "saturations of lstm0." in verdict("icarus", icarus, made).reason


@pytest.mark.parametrize("order", first(["rows", "x_first"]))
def test_one_cycle_less_than_the_gap_gives_wrong_bits(order: str, tmp_path: Path) -> None:
    engine = GAPPED["engine"] | ({"order": order, "units": 2} if order == "x_first" else {})
    made = design(tmp_path, engine=engine)
    assert (made.net.layers[0].cycles_ahead > 0) == (order == "x_first")
    interval = schedule(made).stages[0].interval
    assert schedule(made).gap > 0
    top = tmp_path / "myhdl" / "awkward.py"
    hurried = top.read_text().replace(f"intervals=({interval},)", f"intervals=({interval - 1},)")
    write_text(top, hurried)
    result = verdict("myhdl", native, made)
    assert result.status == "different"
    assert result.mismatches > 0
    assert "differs first" in result.reason


def flip_weight(made: Design) -> None:
    file = made.work / "rtl" / "awkward_lstm0_unit1.hex"
    words = file.read_text().split()
    write_text(file, "\n".join([f"{int(words[0], 16) ^ 1:x}", *words[1:]]) + "\n")


def wrong_rounding(made: Design) -> None:
    file = made.work / "rtl" / "awkward.v"
    text = file.read_text()
    *_, rounding_of_h = re.finditer(r"_floor \+\s+\w+_half\b", text)
    write_text(file, text[: rounding_of_h.start()] + "_floor" + text[rounding_of_h.end() :])


def wrong_table(made: Design) -> None:
    file = made.work / "rtl" / "awkward_cell_tanh.hex"
    words = file.read_text().split()
    write_text(file, "\n".join(reversed(words)) + "\n")


@pytest.mark.parametrize(
    ("name", "engine", "fault", "signal"),
    [
        ("myhdl", native, flip_weight, "lstm0."),
        ("icarus", icarus, wrong_table, "lstm0.h"),
        ("icarus", icarus, flip_weight, "lstm0."),
        ("icarus", icarus, wrong_rounding, "lstm0.h"),
        pytest.param("verilator", verilator, wrong_rounding, "lstm0.h", marks=pytest.mark.slow),
    ],
)
def test_a_fault_is_caught_and_named(
    name: str, engine: Engine, fault: Callable[[Design], None], signal: str, tmp_path: Path
) -> None:
    made = design(tmp_path, verilog=engine is not native)
    fault(made)
    result = verdict(name, engine, made)
    assert result.status == "different"
    assert signal in result.reason
    assert "unit" in result.reason


HIGHWAY = AWKWARD["highway of three levels, stateful"]


def add_what_is_carried(made: Design) -> None:
    file = made.work / "rtl" / "awkward.v"
    text, count = re.subn(r"(_difference <=\s+\(\w+\s+)-", r"\1+", file.read_text(), count=1)
    assert count == 1
    write_text(file, text)


def test_a_carry_that_is_not_coupled_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **HIGHWAY)
    add_what_is_carried(made)
    reason = verdict("icarus", icarus, made).reason
    assert reason.startswith("highway0.s2 differs first at step 0")  # s_0 is zero, so that the first level is right


@pytest.mark.parametrize("level", [0, *(pytest.param(later, marks=pytest.mark.slow) for later in (1, 2))])
def test_one_cycle_less_between_levels_gives_wrong_bits(level: int, tmp_path: Path) -> None:
    made = design(tmp_path, **HIGHWAY)
    intervals = list(schedule(made).stages[0].intervals)
    top = tmp_path / "myhdl" / "awkward.py"
    before = f"intervals={tuple(intervals)}"
    assert before in top.read_text()
    intervals[level] -= 1
    write_text(top, top.read_text().replace(before, f"intervals={tuple(intervals)}"))
    result = verdict("myhdl", native, made)
    assert result.mismatches > 0
    assert "highway0." in result.reason


def wrong_scale(made: Design) -> None:
    file = made.work / "rtl" / "awkward_lstm0_scale.hex"
    words = file.read_text().split()
    write_text(file, "\n".join([f"{int(words[0], 16) ^ 8:x}", *words[1:]]) + "\n")


def test_a_wrong_scale_is_caught(tmp_path: Path) -> None:
    made = design(tmp_path, **AWKWARD["six bits, a scale a row"])
    wrong_scale(made)
    assert "lstm0." in verdict("myhdl", native, made).reason


def test_digits_are_weighed_without_a_multiplier(tmp_path: Path) -> None:
    made = {kind: convert.convert(design(tmp_path, **AWKWARD[kind])) for kind in KINDS}
    times = {kind: text.count(" * operand") for kind, text in made.items()}
    assert times == {"six bits, a scale a row": 1, "ternary, a scale a row": 0, "sparse binary without scales": 0}


def test_an_unknown_value_at_a_port_is_a_failure(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True)
    file = tmp_path / "rtl" / "awkward_sigmoid.hex"
    write_text(file, "x\n" * len(file.read_text().split()))
    result = verdict("icarus", icarus, made)
    assert (result.status, result.reason) == ("different", "failed: an unknown value (x) reached a port")


def test_a_design_that_never_answers_is_a_failure(tmp_path: Path) -> None:
    made = design(tmp_path)
    top = tmp_path / "myhdl" / "awkward.py"
    write_text(top, top.read_text().replace("emitting,\n", ""))
    assert "result words after" in verdict("myhdl", native, made).reason


def test_a_missing_simulator_is_said_not_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = design(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="iverilog is not on PATH"):
        icarus(made, sequences(made))


def test_verilator_runs_where_nothing_is_called_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "bin"
    own.mkdir()
    for tool in (tool for folder in ("/usr/bin", "/bin") for tool in Path(folder).iterdir()):
        if not tool.name.startswith("python") and not (own / tool.name).is_symlink():
            (own / tool.name).symlink_to(tool)
    monkeypatch.setenv("PATH", str(own))
    made = design(tmp_path, verilog=True)
    result = compare("verilator", DeviceUnderTest(verilator, clocked=True), made, sequences(made), schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "equal", result.reason
