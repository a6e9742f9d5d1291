"""Blocks that stay Verilog modules: each form written once, with the ports that somebody needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from myhdl import always, always_comb, block

from accel.engines.stored import instances, modules
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag, joined
from accel.rtl.form import converted, form
from accel.rtl.modules import written
from tests.engines.awkward import design
from tests.engines.awkward_rows import AWKWARD

PARTS = ("receive", "resynchronise", "recurrent_layer", "sequence", "lane_array", "unit", "cell", "output_fifo", "fifo")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    made = design(tmp_path_factory.mktemp("modules"), verilog=True, **AWKWARD["two layers, arg max of the last step"])
    return (made.work / "rtl" / "awkward.v").read_text()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_a_module_that_says_its_latency(text: str, part: str) -> None:
    found = modules(text)[f"awkward_{part}"]
    comment = re.search(r"^\);\n((?://.*\n)+)", found, re.MULTILINE)
    assert comment is not None
    assert "Latency: " in comment[1]


def test_the_top_holds_instances_and_no_register(text: str) -> None:
    known = modules(text)
    top = known["awkward"]
    assert [instances(top, known).count(f"awkward_{kind}") for kind in ("head_layer", "stream_adapter")] == [1, 2]
    registers = re.findall(r"^reg (?:\[[^]]*\] )?(\w+);", top, re.MULTILINE)
    assert all(name.startswith(("axis_input", "status")) for name in registers), registers


def test_every_file_ends_with_nets_and_no_line_is_too_long(text: str) -> None:
    assert max(map(len, text.split("\n"))) <= 120
    assert text.count("`default_nettype none") == text.count("`default_nettype wire") == len(modules(text))
    assert not re.search(r"^input (?!wire)", text, re.MULTILINE)


def test_the_same_design_gives_the_same_text_whatever_came_before(text: str, tmp_path: Path) -> None:
    design(tmp_path / "other", verilog=True, **AWKWARD["GRU, reset first, stateful"])
    again = design(tmp_path / "again", verilog=True, **AWKWARD["two layers, arg max of the last step"])
    assert (again.work / "rtl" / "awkward.v").read_text() == text


class Pair:
    """A bundle of which a design may need one half."""

    def __init__(self) -> None:
        self.near = bits(4)
        self.far = bits(4)


Pair.__module__ = "accel.rtl.blocks.pair"


@module
def twice(clk: Any, i: Any, pair: Pair, places: int) -> Any:
    """A value a cycle later, and two cycles later. Latency: 1 to `near`, `places` to `far`."""
    late = register(clk, i, pair.near)
    return late, register(clk, pair.near, pair.far) if places == 2 else register(clk, i, pair.far)


@module
def both(clk: Any, i: Any, o: Any, p: Any, places: int) -> Any:
    """Two of them, of the second of which only the far half is read. Latency: 2."""
    one, other = Pair(), Pair()

    @always_comb
    def adding():
        o.next = one.near ^ one.far
        p.next = other.far

    return twice(clk, i, one, 2), twice(clk, i, other, places), adding


def calls(places: int) -> dict[str, Any]:
    return {"clk": flag(), "i": bits(4), "o": bits(4), "p": bits(4), "places": places}


def test_equal_calls_are_one_form() -> None:
    made = converted(both, calls(2))
    assert made.instances[0].form is made.instances[1].form
    assert made.instances[0].form is converted(both, calls(2)).instances[0].form
    assert made.instances[0].form is not converted(both, calls(1)).instances[1].form


def test_signals_of_other_widths_are_another_form() -> None:
    narrow, wide = ({"clk": flag(), "i": bits(width), "o": bits(width)} for width in (3, 4))
    keep = module(register.func)
    assert form(keep, narrow) is form(keep, dict(narrow))
    assert form(keep, narrow) is not form(keep, wide)


def test_an_output_that_nobody_reads_is_no_port() -> None:
    known = modules(written(converted(both, calls(1)), "it"))
    assert instances(known["it"], known) == ["it_twice", "it_twice_1"]
    assert "pair_near" in known["it_twice"]
    assert "pair_near" not in known["it_twice_1"]


def test_an_instance_that_drives_nothing_is_gone_and_what_only_it_read() -> None:
    @module
    def idle(clk: Any, i: Any, o: Any) -> Any:
        pair = Pair()
        return twice(clk, i, pair, 2), register(clk, i, o)

    known = modules(written(converted(idle, {"clk": flag(), "i": bits(4), "o": bits(4)}), "it"))
    assert list(known) == ["it"]


@block
def reads(clk: Any, i: Any, o: Any) -> Any:
    @always(clk.posedge)
    def reading():
        o.next = i

    return reading


def test_a_word_of_verilog_is_no_name_of_a_signal() -> None:
    @module
    def bad(clk: Any, release: Any, o: Any) -> Any:
        return reads(clk, release, o)

    with pytest.raises(ValueError, match="bad: words of Verilog are names of signals: release"):
        converted(bad, {"clk": flag(), "release": bits(4), "o": bits(4)})


def test_bits_side_by_side_go_into_a_module_and_a_slice_too() -> None:
    @module
    def inner(clk: Any, i: Any, o: Any) -> Any:
        return reads(clk, i, o)

    @module
    def outer(clk: Any, a: Any, b: Any, o: Any, p: Any) -> Any:
        return inner(clk, joined([a, b]), o), inner(clk, a(3, 1), p)

    ports = {"clk": flag(), "a": bits(4), "b": bits(4), "o": bits(8), "p": bits(2)}
    found = modules(written(converted(outer, ports), "it"))["it"]
    assert ".i(a[3-1:1])" in found
    assert "assign inner0_i[8-1:4] = b;\nassign inner0_i[4-1:0] = a;" in found
