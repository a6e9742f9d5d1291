"""docs/resources.md: how far the estimates are from what yosys counts, family by family and design by design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

Error = tuple[str, str, str, float]
"""Design, family as counted, `left out` or `outside`, and by how much the estimate is too high."""
Exact = tuple[str, str, tuple[int, int], tuple[int, int]]
"""Design, family as counted, block RAMs and multipliers by the rules and as yosys counts them."""
Told = Mapping[tuple[str, str], Sequence[Error]]
"""Errors by family and resource."""

TEXT = """# Resources before synthesis

Made by `make resources`; do not edit. What `sparrow check` and `sparrow explore` say that a design takes of a chip,
against what yosys {yosys} counts of the generated Verilog (synthesised; for Xilinx chips, whose place and route is
Vivado's, that is an estimate itself). The serial line is not in it. Weights are seeded. Rules and terms are described
in [decision 046](decisions/046-resources-of-every-family.md).

## Block RAMs and multipliers

Exact: a memory is placed, and a product split, by yosys' own rules.

{exact}

## Lookup tables and registers

A model with a coefficient a term and family (`fpga/coefficients.yaml`). "Left out": each design by the fit on all
others. "Outside": designs that no fit has seen, shipped specs and what came after the fit.

{families}

## Design by design

Counted lookup tables and registers, and by how much the estimate is too high; in italics designs outside the fit.
iCE40 "no mult." is a chip without multipliers, whose products are lookup tables.

{designs}
"""


def page(told: Told, exact: Sequence[Exact], counts: Mapping[str, Mapping[str, Mapping[str, int]]], yosys: str) -> str:
    """The whole page."""
    return TEXT.format(yosys=yosys, exact=_exact(exact), families=_families(told), designs=_designs(told, counts))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _exact(found: Sequence[Exact]) -> str:
    rows = []
    for kind in dict.fromkeys(one[1] for one in found):
        own = [(rules, counted) for _, of, rules, counted in found if of == kind]
        equal = (sum(rules[n] == counted[n] for rules, counted in own) for n in (0, 1))
        rows.append((kind, len(own), *(f"{count} of {len(own)}" for count in equal)))
    return table(("family", "designs", "block RAMs equal", "multipliers equal"), rows)


def _families(told: Told) -> str:
    rows = []
    for (family, resource), errors in told.items():
        cells = (_summary([off for *_, how, off in errors if how == wanted]) for wanted in ("left out", "outside"))
        rows.append((family, resource, *cells))
    return table(("family", "", "left out: mean, worst", "outside: mean, worst"), rows)


def _summary(errors: Sequence[float]) -> str:
    if not errors:
        return "none"
    return f"{fmean(map(abs, errors)):.1%}, {max(errors, key=abs):+.1%} ({len(errors)})"


def _designs(told: Told, counts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    found = {
        (name, kind, resource): (how, off) for (_, resource), errors in told.items() for name, kind, how, off in errors
    }
    kinds = list(dict.fromkeys(kind for _, kind, _ in found))
    rows = []
    for name in dict.fromkeys(name for name, *_ in found):
        outside = any(how == "outside" for (of, *_), (how, _) in found.items() if of == name)
        cells = (_cell(name, kind, counts, found) for kind in kinds)
        rows.append((f"*{name}*" if outside else name, *cells))
    return table(("design", *(kind.replace("without multipliers", "no mult.") for kind in kinds)), rows)


def _cell(
    name: str,
    kind: str,
    counts: Mapping[str, Mapping[str, Mapping[str, int]]],
    found: Mapping[tuple[str, str, str], tuple[str, float]],
) -> str:
    """Lookup tables and registers of a design in a family; empty where it was not counted."""
    if kind not in counts[name]:
        return ""
    return ", ".join(f"{counts[name][kind][one]:,} {found[name, kind, one][1]:+.0%}" for one in ("luts", "registers"))
