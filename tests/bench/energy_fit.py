"""Fits the closed form of a step's energy (`fpga/energy/closed.py`) on gates that compute:

    python -m tests.bench.energy_fit

Small designs with random weights, by rows and by columns, are mapped to gates, simulated and counted as `make energy`
does it, with random x and no zero states. Prints the coefficients that each design has by itself, to be written into
`fpga/energy/closed.py` as means, and the error of the closed form on each. What was counted stays in
build/energy-fit.json and is not counted again. The designs of docs/energy.md, which are trained, are left out of the
fit; `tests/fpga/test_energy_closed.py` holds the closed form against them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from accel.architecture.network import network
from accel.base.files import read_json, write_json
from accel.model.golden import cell_sizes
from accel.model.samples import Samples
from accel.spec import Spec
from fpga.energy import closed
from sparrow import flow, steps
from tests.bench.energy import LIBRARY, ROOT, Row, measured
from tests.designs import spec

RECORD = ROOT / "build" / "energy-fit.json"
SEQUENCES, STEPS = 16, 6
LITTLE: dict[str, Any] = {"model": {"inputs": 8, "hidden": [16], "head": None}}
FEW_BITS = {"weights": {"width": 4, "input_frac": 2, "recurrent_frac": 2}}
BY_COLUMN = {
    "sparsity": {"pattern": "column", "threshold": 0.0},
    "engine": {"dataflow": "column", "units": 4},
}
DESIGNS: dict[str, dict[str, Any]] = {
    "rows": {},
    "rows dense": {"sparsity": {"pattern": "dense", "input": None, "recurrent": None}},
    "rows 4 bits": FEW_BITS,
    "rows two lanes a row": {"engine": {"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2}},
    "columns": BY_COLUMN,
    "columns 4 bits": BY_COLUMN | FEW_BITS,
}


def counted(name: str, chosen: Spec) -> Row:
    """What is known of a design, or what counting its gates gives."""
    known: dict[str, Any] = read_json(RECORD) if RECORD.is_file() else {}
    if name not in known:
        work = ROOT / "build" / "energy-fit" / chosen.name
        flow.run(chosen, work, steps=steps.STEPS[:2])
        fmt, shape = chosen.formats.input, (SEQUENCES, STEPS, chosen.model.inputs)
        x = np.random.default_rng(1).integers(fmt.lo, fmt.hi + 1, shape)
        inputs = Samples(x, np.full(SEQUENCES, STEPS), np.full(SEQUENCES, -1))
        known[name] = asdict(measured(steps.design(chosen, work), inputs, LIBRARY.read_text(encoding="utf-8")))
        write_json(RECORD, known)
    return Row(**known[name])


def coefficients(chosen: Spec, row: Row) -> dict[str, float]:
    """What a design says of each coefficient by itself; picojoules."""
    net = network(chosen)
    array = net.layers[0]
    bits = sum(cell_sizes(net, array)[one.name].width for one in array.cell.level.operations)
    data = {part: joules * 1e12 for part, joules in row.data[0].items()}
    clock = {part: joules * 1e12 / closed.CLOCK / row.cycles for part, joules in row.clock[0].items()}
    sums = array.units * array.sums_per_unit * array.total_width
    return {
        "product": data["multipliers"] / row.products / array.weight_width / array.operand_width,
        "sums": data["accumulators"] / row.products / array.total_width,
        "sum_bits": clock["accumulators"] / sums,
        "lane bits": clock["multipliers"] / array.multipliers,
        "CELL_BITS": (clock["gates"] + clock["products"]) / array.cells / bits,
        "CELL_DATA": (data["gates"] + data["products"]) / array.outputs / bits,
        "rest bits": clock["rest"],
        "REST_DATA": data["rest"] / row.cycles / array.cells,
    }


def main() -> None:
    """Count what is not known yet; print coefficients and errors."""
    for name, sections in DESIGNS.items():
        chosen = spec(name=name.replace(" ", "-"), **(LITTLE | sections))
        row = counted(name, chosen)
        print(name, {key: round(value, 3) for key, value in coefficients(chosen, row).items()})
        found = closed.step_energy(network(chosen), [closed.Work(row.cycles, row.products)])
        print(
            f"  {row.of_all() * 1e9:.1f} nJ counted, {found:.1f} nJ: {found / row.of_all() / 1e9 - 1:+.1%}", flush=True
        )


if __name__ == "__main__":
    main()
