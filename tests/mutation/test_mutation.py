"""The mutation trials: faults are caught, a blind judge is told, and what is called equivalent is that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accel.engines.icarus import icarus
from accel.engines.verify import Result
from accel.model.random_weights import seeded
from accel.schedule.load_spec import parse
from tests.mutation import designs, population, trial
from tests.mutation.ledger import Ledger, state
from tests.mutation.mutants import Change, Mutant
from tests.mutation.page import judged, write_page
from tests.mutation.statements import same_statement
from tests.mutation.trial import Trial

CLAMP = b"""module m (
    clk
);
input wire clk;
reg signed [5:0] o;
wire signed [8:0] r;
always @(posedge clk) begin: clamping
    if ((r > 31)) begin
        o <= 31;
    end
    else begin
        o <= r;
    end
end
endmodule
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """The smallest of the five designs before its judges."""
    folder = tmp_path_factory.mktemp("mutation")
    design = designs.generated("highway", folder / "work")
    return Trial(design, designs.stimuli(design), folder)


def first(found: list[Mutant], **wanted: str) -> Mutant:
    """The first mutant with these parts in its fields."""
    return next(m for m in found if all(part in getattr(m, name) for name, part in wanted.items()))


def faults(tried: Trial) -> Iterator[Mutant]:
    """One that must be caught in each language."""
    yield first(population.of_verilog(tried.design), kind="branches swapped", before="partial")
    yield first(population.of_cpp(tried.design), kind="constant", file="config.h", before="kXShift")
    yield first(population.of_memories(tried.design), file="bias.hex")


@pytest.mark.parametrize("place", range(3), ids=["verilog", "cpp", "memory"])
def test_a_fault_is_caught(tried: Trial, place: int) -> None:
    verdict = tried.of(list(faults(tried))[place])
    assert verdict.status == "caught", verdict


def test_a_blind_judge_lets_a_fault_survive_and_the_page_says_so(
    tried: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trial, "compare", lambda name, *_: Result(name, "equal", 1, 0, None, 0.0, ""))
    monkeypatch.setattr(tried.bench, "unlike", "")
    for look in ("_proven", "_engine"):
        monkeypatch.setattr(Trial, look, lambda *_: trial.Verdict("survived"))
    mutant = next(faults(tried))
    verdict = tried.of(mutant)
    assert verdict.status == "survived"
    row = {"id": mutant.id, "design": "highway", "language": "Verilog", "file": mutant.file, "kind": mutant.kind}
    row |= {
        "before": mutant.before,
        "after": mutant.after,
        "status": verdict.status,
        "engine": "",
        "reason": "",
        "seed": 1,
    }
    write_page(tmp_path / "page.md", [judged(row)], "a command")
    assert "1 survived: 0.0 %" in (tmp_path / "page.md").read_text()
    assert mutant.id in (tmp_path / "page.md").read_text()


OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in designs.SPECS if name != "highway"]


@pytest.mark.parametrize("name", ["highway", *OTHERS])
def test_the_bench_in_verilog_sees_what_the_engine_icarus_sees(tried: Trial, name: str, tmp_path: Path) -> None:
    if name != "highway":
        design = designs.generated(name, tmp_path / "work")
        tried = Trial(design, designs.stimuli(design), tmp_path)
    quick = tried.bench.observed(tried.design.work / tried.verilog, tried.design.work / "rtl")
    usual = icarus(tried.design, tried.samples)
    np.testing.assert_array_equal(quick.step_cycles, usual.step_cycles)
    assert quick.status == usual.status
    np.testing.assert_array_equal(quick.outputs, usual.outputs)
    for layer, named in usual.signals.items():
        for signal, values in named.items():
            np.testing.assert_array_equal(quick.signals[layer][signal], values)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        pytest.param(b"(r > 31)", ">=", True, id="clamp_at_the_bound"),
        pytest.param(b"(r > 31)", "<", False, id="clamp_turned_round"),
    ],
)
def test_a_statement_is_proven_the_same_where_no_value_tells_it_apart(before: bytes, after: str, same: bool) -> None:
    place = CLAMP.index(before) + before.index(b">")
    assert same_statement(CLAMP, Change("bound", place, place + 1, after)) is same


def test_a_design_that_does_not_pass_itself_is_not_tried(tried: Trial, tmp_path: Path) -> None:
    """Every mutant of it would count as caught."""
    other = parse(designs.SPECS["highway"] | {"training": {"task": "seeded", "seed": 5}})
    with pytest.raises(RuntimeError, match="the unchanged design is caught"):
        Trial(replace(tried.design, weights=seeded(other)), tried.samples, tmp_path)


def test_an_argument_holds_for_its_own_words_only() -> None:
    known = {"id": "of another design", "file": "hls/lookup.h", "status": "survived"}
    known |= {"before": "if (index > kEntries / 2 - 1) return kEntries / 2 - 1;"}
    clamp = "if (index >= kEntries / 2 - 1) return kEntries / 2 - 1;"
    assert judged({**known, "after": clamp})["status"] == "equivalent"
    assert judged({**known, "after": clamp.replace(">=", "<")})["status"] == "survived"
    assert judged({**known, "after": clamp, "status": "caught"})["status"] == "caught"


def test_verdicts_of_another_state_and_lines_cut_short_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Ledger(path, "old").add({"id": "a", "status": "caught"})
    Ledger(path, "new").add({"id": "b", "status": "survived"})
    with path.open("a") as file:
        file.write('{"state": "new", "id": "c", "sta')
    assert set(Ledger(path, "new").rows) == {"b"}


def test_the_state_of_a_verdict_changes_with_what_is_generated_and_with_the_samples(tried: Trial) -> None:
    samples = tried.samples
    assert state(tried.design, samples) == state(tried.design, samples)
    assert state(tried.design, samples) != state(tried.design, replace(samples, x=samples.x + 1))


def test_a_choice_is_the_same_for_the_same_seed_and_takes_every_kind_in_turn(tried: Trial) -> None:
    found = population.of_verilog(tried.design)
    kinds = {mutant.kind for mutant in found}
    chosen = [mutant for _, mutant in zip(range(len(kinds)), population.chosen(found, 1), strict=False)]
    assert {mutant.kind for mutant in chosen} == kinds
    assert chosen == [mutant for _, mutant in zip(range(len(kinds)), population.chosen(found, 1), strict=False)]
    assert chosen != [mutant for _, mutant in zip(range(len(kinds)), population.chosen(found, 2), strict=False)]
