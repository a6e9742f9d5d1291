"""Scales a row in a search of formats: integers within -1 and 1, each row of W_x and W_h times a scale of its own.

A few large weights then cost their own rows alone bits below the point, not the whole matrix. W_x and W_h share the
scale of a row, and differ by a power of two that is the layer's.
"""

from __future__ import annotations

import numpy as np

from accel.base.fixed import Fixed
from accel.spec import Spec
from training.automatic.dial import KEPT, Dial, one_or_all
from training.automatic.knob import Knob, Widths, above
from training.automatic.trial import Trial
from training.importing.network import Array
from training.whole_steps import rows_alike, steps_of_rows

SCALE, WEIGHT, FINEST = 12, 14, 24
"""Bits of a scale, and most bits of a weight, so that scaled sums fit in their accumulators."""
WORTH = 0.5
"""Bits of a weight on average, the scales counted, that have to be saved for the multipliers that scales take."""


class RowDial(Dial):
    """The knobs of a network whose rows have scales."""

    def __init__(self, trial: Trial, spec: Spec) -> None:
        matrices = map(trial.whole_matrices, range(len(spec.model.hidden)))
        self.matrices = list(matrices)
        self.rows = [(largest_of_rows(w_x), largest_of_rows(w_h)) for w_x, w_h in self.matrices]
        self.alike = [_kept(w_x, w_h) for w_x, w_h in self.matrices]
        super().__init__(trial, spec)

    def weights_knob(self, number: int) -> Knob:
        """Of W_x and W_h of a layer, whose largest integers are near 1 whatever the weights are."""
        plain = super().weights_knob(number)
        if alike := self.alike[number]:
            return Knob(plain.name, alike[0], alike[0], plain.cost, FINEST)
        return Knob(plain.name, 1, WEIGHT, plain.cost, FINEST)

    def weights_of(self, number: int, widths: Widths) -> tuple[Fixed, Fixed]:
        """W_x and W_h; the one whose rows are smaller has as many fraction bits more."""
        width = widths[f"{number}.weights"]
        apart = round(self._apart(number))
        fracs = (width - 1 + max(0, -apart), width - 1 + max(0, apart))
        return Fixed(width, min(FINEST, fracs[0])), Fixed(width, min(FINEST, fracs[1]))

    def _apart(self, number: int) -> float:
        """Log2 of how much larger a row of W_x is than one of W_h, in the middle of all rows, or by their integers."""
        if alike := self.alike[number]:
            return alike[1]
        w_x, w_h = self.rows[number]
        return float(np.median(np.log2(w_x) - np.log2(w_h)))

    def spec(self, widths: Widths) -> Spec:
        """The spec with formats of these widths, and of the scales."""
        base = super().spec(widths)
        keys = {"weights": base.weights.model_copy(update={"per_row": True})}
        scales = one_or_all([self._scale(number, widths) for number in range(self.layers)])
        return base.model_copy(update=keys | {"formats": base.formats.model_copy(update={"scale": scales})})

    def _scale(self, number: int, widths: Widths) -> Fixed:
        """The format of a layer's scales: it holds the largest."""
        formats = self.weights_of(number, widths)
        pairs = zip(self.rows[number], formats, strict=True)
        needed = max(float((rows / np.ravel(fmt.real(fmt.limits(len(rows))[1]))).max()) for rows, fmt in pairs)
        if alike := self.alike[number]:
            steps = steps_of_rows(*self.matrices[number], alike[1])
            needed = max(needed, float(np.ldexp(steps.max(), formats[0].frac)))
        return Fixed(SCALE, min(SCALE + FINEST, max(0, SCALE - above(needed))))

    def products_frac(self, number: int, widths: Widths) -> int:
        """Fraction bits that a scale adds to the sums of a layer."""
        return self._scale(number, widths).frac

    def bits(self, widths: Widths) -> float:
        """Bits of a weight on average, the scales among them."""
        weights = [knob.cost for knob in self.knobs if knob.name.endswith("weights")]
        rows = sum(len(w_x) for w_x, _ in self.rows)
        return super().bits(widths) + SCALE * rows / sum(weights)


def _kept(w_x: Array, w_h: Array) -> tuple[int, int] | None:
    """Bits of the integers of all rows, and the power of two between the scales of W_x and W_h; None for floats."""
    found = rows_alike(w_x, w_h)
    return found if found and found[0] <= KEPT else None


def promised(trial: Trial, layers: int) -> float:
    """Bits of a weight that scales might save: how far the rows' largest weights lie below their matrix's."""
    saved = size = 0.0
    for number in range(layers):
        for matrix in trial.whole_matrices(number):
            rows = largest_of_rows(matrix)
            saved += matrix.size * float(np.log2(rows.max()) - np.log2(rows).mean())
            size += matrix.size
        saved -= SCALE * len(rows)
    return saved / size


def largest_of_rows(matrix: Array) -> Array:
    """The largest magnitude of each row, no row quite zero."""
    found = np.abs(matrix).max(axis=1, initial=0.0)
    return np.asarray(np.maximum(found, max(float(found.max()), 2.0**-40) * 2.0**-SCALE))
