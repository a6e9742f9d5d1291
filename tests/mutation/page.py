"""docs/mutation.md: what became of the mutants, and why those that nothing can tell from the original are that."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml

from accel.base import tools
from tests.mutation.ledger import Row
from tests.mutation.mutants import LANGUAGES

ARGUMENTS = Path(__file__).with_name("arguments.yaml")
DESIGNS = {
    "rows": "by rows with the arg max of a head",
    "columns": "by columns with a threshold",
    "loaded": "ternary weights with scales, loaded",
    "fed": "weights fed, two streams, states given and taken",
    "highway": "a highway of two levels that goes on from sequence to sequence",
}
PROOFS = {
    "statement": "a SAT solver of yosys finds no values of its signals for which the changed statement differs",
    "netlist": "yosys makes the same netlist of both (walked together from the output ports backwards)",
    "reset": "changes what happens under reset only; every port is the same in every cycle, every register soon after",
    "compiler": "g++ -O2 makes the same object file of both, with one copy of operand memories and with all",
    "wider": "an exact integer gets wider, its values stay",
    "argued": "argued by hand, each below",
}


@cache
def arguments() -> list[dict[str, str]]:
    """Why mutants that survived are the same as the original: by a mutant's name, or by file and words of a change."""
    found: list[dict[str, str]] = yaml.safe_load(ARGUMENTS.read_text(encoding="utf-8")) or []
    return found


def judged(row: Row) -> Row:
    """A verdict, with the argument for it where a person gave one."""
    seen = {"id": row["id"], "file": Path(row["file"]).name, "before": row["before"], "after": row["after"]}
    for one in arguments() if row["status"] == "survived" else []:
        if all(seen[name] == words for name, words in one.items() if name != "reason"):
            return {**row, "status": "equivalent", "engine": "argued", "reason": one["reason"]}
    return row


def write_page(path: Path, rows: list[Row], command: str) -> None:
    """Write the page for mutants that a tool took."""
    first, *others = dict.fromkeys(row["seed"] for row in rows)
    own = [row for row in rows if row["seed"] == first]
    lines = [*_head(own, command), *_tables(own), *(line for seed in others for line in _other(rows, seed))]
    path.write_text("\n".join([*lines, *_proofs(rows), *_lists(rows)]) + "\n", encoding="utf-8")


def score(rows: Iterable[Row]) -> tuple[int, int, int, str]:
    """Caught, equivalent, survived, and the share of those not equivalent that were caught."""
    counts = Counter(row["status"] for row in rows)
    caught, survived = counts["caught"], counts["survived"]
    share = f"{100 * caught / (caught + survived):.1f} %" if caught + survived else ""
    return caught, counts["equivalent"], survived, share


def _head(rows: list[Row], command: str) -> Iterator[str]:
    versions = {one.tool: one.version for one in tools.examine()}
    used = ", ".join(
        f"{name} {versions[name]}" for name in ("verilator", "iverilog", "g++", "yosys") if versions.get(name)
    )
    caught, equivalent, survived, share = score(rows)
    designs = "; ".join(f"`{name}`, {DESIGNS[name]}" for name in dict.fromkeys(row["design"] for row in rows))
    yield f"""# Mutations: does `sparrow verify` see a single fault?

Made by `{command}` on {datetime.date.today()} with {used}; do not edit.

A mutant is one small change of one generated file: of the Verilog, of the C++ and the headers that the design uses, or
one bit of a memory. Each of {len(rows)} meets the checks of `sparrow verify` on small designs: {designs}.
Which changes are made is drawn with a seed, every kind in its turn. Changes that a tool does not compile are replaced.
What only shows signals to a bench is left alone. Verilog meets Icarus first, C++ a build without optimisation; what
passes meets the engines as they are.

**{caught} caught, {equivalent} equivalent, {survived} survived: {share} of those that are not equivalent are caught.**
{_judges(rows)}
"""


def _other(rows: list[Row], seed: int) -> Iterator[str]:
    """Another draw, of which nothing was seen before."""
    drawn = {row["id"] for row in rows if row["seed"] != seed}
    own = [row for row in rows if row["seed"] == seed]
    common = sum(row["id"] in drawn for row in own)
    yield f"## Another draw\n\nSeed {seed}; {common} of these are in the first draw too.\n"
    yield "| language | mutants | caught | equivalent | survived | caught of the rest |\n|---|---|---|---|---|---|"
    for language in LANGUAGES:
        yield _line(language, [row for row in own if row["language"] == language])
    yield _line("**all**", own) + "\n"


def _judges(rows: list[Row]) -> str:
    """How many of the caught ones each judge caught."""
    counts = Counter(row["engine"] for row in rows if row["status"] == "caught")
    beside, memories = counts["cycle by cycle"], counts["memories"]
    others = counts.total() - beside - memories
    return (
        f"Of these, {memories} differ in a memory, {others} from the golden model, and {beside} in nothing but some "
        "output in some cycle, which is another one than in the MyHDL blocks."
    )


def _tables(rows: list[Row]) -> Iterator[str]:
    for title, key in (("design", "design"), ("kind of change", "kind")):
        for language in LANGUAGES:
            own = [row for row in rows if row["language"] == language]
            if not own or (key == "kind" and language == "memory"):
                continue
            yield f"| {language}, by {title} | mutants | caught | equivalent | survived | caught of the rest |"
            yield "|---|---|---|---|---|---|"
            for name in dict.fromkeys(
                row[key] for row in sorted(own, key=lambda row: str(row["kind"]) if key == "kind" else "")
            ):
                yield _line(name, [row for row in own if row[key] == name])
            yield _line("**all**", own) + "\n"


def _line(name: str, rows: list[Row]) -> str:
    caught, equivalent, survived, share = score(rows)
    return f"| {name} | {len(rows)} | {caught} | {equivalent} | {survived} | {share} |"


def _proofs(rows: list[Row]) -> Iterator[str]:
    once = {row["id"]: row for row in rows}.values()
    counts = Counter((row["engine"], row["language"]) for row in once if row["status"] == "equivalent")
    yield "## Why equivalent\n\n| proof | Verilog | C++ | memory |\n|---|---|---|---|"
    for name, text in PROOFS.items():
        yield f"| {text} | " + " | ".join(str(counts[name, language]) for language in LANGUAGES) + " |"
    yield ""


def _lists(rows: list[Row]) -> Iterator[str]:
    once = {row["id"]: row for row in rows}.values()
    argued = [row for row in once if row["status"] == "equivalent" and row["engine"] == "argued"]
    survived = [row for row in once if row["status"] == "survived"]
    for title, found in (("Argued by hand", argued), ("Survived", survived)):
        if found:
            yield f"## {title}\n"
            for row in found:
                yield f"* `{row['id']}` {row['design']}, {Path(row['file']).name}, {row['kind']}:"
                yield f"  `{row['before']}` → `{row['after']}`" + (
                    f"  \n  {row['reason']}" if row["engine"] == "argued" else ""
                )
            yield ""
