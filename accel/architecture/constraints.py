"""What of a spec the engine cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.array import Array
from accel.architecture.cells.sizes import Size
from accel.architecture.network import ACCUMULATOR, Network
from accel.spec import divisors


def violations(net: Network) -> Iterator[tuple[str, str, object]]:
    """What of a spec the engine cannot do: (key path, what would fit, what was given)."""
    for array in net.in_hardware.arrays:
        slots = array.slots_per_group
        cycles = min(array.group_cycles, default=slots)
        if array.kind is None and slots > cycles:
            key = linear_key(net, array)
            yield f"{key}.units", f"at most {cycles}: one row a cycle leaves the layer", array.units
        elif slots > cycles:
            yield _slow_cells(array, cycles)
        if array.sum_width > ACCUMULATOR:
            yield "formats", f"sums of at most {ACCUMULATOR} bits ({array.name})", f"{array.sum_width} bits"
    if net.spec.engine.pack and not any(array.pairs for array in net.in_hardware.layers):
        yield "engine.pack", _no_pairs(net), True
    for number, residual in net.residuals.items():
        if residual.width > ACCUMULATOR:
            wanted = f"exact sums of at most {ACCUMULATOR} bits (model.between.{number - 1})"
            yield "formats.residual", wanted, f"{residual.width} bits"
    if net.pool is not None and net.pool.mean and net.pool.product_width > ACCUMULATOR:
        wanted = f"as few steps as keep the sum of h, times what divides it, in {ACCUMULATOR} bits"
        yield "model.head.longest", wanted, f"{net.pool.product_width} bits"
    for key, bits in narrowings(net).items():
        if bits > ACCUMULATOR:
            yield f"formats.{key}", f"exact sums of at most {ACCUMULATOR} bits", f"{bits} bits"


def _slow_cells(array: Array, cycles: int) -> tuple[str, str, object]:
    """What would take the units of a group within some cycles."""
    least = next((cells for cells in divisors(array.units // array.ways) if array.units <= cells * cycles), None)
    why = (
        f"a group of {array.units} units lasts {cycles} cycle{'s' * (cycles > 1)} on {array.lanes_per_row} lanes a row"
    )
    if least is None:
        wanted = f"fewer ({array.name}: {why}, units of two directions take one each, engine.directions: own)"
        return "engine.lanes_per_row", wanted, array.lanes_per_row
    return "engine.cells_per_cycle", f"at least {least} ({array.name}: {why})", array.cells


def _no_pairs(net: Network) -> str:
    """Why no two lanes share an operand, or a multiplier."""
    kind, cell = net.spec.weights.kind, net.spec.model.cell
    if not any(array.multiplies for array in net.layers):
        return f"false for weights.kind: {kind}, which needs no multipliers"
    if all(array.rows_per_unit == 1 for array in net.layers):
        return f"false for model.cell: {cell}, whose gates take turns on the lanes"
    shared = "engine.dataflow: column, sparsity.shared_by_gates, or pattern: dense of layers without indices"
    return f"false where no two lanes share an operand; they do with {shared}"


def linear_key(net: Network, array: Array) -> str:
    """The key of the spec that a linear layer has."""
    if array is net.head:
        return "model.head"
    return next(key for key, one in zip(net.spec.linear, (*net.feeding, *net.linear), strict=True) if one == array)


def narrowings(net: Network) -> dict[str, int]:
    """The bits that exact numbers have or drop at most, whichever is more, as cells narrow them to each format.

    What row sums have is not among them. A half unit is added before the drop, for which 64-bit integers have room
    where neither is more than `ACCUMULATOR`.
    """
    found = dict[str, int]()
    for linear in (*net.feeding, *net.linear):
        key = linear.operations.narrowing.format
        fmt = getattr(linear.formats, key)
        most = max(linear.sum_width + max(0, fmt.frac - linear.sum_frac), linear.sum_frac - fmt.frac)
        found[key] = max(found.get(key, 0), most)
    for array in net.in_hardware.layers:
        formats = array.formats
        for level in array.cell.pipelines:
            sizes = level.sizes(formats, Size(array.sum_width, array.sum_frac))
            for one in level.narrowings:
                fmt, source = getattr(formats, one.format), sizes[one.source]
                of_row = one.source in {row.name for row in level.sums}
                has = 0 if of_row else source.width + max(0, fmt.frac - source.frac)
                found[one.format] = max(found.get(one.format, 0), has, source.frac - fmt.frac)
    return found
