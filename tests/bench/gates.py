"""Widths by gate: the bits of a weight that they save as specs have them, and with more formats than those.

    python -m tests.bench.gates                                   # the hard network of tests.bench.formats
    python -m tests.bench.gates MODEL.onnx --data x.npy           # one of your own

Specs have widths by gate that share the fraction of their matrix, and one scale a row (decision 052). Beside them,
each gate of a layer gets a width in the search of `sparrow new`, and for W_x and W_h the fraction bits that fit that
gate best, or scales of rows one each. No engine has such formats, so weights are rounded to them in front of the golden
model, whose own formats then hold what was rounded (18 bits; with scales 14).
Bits are those that a lane array with a memory of its own for each gate would store; the rest of the search is that of
`new`.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from accel.base.fixed import Fixed
from accel.model.sequences import Data
from accel.spec import Spec
from sparrow import new
from sparrow.reasons import Asked
from tests.bench import formats as bench
from training.automatic import formats
from training.automatic import gates as built
from training.automatic.dial import FINEST, Dial
from training.automatic.knob import Knob, Widths, nearest
from training.automatic.row_scales import SCALE, RowDial, largest_of_rows
from training.automatic.row_scales import WEIGHT as ROW_WEIGHT
from training.automatic.trial import Trial
from training.cell import matrices_of
from training.importing import source
from training.importing.network import Array, FloatNetwork

WIDEST = 18


class Gates:
    """The matrices of every layer in parts, and what they become at a width of each gate."""

    def __init__(self, trial: Trial, layers: int, by_gate: bool, by_row: bool) -> None:
        self.trial, self.by_row = trial, by_row
        self.whole = [trial.whole_matrices(number) for number in range(layers)]
        self.gates = [len(w_h) // w_h.shape[1] if by_gate else 1 for _, w_h in self.whole]
        self.set: list[tuple[int, ...]] = [() for _ in self.whole]
        trial.model = copy.deepcopy(trial.model)

    def parts(self, number: int, gate: int) -> tuple[Array, Array]:
        """W_x and W_h of a gate."""
        w_x, w_h = (np.split(matrix, self.gates[number])[gate] for matrix in self.whole[number])
        return w_x, w_h

    def round(self, widths: Widths) -> None:
        """Give the trial's network the weights of these widths; what was kept of other ones is forgotten."""
        for number, gates in enumerate(self.gates):
            chosen = tuple(widths[f"{number}.{gate}.weights"] for gate in range(gates))
            if chosen == self.set[number]:
                continue
            self.set[number] = chosen
            for behind in range(number, len(self.whole)):
                self.trial._kept[behind].clear()
                self.trial._scaled[behind].clear()
            rounded = [
                [*map(self._rounded, self.parts(number, gate), [width] * 2)] for gate, width in enumerate(chosen)
            ]
            for parameter, values in zip(
                matrices_of(self.trial.model.layers[number]), zip(*rounded, strict=True), strict=True
            ):
                with torch.no_grad():
                    parameter.copy_(torch.from_numpy(np.concatenate(values)))

    def _rounded(self, matrix: Array, width: int) -> Array:
        if not self.by_row:
            fmt = nearest(matrix[matrix != 0], width, FINEST)
            return np.asarray(fmt.real(fmt.quantize(matrix)))
        step = largest_of_rows(matrix)[:, None] / (2.0 ** (width - 1) - 1)
        return np.asarray(np.round(matrix / step) * step)


class GateDial(Dial):
    """The knobs of a network whose gates have widths and fraction bits of their own."""

    by_gate, by_row, widest_weight = True, False, WIDEST

    def __init__(self, trial: Trial, spec: Spec) -> None:
        self.gates = Gates(trial, len(spec.model.hidden), self.by_gate, self.by_row)
        super().__init__(trial, spec)

    def _knobs(self) -> Iterator[Knob]:
        for knob in super()._knobs():
            number = knob.name.split(".")[0]
            if not knob.name.endswith(".weights") or not number.isdigit():
                yield knob
                continue
            for gate in range(self.gates.gates[int(number)]):
                parts = self.gates.parts(int(number), gate)
                cost = float(sum(np.count_nonzero(part) for part in parts))
                yield Knob(f"{number}.{gate}.weights", 3, self.widest_weight, cost)

    def spec(self, widths: Widths) -> Spec:
        """The spec in whose formats the golden model runs, after the weights are rounded by gate."""
        self.gates.round(widths)
        carried = {f"{number}.weights": self.widest_weight for number in range(self.layers)}
        return super().spec({**widths, **carried})

    def weights_of(self, number: int, widths: Widths) -> tuple[Fixed, Fixed]:
        """Formats that hold all gates."""
        w_x, w_h = (nearest(matrix[matrix != 0], WIDEST, FINEST) for matrix in self.gates.whole[number])
        return w_x, w_h

    def kept(self) -> list[int]:
        """None: gates of integers are not looked for."""
        return []


class GateRowDial(GateDial, RowDial):
    """The same with scales of rows."""

    by_row, widest_weight = True, ROW_WEIGHT

    def weights_of(self, number: int, widths: Widths) -> tuple[Fixed, Fixed]:
        """Formats that hold all gates, once rows are scaled."""
        return RowDial.weights_of(self, number, widths)

    def bits(self, widths: Widths) -> float:
        """Bits of a weight on average, two scales a row among them."""
        weights = [knob.cost for knob in self.knobs if knob.name.endswith("weights")]
        return RowDial.bits(self, widths) + SCALE * sum(len(w_x) for w_x, _ in self.rows) / sum(weights)


class ApartDial(GateRowDial):
    """One width a layer again, with what else the knobs by gate have: scales of W_x and W_h that share nothing."""

    by_gate = False


KINDS: tuple[tuple[str, str, type[Dial]], ...] = (
    ("layer", "none", Dial),
    ("layer and gate", "none", GateDial),
    ("layer", "one for W_x and W_h", RowDial),
    ("layer and gate, as specs have them", "one for W_x and W_h", built.GateDial),
    ("layer", "one each", ApartDial),
    ("layer and gate", "one each", GateRowDial),
)


def compared(network: FloatNetwork, spec: Spec, data: Data, error: float) -> Iterator[str]:
    """Rows of the table."""
    for by, scales, kind in KINDS:
        start = time.monotonic()
        made = formats.found(kind(formats.trial(network, spec, data), spec), error)
        reached, took = max(made.errors.values()), time.monotonic() - start
        yield f"| {by} | {scales} | {made.bits:.2f} | {reached:.2%} | {took:.0f} |"


def main() -> None:
    """Print what widths by gate take, and those by layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--error", type=float, default=0.02)
    given = parser.parse_args()
    if given.model is None:
        network, data = bench.hard(), bench.frames()
        spec = bench.spec_of(network)
    else:
        network = source.found(given.model, source.Wishes()).network
        data = new.data_of(given.data, network.inputs, network.vocabulary, network.window)
        spec = new._described(network, given.model, Path(), Asked(given.data), data)
    print("| widths by | scales of rows | bits of a weight, on average | largest error | seconds |")
    print("|---|---|---|---|---|")
    for row in compared(network, spec, data, given.error):
        print(row, flush=True)


if __name__ == "__main__":
    main()
