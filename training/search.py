"""Dual-ratio search (BRDS, arXiv 2101.02667): share a row's nonzeros out between W_x and W_h, and keep the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accel.shape import Kept, planned
from accel.spec import Search, Spec, kept
from training.loop import Fitted
from training.tasks.task import Metric

Split = tuple[Kept, ...]
"""Nonzeros per row of W_x and W_h, one pair a layer."""


@dataclass(frozen=True)
class Candidate:
    """One way to share the nonzeros out, fine-tuned."""

    kept: Split
    fitted: Fitted


def line(spec: Spec) -> list[Split]:
    """The splits to try, all of the same total: the even one, then towards W_x, then towards W_h.

    Each direction goes to its end (a matrix is full, or the other keeps one weight a row) in `steps` equal steps;
    layers move together. Steps that fall on the same whole numbers are tried once.
    """
    search, even = spec.sparsity.search, planned(spec)
    if search is None:
        return [even]
    positions = [n / search.steps for n in range(search.steps + 1)]
    shares = [*positions, *(-share for share in positions)]
    return list(
        dict.fromkeys(tuple(_moved(spec, search, n, pair, share) for n, pair in enumerate(even)) for share in shares)
    )


def _moved(spec: Spec, search: Search, number: int, even: Kept, share: float) -> Kept:
    """The split of one layer at `share` of the way from even to the end of the line (negative: towards W_h)."""
    inputs, hidden = (spec.model.inputs, *spec.model.hidden)[number], spec.model.hidden[number]
    total = kept(search.total, inputs + hidden)
    end = min(inputs, total - 1) if share > 0 else max(1, total - hidden)
    k_x = even[0] + round((end - even[0]) * abs(share))
    return k_x, total - k_x


def search(splits: list[Split], fine_tune: Callable[[Split], Fitted], metric: Metric) -> list[Candidate]:
    """Fine-tune every split; the best on the validation split comes first, the others in the order they were tried."""
    tried = [Candidate(split, fine_tune(split)) for split in splits]
    best = max(tried, key=lambda candidate: candidate.fitted.score.rank(metric))
    return [best, *(candidate for candidate in tried if candidate is not best)]
