"""`verify` as a step of the flow: what it leaves, and how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from accel.base.faults import Crashed, Different, Refused
from accel.base.files import read_json
from accel.engines.engine import Observed, ToolMissing, golden
from accel.model import random_weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.proof import ledger
from sparrow import engines, flow, steps
from tests.designs import spec, stimuli
from tests.sparrow.test_flow import imported

GOLDEN = spec(verify={"engines": ["golden"]})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder as generation leaves it."""
    work = tmp_path_factory.mktemp("made")
    flow.run(GOLDEN, work, steps=steps.STEPS[:2])
    return work


@pytest.fixture
def generated(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "work")


def verify(work: Path) -> None:
    """By the golden engine alone."""
    steps.step("verify").perform(GOLDEN, work)


def test_verification_leaves_its_file_which_names_what_it_verified(generated: Path) -> None:
    flow.run(GOLDEN, generated, steps=steps.STEPS[:3])
    found = read_json(generated / "verify.json")
    assert found["engines"][0]["status"] == "equal"
    assert found["verified"]["spec"] == GOLDEN.digest
    for name in ("weights.npz", "samples.npz", "rtl/little.v", "hls/top.cpp", "myhdl/little.py"):
        assert found["verified"]["files"][name] == ledger.file_digest(generated / name)
    assert set(found["verified"]["tools"]) >= {"python", "verilator", "g++", "torch"}
    assert len(found["verified"]["sources"]) == 64


def one_result_too_few(made: Design, inputs: Samples) -> Observed:
    seen = golden(made, inputs)
    seen.outputs = seen.outputs[:-1]
    return seen


def test_a_difference_stops_the_flow_and_is_on_file(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accel.engines.engine.golden", one_result_too_few)
    with pytest.raises(Different, match="golden: outputs"):
        verify(generated)
    assert '"status": "different"' in (generated / "verify.json").read_text()


def test_a_wrong_word_in_a_memory_stops_the_flow_whatever_the_engines_say(generated: Path) -> None:
    table = generated / "rtl" / "little_tanh.hex"
    words = table.read_text().split()
    table.write_text("\n".join([*words[:-1], f"{int(words[-1], 16) ^ 4:x}"]))
    with pytest.raises(Different, match=r"memory contents: rtl/little_tanh\.hex, word 1023, entry 0: wanted \w+, got"):
        verify(generated)
    found = read_json(generated / "verify.json")
    assert (found["memories"]["status"], found["memories"]["mismatches"]) == ("different", 1)
    assert found["engines"][0]["status"] == "equal"


def test_verification_without_generated_files_is_refused(tmp_path: Path) -> None:
    imported(GOLDEN, Path(), tmp_path)
    with pytest.raises(Refused, match="wanted what `sparrow generate` leaves, got no such file"):
        verify(tmp_path)


def test_a_crash_of_an_engine_is_no_difference_and_its_traceback_is_on_file(
    generated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accel.engines.engine.golden", lambda made, inputs: 1 // 0)
    with pytest.raises(Crashed, match="golden: ZeroDivisionError"):
        verify(generated)
    found = json.loads((generated / "verify.json").read_text())["engines"][0]
    assert found["status"] == "crashed"
    assert "1 // 0" in found["traceback"]


def test_an_engine_without_its_package_is_a_missing_tool(tmp_path: Path) -> None:
    (tmp_path / "lonely.py").write_text("import no_such_package_anywhere")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        with pytest.raises(ToolMissing, match="the Python package no_such_package_anywhere is not installed"):
            engines.engine("lonely:engine")(Design(spec(), random_weights.seeded(spec()), tmp_path), stimuli(spec()))


def test_a_missing_module_of_our_own_is_not_a_missing_tool(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        engines.engine("accel.engines.none:engine")(
            Design(spec(), random_weights.seeded(spec()), tmp_path), stimuli(spec())
        )
