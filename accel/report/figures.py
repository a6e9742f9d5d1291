"""The report's figures, as SVG that stands alone and is the same for the same design."""

from __future__ import annotations

import hashlib
import io
import re
import textwrap
from typing import Any

import matplotlib
import numpy as np
from markupsafe import escape
from matplotlib.figure import Figure

from accel.architecture.array import Array
from accel.model.weights import LayerWeights, Matrix
from accel.spec import BALANCES, Traversal

INK, MUTED, X, H, CELL, HEAD = "#1f2933", "#5a6775", "#2f6fde", "#12876f", "#c2571a", "#8a4fbd"
REMOVED, PAPER, ON_COLOUR = "#ccd4dc", "#ffffff", "#fdfdfd"
"""The last is for letters on a bar: they stay light where paper is dark."""
THEMED = {INK: "ink", "#000000": "ink", MUTED: "muted", REMOVED: "removed", PAPER: "paper"}
"""Colours that the page gives, light or dark, by its own names."""
LETTER = 0.62
"""Width of a letter by its size, at most on average."""


def svg(figure: Figure, words: str) -> str:
    """The figure as an <svg> element in the page's colours; text stays text, `words` are for who does not see it."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sparrow"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for colour, name in THEMED.items():
        text = text.replace(colour, f"var(--{name})")
    own = hashlib.sha256((words + text).encode()).hexdigest()[:8]
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>f{own}-", text)  # pictures of a page share no names
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(words)}" ', 1)


def fits(words: str, size: float, inches: float) -> bool:
    """Whether words of a size in points have room on a width in inches."""
    return len(words) * LETTER * size <= 72 * inches


def sparsity(layer: LayerWeights, array: Array) -> str:
    """Both matrices of a layer: which weights are kept, and their values; rows by gate."""
    shapes, width = (layer.w_x, layer.w_h), 10.0
    figure = Figure(figsize=(width, 4.6), layout="constrained")
    ratios = [max(0.25, matrix.values.shape[1] / shapes[1].values.shape[1]) for matrix in shapes]
    axes = figure.subplots(1, 2, width_ratios=ratios)
    words = []
    for number, (axis, matrix, symbol) in enumerate(zip(axes, shapes, ("W_x", "W_h"), strict=True)):
        pattern = _pattern(array, matrix, array.nnz[number], array.traversals[number])
        room = 0.85 * width * ratios[number] / sum(ratios)
        shown = "\n".join(textwrap.wrap(pattern, max(10, int(72 * room / (LETTER * 9)))))
        _matrix(axis, matrix, f"{array.name}  {symbol}", shown, array)
        words.append(f"{symbol} keeps {pattern}")
    return svg(figure, f"Weights of {array.name}: {'; '.join(words)}")


def _pattern(array: Array, matrix: Matrix, kept: int, traversal: Traversal) -> str:
    """What a matrix keeps, in words."""
    return BALANCES[traversal].shown.format(kept=kept, columns=matrix.values.shape[1], rows=array.groups)


def _matrix(axis: Any, matrix: Matrix, title: str, pattern: str, array: Array) -> None:
    rows, columns = matrix.values.shape
    largest = max(1, int(np.abs(matrix.values).max()))
    shown = np.where(matrix.mask, matrix.values / largest, np.nan)
    axis.imshow(shown, cmap="RdBu", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axis.set_facecolor(REMOVED)
    hidden, blocks = array.outputs, rows // array.outputs
    gates = [gate for level in array.cell.levels for gate in level.gates][:blocks]
    for boundary in range(1, blocks):
        axis.axhline(boundary * hidden - 0.5, color=INK, linewidth=0.8)
    axis.set_yticks([(number + 0.5) * hidden - 0.5 for number in range(blocks)], gates)
    axis.set_xticks([0, columns - 1] if columns > 1 else [0])
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.set_title(title, fontsize=10, color=INK, loc="left")
    axis.set_xlabel(pattern, fontsize=9, color=MUTED)


def search(training: dict[str, Any]) -> str:
    """The metric of every candidate of the dual-ratio search, over the share of nonzeros that W_x gets."""
    figure = Figure(figsize=(5.6, 2.6), layout="constrained")
    axis = figure.subplots()
    candidates = sorted(training["candidates"], key=lambda candidate: candidate["kept"][0])
    labels = [" + ".join(map(str, candidate["kept"][0])) for candidate in candidates]
    axis.plot(labels, [candidate["valid"] for candidate in candidates], color=X, marker="o", linewidth=1.2, zorder=1)
    chosen = next(n for n, candidate in enumerate(candidates) if candidate["chosen"])
    axis.scatter([labels[chosen]], [candidates[chosen]["valid"]], color=CELL, s=70, zorder=2)
    if not all(fits(f"{label}  ", 9, 4.8 / len(labels)) for label in labels):
        axis.tick_params(axis="x", rotation=60)
    _plain(axis, "nonzeros a row of the first layer, x + h", f"validation {training['metric']}")
    best = f"{labels[chosen]} was chosen, at {candidates[chosen]['valid']:.4f}"
    return svg(figure, f"Validation {training['metric']} of {len(labels)} splits of the nonzeros; {best}")


def curves(training: dict[str, Any]) -> str | None:
    """The validation metric epoch by epoch: dense, the pruned network that was chosen, states pruned, quantised.

    None where the record has no curves.
    """
    known = training.get("curves", {})
    chosen = [one["kept"] for one in training.get("candidates", ()) if one["chosen"]][:1]
    pruned = [f"pruned {', '.join(f'{k_x}+{k_h}' for k_x, k_h in kept)}" for kept in chosen]
    stages = [name for name in ("dense", *pruned, "states pruned", "quantized") if known.get(name)]
    if not stages:
        return None
    figure = Figure(figsize=(5.6, 3.0), layout="constrained")
    axis, begin = figure.subplots(), 1
    for name, colour in zip(stages, (MUTED, X, HEAD, CELL), strict=False):
        values = [epoch["valid"] for epoch in known[name]]
        axis.plot(range(begin, begin + len(values)), values, color=colour, marker=".", linewidth=1.2, label=name)
        begin += len(values)
    axis.legend(frameon=False, fontsize=9, labelcolor=INK)
    _plain(axis, "epoch, stage after stage", f"validation {training['metric']}")
    ends = ", ".join(f"{name} ends at {known[name][-1]['valid']:.4f}" for name in stages)
    return svg(figure, f"Validation {training['metric']} over {begin - 1} epochs: {ends}")


def _plain(axis: Any, below: str, beside: str) -> None:
    """Names of both axes, and no frame."""
    axis.set_xlabel(below, fontsize=9, color=MUTED)
    axis.set_ylabel(beside, fontsize=9, color=MUTED)
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right"]].set_visible(False)
