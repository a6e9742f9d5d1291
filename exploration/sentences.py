"""A front in three plain sentences, and why a point is as fast as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exploration.front import apart
from exploration.measures import Limit, Measure, signed
from exploration.study import Point

AREA = ("luts", "multipliers", "lanes", "block_rams", "memory_bits", "registers")
"""What makes a design small, the first of these that a study asks for."""
PACE = ("cycles", "latency")


def keeping(points: Sequence[Point], limits: Sequence[Limit]) -> list[Point]:
    """Points that keep every limit."""
    return [p for p in points if all(one.excess(p.outcome.values[one.measure.name]) <= 0 for one in limits)]


def nearest(points: Sequence[Point], limits: Sequence[Limit]) -> Point:
    """The point that misses its worst limit by least."""
    return min(points, key=lambda p: max(one.excess(p.outcome.values[one.measure.name]) for one in limits))


def named(points: Sequence[Point], wanted: Sequence[Measure]) -> dict[str, Point]:
    """The smallest, the fastest and the best bargain of a front, the better bargain of equals; what the objectives do
    not say is left out.
    """
    values = [point.outcome.values for point in points]
    distance = apart(np.array([list(signed(one, wanted)) for one in values]))
    found: dict[str, Point] = {}
    for title, order in (("smallest", AREA), ("fastest", PACE)):
        name = next((one for one in order if one in {measure.name for measure in wanted}), None)
        if name is not None:
            found[title] = points[min(range(len(points)), key=lambda n: (values[n][name], distance[n]))]
    found["best bargain"] = points[int(np.argmin(distance))]
    return found


def sentences(
    points: Sequence[Point], wanted: Sequence[Measure], limits: Sequence[Limit], on_board: str = ""
) -> list[str]:
    """What to read first: one sentence a named point; `on_board` is what is known of its board."""
    bounds = " that keeps " + " and ".join(map(str, limits)) if limits else ""
    places = {"smallest": bounds, "fastest": on_board or bounds, "best bargain": ""}
    found = named(points, wanted)
    return [f"The {title}{places[title]} is {_told(point, wanted)}." for title, point in found.items()]


def _told(point: Point, wanted: Sequence[Measure]) -> str:
    numbers = ", ".join(f"{number(point.outcome.values[m.name])} {m.name.replace('_', ' ')}" for m in wanted)
    chosen = ", ".join(f"{key.split('.')[1]}: {word(value)}" for key, value in point.choice.items())
    return f"point {point.number:02d} with {numbers} ({chosen})"


def number(value: float) -> str:
    """Whole numbers in full, others to four digits."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def word(value: object) -> str:
    """A value of a choice as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def weights_of_choices(points: Sequence[Point], wanted: Sequence[Measure]) -> dict[str, dict[str, float]]:
    """Of each objective, the share (0 to 1) of its variance over the points that one choice explains by itself."""
    ended = [point for point in points if not point.outcome.stopped]
    found: dict[str, dict[str, float]] = {}
    for measure in wanted:
        values = np.array([point.outcome.values[measure.name] for point in ended])
        found[measure.name] = {key: _explained(values, [repr(p.choice[key]) for p in ended]) for key in ended[0].choice}
    return found


def _explained(values: np.ndarray, labels: list[str]) -> float:
    whole = float(((values - values.mean()) ** 2).sum())
    groups = [values[[label == one for label in labels]] for one in sorted(set(labels))]
    between = sum(len(group) * float((group.mean() - values.mean()) ** 2) for group in groups)
    return round(between / whole, 4) if whole > 0 else 0.0
