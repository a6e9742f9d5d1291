"""Registers move into block RAMs and multipliers only where that changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fpga.absorb import absorb, main

CLOCK, OTHER_CLOCK = 2, 3
NARROW, WIDE = f"{18:032b}", f"{36:032b}"


def flip_flop(data: int, out: int, clock: int = CLOCK, **changes: Any) -> dict[str, Any]:
    parameters = {"CEMUX": "1 ", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET"}
    connections = {"CLK": [clock], "DI": [data], "LSR": ["0"], "Q": [out]}
    for name, value in changes.items():
        (connections if isinstance(value, list) else parameters)[name] = value
    directions = {name: "output" if name == "Q" else "input" for name in connections}
    return {"type": "TRELLIS_FF", "parameters": parameters, "connections": connections, "port_directions": directions}


def block_ram(width: str, outputs: dict[str, int], clock_a: Any = CLOCK) -> dict[str, Any]:
    """A block RAM with the outputs that are read."""
    parameters = {
        f"{name}_{side}": text for side in "AB" for name, text in (("DATA_WIDTH", width), ("REGMODE", "NOREG"))
    }
    connections = {"CLKA": [clock_a], "CLKB": [CLOCK], "OCEA": ["0"], "OCEB": ["0"]}
    connections |= {port: [bit] for port, bit in outputs.items()}
    directions = {port: "output" if port.startswith("DO") else "input" for port in connections}
    return {"type": "DP16KD", "parameters": parameters, "connections": connections, "port_directions": directions}


def multiplier(outputs: dict[str, int], inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    connections = {port: [bit] for port, bit in (outputs | (inputs or {})).items()}
    directions = {port: "output" if port in outputs else "input" for port in connections}
    return {"type": "MULT18X18D", "parameters": {}, "connections": connections, "port_directions": directions}


def design(cells: dict[str, Any], leaving: list[int]) -> dict[str, Any]:
    return {"modules": {"top": {"cells": cells, "ports": {"o": {"direction": "output", "bits": leaving}}}}}


def test_registers_behind_one_side_of_a_block_ram_move_into_it() -> None:
    cells = {
        "ram": block_ram(NARROW, {"DOB0": 10, "DOB1": 11, "DOA0": 12}),
        "low": flip_flop(10, 20),
        "high": flip_flop(11, 21),
        "kept": flip_flop(12, 22, CEMUX="CE", CE=[9]),
    }
    assert absorb(design(cells, [20, 21, 22])) == {"DP16KD": 2}
    assert set(cells) == {"ram", "kept"}
    assert (cells["ram"]["parameters"]["REGMODE_B"], cells["ram"]["parameters"]["REGMODE_A"]) == ("OUTREG", "NOREG")
    assert [cells["ram"]["connections"][port] for port in ("DOB0", "DOB1", "DOA0", "OCEB")] == [[20], [21], [12], ["1"]]


def test_registers_behind_a_product_move_and_get_its_clock() -> None:
    cells = {"product": multiplier({"P0": 10, "P1": 11}), "low": flip_flop(10, 20), "high": flip_flop(11, 21)}
    assert absorb(design(cells, [20, 21])) == {"MULT18X18D": 2}
    assert set(cells) == {"product"}
    assert cells["product"]["parameters"]["REG_OUTPUT_CLK"] == "CLK0"
    assert cells["product"]["connections"] == {"P0": [20], "P1": [21], "CLK0": [CLOCK], "CE0": ["1"], "RST0": ["0"]}


def product(a: dict[str, Any], constant: str = "0", **more: dict[str, Any]) -> dict[str, Any]:
    """A multiplier of two factors in registers behind registers, and its own register."""
    factors = {"A0": 30, "A1": constant, "B0": 31, "B1": 31}
    early = {"earlier_a": flip_flop(50, 40), "earlier_b": flip_flop(51, 41), "b": flip_flop(41, 31)}
    return {"product": multiplier({"P0": 10}, factors), "out": flip_flop(10, 20), "a": a, **early, **more}


def test_registers_of_both_factors_move_and_what_others_read_stays_beside_them() -> None:
    cells = product(flip_flop(40, 30))
    assert absorb(design(cells, [20, 31])) == {"MULT18X18D": 2}
    assert set(cells) == {"product", "b", "earlier_a", "earlier_b"}
    connections, parameters = cells["product"]["connections"], cells["product"]["parameters"]
    assert [connections[port] for port in ("A0", "A1", "B0", "B1", "P0")] == [[40], ["0"], [41], [41], [20]]
    assert {parameters[f"REG_INPUT{side}_CLK"] for side in "AB"} == {"CLK0"}


@pytest.mark.parametrize(
    ("a", "constant"),
    [
        pytest.param(flip_flop(40, 30, CEMUX="CE", CE=[9]), "0", id="an enable"),
        pytest.param(flip_flop(40, 30, LSR=[9]), "0", id="a reset"),
        pytest.param(flip_flop(40, 30, REGSET="SET"), "0", id="one at start"),
        pytest.param(flip_flop(40, 30, clock=OTHER_CLOCK), "0", id="another clock"),
        pytest.param(flip_flop(40, 99), "0", id="none"),
        pytest.param(flip_flop(60, 30), "0", id="no register in front of it"),
        pytest.param(flip_flop(40, 30), "1", id="a one, which a register is without at start"),
    ],
)
def test_factors_with_anything_special_stay(a: dict[str, Any], constant: str) -> None:
    cells = product(a, constant)
    assert absorb(design(cells, [20])) == {"MULT18X18D": 1}
    assert set(cells) == {"product", "a", "b", "earlier_a", "earlier_b"}


def test_a_memory_takes_the_register_between_it_and_a_multiplier() -> None:
    cells = product(flip_flop(12, 30), ram=block_ram(NARROW, {"DOB0": 12}))
    assert absorb(design(cells, [20])) == {"DP16KD": 1, "MULT18X18D": 1}
    assert set(cells) == {"product", "b", "ram", "earlier_a", "earlier_b"}


@pytest.mark.parametrize(
    ("register", "leaving"),
    [
        pytest.param(flip_flop(10, 20, CEMUX="CE", CE=[9]), [20], id="an enable"),
        pytest.param(flip_flop(10, 20, LSR=[9]), [20], id="a reset"),
        pytest.param(flip_flop(10, 20, REGSET="SET"), [20], id="one at start"),
        pytest.param(flip_flop(10, 20, clock=OTHER_CLOCK), [20], id="another clock"),
        pytest.param(flip_flop(10, 20, CLKMUX="INV"), [20], id="the other edge"),
        pytest.param(flip_flop(10, 20), [10, 20], id="a reader besides"),
    ],
)
def test_a_register_with_anything_special_stays(register: dict[str, Any], leaving: list[int]) -> None:
    cells = {"ram": block_ram(NARROW, {"DOB0": 10}), "register": register}
    before = json.dumps(cells)
    assert not +absorb(design(cells, leaving))
    assert json.dumps(cells) == before


def test_one_bit_that_stays_keeps_all_its_side() -> None:
    cells = {"ram": block_ram(NARROW, {"DOB0": 10, "DOB1": 11}), "low": flip_flop(10, 20)}
    assert not +absorb(design(cells, [11, 20]))
    assert set(cells) == {"ram", "low"}


@pytest.mark.parametrize(("clock_a", "moved"), [(CLOCK, 2), ("0", 2), (OTHER_CLOCK, 0)])
def test_a_wide_word_moves_as_a_whole_and_only_with_one_clock(clock_a: Any, moved: int) -> None:
    cells = {
        "ram": block_ram(WIDE, {"DOA0": 10, "DOB0": 11}, clock_a),
        "low": flip_flop(10, 20),
        "high": flip_flop(11, 21),
    }
    assert absorb(design(cells, [20, 21]))["DP16KD"] == moved
    assert cells["ram"]["connections"]["CLKA"] == [CLOCK if moved else clock_a]
    partly = {"ram": block_ram(WIDE, {"DOA0": 10, "DOB0": 11}), "low": flip_flop(10, 20)}
    assert not +absorb(design(partly, [20, 11]))


def test_nothing_moves_twice_and_the_script_says_what_it_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = {"ram": block_ram(NARROW, {"DOB0": 10}), "first": flip_flop(10, 20), "second": flip_flop(20, 30)}
    (tmp_path / "before.json").write_text(json.dumps(design(cells, [30])))
    main(str(tmp_path / "before.json"), str(tmp_path / "after.json"))
    assert capsys.readouterr().out == "1 flip-flops are registers of DP16KD now\n"
    after = json.loads((tmp_path / "after.json").read_text())
    assert set(after["modules"]["top"]["cells"]) == {"ram", "second"}
    assert not +absorb(after)
