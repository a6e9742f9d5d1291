"""GRUs in torch: PyTorch's own module, its parts in the hardware's order, and the golden model signal by signal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.architecture.cells.level import Level
from accel.base.faults import Refused
from accel.base.files import read_json
from accel.base.progress import silent
from accel.engines.differences import differences
from accel.engines.engine import flat, reference
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.model.golden import run
from accel.spec import Spec
from tests.training.round_trip import assert_restored
from tests.training.small import small, task
from training import cell as cells
from training import pipeline
from training.api import export, prune, quantize
from training.arithmetic import REAL, Arithmetic
from training.cell import bias_of, set_bias
from training.engine import torch_engine
from training.export import integers
from training.gru import ResetFirst
from training.highway import network_for
from training.model import Signals, run_layer, stacked
from training.prune import prune_layers
from training.states import sparsity
from training.units import alive, compact, remove

CELL, FIRST = {"cell": "gru"}, {"cell": "gru_reset_first"}
ROWS = {"search": None, "input": 0.3, "recurrent": 0.5}
COARSE = {"gate": [6, 3], "activation": [4, 3], "cell": [5, 2], "state": [4, 3], "bias": [6, 3]}
COLUMNS = {"pattern": "column", "search": None, "input": 0.3, "recurrent": 0.5, "threshold": 0.1}
SPECS = {
    "row-balanced": small(model=CELL, sparsity=ROWS),
    "two layers, dense, no bias": small(
        model=CELL | {"hidden": [8, 5], "bias": False}, sparsity={"pattern": "dense", "search": None}
    ),
    "stateful, gates share columns": small(model=CELL | {"stateful": True}, sparsity=ROWS | {"shared_by_gates": True}),
    "coarse": small(model=CELL, sparsity=ROWS, formats=COARSE),
    "by columns, ternary": small(
        model=CELL,
        sparsity=COLUMNS,
        weights={"kind": "ternary", "input_frac": 1, "recurrent_frac": 1},
        engine={"dataflow": "column", "units": 2},
    ),
    "reset first": small(model=FIRST | {"hidden": [8, 6]}, sparsity=ROWS),
    "reset first, coarse, stateful": small(model=FIRST | {"stateful": True}, sparsity=ROWS, formats=COARSE),
    "a scale a row": small(
        model=CELL, sparsity=ROWS, weights={"per_row": True}, formats={"scale": [8, 6]}, engine={"state_streams": True}
    ),
}


@pytest.fixture(params=SPECS.values(), ids=SPECS.keys())
def spec(request: pytest.FixtureRequest) -> Spec:
    found: Spec = request.param
    return found


def test_the_operations_are_those_of_pytorchs_module() -> None:
    torch.manual_seed(0)
    layer, x, h = nn.GRU(3, 5, batch_first=True).double(), torch.randn(2, 6, 3).double(), torch.randn(2, 5).double()
    steps = list(run_layer(REAL, layer, x, (h, h)))
    torch.testing.assert_close(stacked(steps, "h"), layer(x, h[None])[0])


@pytest.mark.parametrize("reset", [0, 1])
def test_the_operations_are_those_of_onnxs_node(reset: int) -> None:
    onnx, reference_of = pytest.importorskip("onnx"), pytest.importorskip("onnx.reference")
    torch.manual_seed(0)
    ours = ResetFirst(3, 5).double() if reset == 0 else nn.GRU(3, 5, batch_first=True).double()
    x, h = torch.randn(2, 6, 3).double(), torch.randn(2, 5).double()
    helper, weights_of = onnx.helper, dict(ours.named_parameters())
    order = [0, 1, 2] if reset == 0 else [1, 0, 2]  # ONNX has z, r, n
    values = {"X": x.transpose(0, 1), "H": h[None]}
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        parts = weights_of.get(name, torch.zeros(15).double()).detach().chunk(3)
        values[name] = torch.cat([parts[n] for n in order])[None]
    values["B"] = torch.cat([values.pop("bias_ih_l0"), values.pop("bias_hh_l0")], dim=1)
    inputs = ["X", "weight_ih_l0", "weight_hh_l0", "B", "", "H"]
    node = helper.make_node("GRU", inputs, ["Y"], hidden_size=5, linear_before_reset=reset)
    double = onnx.TensorProto.DOUBLE
    given = [helper.make_tensor_value_info(name, double, list(value.shape)) for name, value in values.items()]
    graph = helper.make_graph([node], "gru", given, [helper.make_tensor_value_info("Y", double, None)])
    evaluator = reference_of.ReferenceEvaluator(helper.make_model(graph))
    (wanted,) = evaluator.run(None, {name: value.numpy() for name, value in values.items()})
    steps = list(run_layer(REAL, ours, x, (h, h)))
    np.testing.assert_allclose(stacked(steps, "h").detach().numpy(), wanted[:, 0].transpose(1, 0, 2), rtol=1e-9)


def test_biases_go_to_the_sums_they_belong_to_and_back() -> None:
    torch.manual_seed(0)
    layer, other = nn.GRU(3, 2), nn.GRU(3, 2)
    b_ih, b_hh = layer.bias_ih_l0, layer.bias_hh_l0
    wanted = torch.cat([b_ih[:4] + b_hh[:4], b_ih[4:], b_hh[4:]])
    found = bias_of(layer)
    assert found is not None
    torch.testing.assert_close(found, wanted)
    set_bias(other, found)
    torch.testing.assert_close(bias_of(other), wanted)


def test_a_sequence_goes_on_from_the_state_before() -> None:
    torch.manual_seed(0)
    model, x = network_for(SPECS["row-balanced"]).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    for net in (None, random_weights.seeded(SPECS["row-balanced"]).network(SPECS["row-balanced"])):
        model.quantize(net)
        _, state = model.hidden(x[:, :4])
        torch.testing.assert_close(model.hidden(x[:, 4:], state)[0], model.hidden(x)[0][:, 4:])


def test_quantised_evaluation_equals_the_golden_model_in_every_signal(spec: Spec) -> None:
    drawn = random_weights.seeded(spec)
    design, chosen = Design(spec, drawn, Path()), samples.seeded(spec, 9, 7) + samples.corners(spec)
    wanted, got = reference(design, chosen), torch_engine(design, chosen)
    every = {array.name: tuple(array.cell.signals) for array in drawn.network(spec).layers}
    assert list(differences(wanted, got, every)) == []


@pytest.mark.parametrize("name", ["row-balanced", "two layers, dense, no bias", "coarse", "reset first"])
def test_a_module_and_its_integers_compute_the_same(name: str) -> None:
    torch.manual_seed(3)
    spec = SPECS[name]
    model, net = network_for(spec).double(), random_weights.seeded(spec).network(spec)
    if spec.sparsity.pattern == "row":
        prune_layers(model.layers, [array.nnz for array in net.layers])
    design, chosen = Design(spec, integers(model, net), Path()), samples.seeded(spec, 4, 5)
    x = torch.from_numpy(spec.formats.input.real(chosen.x))
    h = stacked(model.quantize(net).signals(x)[-1], "h")
    golden = reference(design, chosen).signals[net.layers[-1].name]["h"]
    np.testing.assert_array_equal(flat(h.detach().numpy(), chosen.lengths), spec.formats.state.real(golden))


@pytest.mark.parametrize("name", ["row-balanced", "reset first"])
def test_restoring_and_exporting_gives_the_same_integers(name: str) -> None:
    assert_restored(SPECS[name])


def test_a_reset_gate_that_meets_the_x_part_too_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, right = SPECS["row-balanced"], cells.run_level
    design, chosen = Design(spec, random_weights.seeded(spec), Path()), samples.seeded(spec, 4, 5)

    def wrong(arithmetic: Arithmetic, level: Level, pre: torch.Tensor, before: torch.Tensor, *rest: Any) -> Signals:
        r, z, n_x, n_h = pre.chunk(4, dim=1)
        return right(arithmetic, level, torch.cat([r, z, torch.zeros_like(n_x), n_x + n_h], dim=1), before, *rest)

    monkeypatch.setattr(cells, "run_level", wrong)
    found = min(differences(reference(design, chosen), torch_engine(design, chosen), {}), key=lambda one: one.row)
    assert (found.signal, found.row) == ("gru0.n_x", 0)


@pytest.mark.parametrize("cell", [CELL, FIRST], ids=["after", "before"])
def test_the_compact_network_has_the_same_outputs(cell: dict) -> None:
    torch.manual_seed(0)
    spec = small(model=cell | {"hidden": [8, 6]})
    model, left = network_for(spec).double(), [torch.arange(8) % 3 != 0, torch.arange(6) > 2]
    remove(model, left)
    assert [keep.tolist() for keep in alive(model)] == [keep.tolist() for keep in left]
    made, smaller = compact(model, spec)
    assert made.model.hidden == (5, 3)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(smaller(x)[0], model(x)[0], atol=1e-12, rtol=0)


@pytest.mark.parametrize(("name", "biases"), [("row-balanced", 4 * 8), ("reset first", 3 * 8)])
def test_the_main_way_ends_in_weights_that_fit_the_spec(name: str, biases: int, tmp_path: Path) -> None:
    spec = SPECS[name]
    pipeline.write(spec, task(), pipeline.make(spec, task(), tmp_path / "checkpoints", silent), tmp_path)
    found = weights_file.load(tmp_path / "weights.npz", spec).layers[0]
    assert found.nnz_per_row == (2, 4)
    assert found.bias.shape == (biases,)
    models = read_json(tmp_path / "training.json")["models"]
    assert models["golden"] == models["quantized"]


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_live_module_is_pruned_quantised_and_exported(batch_first: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    spec = small(model=CELL | {"hidden": [8, 8], "head": None}, sparsity=ROWS)
    module = nn.GRU(3, 8, num_layers=2, batch_first=batch_first).double()
    prune(module, spec)
    quantized, made = quantize(module, spec), export(module, None, spec, tmp_path)
    assert made.layers[0].nnz_per_row == (2, 4)
    chosen = samples.seeded(spec, 4, 5)
    x = torch.from_numpy(spec.formats.input.real(chosen.x))
    golden = run(made.network(spec), made, chosen.x)
    order = (lambda values: values) if batch_first else (lambda values: values.transpose(0, 1))
    h, h_n = quantized(order(x))
    np.testing.assert_array_equal(order(h).detach().numpy(), spec.formats.state.real(golden.h))
    last = np.stack([layer.signals["h_carried"][:, -1] for layer in golden.layers])
    np.testing.assert_array_equal(h_n.detach().numpy(), spec.formats.cell.real(last))
    first, state = quantized(order(x[:, :2]))
    torch.testing.assert_close(order(quantized(order(x[:, 2:]), state)[0]), order(h)[:, 2:])
    assert order(first).shape == (4, 2, 8)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        pytest.param(nn.LSTM(3, 8), "model.cell: wanted lstm for an nn.LSTM", id="an LSTM"),
        pytest.param(nn.RNN(3, 8), "module: wanted an nn.LSTM or an nn.GRU, got RNN", id="no gates at all"),
        pytest.param(nn.GRU(3, 8, bidirectional=True), "GRU: wanted one that reads forward only", id="both ways"),
        pytest.param(nn.GRU(3, 7), "model.hidden: wanted [8], got [7] in the module", id="another size"),
    ],
)
def test_a_module_that_is_not_the_specs_is_refused(module: nn.RNNBase, message: str) -> None:
    with pytest.raises(Refused, match=re.escape(message)):
        quantize(module, SPECS["row-balanced"])


def test_a_module_of_pytorch_does_not_reset_first() -> None:
    with pytest.raises(Refused, match=r"model.cell: wanted gru for an nn\.GRU"):
        quantize(nn.GRU(3, 8), small(model=FIRST, sparsity=ROWS))


@pytest.mark.parametrize("cell", [CELL, FIRST], ids=["after", "before"])
def test_the_dual_ratio_search_keeps_the_cost(cell: dict, tmp_path: Path) -> None:
    spec = small(model=cell, sparsity={"search": {"total": 0.5, "steps": 1}}, engine={"units": 3})
    made = pipeline.make(spec, task(), tmp_path / "checkpoints", silent)
    assert {sum(candidate.nnz[0]) for candidate in made.candidates} == {6}
    pipeline.write(spec, task(), made, tmp_path)
    assert weights_file.load(tmp_path / "weights.npz", spec).layers[0].nnz_per_row == made.candidates[0].nnz[0]


def test_skipped_states_are_counted_as_those_of_an_lstm() -> None:
    spec = SPECS["by columns, ternary"]
    model = network_for(spec)
    model.threshold.fill_(2.0)
    assert set(sparsity(model, task().test).values()) == {1.0}
