"""C++ that the vendor's compiler takes: published rules, a stand-in for its scheduler, other compilers, sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from accel.engines.engine import EngineFailed, ProgramFailed, ToolMissing, reference
from accel.engines.hls import hls, vendor_integers
from accel.hls.render import render_hls, top_name
from accel.model import random_weights
from accel.model.design import Design
from accel.spec import Spec
from tests.designs import spec, stimuli
from tests.hls.designs import SPECS, rendered
from tests.hls.rules import dependence_faults, interface_faults, language_faults, region_faults, stream_faults
from tests.hls.test_engine import assert_equal, edit
from tests.marks import first

COLUMNS = {
    "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5},
    "engine": {"dataflow": "column", "units": 4, "cells_per_cycle": 2},
    "model": {"hidden": [8], "inputs": 5},
}
VARIANTS: dict[str, Spec] = {
    **SPECS,
    "columns": spec(**COLUMNS),
    "x_first": spec(engine={"units": 2, "order": "x_first"}, model={"hidden": [8]}),
    "embedding": spec(model={"inputs": 6, "vocabulary": 9}, engine={"streams": 3}),
    "embedding_in_both_directions": spec(
        model={"inputs": 6, "vocabulary": 5, "hidden": [4], "head": None, "bidirectional": True, "longest": 4},
        engine={"units": 2, "input_words": 3},
    ),
    "between_in_both_directions": spec(
        model={"inputs": 6, "before": [{"outputs": 8}], "hidden": [4, 4, 4], "between": ["residual", "hard_tanh"]}
        | {"head": None, "bidirectional": True, "longest": 4},
        formats={"state": [14, 11], "linear": [9, 5], "residual": [10, 6]},
        engine={"units": 2},
    ),
    "linear_between": spec(
        model={"inputs": 3, "hidden": [6, 4], "between": [[{"outputs": 5}, {"outputs": 4, "activation": "tanh"}]]},
        formats={"linear": [9, 5]},
        engine={"units": 2, "streams": 2},
    ),
    "linear_between_in_both_directions": spec(
        model={"inputs": 3, "hidden": [4, 4], "between": [[{"outputs": 5}]], "head": None}
        | {"bidirectional": True, "longest": 4},
        formats={"linear": [9, 5]},
        engine={"units": 2},
    ),
    "formats_by_layer": spec(
        model={"inputs": 3, "hidden": [4, 6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        formats={"gate": [[14, 9], [11, 7]], "cell": [[12, 8], [15, 11]], "activation": [[11, 10], [8, 7]]},
        engine={"units": 2},
    ),
    "x_first_in_registers": spec(engine={"units": 4, "order": "x_first"}, model={"hidden": [8]}),
}
OF_THE_BENCH = ("bench.h", "bench.cpp", "checked_int.h", "checked_stream.h")
SCHEDULE = ("-DSPARROW_SCHEDULE", f"-I{Path(__file__).parent / 'schedule'}")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O0")
STRICT = ("-Wconversion", "-Wno-sign-conversion", "-O0")


def files(chosen: Spec) -> dict[str, str]:
    """What becomes hardware."""
    found = {path.removeprefix("hls/"): text for path, text in render_hls(_design(chosen)).items()}
    return {path: text for path, text in found.items() if path not in OF_THE_BENCH}


def _design(chosen: Spec) -> Design:
    return Design(chosen, random_weights.seeded(chosen), Path())


def faults(found: Mapping[str, str], name: str) -> Iterator[str]:
    yield from region_faults(found["top.cpp"])
    yield from interface_faults(found["top.cpp"], name)
    yield from stream_faults(found)
    yield from dependence_faults(found)
    yield from language_faults(found)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_construct_keeps_the_published_rules(name: str) -> None:
    assert list(faults(files(VARIANTS[name]), top_name(_design(VARIANTS[name])))) == []


FAULTS = {
    "a memory that two processes read": ("top.cpp", "kLstm1Sigmoid", "kLstm0Sigmoid", "kLstm0Sigmoid in 2"),
    "a stream that nobody reads": ("top.cpp", "Receive<Lstm1>(lstm0_out", "Receive<Lstm1>(m_axis", "lstm0_out in 1"),
    "a variable with a value": ("top.cpp", "bool filler;", "bool filler = false;", "bool filler = false"),
    "a condition between processes": ("top.cpp", "  LinearHead<", "  if (head_end) LinearHead<", "neither"),
    "a port without control": ("top.cpp", "s_axilite port=return", "ap_ctrl_none port=return", "got ap_ctrl_none"),
    "a status without a register": ("top.cpp", "mode=s_axilite port=torn", "mode=ap_none port=torn", "torn"),
    "an array as a register": ("top.cpp", "std::uint32_t &steps", "Counts<2> &steps", "of type Counts<2>"),
    "registers one on the other": ("top.cpp", "offset=0x30", "offset=0x24", "without room"),
    "a stream that is polled": ("receive.h", "if (!missing) {", "if (!in.empty()) {", r"\.empty\(\)"),
    "a promise that no word holds": ("recurrent.h", "Carried<Int<A::kCellWidth>, kNever>", "Int<8>", "c: the pragma"),
    "a word of C++17": ("recurrent.h", "if (A::kInitialState", "if constexpr (A::kInitialState", "if constexpr"),
    "another distance": ("row_engine.h", "distance=LaidAside<A>::kApart", "distance=kNever", "begun: the pragma"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_a_rule_is_told(fault: str) -> None:
    file, old, new, wanted = FAULTS[fault]
    found = files(SPECS["two_layers"])
    assert old in found[file]
    found[file] = found[file].replace(old, new, 1)
    with pytest.raises(AssertionError, match=wanted):
        assert list(faults(found, top_name(_design(SPECS["two_layers"])))) == []


SCHEDULED = ["columns", "x_first", "two_layers", "x_first_in_registers", "initial_state", "highway", "three_streams"]
SCHEDULED += ["linear_between", "linear_between_in_both_directions"]


@pytest.mark.parametrize("name", first(SCHEDULED, 2))
def test_an_iteration_every_cycle_reads_what_it_should(name: str, tmp_path: Path) -> None:
    made, samples = rendered(VARIANTS[name], tmp_path), stimuli(VARIANTS[name])
    assert_equal(hls(made, samples, (*SCHEDULE, "-O0")), reference(made, samples))


NEARER = {
    "additions to one copy of a sum": (
        *("columns", "column_engine.h", r"turn = turn == kMemoryCycles - 1 \? 0 : turn \+ 1", "turn = 0"),
        "a word is read",
    ),
    "sums read sooner than laid aside": (
        *("x_first", "row_engine.h", r"\? A::kAhead : kRest\) \+ 1", "? A::kAhead : kRest) + 2"),
        "a word is read",
    ),
    "h written where lanes read": (
        *("two_layers", "recurrent.h", r"\(h, turn, unit, values", "(h, old_bank, unit, values"),
        "a word is written behind a reading",
    ),
    "c of every unit in one word": (
        *("two_layers", "recurrent.h", r"c\[stream\]\[unit\] = values", "c[stream][0] = values"),
        "a word is written again",
    ),
}


@pytest.mark.parametrize("fault", first(NEARER, 2))
def test_an_access_nearer_than_promised_stops_the_simulation(fault: str, tmp_path: Path) -> None:
    name, file, old, new, sentence = NEARER[fault]
    made, samples = rendered(VARIANTS[name], tmp_path), stimuli(VARIANTS[name])
    edit(tmp_path / "hls" / file, old, new)
    with pytest.raises(EngineFailed, match=sentence):
        hls(made, samples, (*SCHEDULE, "-O0"))


SANITIZING = ["columns", "loaded_dense_streams", "both_directions", "streamed_weights", "highway", "linear_between"]


@pytest.mark.parametrize("name", first(SANITIZING, 1))
def test_no_address_and_no_operation_is_undefined(name: str, tmp_path: Path) -> None:
    made, samples = rendered(VARIANTS[name], tmp_path), stimuli(VARIANTS[name])
    assert_equal(hls(made, samples, SANITIZED), reference(made, samples))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits_like", "columns", "loaded_dense_streams"])
def test_nor_with_vendor_integers(name: str, tmp_path: Path) -> None:
    made, samples = rendered(VARIANTS[name], tmp_path), stimuli(VARIANTS[name])
    headers = (*_vendor(), "-fno-sanitize=shift")  # the vendor's own headers shift negative numbers
    assert_equal(hls(made, samples, (*SANITIZED, *headers)), reference(made, samples))


def test_an_address_outside_is_told(tmp_path: Path) -> None:
    made, samples = rendered(SPECS["one_input_one_unit"], tmp_path), stimuli(SPECS["one_input_one_unit"])
    edit(tmp_path / "hls" / "receive.h", r"if \(column < A::kInputs && Holds", "if (column < 1 + A::kInputs && Holds")
    edit(tmp_path / "hls" / "receive.h", r"x\[copy\]\[PlaceOf", "x[copy][1 + PlaceOf")
    with pytest.raises((EngineFailed, ProgramFailed), match=r"runtime error|redzone"):
        hls(made, samples, SANITIZED)


@pytest.mark.parametrize("name", first(["columns", *SANITIZING[1:]], 1))
def test_no_conversion_loses_bits_unsaid(name: str, tmp_path: Path) -> None:
    assert _objects("g++", rendered(VARIANTS[name], tmp_path), STRICT) == ""


def test_a_conversion_that_loses_bits_is_told(tmp_path: Path) -> None:
    made = rendered(SPECS["one_input_one_unit"], tmp_path)
    edit(tmp_path / "hls" / "receive.h", r"\n  \+\+counted;", "\n  signed char low = counted; counted = low + 1;")
    assert "-Wconversion" in _objects("g++", made, STRICT)


@pytest.mark.parametrize("name", first(["formats_by_layer", "two_layers", *SANITIZING[1:]], 1))
def test_clang_takes_it_too(name: str, tmp_path: Path) -> None:
    if shutil.which("clang++") is None:
        pytest.skip("clang++ not found; not run")
    assert _objects("clang++", rendered(VARIANTS[name], tmp_path), ("-O0", "-pedantic")) == ""


def _objects(compiler: str, made: Design, flags: tuple[str, ...]) -> str:
    """What a compiler has to say of the top."""
    common = ("-std=c++14", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-unused-label", "-fsyntax-only")
    command = [compiler, *common, *flags, "top.cpp"]
    return subprocess.run(command, cwd=made.work / "hls", capture_output=True, text=True, check=False).stderr


def _vendor() -> tuple[str, ...]:
    try:
        return vendor_integers()
    except ToolMissing as missing:
        pytest.skip(str(missing))
