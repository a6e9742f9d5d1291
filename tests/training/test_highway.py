"""Recurrent highway networks: the equations by hand, their groups, and a compact network with the same outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from accel.architecture.cells.level import Level
from accel.base.faults import Refused
from accel.base.files import read_json
from accel.base.progress import silent
from accel.engines.differences import differences
from accel.engines.engine import reference
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.schedule.load_spec import load
from accel.spec import Spec
from sparrow import flow, steps
from tests.training.round_trip import assert_restored
from tests.training.small import small, task
from training import cell, pipeline
from training.arithmetic import Arithmetic
from training.engine import torch_engine
from training.export import integers
from training.highway import RHN, Highway, network_for
from training.importer import import_model
from training.model import Signals
from training.prune import prune_layers
from training.units import alive, compact, group_norms, highway_spec, multiplications, remove

SPEC = small(model={"hidden": [8, 6]})


def test_two_levels_of_two_steps_by_hand() -> None:
    torch.manual_seed(0)
    layer, x = Highway(3, 2, depth=2).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    s = torch.zeros(2, dtype=torch.float64)
    for step in x[0]:
        for level in range(2):
            pre = layer.weight_hh_l0[4 * level : 4 * level + 4] @ s + layer.bias_ih_l0[4 * level : 4 * level + 4]
            pre = pre + (layer.weight_ih_l0 @ step if level == 0 else 0)
            t = torch.sigmoid(pre[2:])
            s = torch.tanh(pre[:2]) * t + s * (1 - t)
    torch.testing.assert_close(layer(x)[0, -1], s)


def test_a_sequence_goes_on_from_the_state_before() -> None:
    torch.manual_seed(0)
    model, x = RHN(SPEC, 3).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    _, state = model.hidden(x[:, :4])
    torch.testing.assert_close(model.hidden(x[:, 4:], state)[0], model.hidden(x)[0][:, 4:])


def test_a_units_group_has_its_rows_and_columns_of_every_level_each_once() -> None:
    model = RHN(small(model={"inputs": 1, "hidden": [2], "head": {"outputs": 3}}, engine={"units": 1}), depth=3)
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    # 2 rows of W_x; of each of 3 levels 2 rows of 2, and a column of 4 less the 2 counted already; 3 of the head
    assert group_norms(model, 0).tolist() == pytest.approx([(2 + 3 * (4 + 4 - 2) + 3) ** 0.5] * 2)


def test_the_compact_network_has_the_same_outputs() -> None:
    torch.manual_seed(0)
    model, left = RHN(SPEC, 2).double(), [torch.arange(8) % 3 != 0, torch.arange(6) > 2]
    remove(model, left)
    assert [keep.tolist() for keep in alive(model)] == [keep.tolist() for keep in left]
    spec, smaller = compact(model, highway_spec(SPEC, 2))
    assert spec.model.hidden == (5, 3)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(smaller(x)[0], model(x)[0], atol=1e-12, rtol=0)
    assert multiplications(spec) == 2 * 5 * (3 + 2 * 5) + 2 * 3 * (5 + 2 * 3)


CELL = {"cell": "highway", "depth": 2}
ROWS = {"search": None, "input": 0.3, "recurrent": 0.5}
COARSE = {"gate": [6, 3], "activation": [4, 3], "cell": [5, 2], "state": [4, 3], "bias": [6, 3]}
SPECS = {
    "row-balanced": small(model=CELL, sparsity=ROWS),
    "two layers, dense": small(
        model=CELL | {"hidden": [8, 5], "depth": 3}, sparsity={"pattern": "dense", "search": None}
    ),
    "one level, no bias": small(model=CELL | {"depth": 1, "bias": False, "stateful": True}, sparsity=ROWS),
    "coarse": small(model=CELL, sparsity=ROWS, formats=COARSE),
}


@pytest.fixture(params=SPECS.values(), ids=SPECS.keys())
def spec(request: pytest.FixtureRequest) -> Spec:
    found: Spec = request.param
    return found


def test_quantised_evaluation_equals_the_golden_model_in_every_signal(spec: Spec) -> None:
    torch.manual_seed(3)
    model, net = network_for(spec), random_weights.seeded(spec).network(spec)
    if spec.sparsity.pattern == "row":
        prune_layers(model.layers, [array.nnz for array in net.layers])
    for drawn in (random_weights.seeded(spec), integers(model, net)):
        design, chosen = Design(spec, drawn, Path()), samples.seeded(spec, 9, 7) + samples.corners(spec)
        wanted, got = reference(design, chosen), torch_engine(design, chosen)
        every = {array.name: tuple(array.cell.signals) for array in net.layers}
        assert list(differences(wanted, got, every)) == []


def test_restoring_and_exporting_gives_the_same_integers(spec: Spec) -> None:
    assert_restored(spec)


def test_a_carry_that_is_not_coupled_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, coupled = SPECS["row-balanced"], cell.run_level
    design, chosen = Design(spec, random_weights.seeded(spec), Path()), samples.seeded(spec, 4, 5)

    def uncoupled(arithmetic: Arithmetic, level: Level, pre: torch.Tensor, s: torch.Tensor, *rest: Any) -> Signals:
        found = coupled(arithmetic, level, pre, s, *rest)
        kept = arithmetic.cell(found[level.carried] + s * found[level.gates[1]])
        return found | {level.carried: kept, level.state: arithmetic.state(kept)}

    monkeypatch.setattr(cell, "run_level", uncoupled)
    found = min(differences(reference(design, chosen), torch_engine(design, chosen), {}), key=lambda one: one.row)
    assert (found.signal, found.row) == ("highway0.s2", 0)  # s_0 is zero, so that the first level is right


def test_gradients_reach_every_level_through_the_quantisers() -> None:
    spec = SPECS["row-balanced"]
    model = network_for(spec).double().quantize(random_weights.seeded(spec).network(spec))
    model(torch.rand(4, 3, 3, dtype=torch.float64))[0].square().sum().backward()
    gradient = model.layers[0].get_parameter("weight_hh_l0").grad
    assert gradient is not None
    assert all(part.abs().sum() > 0 for part in gradient.chunk(4))


def test_the_main_way_ends_in_weights_that_fit_the_spec(tmp_path: Path) -> None:
    spec = SPECS["row-balanced"]
    pipeline.write(spec, task(), pipeline.make(spec, task(), tmp_path / "checkpoints", silent), tmp_path)
    found = weights_file.load(tmp_path / "weights.npz", spec).layers[0]
    assert found.nnz_per_row == (2, 4)
    assert found.w_h.values.shape == (2 * 2 * 8, 8)
    models = read_json(tmp_path / "training.json")["models"]
    assert models["golden"] == models["quantized"]


def test_the_dual_ratio_search_shares_a_rows_nonzeros_out_over_all_levels(tmp_path: Path) -> None:
    spec = small(model=CELL, sparsity={"search": {"total": 0.5, "steps": 1}}, engine={"units": 3})
    made = pipeline.make(spec, task(), tmp_path / "checkpoints", silent)
    assert {candidate.nnz for candidate in made.candidates} == {((2, 4),), ((1, 4),), ((3, 3),)}
    pipeline.write(spec, task(), made, tmp_path)
    found = weights_file.load(tmp_path / "weights.npz", spec)
    assert found.layers[0].nnz_per_row == made.candidates[0].nnz[0]


@pytest.mark.parametrize("path", sorted(Path("specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_highway_network_can_stand_in_for_the_lstm_of_every_shipped_spec(path: Path) -> None:
    made = highway_spec(load(path), 2)
    assert made.model.cell == "highway"
    assert made.model.hidden == load(path).model.hidden


def test_the_cell_stage_keeps_up_with_levels_that_have_no_x() -> None:
    many = small(model={"inputs": 30, "hidden": [6]}, engine={"units": 6, "lanes_per_row": 3})
    assert many.engine.cells_per_cycle == 1
    assert highway_spec(many, 2).engine.cells_per_cycle == 3


def test_what_group_lasso_leaves_is_a_spec_of_its_own(tmp_path: Path) -> None:
    whole = small(training={"studies": {"highway": [2], "highway_lasso": [150.0]}})
    pipeline.write(whole, task(), pipeline.make(whole, task(), tmp_path / "checkpoints", silent), tmp_path)
    folder = tmp_path / "compact" / "highway-2-units-150.0"
    spec = load(folder / "spec.yaml")
    flow.import_model(spec, folder, tmp_path / "own")
    array = steps.design(spec, tmp_path / "own").net.layers[0]
    assert (spec.model.cell, spec.model.depth, array.levels, array.dense) == ("highway", 2, 2, True)
    assert spec.model.hidden[0] < 8


def test_an_lstm_of_pytorch_is_no_highway_cell(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"model.cell: wanted lstm, gru, gru_reset_first, as files have them"):
        import_model(SPECS["row-balanced"], tmp_path / "model.pt", tmp_path)
