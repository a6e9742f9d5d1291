"""Rendering of the C++: pure, strict, and form rules that a compiler does not check."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from jinja2 import TemplateError, UndefinedError

from accel.architecture.network import network
from accel.base.templates import environment, read, render
from accel.hls.process import container
from accel.hls.render import HEADERS, render_hls
from accel.memory.dataflows.rows import dealt
from accel.model import random_weights
from accel.model.design import Design
from tests.designs import spec
from tests.hls.designs import SPECS
from tests.hls.pragmas import faults, loop_faults

BENCH = {"bench.h", "bench.cpp", "checked_int.h", "checked_stream.h", "weights.h"}
"""Files that never become hardware, or hold no statement."""


def files(name: str) -> dict[str, str]:
    found = render_hls(Design(SPECS[name], random_weights.seeded(SPECS[name]), Path()))
    return {path.removeprefix("hls/"): text for path, text in found.items()}


@pytest.mark.parametrize("name", ["two_layers", "two_lanes_a_row"])
def test_rendering_twice_gives_the_same_text(name: str) -> None:
    assert files(name) == files(name)


def test_every_header_of_the_package_is_copied() -> None:
    found = {path.name for path in resources.files("hls_templates").joinpath("hls").iterdir()}
    assert set(HEADERS) == {name for name in found if name.endswith(".h")}
    rendered = {name.removesuffix(".j2") for name in found if name.endswith(".j2")}
    assert rendered - {"activations.h"} < set(files("dense"))  # which linear layers in front of the head's last have


@pytest.mark.parametrize("name", ["two_layers", "digits_like", "both_directions"])
def test_no_pragma_is_misspelt(name: str) -> None:
    assert {path: list(faults(text)) for path, text in files(name).items() if list(faults(text))} == {}


@pytest.mark.parametrize(
    "wrong",
    ["#pragma HSL UNROLL", "#pragma HLS PIPELIN II=1", "#pragma HLS PIPELINE I=1", "#pragma HLS RESET variable=frist"],
)
def test_a_misspelt_pragma_is_caught(wrong: str) -> None:
    assert len(list(faults(f"void f() {{\n  {wrong}\n}}\n"))) == 1


@pytest.mark.parametrize("name", ["two_layers", "digits_like", "both_directions"])
def test_every_loop_has_a_label_and_is_pipelined_or_unrolled_or_holds_pipelines(name: str) -> None:
    found = {path: list(loop_faults(text)) for path, text in files(name).items() if path not in BENCH}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_a_loop_without_label_or_pragma_is_caught() -> None:
    assert len(list(loop_faults("{\n  for (int n = 0; n < 2; ++n) {\n    f();\n  }\n}\n"))) == 2


def test_no_loop_is_unrolled_over_units_of_the_whole_layer() -> None:
    unrolled = re.compile(r"for \(int \w+ = 0; \w+ < (.+); .*\n\s*#pragma HLS UNROLL")
    bounds = {bound for text in files("two_layers").values() for bound in unrolled.findall(text)}
    assert bounds == {
        "A::kInputWords",
        "A::kUnits",
        "A::kRowsPerUnit",
        "A::kSumsPerUnit",
        "A::kLanes",
        "A::kLanesPerRow",
        "A::kCells",
        "kTo",
        "32",
        "kWidth",
        "kLanes",
        "kIndices",
        "kStreams",
        "kLists",
        "kMemoryCycles",
        "A::kSetBeats",
        "A::kStreamedBytes",
        "A::kReaders",
        "A::kWeightWidth",
        "kCopies<A>",
        "kUnitLanes<A>",
        "M::kWords",
        "E::kWords",
    }


def test_lanes_hold_every_weight_once_in_the_order_they_read_it() -> None:
    array = network(SPECS["two_lanes_a_row"]).layers[0]
    rows = np.arange(1, array.rows * sum(array.nnz) + 1).reshape(array.rows, -1)
    words = dealt(array, rows)
    assert words.size == array.depth * array.multipliers
    assert sorted(words[words > 0]) == sorted(rows.ravel())
    group, unit, gate, lane, cycle = 1, 2, 3, 1, 1
    row, position = gate * array.outputs + group * array.units + unit, cycle * array.lanes_per_row + lane
    assert words[group * array.cycles_per_group + cycle, unit, gate, lane] == rows[row, position]


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'port_headers' is undefined"):
        render("hls_templates", "hls/top.h.j2")


def test_a_file_that_does_not_exist_is_an_error() -> None:
    with pytest.raises((TemplateError, FileNotFoundError)):
        read("hls_templates", "hls/nothing.h")


@pytest.mark.parametrize("name", ["two words", "1st", "a;b", ""])
def test_what_is_no_identifier_does_not_reach_cpp(name: str) -> None:
    with pytest.raises(ValueError, match="wanted a C\\+\\+ identifier"):
        environment("hls_templates", "//%").from_string("{{ name | c_identifier }}").render(name=name)


def test_arrays_nest_as_deep_as_they_come() -> None:
    text = (
        environment("hls_templates", "//%").from_string("{{ rows | c_array }}").render(rows=np.arange(4).reshape(2, 2))
    )
    assert text == "{\n{0, 1},\n{2, 3}}"


@pytest.mark.parametrize(("width", "bits"), [(2, 8), (8, 8), (9, 16), (17, 32), (32, 32), (33, 64)])
def test_a_port_word_is_the_next_size_a_processor_knows(width: int, bits: int) -> None:
    assert container(width) == bits


def test_a_half_unit_of_more_than_32_bits_is_a_constant_of_64(tmp_path: Path) -> None:
    fine = spec(
        formats={"input": [18, 16], "gate": [16, 12], "activation": [18, 17], "state": [18, 16], "scale": [18, 16]},
        weights={"width": 18, "input_frac": 16, "recurrent_frac": 16, "per_row": True},
    )
    text = render_hls(Design(fine, random_weights.seeded(fine), tmp_path))["hls/config.h"]
    assert "static constexpr long long kStoredHalf = 34359738368LL;" in text
