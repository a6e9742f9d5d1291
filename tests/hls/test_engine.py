"""The C++ against the golden model: every signal of every step, every output."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.engines.engine import EngineFailed, Observed, ToolMissing, reference
from accel.engines.hls import copies, hls, vendor_integers
from accel.model import golden, random_weights
from accel.model.design import Design
from tests.designs import stimuli
from tests.hls.designs import SPECS, rendered
from tests.marks import first


def assert_equal(found: Observed, wanted: Observed) -> None:
    np.testing.assert_array_equal(found.outputs, wanted.outputs)
    for layer, signals in wanted.signals.items():
        for name, values in signals.items():
            np.testing.assert_array_equal(found.signals[layer][name], values, err_msg=f"{layer}.{name}")


def edit(path: Path, pattern: str, replacement: str) -> None:
    """Put a fault into a rendered file."""
    text, count = re.subn(pattern, replacement, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return rendered(SPECS["primes_that_no_group_divides"], tmp_path_factory.mktemp("small"))


EVERY = [
    pytest.param(name, id=name, marks=[pytest.mark.slow] if number % 4 else []) for number, name in enumerate(SPECS)
]
"""Three of four wait for `make test-all`."""


@pytest.mark.parametrize("name", EVERY)
def test_every_bit_equals_golden(name: str, tmp_path: Path) -> None:
    design, samples = rendered(SPECS[name], tmp_path), stimuli(SPECS[name])
    assert_equal(hls(design, samples), reference(design, samples))


@pytest.mark.parametrize("name", first(["two_lanes_a_row", "two_layers"]))
def test_one_copy_of_huge_operands_changes_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accel.engines.hls.MOST_COPIED", 1)
    design, samples = rendered(SPECS[name], tmp_path), stimuli(SPECS[name])
    assert copies(design) == ()
    assert_equal(hls(design, samples), reference(design, samples))


def test_a_copy_of_the_operands_that_is_not_written_is_told(tmp_path: Path) -> None:
    name = "two_lanes_a_row"
    design, samples = rendered(SPECS[name], tmp_path), stimuli(SPECS[name])
    edit(tmp_path / "hls" / "receive.h", r"copy < kCopies<A>", "copy < 1")
    assert (hls(design, samples).signals["lstm0"]["h"] != reference(design, samples).signals["lstm0"]["h"]).any()


def test_a_port_of_another_width_is_told(tmp_path: Path) -> None:
    design = rendered(SPECS["two_lanes_a_row"], tmp_path)
    edit(tmp_path / "hls" / "config.h", r"using In_t = Port<\d+", "using In_t = Port<64")
    with pytest.raises(EngineFailed, match=r"ports .* got \{'in': \['64'"):
        hls(design, stimuli(SPECS["two_lanes_a_row"]))


@pytest.mark.parametrize("name", ["digits_like", "saturating", "wide"])
def test_vendor_integers_give_the_same_bits(name: str, tmp_path: Path) -> None:
    try:
        flags = vendor_integers()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    design, samples = rendered(SPECS[name], tmp_path), stimuli(SPECS[name])
    assert_equal(hls(design, samples, flags), reference(design, samples))


def test_the_form_that_vitis_is_given_has_the_same_bits(tmp_path: Path) -> None:
    try:
        flags = ("-DSPARROW_VITIS", f"-I{Path(__file__).parent / 'vendor_stubs'}", *vendor_integers()[1:])
    except ToolMissing as missing:
        pytest.skip(str(missing))
    design, samples = rendered(SPECS["two_layers"], tmp_path), stimuli(SPECS["two_layers"])
    assert_equal(hls(design, samples, flags), reference(design, samples))


def test_saturating_stimuli_do_saturate() -> None:
    chosen = SPECS["saturating"]
    made = random_weights.seeded(chosen)
    samples = stimuli(chosen)
    counts = golden.run(made.network(chosen), made, samples.x).layers[0].saturations
    assert counts["gate"] > 0
    assert counts["cell"] > 0


def test_one_flipped_weight_is_seen(small: Design, tmp_path: Path) -> None:
    design = rendered(small.spec, tmp_path)
    edit(tmp_path / "hls" / "weights.h", r"(kLstm0Values = \{\n\{)-?\d+", r"\g<1>127")
    with pytest.raises(AssertionError):
        assert_equal(hls(design, stimuli(design.spec)), reference(design, stimuli(design.spec)))


def test_rounding_down_instead_of_half_up_is_seen(small: Design, tmp_path: Path) -> None:
    design = rendered(small.spec, tmp_path)
    edit(tmp_path / "hls" / "narrow.h", r"\(1LL << kShift\) >> 1", "0")
    with pytest.raises(AssertionError):
        assert_equal(hls(design, stimuli(design.spec)), reference(design, stimuli(design.spec)))


def test_a_state_that_outlives_its_sequence_is_seen(small: Design, tmp_path: Path) -> None:
    design = rendered(small.spec, tmp_path)
    edit(tmp_path / "hls" / "recurrent.h", r"goes_on\[stream\] = [^;]*;", "goes_on[stream] = true;")
    with pytest.raises(AssertionError):
        assert_equal(hls(design, stimuli(design.spec)), reference(design, stimuli(design.spec)))


def test_an_accumulator_one_bit_too_narrow_stops_the_simulation(tmp_path: Path) -> None:
    design = rendered(SPECS["saturating"], tmp_path)
    edit(tmp_path / "hls" / "config.h", r"kTotalWidth = \d+", "kTotalWidth = 6")
    with pytest.raises(EngineFailed, match=r"the value -?\d+ does not fit an integer of width 6"):
        hls(design, stimuli(design.spec))


def test_an_unread_operand_stops_the_simulation(small: Design, tmp_path: Path) -> None:
    design = rendered(small.spec, tmp_path)
    edit(tmp_path / "hls" / "config.h", r"kInputBeats = 5", "kInputBeats = 4")
    with pytest.raises(EngineFailed, match=r"stream in destroyed with elements left over: \d+|tlast is not where"):
        hls(design, stimuli(design.spec))


def test_a_folder_without_rendered_files_is_named(small: Design, tmp_path: Path) -> None:
    design = Design(small.spec, small.weights, tmp_path)
    with pytest.raises(Refused, match="wanted what `sparrow generate` leaves, got no such file"):
        hls(design, stimuli(design.spec))


def test_without_a_compiler_the_engine_says_so(small: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissing, match=r"g\+\+ not found"):
        hls(small, stimuli(small.spec))


def test_the_same_text_is_compiled_once(small: Design) -> None:
    hls(small, stimuli(small.spec))
    programs = {path: path.stat().st_mtime_ns for path in (small.work / "hls").rglob("bench")}
    hls(small, stimuli(small.spec))
    assert programs == {path: path.stat().st_mtime_ns for path in (small.work / "hls").rglob("bench")}
