"""What several seeds say together: a mean with its range, and a mean of differences with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """Mean of the differences of pairs, and half the width of its interval: infinite from one pair alone."""

    mean: float
    half: float
    pairs: int

    @property
    def least(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half

    @property
    def most(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half


def difference(these: Sequence[float], those: Sequence[float]) -> Difference:
    """Of `these` less `those`, seed by seed, by Student's t: the range of the mean over other seeds.

    It says nothing about other test examples. Raises ValueError for sequences that are no pairs.
    """
    if len(these) != len(those) or not these:
        raise ValueError(f"as many of both, at least one: {len(these)} and {len(those)}")
    from scipy.stats import t

    each, count = [one - other for one, other in zip(these, those, strict=True)], len(these)
    half = t.ppf((1 + CONFIDENCE) / 2, count - 1) * stdev(each) / math.sqrt(count) if count > 1 else math.inf
    return Difference(fmean(each), float(half), count)


def spread(values: Sequence[float], digits: str = ".4g") -> str:
    """Mean, and in brackets the smallest and the largest where there are several."""
    ends = f" ({min(values):{digits}}–{max(values):{digits}})" if len(values) > 1 else ""
    return f"{fmean(values):{digits}}{ends}"
