"""The largest value or the mean over a sequence's steps: exact, the same everywhere, and a wrong factor is caught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from accel.architecture.network import network
from accel.architecture.pool import Pool
from accel.base.faults import Refused
from accel.base.files import write_text
from accel.base.fixed import Fixed
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.verify import DeviceUnderTest, compare
from accel.hls.render import render_hls
from accel.model import golden, random_weights, samples
from accel.model.design import Design
from accel.rtl import convert, render
from accel.rtl.blocks.primitives.hexfile import from_hex, to_hex
from accel.schedule.schedule import schedule
from tests.designs import spec
from training.export import restored

MEAN = {"pool": "mean", "longest": 3}


def chosen(model: dict[str, Any] | None = None, **head: Any) -> Any:
    head = {"outputs": 3, "kind": "logits"} | head
    return spec(model={"inputs": 3, "hidden": [6], "head": head} | (model or {}), engine={"units": 3})


@pytest.mark.parametrize("state", [Fixed(2, 1), Fixed(8, 7), Fixed(16, 15)])
@pytest.mark.parametrize("longest", [1, 2, 3, 7, 64, 1000])
def test_the_mean_of_equal_values_is_that_value_and_no_other_is_off_by_more_than_rounding(
    state: Fixed, longest: int
) -> None:
    pool = Pool("mean", state, longest)
    lengths = np.arange(1, longest + 1)
    for value in (state.lo, -1, 0, 1, state.hi):
        same = np.full((longest, longest, 1), value)
        np.testing.assert_array_equal(golden.pooled(pool, same, lengths)[:, 0], value)
    h = np.random.default_rng(longest).integers(state.lo, state.hi + 1, (longest, longest, 2))
    real = (np.arange(longest) < lengths[:, None])[..., None]
    exact = (h * real).sum(axis=1) / lengths[:, None]
    assert np.abs(golden.pooled(pool, h, lengths) - exact).max() <= 0.75


def test_steps_beyond_the_longest_do_not_count_and_padding_never_does() -> None:
    pool = Pool("mean", Fixed(8, 7), 2)
    h = np.array([[[4], [8], [100]], [[4], [100], [100]]])
    assert golden.pooled(pool, h, np.array([3, 1])).ravel().tolist() == [6, 4]
    largest = Pool("max", Fixed(8, 7), 1)
    assert golden.pooled(largest, -h, np.array([3, 1])).ravel().tolist() == [-4, -4]


@pytest.mark.parametrize("head", [MEAN, {"pool": "max"}], ids=["mean", "max"])
def test_the_module_pools_as_the_golden_model_does(head: dict[str, Any]) -> None:
    made = chosen(**head)
    weights, inputs = random_weights.seeded(made), samples.seeded(made, 6, 5)
    net = weights.network(made)
    with torch.no_grad():
        logits, _ = restored(made, weights)(
            torch.from_numpy(made.formats.input.real(inputs.x)), torch.from_numpy(inputs.lengths)
        )
    wanted = golden.run(net, weights, inputs.x, inputs.lengths).logits
    assert wanted is not None
    assert net.head is not None
    np.testing.assert_array_equal(logits.numpy() * 2.0**net.head.frac, wanted[:, 0])


def test_a_wrong_factor_is_caught_in_verilog_and_in_cpp(tmp_path: Path) -> None:
    made = chosen(**MEAN)
    design = Design(made, random_weights.seeded(made), tmp_path)
    for path, text in (render.render(design) | render_hls(design)).items():
        write_text(tmp_path / path, text)
    write_text(tmp_path / f"rtl/{made.identifier}.v", convert.convert(design))
    file, pool = tmp_path / f"rtl/{made.identifier}_pool.hex", network(made).pool
    assert pool is not None
    factors = list(from_hex(file))
    wrong = [factors[0], factors[1] - (1 << pool.frac - 3), *factors[2:]]
    write_text(file, to_hex(wrong, pool.factor_width))
    header = tmp_path / "hls/weights.h"
    write_text(header, header.read_text().replace(str(factors[1]), str(wrong[1])))
    inputs = samples.corners(made, 2) + samples.seeded(made, 4, 3)
    for engine, clocked in ((icarus, True), (hls, False)):
        result = compare("it", DeviceUnderTest(engine, clocked=clocked), design, inputs, schedule(design))
        assert result.reason.startswith("head.logits differs first at step ")


@pytest.mark.parametrize(
    ("head", "model", "said"),
    [
        ({"pool": "mean"}, {}, "model.head.longest: wanted a number of steps for pool: mean"),
        ({"pool": "max", "longest": 4}, {}, "model.head.longest: wanted nothing but for pool: mean"),
        ({"pool": "max", "when": "step"}, {}, "model.head.pool: wanted none beside model.head.when: step"),
        ({"pool": "max"}, {"stateful": True}, "model.head.pool: wanted none beside model.stateful"),
    ],
)
def test_what_does_not_go_with_a_pool_is_refused(head: dict[str, Any], model: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        chosen(model, **head)
