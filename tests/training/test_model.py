"""The module against torch.nn.LSTM, and its quantised evaluation against the golden model: every bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.fixed import Fixed
from accel.engines.engine import reference
from accel.model import golden, random_weights, samples
from accel.model.design import Design
from accel.spec import Spec
from tests.training.round_trip import assert_restored
from tests.training.small import small
from training import engine
from training.engine import torch_engine
from training.exact import Exact
from training.export import integers
from training.model import LSTM
from training.prune import prune_layers
from training.straight_through import narrow

SPECS = {
    "one_layer": small(),
    "two_layers": small(model={"hidden": [8, 5]}),
    "no_bias": small(model={"bias": False}),
    "no_head": small(model={"head": None}),
    "logits_each_step": small(model={"head": {"outputs": 3, "kind": "logits", "when": "step"}}),
    "one_unit": small(
        model={"hidden": [1], "inputs": 1}, engine={"units": 1}, sparsity={"pattern": "dense", "search": None}
    ),
    "coarse": small(formats={"gate": [6, 3], "activation": [4, 3], "cell": [5, 2], "state": [4, 3], "bias": [6, 3]}),
    "small_tables": small(tables={"address": 4, "sigmoid": 2, "tanh": 1}),
}


@pytest.fixture(params=SPECS.values(), ids=SPECS.keys())
def spec(request: pytest.FixtureRequest) -> Spec:
    found: Spec = request.param
    return found


def test_without_quantisers_the_outputs_are_those_of_nn_lstm() -> None:
    torch.manual_seed(0)
    spec = small(model={"hidden": [8, 8], "head": None})
    mine, theirs = LSTM(spec), nn.LSTM(3, 8, num_layers=2, batch_first=True)
    for number, layer in enumerate(mine.layers):
        for name, parameter in layer.named_parameters():
            parameter.data.copy_(getattr(theirs, f"{name[:-1]}{number}"))
    x = torch.randn(4, 6, 3)
    torch.testing.assert_close(mine.hidden(x)[0], theirs(x)[0], atol=1e-6, rtol=0)


def test_with_very_fine_formats_the_quantised_model_nears_the_float_one() -> None:
    fine = {
        "input": [32, 24],
        "bias": [32, 24],
        "gate": [32, 24],
        "activation": [26, 24],
        "cell": [32, 24],
        "state": [26, 24],
    }
    spec = small(
        formats=fine,
        weights={"width": 18, "input_frac": 16, "recurrent_frac": 16, "head_frac": 16},
        tables={"address": 14},
    )
    torch.manual_seed(0)
    model = LSTM(spec).double()
    x = torch.rand(4, 6, 3, dtype=torch.float64)
    exact = model(x)[0]
    torch.testing.assert_close(
        model.quantize(SPECS["one_layer"] and random_weights.seeded(spec).network(spec))(x)[0], exact, atol=1e-3, rtol=0
    )


def test_every_signal_equals_the_golden_model_on_random_weights(spec: Spec) -> None:
    design = Design(spec, random_weights.seeded(spec), None)  # type: ignore[arg-type]
    chosen = samples.seeded(spec, 9, 7) + samples.corners(spec)
    assert_equal(design, chosen)


def test_every_signal_equals_the_golden_model_on_exported_weights(spec: Spec) -> None:
    torch.manual_seed(3)
    model = LSTM(spec)
    net = random_weights.seeded(spec).network(spec)
    if spec.sparsity.pattern != "dense":
        prune_layers(model.layers, [array.nnz for array in net.layers])
    design = Design(spec, integers(model, net), None)  # type: ignore[arg-type]
    assert_equal(design, samples.seeded(spec, 9, 7) + samples.corners(spec))


def assert_equal(design: Design, chosen: samples.Samples) -> None:
    wanted, got = reference(design, chosen), torch_engine(design, chosen)
    for layer, signals in wanted.signals.items():
        for name, values in signals.items():
            np.testing.assert_array_equal(got.signals[layer][name], values, err_msg=f"{layer}.{name}")
    np.testing.assert_array_equal(got.outputs, wanted.outputs)


def test_quantised_module_and_exported_integers_give_the_same_logits() -> None:
    spec = small()
    torch.manual_seed(5)
    model = LSTM(spec)
    net = random_weights.seeded(spec).network(spec)
    prune_layers(model.layers, [array.nnz for array in net.layers])
    chosen = samples.seeded(spec, 20, 5)
    x = torch.from_numpy(spec.formats.input.real(chosen.x))
    found = model.double().quantize(net)(x, torch.from_numpy(chosen.lengths))[0]
    trace = golden.run(net, integers(model, net), chosen.x, chosen.lengths)
    assert net.head is not None
    assert trace.logits is not None
    np.testing.assert_array_equal(found.detach().numpy() * 2.0**net.head.frac, trace.logits[:, 0])


def test_restoring_and_exporting_gives_the_same_integers(spec: Spec) -> None:
    assert_restored(spec)


def test_one_wrong_weight_is_seen_by_the_comparison() -> None:
    spec = small()
    drawn = random_weights.seeded(spec)
    right = Design(spec, drawn, None)  # type: ignore[arg-type]
    chosen = samples.seeded(spec, 4, 5)
    wanted = reference(right, chosen)
    drawn.layers[0].w_h.values[np.nonzero(drawn.layers[0].w_h.mask)[0][0]] += drawn.layers[0].w_h.mask[0]
    got = torch_engine(Design(spec, drawn, None), chosen)  # type: ignore[arg-type]
    assert np.any(got.signals["lstm0"]["i_pre"] != wanted.signals["lstm0"]["i_pre"])


WIDE = {
    "formats": {"input": [32, 28], "activation": [28, 27], "cell": [30, 25], "state": [28, 26], "gate": [32, 20]},
    "weights": {"width": 18, "input_frac": 16, "recurrent_frac": 16},
}
"""Sums of 61 bits."""


def test_sums_too_wide_for_float64_equal_the_golden_model() -> None:
    spec = small(**WIDE)
    assert_equal(Design(spec, random_weights.seeded(spec), None), samples.seeded(spec, 9, 7))  # type: ignore[arg-type]


def test_float64_rounds_a_product_of_sixty_bits_to_another_integer_and_exact_numbers_do_not() -> None:
    fmt, factor, dropped = Fixed(32, 30), (1 << 29) + 1, 29
    just_below_half = ((1 << dropped - 1) - 1) * pow(factor, -1, 1 << dropped) % (1 << dropped)
    other, frac = just_below_half + (1 << 30), fmt.frac + dropped
    wanted = fmt.narrow(factor * other, frac)
    given = [torch.tensor([float(value)], dtype=torch.float64) for value in (factor, other * 2.0**-frac)]
    exact = narrow(Exact.of(given[0], 0) * Exact.of(given[1], frac), fmt)  # type: ignore[arg-type]
    assert exact.integers.item() == wanted  # type: ignore[attr-defined]
    assert (narrow(given[0] * given[1], fmt) * 2.0**fmt.frac).item() != wanted


def test_exact_numbers_are_the_same_where_float64_is_exact_too(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "EXACT_WIDTH", 0)
    chosen = samples.seeded(spec, 9, 7) + samples.corners(spec)
    assert_equal(Design(spec, random_weights.seeded(spec), None), chosen)  # type: ignore[arg-type]


def test_equal_logits_give_the_lowest_class() -> None:
    spec = small()
    drawn = random_weights.seeded(spec)
    head = drawn.layers[-1]
    head.w_x.values[:], head.bias[:] = 0, 0
    got = torch_engine(Design(spec, drawn, None), samples.corners(spec))  # type: ignore[arg-type]
    assert not got.outputs.any()


def test_what_goes_from_layer_to_layer_is_dropped_in_training_alone_and_the_recurrence_never() -> None:
    model = LSTM(small(model={"hidden": [6, 5]}, training={"dropout": 0.5}))
    h, read = torch.ones(2, 4, 6), torch.ones(2, 4, 3)
    given = model.train().read_by(1, h, read, None)
    assert set(given.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(model.eval().read_by(1, h, read, None), h)
    alone = LSTM(small(training={"dropout": 0.5})).train()
    x = torch.ones(2, 4, 3)
    assert torch.equal(alone.hidden(x)[0], alone.hidden(x)[0])
