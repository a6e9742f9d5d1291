"""How `import`, `predict` and `evaluate` look on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from sparrow.terminal import table


def predicted(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow predict`: where the answers lie, and how much of x the input's format clips."""
    names = ("sequences", "steps", "engine")
    rows = [("answers", facts["file"]), ("shape", " x ".join(map(str, facts["shape"])))]
    rows += [(name, str(facts[name])) for name in names] + [("x that clips", f"{facts['clipped']:.2%}")]
    return [table("Predicted", ("", ""), rows)]


def evaluated(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow evaluate`: golden beside float, and how far apart they are."""
    rows = [(name, "" if facts[name] is None else f"{facts[name]:.4f}") for name in ("golden", "float", "apart")]
    return [table(f"{facts['metric']} over {facts['answers']} answers", ("", ""), rows)]


def newly_written(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow new`: what was read, which formats and lanes were chosen, and how to go on."""
    rows = [("spec", facts["file"]), ("layers", "; ".join(facts["layers"])), ("head", facts["head"] or "none")]
    rows += [("data", facts["data"]), ("bound of the relative error", f"{facts['bound']:g}")]
    rows += [(f"reached: {name}", f"{error:.2%}") for name, error in facts["errors"].items()]
    rows += [("bits of a weight, on average", f"{facts['weight_bits']:g}")]
    clipped = sum(sum(counts.values()) for counts in facts["saturations"].values())
    rows += [("values that saturated", str(clipped)), ("board", facts["board"] or "none")]
    rows += [("lanes", f"{facts['lanes']:,}"), ("cycles per step", f"about {facts['cycles']:,}")]
    rows += [("memory bits", f"{facts['memory_bits']:,}"), ("next", f"sparrow run {facts['file']}")]
    return [table("A spec of your own", ("", ""), rows)]


def imported(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow import`: what was taken for what, the comparison with the file, and what the integers lose."""
    names = ("head", "ending")
    taken = [("layers", ", ".join(facts["layers"])), *((name, facts[name]) for name in names if facts[name])]
    taken += [(name, ", ".join(facts[name])) for name in ("linear", "folded", "ignored", "settled") if facts[name]]
    proven = ("on", "sequences", "steps", "by", "largest difference", "allowed")
    loss = facts["loss"]
    kinds = ("", "in the file", "format", "clipped", "largest", "rms error", "of rms")
    states = [(layer["name"], _percent(layer["relative_error"])) for layer in loss["layers"]]
    if decided := loss.get("decisions"):
        states.append(("answers that differ", f"{decided['differ']} of {decided['answers']}"))
    title = f"Golden model against the file's network: relative error (rms) on {loss['inputs']} x"
    learned = facts.get("distilled")
    return [
        table("Taken from the file", ("", ""), taken),
        table("Compared with the file", proven, map(_compared, facts["compared"])),
        table("Integers against the file's weights", kinds, map(_lost, loss["matrices"])),
        *([table("Trained to answer as the file does", LEARNED, _learned(learned))] if learned else []),
        table(title, ("h_t of, logits of", "relative error"), states),
    ]


LEARNED = ("", "epochs", "relative error held out, before", "of the best epoch")


def _learned(curve: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """A row a stage of distillation."""
    for stage in dict.fromkeys(epoch["stage"] for epoch in curve):
        errors = [epoch["error"] for epoch in curve if epoch["stage"] == stage]
        yield stage, len(errors) - 1, f"{errors[0]:.2%}", f"{min(errors):.2%}"


def _compared(one: dict[str, Any]) -> tuple[Any, ...]:
    numbers = (f"{one[name]:.1e}" for name in ("largest_difference", "allowed"))
    return one["inputs"], one["sequences"], one["steps"], one["by"], *numbers


def _lost(matrix: dict[str, Any]) -> tuple[Any, ...]:
    sizes = f"{matrix['largest']:.4g}", f"{matrix['rms_error']:.2e}", _percent(matrix["relative_error"])
    return matrix["name"], matrix["tensor"], matrix["format"], f"{matrix['clipped']:.2%}", *sizes


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"
