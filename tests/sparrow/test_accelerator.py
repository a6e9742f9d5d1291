"""`sparrow.compile`: from a model in Python to answers, in the words of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import sparrow
from accel.base.faults import Refused
from sparrow import accelerator
from training.importing.source import Wishes


class Classifier(nn.Module):
    """What users have; `ending` is what stands behind the head, `between` what stands before it."""

    def __init__(self, ending: nn.Module | None = None, between: nn.Module | None = None, last: bool = True) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 6, batch_first=True)
        self.classify, self.last = nn.Linear(6, 4), last
        self.ending, self.between = ending or nn.Identity(), between or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.between(self.rnn(x)[0])
        answer: torch.Tensor = self.ending(self.classify(h[:, -1] if self.last else h))
        return answer


X = np.random.default_rng(0).normal(0, 0.8, (6, 9, 3))


def made(work: Path, model: Any = None, **options: Any) -> sparrow.Accelerator:
    torch.manual_seed(0)
    return sparrow.compile(Classifier() if model is None else model, data=X, work=work, **options)


def test_a_module_answers_within_the_bound(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Classifier(last=False).eval()
    accelerator = sparrow.compile(module, data=X, work=tmp_path, error=0.01)
    wanted = module(torch.from_numpy(X).float()).detach().numpy()
    found = accelerator.predict(X)
    assert found.shape == wanted.shape
    assert np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2)) < 0.011
    assert np.array_equal(found, accelerator.predict(X, engine="torch"))
    assert accelerator.spec.model.head is not None
    assert accelerator.spec.model.head.when == "step"


def test_every_signal_stands_beside_the_float_one(tmp_path: Path) -> None:
    trace = made(tmp_path).trace(X, lengths=[9, 3, 9, 9, 1, 9])
    gates = ("i", "f", "g", "o")
    names = {*gates, *(f"{gate}_pre" for gate in gates), "c", "tanh_c", "h"}
    assert set(trace) == {f"lstm0.{name}" for name in names} | {"head"}
    assert max(one.error for one in trace.values()) < 0.05
    assert np.isnan(trace["lstm0.h"].golden[1, 3:]).all()
    assert not np.isnan(trace["lstm0.h"].golden[1, :3]).any()
    assert trace["head"].golden.shape == (6, 1, 4)


def test_the_metric_stands_beside_that_of_the_float_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Classifier(ending=nn.Softmax(-1)).eval()
    accelerator = made(tmp_path, module)
    assert accelerator.spec.model.head is not None
    assert accelerator.spec.model.head.kind == "argmax"
    y = module(torch.from_numpy(X).float()).argmax(-1).numpy()
    facts = accelerator.evaluate(X, y)
    assert (facts["metric"], facts["float"]) == ("accuracy", 1.0)
    assert facts["golden"] >= 0.8


def test_a_file_and_its_module_make_the_same_accelerator(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Classifier()
    torch.save(module.state_dict(), tmp_path / "model.pt")
    np.save(tmp_path / "x.npy", X)
    one = sparrow.compile(module, data=X, work=tmp_path / "a")
    other = sparrow.compile(tmp_path / "model.pt", data=tmp_path / "x.npy", work=tmp_path / "b")
    assert one.spec.formats == other.spec.formats
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    assert other.check()["weights"].endswith("weights.npz")


class Normed(nn.Module):
    """Two layers, a mean over time, a normalisation, an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 6, num_layers=2, batch_first=True)
        self.mlp = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.Softmax(-1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, str]:
        return self.mlp(self.rnn(x)[0].mean(1)), "and more"


def test_what_tensors_do_not_say_of_a_module_its_graph_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Normed().eval()
    module.mlp[0].running_var.uniform_(0.5, 2)
    accelerator = sparrow.compile(module, data=X, work=tmp_path)
    head = accelerator.spec.model.head
    assert head is not None
    assert ([one.activation for one in head.layers], head.pool, head.longest) == (["relu"], "mean", 9)
    wanted = module(torch.from_numpy(X).float())[0].argmax(-1).numpy()
    facts = accelerator.evaluate(X, wanted)
    assert (facts["float"], facts["golden"]) == (1.0, 1.0)
    trace = accelerator.trace(X, lengths=[9, 3, 9, 9, 1, 9])
    assert trace["head"].float.shape == trace["head"].golden.shape == (6, 1, 4)
    assert trace["head"].error < 0.05
    torch.testing.assert_close(module.mlp[0].num_batches_tracked, torch.tensor(0))
    assert not module.training


class Hidden(nn.Module):
    """What a trace does not see: an answer that depends on the numbers of x."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Normed()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.inner(x)[0]
        return answer if float(x.abs().max()) == 0 else answer.flip(-1)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Hidden(), "nothing else may stand between, before or behind"),
        (Classifier(between=nn.GELU()), "wanted"),
        (nn.Linear(3, 4), "wanted an LSTM"),
        ("no such.pt", "wanted a model file, got no such file"),
        (3, "model: wanted a file or an nn.Module, got int"),
    ],
)
def test_what_is_no_network_of_ours_is_refused_and_leaves_nothing(model: Any, said: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    with pytest.raises(Refused) as refused:
        sparrow.compile(model, data=X, work=tmp_path / "work")
    assert said in "; ".join(map(str, refused.value.faults))
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("x", [X[..., :2], X[0], np.full((1, 2, 3), np.nan), np.array(["a"])], ids=range(4))
def test_x_that_does_not_fit_is_refused(x: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    accelerator = made(tmp_path_factory.mktemp("fits"), error=0.1)
    with pytest.raises(Refused, match="x: wanted"):
        accelerator.predict(x)
    with pytest.raises(Refused, match="--engine: wanted one of golden"):
        accelerator.predict(X, engine="bored")


@pytest.mark.parametrize("seed", range(8))
def test_an_activation_that_small_x_does_not_show_is_not_lost(seed: int, tmp_path: Path) -> None:
    torch.manual_seed(seed)
    model = Classifier(ending=nn.ReLU())
    with torch.no_grad():
        model.classify.bias.fill_(0.4)  # small x leaves all sums above 0
        assert (model(torch.randn(9, 12, 3)) > 0).float().mean() > 0.95
    _, network, _ = accelerator._model(model, tmp_path, Wishes())
    assert network is not None
    assert [one.activation for one in network.linear] == ["relu"]
    assert network.head is not None
    np.testing.assert_array_equal(network.head.weight, np.eye(4))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_module_may_answer_with_h_of_the_last_step(kind: type[nn.RNNBase], tmp_path: Path) -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = kind(3, 5, batch_first=True)  # type: ignore[call-arg, arg-type]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.rnn(x)[0][:, -1]  # type: ignore[no-any-return]

    model = Encoder()
    found = sparrow.compile(model, data=X, work=tmp_path, error=0.05).predict(X)
    wanted = model(torch.from_numpy(X).float()).detach().numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 0.1


def test_a_spec_that_a_person_wrote_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text("name: mine\n")
    with pytest.raises(Refused, match=r"model.yaml: wanted no such file yet, or one that sparrow.compile made"):
        made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.yaml"]
    assert (tmp_path / "model.yaml").read_text() == "name: mine\n"
    made(tmp_path, name="another")
    made(tmp_path, name="another")
