"""Energy of a step in closed form, from what is counted exactly: register bits and cycles, products and their widths.

The gates are those of `docs/energy.md`: mapped to cells of 180 nm at 1.8 V (osu018), not placed; memories, wires and
glitches are not in it. Clock and data have a term each for the lanes, for their sums, for the cells and for the rest.
The coefficients are fitted by `tests/bench/energy_fit.py` on gates that computed, with random x and no zero states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.model.golden import cell_sizes
from accel.spec import Spec

CLOCK = 0.2120
"""pJ that the clock takes of a register bit in a cycle."""
CELL_BITS, CELL_DATA = 1.235, 0.78
"""Register bits, and pJ of an update, a bit of what the operations of a cell give."""
REST_BITS, REST_SUMS, REST_DATA = 215, 4, 31.0
"""Of what brings sums and biases to a cell: register bits, those a bit of its sums, pJ a cycle."""


@dataclass(frozen=True)
class Coefficients:
    """What a dataflow has of its own."""

    product: float
    """pJ of a product, a bit of weight times a bit of operand."""
    sums: float
    """pJ of a product, a bit of the sum that it is added to."""
    sum_bits: float
    """Register bits a bit of a sum."""
    control: int
    """Register bits of control and queues."""


ROWS = Coefficients(product=0.281, sums=0.32, sum_bits=2.0, control=236)
COLUMNS = Coefficients(product=0.229, sums=0.94, sum_bits=6.22, control=437)


@dataclass(frozen=True)
class Work:
    """What an array does in a step, on average."""

    cycles: float
    products: float


def unknown(spec: Spec) -> str:
    """Why there is no energy of a spec; empty where there is one."""
    if spec.levels > 1 or spec.model.cell == "highway":
        return "energy is known of cells of one level only"
    if spec.engine.shared_layers:
        return "energy is known of layers with lanes of their own only"
    if spec.engine.memory != "rom":
        return "energy is known with weights in the bitstream only"
    if spec.weights.kind != "fixed" or spec.formats.scale is not None:
        return "energy is known of fixed-point weights without scales only"
    if spec.weights.by_gate:
        return "energy is known of layers whose gates share a width only"
    if spec.engine.pack:
        return "energy is known of a product a multiplier only"
    return ""


def step_energy(net: Network, work: Sequence[Work]) -> float:
    """Nanojoules of a step of all arrays, the head's lanes included; `work` has an entry for each array of `net`."""
    return sum(_array(net, array, done) for array, done in zip(net.arrays, work, strict=True)) / 1000


def _array(net: Network, array: Array, done: Work) -> float:
    """pJ of one array."""
    own = COLUMNS if array.skips_states else ROWS
    data = done.products * (own.product * array.weight_width * array.operand_width + own.sums * array.total_width)
    bits = array.multipliers * _lane_bits(array) + own.sum_bits * array.units * array.sums_per_unit * array.total_width
    if array.kind is not None:
        sizes = cell_sizes(net, array)
        given = sum(sizes[one.name].width for one in array.cell.level.operations)
        sums = REST_SUMS * array.sums_per_unit * array.total_width
        bits += own.control + array.cells * (CELL_BITS * given + REST_BITS + sums)
        data += array.outputs * CELL_DATA * given + done.cycles * array.cells * REST_DATA
    return data + CLOCK * bits * done.cycles


def _lane_bits(array: Array) -> int:
    """Register bits of a lane: by columns its product; by rows its weight too, once more and its operand where it is
    chosen by an index.
    """
    if array.skips_states:
        return array.product_width
    chosen = 0 if array.dense else array.weight_width + array.operand_width
    return array.product_width + array.weight_width + chosen
