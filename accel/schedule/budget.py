"""What a spec asks for, reckoned from its numbers alone, before anything of that size is made.

Sizes of a spec are free within their ranges, and products of them have no end: 2**20 hidden units are 2**42 weights.
Every later step may rely on these limits (decision 024).
"""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.constraints import linear_key
from accel.architecture.network import Network

PLACES = 1 << 28
"""Weights of all matrices, kept or not: 2 GiB as the 64-bit integers that they are made in."""
LANES = 1 << 14
"""Multipliers of a design; the largest chips have some 12,000."""
MEMORY = 1 << 32
"""Bits of all memories together: ten times those of the largest chips."""
BEAT = 4096
"""Bits of a beat of the streams: the widest word of AXI4-Stream parts and of Vitis HLS."""
TRACE = 1 << 25
"""Values of one step of every test sequence: the golden model keeps each signal, of several steps a sequence."""

Excess = tuple[str, str, object]
"""Key path, the most there may be, what the spec would need."""


def excesses(net: Network) -> Iterator[Excess]:
    """Sizes that no later step could work with."""
    places = sum(array.rows * (array.inputs + array.levels * array.outputs) for array in net.layers)
    places += sum(array.inputs * array.outputs for array in net.arrays if array.kind is None)
    places += (net.spec.model.vocabulary or 0) * net.spec.model.inputs
    if places > PLACES:
        gibibytes = f"{places * 8 / (1 << 30):,.0f} GiB of integers"
        yield "model", f"at most {PLACES:,} weights, removed ones included", f"{places:,} weights, {gibibytes}"
    lanes = sum(array.multipliers for array in net.in_hardware.arrays)
    if lanes > LANES:
        yield _widest(net), f"at most {LANES:,} multipliers in all", f"{lanes:,} multipliers"
    bits = net.memory_bits
    if bits > MEMORY:
        mebibytes = f"{bits / (8 << 20):,.0f} MiB"
        yield "engine", f"memories of at most {MEMORY:,} bits in all", f"{bits:,} bits, {mebibytes}"
    yield from _beats(net)
    values = net.spec.model.inputs + sum(len(array.cell.signals) * array.outputs for array in net.layers)
    values += sum(2 * array.outputs for array in (*net.feeding, *net.linear))
    if net.spec.verify.sequences * values > TRACE:
        wanted = f"at most {max(1, TRACE // values):,}: the {values:,} values of a step are kept for each sequence"
        yield "verify.sequences", wanted, net.spec.verify.sequences


def _widest(net: Network) -> str:
    """The key that most lanes come from."""
    engine = net.spec.engine
    most = max(net.arrays, key=lambda array: array.multipliers)
    if most.kind is None:
        return f"{linear_key(net, most)}.units"
    return "engine.units" if max(net.spec.units) >= engine.lanes_per_row else "engine.lanes_per_row"


def _beats(net: Network) -> Iterator[Excess]:
    """Words of the streams of x and h, which are also those of the operand memories."""
    first, last = net.arrays[0], net.layers[-1]
    for key, words, width in (
        ("engine.input_words", first.input_words, first.x.width),
        ("engine.cells_per_cycle", last.cells, last.h.width),
    ):
        if words * width > BEAT:
            yield key, f"at most {BEAT // width}: beats of {BEAT} bits", words
