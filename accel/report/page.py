"""The report's page: figures and facts put into its template."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from accel.base.templates import render
from accel.model.design import Design
from accel.report import figures
from accel.report.timeline import timeline
from accel.spec import BALANCES, TRAVERSALS, Spec

CLASSES = 20
"""At most this many classes have a table of answers."""


def page(design: Design, facts: dict[str, Any]) -> str:
    """The page as one HTML text that loads nothing from elsewhere."""
    layers = zip(design.net.layers, design.net.recurrent(design.weights.layers), strict=True)
    searched = len(facts["training"].get("candidates", ())) > 1
    html: str = render(
        "accel",
        "report/page.html.j2",
        facts=facts,
        network=network_words(design),
        kept_in=kept_in(design.spec),
        gates=design.net.layers[0].cell.rows,
        verdict=verdict(facts["verify"]),
        sparsity=[Markup(figures.sparsity(layer, array)) for array, layer in layers],
        timeline=Markup(timeline(design)),
        search=Markup(figures.search(facts["training"])) if searched else None,
        curves=Markup(drawn) if (drawn := figures.curves(facts["training"])) else None,
        confusion=confusion if (confusion := facts["confusion"]) and len(confusion) <= CLASSES else None,
        resolved=design.spec.resolved(),
    )
    return html


def network_words(design: Design) -> str:
    """The network in words: `LSTM 8 → 32 → 10, arg max`, `Recurrent highway network of 2 levels, 8 ...`."""
    model = design.spec.model
    sizes = [model.inputs, *model.hidden, *([model.head.outputs] if model.head else [])]
    ends = {"argmax": ", arg max", "logits": ", logits"}
    levels = f" of {model.depth} levels," if model.depth else ""
    title = design.net.layers[0].cell.title + levels
    return f"{title} " + " → ".join(map(str, sizes)) + (ends[model.head.kind] if model.head else "")


def kept_in(spec: Spec) -> str:
    """Where the same number of weights is kept, in words."""
    return ", or by columns in every ".join(
        BALANCES[traversal].each for traversal in TRAVERSALS if traversal in spec.traversals
    )


def verdict(verify: dict[str, Any]) -> dict[str, str]:
    """The result of verification in one line, and how it is coloured."""
    counts = dict.fromkeys(("equal", "different", "failed", "crashed", "not run"), 0)
    for engine in verify["engines"]:
        counts[engine["status"]] += 1
    words = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    held = verify["memories"]["status"]
    bad = counts["different"] + counts["failed"] + counts["crashed"] + (held != "equal")
    colour = "bad" if bad else "open" if counts["not run"] else "good"
    return {"words": f"memories {held}, {len(verify['engines'])} engines: {words}", "colour": colour}
