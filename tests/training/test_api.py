"""Pruning, quantising and exporting a live nn.LSTM in a training loop of the user's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.model import golden, samples, weights_file
from accel.spec import Spec
from tests.designs import spec as design_spec
from tests.training.small import small
from training.api import Quantized, export, prune, quantize

SPEC = small(model={"hidden": [8, 8]})
DATAFLOWS = small(
    model={"hidden": [8, 8]},
    sparsity={"pattern": "balanced", "search": None, "input": 0.5, "recurrent": 0.5, "threshold": 0.1},
    engine={"units": 2, "dataflow": [{"input": "row", "recurrent": "column"}, "column"]},
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "python-api.md"


def lstm(seed: int = 0, **options: Any) -> nn.LSTM:
    torch.manual_seed(seed)
    return nn.LSTM(3, 8, num_layers=2, **options)


def steps(module: nn.Module, count: int = 3) -> None:
    """A fine-tuning loop."""
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(count):
        optimizer.zero_grad()
        module(torch.rand(5, 4, 3))[0].square().sum().backward()
        optimizer.step()


def test_pruned_weights_stay_zero_through_the_users_own_loop() -> None:
    module = lstm()
    prune(module, SPEC)
    steps(module)
    kept = [int((getattr(module, name) != 0).sum(1)[0]) for name in ("weight_ih_l0", "weight_hh_l0", "weight_hh_l1")]
    assert kept == [2, 4, 4]


@pytest.mark.parametrize("batch_first", [False, True])
def test_the_quantised_module_stands_in_for_the_lstm(batch_first: bool) -> None:
    module = lstm(batch_first=batch_first)
    quantized = quantize(
        module, small(model={"hidden": [8, 8]}, weights={"width": 16, "input_frac": 12, "recurrent_frac": 12})
    )
    x, state = (
        torch.rand(5, 4, 3),
        (torch.rand(2, 5 if batch_first else 4, 8), torch.rand(2, 5 if batch_first else 4, 8)),
    )
    for wanted, found in zip((module(x), module(x, state)), (quantized(x), quantized(x, state)), strict=True):
        torch.testing.assert_close(found[0], wanted[0], atol=0.02, rtol=0)
        torch.testing.assert_close(found[1][0], wanted[1][0], atol=0.02, rtol=0)
        torch.testing.assert_close(found[1][1], wanted[1][1], atol=0.02, rtol=0)


def test_training_the_quantised_module_moves_the_lstms_own_parameters() -> None:
    module = lstm()
    before = module.weight_hh_l1.detach().clone()
    steps(quantize(module, SPEC))
    assert not torch.equal(module.weight_hh_l1, before)


@pytest.mark.parametrize("given", [SPEC, DATAFLOWS], ids=["rows", "every_dataflow"])
def test_exported_integers_are_those_the_quantised_module_computes_with(given: Spec, tmp_path: Path) -> None:
    module, head = lstm(batch_first=True), nn.Linear(8, 3)
    prune(module, given)
    quantized = quantize(module, given)
    steps(quantized)
    made = export(quantized, head, given, tmp_path)
    chosen = samples.seeded(given, 6, 5)
    x = torch.from_numpy(given.formats.input.real(chosen.x))
    h = quantized.double()(x)[0].detach().numpy() * 2.0**given.formats.state.frac
    net = weights_file.load(tmp_path / "weights.npz", given).network(given)
    np.testing.assert_array_equal(golden.run(net, made, chosen.x).h, h)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.LSTM(3, 8, num_layers=2, bidirectional=True), "reads forward only"),
        (nn.LSTM(3, 8, num_layers=2, proj_size=4), "without projection"),
        (nn.LSTM(4, 8, num_layers=2), "model.inputs: wanted 3, got 4"),
        (nn.LSTM(3, 8), r"model.hidden: wanted \[8, 8\], got \[8\]"),
        (nn.LSTM(3, 8, num_layers=2, bias=False), "model.bias: wanted True, got False"),
    ],
    ids=["bidirectional", "projection", "inputs", "layers", "bias"],
)
def test_a_module_that_does_not_fit_the_spec_is_refused(module: nn.LSTM, said: str) -> None:
    for call in (lambda: prune(module, SPEC), lambda: Quantized(module, SPEC)):
        with pytest.raises(Refused, match=said):
            call()


@pytest.mark.parametrize(
    "model",
    [
        {"vocabulary": 5},
        {"before": [{"outputs": 3, "activation": "tanh"}]},
        {"hidden": [4, 4], "between": ["relu"]},
    ],
    ids=["vocabulary", "before", "between"],
)
def test_what_stands_around_a_module_is_refused(model: dict[str, Any]) -> None:
    given = design_spec(model={"inputs": 3, "hidden": [4], "head": None} | model)
    module = nn.LSTM(3, 4, num_layers=len(given.model.hidden))
    with pytest.raises(Refused, match=rf"model.{[*model][-1]}: wanted none of it around a module"):
        quantize(module, given)


def test_a_missing_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"head: wanted 1 linear layers, as the spec's model.head has, got 0"):
        export(lstm(), None, SPEC, tmp_path)


def test_an_unpruned_module_does_not_fit_a_sparse_spec(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        export(
            lstm(),
            nn.Linear(8, 3),
            small(model={"hidden": [8, 8]}, sparsity={"search": None, "input": 0.4, "recurrent": 0.5}),
            tmp_path,
        )


def test_the_example_in_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    (code,) = (block for block in blocks if "training.api" in block)
    (spec,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    (tmp_path / "mine.yaml").write_text(spec)
    names: dict[str, Any] = {}
    exec(code, names)
    assert isinstance(names["spec"], Spec)
    assert names["accuracy"] > 0.9
    assert weights_file.load(tmp_path / "build" / "mine" / "weights.npz", names["spec"]).layers[0].nnz_per_row == (2, 4)
