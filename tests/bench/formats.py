"""Formats by themselves: the bits of a weight that a bound takes, for a network that is hard to quantise.

    python -m tests.bench.formats [--error 0.02]

The hard network is made by seed in the likeness of a speaker encoder: 40 inputs, three LSTM layers of 256 units, W_x of
the first reaching 61, all others under 5, a linear head. One format for all layers (as a spec without lists has it)
stands beside the formats that `sparrow new` finds. Golden model against the float network, nothing synthesised.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from accel.model.sequences import Data
from accel.spec import Spec
from training.automatic import formats
from training.automatic.dial import Dial, one_or_all
from training.automatic.formats import choose
from training.automatic.row_scales import RowDial
from training.importing.network import Array, FloatNetwork, Linear, Recurrent

SEED, INPUTS, HIDDEN, LAYERS, OUTPUTS = 1, 40, 256, 3, 32
FIRST, OTHERS = 61.0, 4.8
"""Largest magnitudes of the first W_x, and of all other matrices."""


def hard(seed: int = SEED, hidden: int = HIDDEN) -> FloatNetwork:
    """The network. Its first W_x has the heavy tails of Student's t; the others are normal with a few large weights."""
    rng = np.random.default_rng(seed)

    def ordinary(rows: int, columns: int) -> Array:
        found = rng.normal(0.0, 1.5 / np.sqrt(columns), (rows, columns))
        large = rng.choice(found.size, max(1, found.size // 20000), replace=False)
        found.flat[large] = rng.uniform(0.5, 1.0, len(large)) * OTHERS * rng.choice((-1, 1), len(large))
        return np.clip(found, -OTHERS, OTHERS)

    layers = []
    for number in range(LAYERS):
        inputs = hidden if number else INPUTS
        w_x = ordinary(4 * hidden, inputs)
        if number == 0:
            drawn = rng.standard_t(3.0, (4 * hidden, inputs))
            w_x = drawn * FIRST / np.abs(drawn).max()
        bias = rng.normal(0.0, 0.5, 4 * hidden)
        names = (f"{number}.w_x", f"{number}.w_h", f"{number}.bias")
        layers.append(Recurrent(f"layer {number}", w_x, ordinary(4 * hidden, hidden), bias, names))
    head = Linear("head", rng.normal(0.0, 0.1, (OUTPUTS, hidden)), rng.normal(0.0, 0.1, OUTPUTS), ("w", "b"))
    return FloatNetwork(tuple(layers), head)


def frames(seed: int = SEED, sequences: int = 32, steps: int = 64) -> Data:
    """x in the likeness of mel energies: not below zero, few large, slowly changing."""
    rng = np.random.default_rng(seed + 1)
    level = rng.gamma(1.0, 0.1, (sequences, 1, INPUTS))
    x = level * np.exp(np.cumsum(rng.normal(0.0, 0.15, (sequences, steps, INPUTS)), axis=1))
    return Data(np.minimum(x, 2.0), np.full(sequences, steps))


def spec_of(network: FloatNetwork) -> Spec:
    """A spec of its sizes."""
    head = None if network.head is None else {"outputs": len(network.head.bias), "kind": "logits", "when": "step"}
    return Spec.model_validate(
        {
            "name": "hard",
            "model": {"inputs": INPUTS, "hidden": [layer.sizes[1] for layer in network.layers], "head": head},
            "sparsity": {"pattern": "dense"},
            "formats": {key: [16, 10] for key in ("input", "gate", "activation", "cell", "state")},
            "engine": {"units": 1},
            "training": {"task": "seeded"},
        }
    )


def uniform(network: FloatNetwork, spec: Spec, data: Data, width: int) -> float:
    """The largest error with one width and as many fraction bits for all matrices; signals as wide as can be."""
    trial = formats.trial(network, spec, data)
    dial = Dial(trial, spec)
    best = dial.spec(dial.widest)
    frac = width - 7  # 61 has six bits above the point, and a sign
    keys = {"width": width, "input_frac": max(0, frac), "recurrent_frac": max(0, frac), "head_width": width}
    one = best.weights.model_copy(update=keys | {"head_frac": max(0, frac)})
    coarse = {key: one_or_all([getattr(best.formats, key)]) for key in ("cell", "state", "activation")}
    chosen = best.model_copy(update={"weights": one, "formats": best.formats.model_copy(update=coarse)})
    return max(trial.errors(_legal(chosen)).values())


def _legal(spec: Spec) -> Spec:
    """Biases and gates with no more fraction bits than the products have."""
    from accel.base.fixed import Fixed

    w_x, w_h = spec.weights.of_layer(0)
    products = min(w_x.frac + spec.formats.input.frac, w_h.frac + spec.formats.signals(0).state.frac)
    update = {key: Fixed(24, min(products, 16)) for key in ("bias", "head_bias", "gate")}
    return spec.model_copy(update={"formats": spec.formats.model_copy(update=update)})


def main() -> None:
    """Print what the bound takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--error", type=float, default=0.02)
    parser.add_argument("--hidden", type=int, default=HIDDEN)
    given = parser.parse_args()
    network, data = hard(hidden=given.hidden), frames()
    spec = spec_of(network)
    print("| formats | bits of a weight, on average | largest relative error of h_t |")
    print("|---|---|---|")
    for width in (8, 12, 18):
        print(f"| one for all | {width} | {uniform(network, spec, data, width):.2%} |", flush=True)
    start = time.monotonic()
    alike = formats.found(Dial(formats.trial(network, spec, data), spec), given.error)
    print(f"| found, one scale for all rows | {alike.bits:.2f} | {max(alike.errors.values()):.2%} |", flush=True)
    by_row = formats.found(RowDial(formats.trial(network, spec, data), spec), given.error)
    reached = max(by_row.errors.values())
    print(f"| found, one width for all gates of a layer | {by_row.bits:.2f} | {reached:.2%} |", flush=True)
    found = choose(network, spec, data, given.error)
    print(f"| found, --error {given.error:g} | {found.bits:.2f} | {max(found.errors.values()):.2%} |")
    print(f"\n{time.monotonic() - start:.0f} s; {found.errors}; saturated: {found.saturations}")
    print(found.spec.weights, found.spec.formats, found.spec.tables, sep="\n")


if __name__ == "__main__":
    main()
