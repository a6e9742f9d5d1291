"""Energy: the library is read, changes are counted exactly, and the sum is the one reckoned by hand."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.base.tools import paths
from accel.engines.engine import ToolMissing
from accel.engines.icarus import icarus
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.engines.verilator import Window, simulated
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from fpga.energy.activity import changes
from fpga.energy.liberty import Library, library
from fpga.energy.mapping import CELLS, GATES, NETLIST, WORDS, mapped
from fpga.energy.measure import steps
from fpga.energy.model import Energy, energy
from fpga.energy.netlist import Gate, gates
from fpga.energy.parts import NAMES, Lines, parted
from fpga.rtl import generated
from tests.engines.awkward import design

TEXT = (Path(__file__).parent / "cells.lib").read_text(encoding="utf-8")
PICO = 1e-12

INVERTER = Gate("INV", "rest", {"A": "a", "Y": "y"})
REGISTER = Gate("DFF", "rest", {"CLK": "clk", "D": "y", "Q": None})
ACTIVITY = {"a": 10, "y": 10}


@pytest.fixture(scope="module")
def five() -> Library:
    return library(TEXT)


def test_library_is_read_in_si_units(five: Library) -> None:
    assert (five.name, five.voltage, set(five.cells)) == ("five", 2.0, {"INV", "BUF", "NAND2", "NOR2", "DFF"})
    assert five.cells["NAND2"]["B"].capacitance == pytest.approx(0.03 * PICO)
    assert [one.related for one in five.cells["NAND2"]["Y"].internal] == ["A", "B"]
    assert not five.cells["DFF"]["CLK"].output


@pytest.mark.parametrize(
    ("load", "slew", "wanted"),
    [
        pytest.param(0.0, 0.0, 0.1, id="at_a_point"),
        pytest.param(0.05, 0.0, 0.15, id="between_loads"),
        pytest.param(0.05, 0.5, 0.25, id="between_loads_and_transitions"),
        pytest.param(9.0, 9.0, 0.4, id="beyond"),
    ],
)
def test_energy_is_linear_between_the_points_of_a_table(five: Library, load: float, slew: float, wanted: float) -> None:
    table = five.cells["INV"]["Y"].internal[0].tables[0]
    assert table.at(load * PICO, slew * 1e-9) == pytest.approx(wanted * PICO)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("(1, pf)", "(1, kg)", "capacitive_load_unit in ff or pf", id="unit"),
        pytest.param('"0.1, 0.3"', '"0.1"', "INV.Y: wanted 2x2 values, got 3", id="values"),
        pytest.param('related_pin : "B";', 'related_pin : "B"; when : "A";', "NAND2.Y: .*got when A", id="condition"),
        pytest.param("input_transition_time", "output_voltage", "got output_voltage", id="axis"),
        pytest.param("direction : input;", "", r"pin\(A\): wanted one direction, got nothing", id="direction"),
        pytest.param("}\n}\n", "", "text that ends within a group", id="cut_short"),
    ],
)
def test_library_that_cannot_be_read_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        library(TEXT.replace(old, new))


def spent(five: Library, counted: dict[str, int], cycles: int = 100) -> Energy:
    return energy([INVERTER, REGISTER], five, counted, "clk", cycles, slew=0.5e-9)["rest"]


def test_energy_is_the_one_reckoned_by_hand(five: Library) -> None:
    charged = 10 * (0.01 + 0.02) * 2.0**2 / 2
    rise, fall = 0.22, 0.42  # load 0.02 of 0.1, transition 0.5 of 1 and of 2
    assert spent(five, ACTIVITY).data == pytest.approx((charged + 10 * (rise + fall) / 2) * PICO)
    assert spent(five, ACTIVITY).clock == pytest.approx(200 * (0.03 * 2.0**2 / 2 + (0.1 + 0.3) / 2) * PICO)


def test_twice_the_changes_take_twice_the_energy_of_the_data_and_the_clock_s_as_before(five: Library) -> None:
    once, twice = spent(five, ACTIVITY), spent(five, {net: 2 * count for net, count in ACTIVITY.items()})
    assert twice.data == pytest.approx(2 * once.data)
    assert twice.clock == once.clock
    assert spent(five, ACTIVITY, cycles=200).clock == pytest.approx(2 * once.clock)


def test_change_of_an_output_is_put_down_to_its_inputs_as_they_change(five: Library) -> None:
    gate = Gate("NAND2", "rest", {"A": "a", "B": "b", "Y": "y"})
    counted = {"a": 30, "b": 10, "y": 8}
    charged = (30 * 0.01 + 10 * 0.03) * 2.0**2 / 2
    inside = 8 * (0.1 * 30 + 0.4 * 10) / 40
    assert energy([gate], five, counted, "clk", 100, 0.0)["rest"].data == pytest.approx((charged + inside) * PICO)


def test_net_that_was_not_counted_is_refused(five: Library) -> None:
    with pytest.raises(Refused, match="changes of 1 more nets, got none of y"):
        spent(five, {"a": 10})


def test_cell_that_the_library_lacks_is_refused(five: Library) -> None:
    with pytest.raises(Refused, match="a cell XOR"):
        energy([replace(INVERTER, kind="XOR")], five, ACTIVITY, "clk", 100, 0.0)


def test_what_was_1_at_the_beginning_is_no_change(tmp_path: Path) -> None:
    window = Window(0, 9, tmp_path / "beginning", tmp_path / "counts")
    line = "   ({} (T0 {}) (T1 5) (TZ 0) (TX 0) (TB 0) (TC {}))\n"
    window.beginning.write_text(line.format(r"bus\[1\]", 0, 1) + line.format("low", 0, 0))
    window.counts.write_text(line.format(r"bus\[1\]", 7, 4) + line.format("low", 7, 3))
    assert changes(window) == {"bus[1]": 3, "low": 3}
    window.counts.write_text(line.format("low", 7, 3))
    with pytest.raises(Refused, match="the nets of counts"):
        changes(window)
    window.counts.write_text("")
    with pytest.raises(Refused, match="nets with their toggle counts"):
        changes(window)


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return design(tmp_path_factory.mktemp("energy"), verilog=True)


def sequences(made: Design, number: int = 8) -> Samples:
    return samples.seeded(made.spec, number, 2)


def require_yosys() -> None:
    if not paths(["yosys"])["yosys"]:
        pytest.skip("yosys not found; it maps the design to gates")


@pytest.mark.slow
@pytest.mark.parametrize("last", [11, 21])
def test_changes_of_a_counter_are_counted_exactly(little: Design, last: int, tmp_path: Path) -> None:
    """The status word counts cycles: its lowest bit changes every cycle, the next one every other cycle."""
    window = Window(1, last, tmp_path / "beginning.saif", tmp_path / "counts.saif")
    source, folder = little.work / "rtl" / f"{little.spec.identifier}.v", little.work / "watched"
    try:
        simulated(little, sequences(little), source, folder, window=window)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    found = changes(window)
    assert [found[f"status_cycles[{bit}]"] for bit in range(3)] == [(last >> bit) - (1 >> bit) for bit in range(3)]
    assert found["reset"] == 0


@pytest.fixture(scope="module")
def in_gates(little: Design) -> Path:
    require_yosys()
    return mapped(generated(little.spec, little.work), TEXT, little.work / "energy")


@pytest.mark.slow
def test_every_part_is_gates_of_the_library(little: Design, in_gates: Path, five: Library) -> None:
    found = gates((in_gates / NETLIST).read_text(), little.spec.identifier)
    assert {gate.kind for gate in found} <= set(five.cells)
    sizes = Counter(gate.part for gate in found)
    assert set(sizes) == set(NAMES)
    assert sizes["products"] > sizes["gates"]


def test_lines_belong_to_the_part_of_their_module_and_block() -> None:
    block = "always @(posedge clk) begin: {}_adding\n"
    names = ["narrow_sum4", "exact0_multiply0", "look_up8", "narrow1", "delay0"]
    lines = Lines(
        "module it_cell_1 (\n" + "".join(map(block.format, names)) + "module it_fifo (\n" + block.format("exact0")
    )
    found = [lines.at(f"it.v:{number}.5-{number}.9") for number in (2, 3, 4, 5, 6, 8)]
    assert found == ["gates", "products", "gates", "products", "rest", "rest"]


@pytest.mark.slow
def test_part_without_cells_is_refused(little: Design, in_gates: Path) -> None:
    text = (little.work / "rtl" / f"{little.spec.identifier}.v").read_text()
    with pytest.raises(Refused, match="blocks of the part products"):
        parted((in_gates / WORDS).read_text(), re.sub(r"\b(exact|narrow)(\d+)_", r"other\2_", text))


def in_icarus(made: Design, folder: Path, text: str) -> Result:
    """The verdict on gates in place of the Verilog."""
    for part in ("rtl", "myhdl"):
        shutil.copytree(made.work / part, folder / part)
    (folder / "rtl" / f"{made.spec.identifier}.v").write_text(text)
    result = compare(
        "gates", DeviceUnderTest(icarus, clocked=True), replace(made, work=folder), sequences(made, 2), schedule(made)
    )
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.mark.slow
def test_gates_compute_the_same_bits_and_a_wrong_one_does_not(little: Design, in_gates: Path, tmp_path: Path) -> None:
    cells, made = (in_gates / CELLS).read_text(), (in_gates / GATES).read_text()
    result = in_icarus(little, tmp_path / "right", cells + made)
    assert (result.status, result.reason) == ("equal", "")
    assert in_icarus(little, tmp_path / "wrong", cells + made.replace("NAND2 ", "NOR2 ")).status == "different"


def test_too_few_samples_are_refused(little: Design) -> None:
    with pytest.raises(Refused, match="four times as many as take turns, got 2 of 1 lengths"):
        steps(little, sequences(little, 2))
