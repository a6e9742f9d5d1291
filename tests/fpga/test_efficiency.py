"""Effective GOPS/W: what memories give is counted from the words that lanes read, and ranges are ranges."""

from __future__ import annotations

import pytest

from accel.architecture.network import network
from fpga.energy.closed import Work
from tests.bench.efficiency import CELLS, ECP5, Step, dense_operations, step, traffic
from tests.designs import spec

ROWS = {"model": {"inputs": 6, "hidden": [8], "head": None}, "sparsity": {"input": 0.5, "recurrent": 0.5}}


def test_a_step_by_rows_reads_every_word_and_an_operand_for_every_copy() -> None:
    (layer,) = network(spec(**ROWS)).layers
    words = layer.depth * layer.units
    operands = layer.depth * layer.copies * layer.operand_width
    full = Work(float(layer.depth), float(layer.depth * layer.multipliers))
    assert traffic(layer, full) == words * layer.word_width + operands


def test_by_columns_sums_are_read_and_written_for_every_product() -> None:
    made = spec(
        **ROWS | {"sparsity": {"pattern": "column", "input": 0.5, "recurrent": 0.5}}, engine={"dataflow": "column"}
    )
    (layer,) = network(made).layers
    less, more = (traffic(layer, Work(100.0, products)) for products in (160.0, 320.0))
    assert more == 2 * less
    assert less > 2 * 160 * layer.total_width


@pytest.mark.parametrize("process", [CELLS, ECP5])
def test_more_energy_is_less_a_watt_and_operations_are_the_dense_networks(process: object) -> None:
    net = network(spec(**ROWS))
    one = step("little", net, [Work(60.0, float(net.layers[0].nonzeros))])
    assert one.operations == dense_operations(net) == 2 * 4 * 8 * (6 + 8)
    least, most = one.per_watt(process)  # type: ignore[arg-type]
    assert 0 < least < most


def test_energy_is_scaled_with_size_and_the_square_of_volts() -> None:
    gates_alone = Step("gates", 1, 1.0, 1000, 16.0, 0.0)
    assert gates_alone.joules(CELLS) == (1.0, 2.0)
    words_alone = Step("words", 1, 1.0, 1000, 0.0, 64.0 * 100)
    assert words_alone.joules(CELLS) == pytest.approx((1.0, 2.0))
