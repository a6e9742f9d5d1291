"""The fewest bits under a bound: sensitivities are measured, shared out by a model, and the result is tried.

Rounding errors of different places add as squares: error**2 = floor**2 + sum(sensitivity / 4**width). Each knob is
turned once to measure its own; the model then takes bits away where the error grows least for what is saved (as
HAWQ-V2, arXiv 1911.03852, shares bits out by sensitivity); what is left is taken bit by bit, each step measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from training.automatic.knob import Knob, Widths

Measure = Callable[[Widths], float]
"""The error of a choice of widths."""
STEP = 2
"""Bits that a knob is turned by until its sensitivity shows."""
SHOWS = 0.25
"""Part of the bound that an error has to grow by so that it tells a sensitivity, not chance."""
TRIES, PASSES = 8, 12


def fewest(knobs: Sequence[Knob], measure: Measure, bound: float) -> tuple[dict[str, int], float] | None:
    """Widths whose error is at most the bound, and that error; None where the widest are not enough."""
    widest = {knob.name: knob.widest for knob in knobs}
    floor = measure(widest)
    if floor > bound:
        return None
    sensitivity = {knob.name: _sensitivity(knob, widest, floor, measure, bound) for knob in knobs}
    room = bound**2 - floor**2
    for _ in range(TRIES):
        widths = _shared_out(knobs, sensitivity, room)
        error = measure(widths)
        if error <= bound:
            return _polished(knobs, widths, error, measure, bound)
        room *= min(0.7, (bound / error) ** 2)
    return _polished(knobs, widest, floor, measure, bound)


def _sensitivity(knob: Knob, widest: Widths, floor: float, measure: Measure, bound: float) -> float:
    """What error**2 grows by, times 4**width, at the first width from where a step of rounding is as large as the bound
    at which it shows; 0 where none does.
    """
    width, grown = min(knob.widest - STEP, knob.above + max(1, round(-math.log2(bound)))), 0.0
    while width >= knob.narrowest:
        grown = measure({**widest, knob.name: width}) ** 2 - floor**2
        if grown > (SHOWS * bound) ** 2:
            break
        width -= STEP
    return max(0.0, grown) * 4.0 ** max(width, knob.narrowest)


def _shared_out(knobs: Sequence[Knob], sensitivity: Widths | dict[str, float], room: float) -> dict[str, int]:
    """Bits are taken one by one where the model's error**2 grows least for the cost that is saved."""
    widths = {knob.name: knob.widest for knob in knobs}
    used = sum(sensitivity[name] / 4.0**width for name, width in widths.items())

    def growth(knob: Knob) -> float:
        return 3 * sensitivity[knob.name] / 4.0 ** widths[knob.name]

    open_ones = [knob for knob in knobs if widths[knob.name] > knob.narrowest]
    while open_ones:
        knob = min(open_ones, key=lambda one: growth(one) / one.cost)
        if used + growth(knob) > room:
            open_ones.remove(knob)
            continue
        used += growth(knob)
        widths[knob.name] -= 1
        if widths[knob.name] == knob.narrowest:
            open_ones.remove(knob)
    return widths


def _polished(
    knobs: Sequence[Knob], widths: dict[str, int], error: float, measure: Measure, bound: float
) -> tuple[dict[str, int], float]:
    """One bit less at a time, dearest first, as long as what is measured stays under the bound."""
    closed: set[str] = set()
    for _ in range(PASSES):
        before = dict(widths)
        for knob in sorted(knobs, key=lambda one: -one.cost):
            if knob.name in closed or widths[knob.name] == knob.narrowest:
                continue
            tried = {**widths, knob.name: widths[knob.name] - 1}
            if (found := measure(tried)) <= bound:
                widths, error = tried, found
            else:
                closed.add(knob.name)
        if widths == before:
            break
    return widths, error
