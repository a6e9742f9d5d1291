"""Boards: every file is sound, and a wrong one is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.base.faults import Refused
from fpga.board import find, load, names

GOOD = """
name: mine
title: A board of one's own
family: ecp5
part: LFE5U-25F-6BG256C
device: 25k
package: CABGA256
speed: "6"
clock: {pin: P6, mhz: 25.0}
standard: LVCMOS33
pins: {uart_rx: A1, uart_tx: A2}
resources: {luts: 24288, registers: 24288, block_rams: 56, block_ram_bits: 18432, multipliers: 28}
source: its schematic
"""


def refused(text: str, folder: Path) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    with pytest.raises(Refused) as found:
        load(path)
    return str(found.value).replace(f"{path}", "mine.yaml")


@pytest.mark.parametrize("name", names())
def test_every_board_is_sound_and_named_like_its_file(name: str) -> None:
    assert find(name).name == name


def test_the_boards_are_these() -> None:
    assert names() == [
        "alveo-u250",
        "arty-a7-100",
        "ecp5-evn",
        "ice40-hx8k",
        "icebreaker",
        "kv260",
        "pynq-z2",
        "tang-nano-20k",
        "ulx3s-85f",
        "xcku9p",
        "zcu104",
    ]


def test_a_file_of_ones_own_is_a_board(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert load(path).resources.memory_bits == 56 * 18432


def test_an_unknown_board_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match=r"target.board: wanted one of alveo-u250, .*, zcu104, or a file, got ulx4s"):
        find("ulx4s")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("family: ecp5", "family: ecp6", "mine.yaml:4: family: wanted 'ecp5'", id="family"),
        pytest.param("uart_tx: A2", "uart_tx: A1", "pins.uart_rx: wanted a pin that nothing else has", id="pins_clash"),
        pytest.param("uart_tx: A2", "uart_tx: P6", "clock.pin: wanted a pin that nothing else has", id="clock_clashes"),
        pytest.param("uart_tx: A2", "uart_tx: pin 2", "mine.yaml:11: pins.uart_tx: wanted", id="no_pin"),
        pytest.param("device: 25k\n", "", "device: wanted the name that place and route for ecp5 knows", id="device"),
        pytest.param('speed: "6"\n', "", "speed: wanted a speed grade", id="speed"),
        pytest.param(
            "family: ecp5\npart: LFE5U-25F-6BG256C\ndevice: 25k",
            "family: gowin\npart: GW2A-LV18PG256C8/I7",
            "device: wanted the name that place and route for gowin knows",
            id="gowin_device",
        ),
        pytest.param("standard: LVCMOS33\n", "", "standard: wanted the voltage standard of the pins", id="standard"),
        pytest.param("mhz: 25.0", "mhz: 0.0", "clock.mhz: wanted", id="clock_stands"),
        pytest.param("luts: 24288", "luts: many", "resources.luts: wanted a whole number", id="luts"),
        pytest.param("name: mine", "name: mine\ncolour: red", "colour: wanted no such key", id="unknown_key"),
        pytest.param("part: LFE5U-25F-6BG256C", 'part: "a; exit"', "part: wanted", id="tcl_in_a_part"),
        pytest.param(
            "family: ecp5", "family: xc7\nprocessor: zynq7", "board_part: wanted the board in Vivado's", id="board_part"
        ),
    ],
)
def test_a_wrong_board_is_refused_with_its_place(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in refused(GOOD.replace(old, new), tmp_path)


@pytest.mark.parametrize(
    ("board", "command"),
    [
        ("ulx3s-85f", "openFPGALoader -b ulx3s 'a folder/top.bit'"),
        ("icebreaker", "openFPGALoader -b ice40_generic 'a folder/top.bit'"),
        ("arty-a7-100", "openFPGALoader -b arty_a7_100t 'a folder/top.bit'"),
        ("pynq-z2", None),
    ],
)
def test_a_board_says_how_its_bitstream_is_loaded(board: str, command: str | None) -> None:
    assert find(board).loading(Path("a folder/top.bit")) == command
