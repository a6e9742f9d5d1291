"""The tables of docs/own-networks.md, of the records that `tests.bench.networks` leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TITLES = {
    "gru": "a GRU as PyTorch begins it, random x",
    "vowels": "classifier with batch normalisation and an MLP, Japanese vowels",
    "beatnet": "BeatNet, beat tracker",
    "silero": "Silero VAD, 16 kHz",
}
WAY = (
    "model",
    "layers",
    "bits a weight",
    "largest error of h",
    "error of the head",
    "decisions that differ",
    "lanes",
    "cycles a step",
    "engines, all equal",
)
CURVE = ("`--error`", "removed", "distilled", "bits a weight", "error of h", "of the logits", "decisions that differ")


def tables(records: dict[str, Any]) -> str:
    """Both tables and where they come from."""
    whole = [_way(name, rows) for name, known in records.items() for rows in [_whole(known["rows"])] if rows]
    lines = [*_table(WAY, whole)]
    if curve := [row for name, known in records.items() if name.startswith("silero") for row in known["rows"]]:
        lines += ["", "Silero VAD, with another bound, and pruned by rows:", ""]
        lines += _table(CURVE, map(_curve, curve))
    stated = dict.fromkeys(known["versions"] for known in records.values())
    return "\n".join([*lines, "", f"{'; '.join(stated)}."])


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _whole(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that was verified with all weights kept."""
    return next((row for row in rows if "engines" in row and not row.get("sparsity")), None)


def _way(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    layers = ", ".join(layer.split(": ", 1)[1] for layer in row["layers"])
    head = f"; {row['head']}" if row["head"] else ""
    errors = dict(row["errors"])
    of_head = errors.pop("head", None)
    assert set(row["engines"].values()) == {"equal"}, row["engines"]
    return (
        TITLES[name],
        f"{layers}{head}",
        f"{row['weight_bits']:.2f}",
        f"{max(errors.values()):.2%}",
        "none" if of_head is None else f"{of_head:.2%}",
        _differ(row),
        str(row["lanes"]),
        ", ".join(f"{cycles:,}" for cycles in row["cycles"]),
        ", ".join(row["engines"]),
    )


def _differ(row: dict[str, Any]) -> str:
    return (
        "; ".join(f"{differ} of {count:,}, {what}" for what, (differ, count) in row["differ"].items()) or "none to take"
    )


def _curve(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['bound']:g}",
        f"{row.get('sparsity', 0):.0%}",
        "yes" if row.get("distilled") else "no",
        f"{row['weight_bits']:.2f}",
        f"{row['errors']['lstm0']:.2%}",
        f"{row['errors']['head']:.2%}",
        _differ(row),
    )
