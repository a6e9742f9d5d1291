"""From a float network, its data and a bound to the formats of a spec, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

from accel.base.faults import Fault, Refused
from accel.model.sequences import Data
from accel.spec import Spec
from training.automatic import gates
from training.automatic.dial import ADDRESSES, Dial
from training.automatic.gates import GateDial
from training.automatic.knob import Widths
from training.automatic.row_scales import WORTH, RowDial, promised
from training.automatic.search import fewest
from training.automatic.trial import Trial, cut
from training.importer import pruned
from training.importing.network import FloatNetwork

SEQUENCES, STEPS, WORK = 64, 256, 1 << 30
"""Sequences of the data, and steps of each, that formats are chosen on: at most, and about how many products."""
SPARE = 3.0
"""Part of the bound that tables may take: one in this many."""


@dataclass(frozen=True)
class Chosen:
    """Formats that were found, and what they cost."""

    spec: Spec
    errors: dict[str, float]
    """Relative error (rms) of h_t of each layer, and of the logits, against the float network with the weights kept."""
    saturations: dict[str, dict[str, int]]
    """Of each layer, what narrowing clipped on the data."""
    bits: float
    """Of a weight on average, as lanes store it."""
    data: Data
    """What of the data they were chosen on."""
    kept: tuple[int, ...] = ()
    """Layers whose weights come as integers and keep them."""


def choose(network: FloatNetwork, spec: Spec, data: Data, bound: float, place: str = "--error") -> Chosen:
    """The spec with the fewest bits that keep h_t of every layer, and the logits, within `bound` of the float network.

    Rows get scales of their own where that saves WORTH bits a weight, and then gates widths of their own where that
    saves as much again (`training.automatic.gates`). Weights of a layer that come as integers of at
    most KEPT bits (`training.automatic.dial`), times a power of two or a scale a row, keep them. Of `spec` sizes and
    shares of zeros count, formats do not. Refused: a bound, which came from `place`, that no formats keep.
    """
    tried = trial(network, spec, data)
    dial, rows = Dial(tried, spec), RowDial(tried, spec)
    if not dial.kept() and len(rows.kept()) == rows.layers:
        return found(rows, bound, place)
    plain = found(dial, bound, place)
    if dial.kept() or promised(tried, len(spec.model.hidden)) < WORTH:
        return plain
    try:
        by_row = found(rows, bound, place)
    except Refused:  # fewer bits are at hand with scales
        return plain
    return _by_gate(tried, spec, bound, by_row) if by_row.bits < plain.bits - WORTH else plain


def _by_gate(tried: Trial, spec: Spec, bound: float, by_row: Chosen) -> Chosen:
    """Formats with widths by gate where they save their WORTH beside those with scales of rows."""
    try:
        by_gate = found(GateDial(tried, spec), bound)
    except Refused:  # as above
        return by_row
    return by_gate if by_gate.bits < by_row.bits - gates.WORTH else by_row


def trial(network: FloatNetwork, spec: Spec, data: Data) -> Trial:
    """The network with the weights that the spec keeps, on as much of the data as can be run some dozens of times."""
    model = pruned(spec, network)
    size = sum(parameter.numel() for layer in model.layers for parameter in layer.parameters())
    return Trial(model, cut(data, size, SEQUENCES, STEPS, WORK))


def found(dial: Dial, bound: float, place: str = "--error") -> Chosen:
    """The fewest bits by the knobs of one kind. Refused: a bound that no formats keep."""

    def worst(widths: Widths) -> float:
        return max(dial.trial.errors(dial.spec(widths)).values())

    for address in ADDRESSES:
        dial.address = address
        reached = worst(dial.widest)
        if reached <= bound / SPARE:
            break
    widths = fewest(dial.knobs, worst, bound)
    if widths is None:
        raise Refused([Fault(place, f"at least {reached:.2g}, which the widest formats reach", f"{bound:g}")])
    made, trial = dial.spec(widths[0]), dial.trial
    return Chosen(
        made, trial.errors(made), trial.saturations(made), dial.bits(widths[0]), trial.data, tuple(dial.kept())
    )
