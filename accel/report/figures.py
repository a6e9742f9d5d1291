"""The report's figures, as SVG that stands alone and is the same for the same design."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from accel.architecture.array import Array
from accel.model.weights import LayerWeights, Matrix
from accel.spec import BALANCES, Walk

INK, MUTED, X, H, CELL, HEAD = "#1f2933", "#7b8794", "#2f6fde", "#12876f", "#c2571a", "#8a4fbd"
REMOVED = "#ccd4dc"


def svg(figure: Figure) -> str:
    """The figure as an <svg> element; text stays text."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sparrow"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def sparsity(layer: LayerWeights, array: Array) -> str:
    """Both matrices of a layer: which weights are kept, and their values; rows by gate."""
    shapes = (layer.w_x, layer.w_h)
    figure = Figure(figsize=(10.0, 4.6), layout="constrained")
    ratios = [max(0.25, matrix.values.shape[1] / shapes[1].values.shape[1]) for matrix in shapes]
    axes = figure.subplots(1, 2, width_ratios=ratios)
    for axis, matrix, symbol, kept, walk in zip(axes, shapes, ("W_x", "W_h"), array.kept, array.walks, strict=True):
        _matrix(axis, matrix, f"{array.name}  {symbol}", _pattern(array, matrix, kept, walk), array)
    return svg(figure)


def _pattern(array: Array, matrix: Matrix, kept: int, walk: Walk) -> str:
    """What a matrix keeps, in words."""
    return BALANCES[walk].shown.format(kept=kept, columns=matrix.values.shape[1], rows=array.groups)


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
    axis.set_ylabel(f"validation {training['metric']}", fontsize=9, color=MUTED)
    axis.set_xlabel("nonzeros a row of the first layer, x + h", fontsize=9, color=MUTED)
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    return svg(figure)
