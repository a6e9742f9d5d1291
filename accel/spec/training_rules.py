"""Studies that the spec's own network does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.spec.network import nonzeros_of
from accel.spec.spec import Spec


def training_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Studies that the spec's own network does not allow."""
    search, studies, task = spec.sparsity.search, spec.training.studies, spec.training.task
    if (spec.source is None) != (task is not None):
        yield "training.task", "a task, or a source" if task is None else "nothing beside a source", task
    if spec.source is not None and spec.source.distill and spec.source.data is None:
        yield "source.distill", "source.data, x to learn from", True
    for key in ("widths", "row_widths"):
        if getattr(studies, key) and spec.weights.kind != "fixed":
            yield f"training.studies.{key}", "nothing beside digits (weights.kind)", getattr(studies, key)
    fewest = min(map(min, spec.sizes))
    for banks in studies.banks:
        if banks > fewest:
            yield "training.studies.banks", f"at most as many banks as a matrix has columns, {fewest}", banks
    if studies.highway_lasso and not studies.highway:
        yield "training.studies.highway_lasso", "nothing without training.studies.highway", studies.highway_lasso
    if studies.equal_cycles and (search is None or search.cost == "cycles"):
        yield "training.studies.equal_cycles", "nothing without sparsity.search for cost: nonzeros", True
    if studies.lasso_reweighted and not studies.lasso:
        yield "training.studies.lasso_reweighted", "nothing without training.studies.lasso", True
    if studies.totals and search is None:
        yield "training.studies.totals", "nothing without sparsity.search", studies.totals
        return
    for total in studies.totals:
        least = min(inputs + hidden for inputs, hidden in spec.sizes)
        if nonzeros_of(total, least) < 2:
            yield "training.studies.totals", "ratios that leave two nonzeros a row, one for each matrix", total
