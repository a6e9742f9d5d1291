"""How large a network is before and after: weight bits and kept shares. Needs no torch."""

from __future__ import annotations

from typing import Any

from accel.architecture.network import Network

FLOAT_BITS = 32


def bits(net: Network) -> dict[str, int]:
    """Weight bits: `float` is the dense network in 32-bit floats, the rest is what is kept, as it is built."""
    every, arrays = net.arrays, net.in_hardware.arrays
    dense = sum(a.rows * (a.inputs + a.levels * ((a.outputs if a.recurrent else 0) + 1)) for a in every)
    stored = {
        "values": sum(a.nonzeros * sum(a.gate_widths) // a.rows_per_unit for a in arrays),
        "indices": sum(a.nonzeros * a.index_width * a.indices // (a.rows_per_unit * a.lanes_per_row) for a in arrays),
        "scales": sum(a.rows * a.scale.width for a in arrays if a.scale is not None),
        "bias": sum(a.unit_levels * a.rows * a.bias.width for a in arrays),
    }
    return {"float": dense * FLOAT_BITS, **stored, "total": sum(stored.values())}


def layers(net: Network) -> list[dict[str, Any]]:
    """Kept weights per row and shares of zeros of both matrices, layer by layer."""
    return [
        {
            "name": array.name,
            "kept": list(array.nnz),
            "ratios": dict(zip(("input", "recurrent"), array.removed, strict=True)),
        }
        for array in net.layers
    ]
