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


FRONT = design_spec(
    model={
        "vocabulary": 7,
        "inputs": 3,
        "before": [{"outputs": 5}, {"outputs": 4, "activation": "tanh"}],
        "hidden": [6, 4, 4],
        "between": ["relu", "none"],
        "head": {"outputs": 2, "kind": "logits"},
    },
    sparsity={"pattern": "row", "input": 0.5, "recurrent": 0.5, "head": 0.4},
    engine={"units": 2},
    formats={"linear": [12, 8]},
)


def given(embedding: int = 7) -> tuple[list[nn.RNNBase], dict[str, Any], nn.Linear]:
    torch.manual_seed(3)
    modules = [nn.LSTM(4, 6, batch_first=True), nn.LSTM(6, 4, num_layers=2, batch_first=True)]
    front = {"before": [nn.Linear(3, 5), nn.Linear(5, 4)], "embedding": nn.Embedding(embedding, 3)}
    return modules, front, nn.Linear(4, 2)


def test_what_stands_around_modules_goes_with_them(tmp_path: Path) -> None:
    """A table, linear layers in front, a ReLU between: trained in the accelerator's arithmetic, exported, the same."""
    modules, front, head = given()
    prune(modules, FRONT)
    quantized = quantize(modules, FRONT, **front)
    before = [one.detach().clone() for one in quantized.parameters()]
    assert len(before) == 1 + 2 * 2 + 3 * 4
    optimizer, tokens = torch.optim.Adam(quantized.parameters(), lr=0.01), torch.randint(0, 7, (5, 4))
    h, states = quantized(tokens)
    assert [one.shape for one in states[1]] == [(2, 5, 4)] * 2
    h.square().sum().backward()
    optimizer.step()
    assert not any(torch.equal(*pair) for pair in zip(before, quantized.parameters(), strict=True))
    made = export(quantized, head, FRONT, tmp_path)
    chosen = samples.seeded(FRONT, 6, 5)
    net = weights_file.load(tmp_path / "weights.npz", FRONT).network(FRONT)
    assert [array.nnz[0] for array in net.feeding] == [2, 3]
    h = quantized.double()(torch.from_numpy(chosen.x[..., 0]))[0].detach().numpy() * 2.0**FRONT.formats.state.frac
    np.testing.assert_array_equal(golden.run(net, made, chosen.x).h, h)


def test_linear_layers_between_modules_go_with_them(tmp_path: Path) -> None:
    chosen = design_spec(
        model={"inputs": 3, "hidden": [6, 4], "between": [[{"outputs": 5, "activation": "tanh"}, {"outputs": 2}]]}
        | {"head": {"outputs": 2}},
        engine={"units": 2},
        formats={"linear": [12, 8]},
    )
    torch.manual_seed(3)
    modules = [nn.LSTM(3, 6, batch_first=True), nn.LSTM(2, 4, batch_first=True)]
    between, given = [[nn.Linear(6, 5), nn.Linear(5, 2)]], samples.seeded(chosen, 6, 5)
    prune(modules, chosen)
    quantized = quantize(modules, chosen, between=between).double()
    x = torch.from_numpy(given.x / 2.0**chosen.formats.input.frac)
    h = quantized(x)[0]
    h.square().sum().backward()
    assert between[0][0].weight.grad is not None
    made = export(quantized, nn.Linear(4, 2).double(), chosen, tmp_path)
    net = weights_file.load(tmp_path / "weights.npz", chosen).network(chosen)
    wanted = h.detach().numpy() * 2.0**chosen.formats.state.frac
    np.testing.assert_array_equal(golden.run(net, made, given.x).h, wanted)
    with pytest.raises(
        Refused, match=r"between\[0\]: wanted nn.Linear of \[\[6, 5\], \[5, 2\]\], as model.between\[0\] has"
    ):
        quantize(modules, chosen, between=[between[0][:1]])
    with pytest.raises(Refused, match=r"between: wanted at most 1 lists of nn.Linear, got 2"):
        quantize(modules, chosen, between=[*between, []])


def test_states_of_several_modules_are_a_list() -> None:
    modules, front, _ = given()
    quantized, tokens = quantize(modules, FRONT, **front).double(), torch.randint(0, 7, (5, 6))
    whole, _ = quantized(tokens)
    first, state = quantized(tokens[:, :2])
    second, _ = quantized(tokens[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=0, rtol=0)


def test_what_stands_in_front_of_modules_and_is_not_given_is_refused(tmp_path: Path) -> None:
    modules, front, head = given(8)
    with pytest.raises(Refused) as refused:
        export(modules, head, FRONT, tmp_path, before=front["before"][:1], embedding=front["embedding"])
    assert [str(fault) for fault in refused.value.faults] == [
        "embedding: wanted an nn.Embedding [7, 3], as model.vocabulary and model.inputs have it, got [8, 3]",
        "before: wanted nn.Linear of [[3, 5], [5, 4]], as model.before has, got [[3, 5]]",
    ]
    with pytest.raises(Refused, match="embedding: wanted none, got"):
        quantize(lstm(), SPEC, embedding=front["embedding"])
    one = nn.LSTM(4, 4, num_layers=2)
    with pytest.raises(Refused, match="modules of their own, as relu stands between"):
        prune(one, design_spec(model={"inputs": 4, "hidden": [4, 4], "between": ["relu"], "head": None}))


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
