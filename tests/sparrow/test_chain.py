"""The chain of proof: whatever a result depends on is flipped, and the step concerned is stale and says why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import REFUSED
from accel.proof import ledger, sources, versions
from accel.proof.links import Links
from accel.schedule import load_spec
from sparrow import engines, steps
from sparrow.building import DEPENDS
from tests.designs import spec
from tests.sparrow.small import SPEC, sparrow, stale, write_spec

SPECIAL = {"accel/package": "report", "accel/report": "report", "sparrow": "report", "training": "train"}
"""The step that is stale after a change of a source file; all others concern `verify`."""


def concerned(name: str) -> str:
    return next((step for start, step in SPECIAL.items() if name.startswith(f"{start}/")), "verify")


def test_every_source_file_makes_a_step_stale_that_names_it(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stale(ran) == set()
    assert {name.split("/")[0] for name in sources.digests(sources.all_but())} == set(sources.PACKAGES)
    every = sources.digests(sources.all_but("exploration"))  # asks for steps, and none asks for it
    chosen = load_spec.load(SPEC)
    known = {step.name: step.links(chosen, ran, step.made_by) for step in steps.STEPS}
    assert "0" * 64 not in known["report"].sources.values()
    monkeypatch.setattr(sources, "digest", lambda path: "0" * 64)
    now = {step.name: step.links(chosen, ran, step.made_by) for step in steps.STEPS}
    said = {name: [str(fault) for fault in known[name].changes(now[name])] for name in known}
    for name in every:
        told = [one for one in said[concerned(name)] if f"source {name}: wanted sha256" in one]
        assert len(told) == 1, name
        assert now["report"].sources[name] == "0" * 64


def test_what_generate_and_build_run_makes_them_stale() -> None:
    chosen = spec()
    for links in (steps.step("generate").links(chosen, Path(), ""), DEPENDS(chosen, Path(), "")):
        for folder in ("accel/rtl", "accel/hls", "accel/memory", "fpga", "hls_templates"):
            every = {name for name in sources.digests(sources.all_but()) if name.startswith(f"{folder}/")}
            assert every
            assert every <= links.sources.keys()


def test_a_new_source_file_makes_steps_stale(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = sources.digests
    monkeypatch.setattr("sparrow.step.digests", lambda paths: {**digests(paths), "accel/rtl/blocks/new.py": "1" * 64})
    assert stale(ran) == {"generate", "verify", "report"}


@pytest.mark.parametrize(
    ("tool", "concerned"),
    [
        ("torch", {"train", "verify"}),
        ("numpy", {"train", "generate", "verify", "report"}),
        ("python", {"train", "generate", "verify", "report"}),
        ("jinja2", {"generate", "verify", "report"}),
        ("myhdl", {"generate", "verify"}),
        ("g++", {"verify"}),
        ("make", {"verify"}),
        ("verilator", {"verify"}),
        ("iverilog", {"verify"}),
        ("vvp", {"verify"}),
        ("yosys", {"verify"}),
        ("matplotlib", {"report"}),
    ],
)
def test_every_tools_version_is_a_link(
    ran: Path, monkeypatch: pytest.MonkeyPatch, tool: str, concerned: set[str]
) -> None:
    for kind in ("program", "package"):
        asked = getattr(versions, kind)
        monkeypatch.setattr(versions, kind, lambda name, asked=asked: "99.9" if name == tool else asked(name))
    assert stale(ran) == concerned
    result = sparrow("verify", SPEC) if concerned & {"train", "generate"} else sparrow("report", SPEC)
    if concerned != {"report"}:
        assert result.exit_code == REFUSED
        assert f"tool {tool}: wanted" in result.stderr


def test_a_version_is_asked_of_the_program_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "vvp"
    monkeypatch.setenv("PATH", str(tmp_path))
    found = []
    for version in ("11.0", "12.1"):
        program.write_text(f"#!/bin/sh\necho Icarus {version}\n")
        program.chmod(0o755)
        versions.at.cache_clear()
        found.append(versions.versions(["vvp", "iverilog", "no-such-package"]))
    versions.at.cache_clear()
    assert found == [{"vvp": version, "iverilog": "", "no-such-package": ""} for version in ("11.0", "12.1")]


LEFT = (
    *("weights.npz", "samples.npz", "training.json", "rtl/little.v", "rtl/little_tanh.hex", "hls/narrow.h"),
    *("fpga/vitis_hls/csim.tcl", "verify.json", "report.json"),
)
"""Files that a finished run left and that it vouches for, of every kind."""


def flip(path: Path) -> bytes:
    """Change one bit in the middle of a file; what is then there."""
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    return bytes(changed)


FIRST = ("weights.npz", "rtl/little.v", "verify.json", "report.json")
"""One of every step: the others of a step are found in the same way."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FIRST else [pytest.mark.slow]) for n in LEFT])
def test_a_flipped_bit_in_any_file_stops_the_verbs_after_it_and_run_makes_it_anew(ran: Path, name: str) -> None:
    flipped = flip(ran / name)
    maker = next(step for step, one in ledger.entries(ran).items() if name in one.outputs)
    after = [step.name for step in steps.STEPS[[one.name for one in steps.STEPS].index(maker) + 1 :]]
    for verb in after:
        result = sparrow(verb, SPEC)
        assert result.exit_code == REFUSED
        assert f"refused: {ran / name}: wanted sha256" in result.stderr
    result = sparrow("run", SPEC, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["steps"][maker] == "done"
    assert f"note: {maker} again, since a link changed: {ran / name}: wanted sha256" in result.stderr
    assert (ran / "set-aside/1" / name).read_bytes() == flipped
    assert set(json.loads(sparrow("run", SPEC, "--json").stdout)["steps"].values()) == {"unchanged"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_a_program_that_an_engine_built_is_a_link_too(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_spec(Path(), verify={"engines": ["golden", "hls"], "sequences": 3})
    assert sparrow("run", SPEC).exit_code == 0
    program = ran / "hls/build/bench"
    before = program.stat().st_mtime_ns
    assert sparrow("verify", SPEC).exit_code == 0
    assert program.stat().st_mtime_ns == before
    flip(program)
    result = sparrow("report", SPEC)
    assert result.exit_code == REFUSED
    assert "hls/build/bench: wanted sha256" in result.stderr
    assert sparrow("run", SPEC).exit_code == 0
    built = program.stat().st_mtime_ns
    assert built != before
    asked = versions.program
    monkeypatch.setattr(versions, "program", lambda name: "99.9" if name == "g++" else asked(name))
    assert sparrow("run", SPEC).exit_code == 0
    assert program.stat().st_mtime_ns != built


@pytest.mark.parametrize("name", ["rtl/little.v", "weights.npz", "verify.json", "report.html"])
def test_a_lost_file_is_made_anew(ran: Path, name: str) -> None:
    (ran / name).unlink()
    assert stale(ran)
    assert sparrow("run", SPEC).exit_code == 0
    assert (ran / name).is_file()
    assert stale(ran) == set()


def test_build_refuses_edited_verilog_by_name(ran: Path) -> None:
    (ran / "rtl/little.v").write_text("module little; endmodule")
    result = sparrow("build", SPEC, "--board", "ulx3s-85f", "--plan")
    assert result.exit_code == REFUSED
    assert "rtl/little.v: wanted sha256" in result.stderr


@pytest.mark.parametrize("verb", ["generate", "verify", "build", "report"])
@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"training": {"seed": 2}}, "training.seed: wanted 1, got 2"),
        ({"sparsity": {"recurrent": 0.25}}, "sparsity.recurrent: wanted 0.5, got 0.25"),
        ({"formats": {"gate": [14, 10]}}, "formats.gate: wanted [16, 12], got [14, 10]"),
    ],
    ids=["seed", "sparsity", "formats"],
)
def test_weights_of_another_spec_are_refused_by_the_key(ran: Path, verb: str, sections: dict, said: str) -> None:
    write_spec(Path(), **sections)
    result = sparrow(verb, SPEC, *(["--board", "ulx3s-85f"] if verb == "build" else []))
    assert result.exit_code == REFUSED
    assert f"refused: {said}" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("verb", "sections"),
    [("verify", {"name": "other"}), ("report", {"verify": {"engines": ["golden"], "sequences": 5}})],
)
def test_what_only_a_later_step_depends_on_is_refused_there(ran: Path, verb: str, sections: dict) -> None:
    write_spec(Path(), **sections)
    result = sparrow(verb, SPEC, "--work", str(ran))
    assert result.exit_code == REFUSED
    assert sparrow("run", SPEC, "--work", str(ran)).exit_code == 0


def test_swapped_weights_of_another_seed_are_refused(ran: Path) -> None:
    write_spec(Path(), training={"seed": 2})
    sparrow("train", SPEC, "--work", "other")
    shutil.copy("other/weights.npz", ran / "weights.npz")
    write_spec(Path())
    for verb in ("generate", "verify", "report"):
        result = sparrow(verb, SPEC)
        assert result.exit_code == REFUSED
        assert "weights.npz: wanted sha256" in result.stderr


def test_an_unchanged_run_asks_little(ran: Path) -> None:
    program = (
        "import sys; sys.argv = ['sparrow', 'run', 'small.yaml']\n"
        "from sparrow.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'torch', 'myhdl', 'matplotlib', 'onnx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(sources.ROOT)}, check=True)


def test_a_work_folder_whose_training_was_edited_is_not_taken_over(ran: Path) -> None:
    assert sparrow("import", SPEC, str(ran), "--work", "other").exit_code == 0
    assert not stale(Path("other")) & {"train"}
    record = (ran / "training.json").read_text()
    (ran / "training.json").write_text(record.replace("null", "7"))
    result = sparrow("import", SPEC, str(ran), "--work", "another")
    assert result.exit_code == REFUSED
    assert "training.json: wanted sha256" in result.stderr


def test_different_verification_is_not_taken_for_done(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = engines.ENGINES["golden"].engine

    def wrong(design, given):  # type: ignore[no-untyped-def]
        seen = golden(design, given)
        seen.outputs = seen.outputs + np.int64(1)
        return seen

    monkeypatch.setitem(engines.ENGINES, "golden", engines.DeviceUnderTest(wrong, counts=True))
    assert sparrow("verify", SPEC).exit_code == 1
    result = sparrow("report", SPEC)
    assert result.exit_code == REFUSED
    assert "that did not end" in result.stderr


def test_links_of_a_step_are_all_of_a_kind(ran: Path) -> None:
    for step in steps.STEPS:
        found = ledger.entry(ran, step.name)
        assert found is not None
        assert isinstance(found.links, Links)
        assert found.links.spec
        assert found.links.sources
        assert found.links.tools
