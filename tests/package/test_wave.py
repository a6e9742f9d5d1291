"""`sparrow wave`: a wave whatever the bench finds, whose save file names ports that are there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from accel.package import expected, simulated
from tests.package.conftest import sparrow


def test_a_wave_of_a_sequence_has_groups_of_ports_that_are_there(place: Path) -> None:
    result = sparrow("wave", "little.yaml", "--sequence", "1", "-o", "one.fst")
    assert result.exit_code == 0, result.output
    assert "bit for bit" in result.stdout
    assert Path("one.fst").stat().st_size > 1000
    text = Path("one.gtkw").read_text()
    assert '[dumpfile] "one.fst"' in text
    for group in ("s_axis", "m_axis", "status", "status_lstm0", "lstm0", "head"):
        assert f"@800200\n-{group}\n" in text
    named = re.findall(r"^little_bench\.dut\.(\w+)(?:\[(\d+):0\])?$", text, re.MULTILINE)
    declared = re.findall(
        r"^(?:input|output)(?: wire| reg| signed)* (?:\[(\d+):0\] )?(\w+);",
        Path("build/little/rtl/little.v").read_text().split("module little (")[1].split("endmodule")[0],
        re.MULTILINE,
    )
    assert set(named) == {(name, high) for high, name in declared}


def test_a_difference_leaves_the_wave_and_ends_with_1(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = expected.streams

    def wrong(*given: Any) -> dict[str, list[expected.Word]]:
        found = right(*given)
        found["m_axis"][0] = dataclasses.replace(found["m_axis"][0], bits=found["m_axis"][0].bits ^ 1)
        return found

    monkeypatch.setattr(expected, "streams", wrong)
    result = sparrow("wave", "little.yaml", "-o", "bad.fst")
    assert result.exit_code == 1
    assert "m_axis: word 0: wanted" in result.stderr
    assert Path("bad.fst").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sequence", "99"], "--sequence: wanted 0 to"),
        (["-o", "wave.vcd"], "--output: wanted a file that ends in .fst"),
    ],
)
def test_what_cannot_be_meant_is_refused(place: Path, options: list[str], said: str) -> None:
    result = sparrow("wave", "little.yaml", *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(place.glob("wave.*"))


def test_without_icarus_a_wave_cannot_be_made_here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated.shutil, "which", lambda name: None)
    result = sparrow("wave", "little.yaml")
    assert result.exit_code == 3
    assert not list(place.glob("wave.*"))
