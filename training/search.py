"""Dual-ratio search (BRDS, arXiv 2101.02667): share a row's nonzeros out between W_x and W_h, and keep the best."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from accel.architecture.constraints import violations
from accel.architecture.layer import Nnz
from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.spec import Search, Spec, nonzeros_of
from training.cycles import Cycles
from training.loop import Fitted
from training.tasks.task import Metric

Allocation = tuple[Nnz, ...]
"""Nonzeros per row of W_x and W_h, one pair a layer."""


@dataclass(frozen=True)
class Candidate:
    """One way to share the nonzeros out, fine-tuned."""

    nnz: Allocation
    fitted: Fitted


def line(spec: Spec, cycles: Cycles) -> list[Allocation]:
    """The allocations to try, all of the same cost: the even one, then towards W_x, then towards W_h.

    Each direction goes to its end (a matrix is full, or the other keeps one weight a row) in `steps` equal steps;
    layers move together. Steps that fall on the same whole numbers are tried once; left out are, at equal cycles, those
    whose W_x alone takes too long, and those whose groups are too short for the cell stage.
    """
    search, even = spec.sparsity.search, planned(spec)
    if search is None:
        return [even]
    positions = [n / search.steps for n in range(search.steps + 1)]
    shares = [*positions, *(-share for share in positions)]
    found = [tuple(_moved(spec, search, n, pair, share) for n, pair in enumerate(even)) for share in shares]
    if search.cost == "cycles":
        found = [filled for one in found if (filled := _filled(spec, even, one, cycles)) is not None]
    return [one for one in dict.fromkeys(found) if one == even or not list(violations(network(spec, one)))]


def _moved(spec: Spec, search: Search, number: int, even: Nnz, share: float) -> Nnz:
    """The allocation of one layer at `share` of the way from even to the end of the line (negative: towards W_h)."""
    (inputs, hidden), levels = spec.sizes[number], spec.model.depth or 1
    total = nonzeros_of(search.total, inputs + levels * hidden)
    end = min(inputs, total - levels) if share > 0 else max(1, total - levels * hidden)
    k_x = even[0] + round((end - even[0]) * abs(share))
    return k_x, (total - k_x) // levels


def _filled(spec: Spec, even: Allocation, one: Allocation, cycles: Cycles) -> Allocation | None:
    """An allocation with as many weights in every W_h as take no longer than the even one; None where not one does."""
    found = tuple(
        _fill(spec, cycles, number, pair, k_x) for number, (pair, (k_x, _)) in enumerate(zip(even, one, strict=True))
    )
    return found if all(k_h for _, k_h in found) else None


def _fill(spec: Spec, cycles: Cycles, number: int, even: Nnz, k_x: int) -> Nnz:
    """K_x and the largest K_h of a layer in the cycles of the even allocation; K_h = 0 where even 1 takes longer."""
    counts = range(1, spec.sizes[number][1] + 1)
    return k_x, bisect_right(counts, cycles(number, even), key=lambda k_h: cycles(number, (k_x, k_h)))


def search(allocations: list[Allocation], fine_tune: Callable[[Allocation], Fitted], metric: Metric) -> list[Candidate]:
    """Fine-tune every one; the best on the validation split comes first, the others in the order they were tried."""
    tried = [Candidate(allocation, fine_tune(allocation)) for allocation in allocations]
    best = max(tried, key=lambda candidate: candidate.fitted.score.rank(metric))
    return [best, *(candidate for candidate in tried if candidate is not best)]
