"""The proof at import trips over deliberate faults of the reading, whoever runs the file."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from accel.base.faults import Refused
from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, Graph, fine
from training.importer import import_model
from training.importing import parametrizations, proof, recurrent, state_dict
from training.importing.network import Array, Ending, FloatNetwork, Linear, Recurrent, ended
from training.importing.proof import CannotRun, Executor, prove

RNG = np.random.default_rng(3)
X = RNG.normal(0, 1, (6, 9, INPUTS))


def network(ending: Ending = "") -> FloatNetwork:
    """A layer and a head of normal numbers."""
    rng = np.random.default_rng(4)
    w_x, w_h = rng.normal(0, 1, (4 * HIDDEN, INPUTS)), rng.normal(0, 1, (4 * HIDDEN, HIDDEN))
    layer = Recurrent("lstm", w_x, w_h, rng.normal(0, 1, 4 * HIDDEN), ("w_x", "w_h", "bias"))
    head = Linear("head", rng.normal(0, 1, (OUTPUTS, HIDDEN)), rng.normal(0, 1, OUTPUTS), ("weight", "bias"))
    return FloatNetwork((layer,), head, ending=ending)


def answers(of: FloatNetwork, kind: type[np.floating] = np.float64) -> Array:
    return ended(of.logits(of.states(X, dtype=kind)[-1]), of.ending)


def executor(of: FloatNetwork, exact: bool = True) -> Executor:
    return Executor("another", exact, lambda x, _: answers(of, np.float64 if exact else np.float32))


def changed(of: FloatNetwork, by: float) -> FloatNetwork:
    """One weight of W_h is another."""
    w_h = of.layers[0].w_h.copy()
    w_h[5, 1] += by
    return replace(of, layers=(replace(of.layers[0], w_h=w_h),))


@pytest.mark.parametrize("runtime", [True, False], ids=["onnxruntime", "reference"])
def test_gates_in_another_order_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: bool) -> None:
    if runtime:
        pytest.importorskip("onnxruntime")
    else:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    graph = Graph()
    path = graph.saved(tmp_path, graph.head(graph.layer("x")))
    import_model(fine(), path, tmp_path / "right")
    by = json.loads((tmp_path / "right/training.json").read_text())["import"]["compared"][0]["by"]
    assert by.startswith("onnxruntime" if runtime else "onnx ")
    wrong = replace(recurrent.OPERATORS["LSTM"], order=(0, 1, 2, 3))
    monkeypatch.setitem(recurrent.OPERATORS, "LSTM", wrong)
    with pytest.raises(Refused, match=r"model.onnx: wanted the answers of the network .* got a difference of"):
        import_model(fine(), path, tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_a_weight_norm_without_its_norm_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_norm(parts: tuple[Tensor, ...]) -> Tensor:
        return parts[0] * parts[1]

    module = nn.ModuleDict({"lstm": nn.LSTM(INPUTS, HIDDEN), "fc": nn.Linear(HIDDEN, OUTPUTS)})
    nn.utils.parametrizations.weight_norm(module["fc"])
    torch.save(module.state_dict(), tmp_path / "model.pt")
    import_model(fine(), tmp_path / "model.pt", tmp_path / "right")
    forms = [(*form[:2], without_norm, form[3]) for form in parametrizations.FORMS]
    monkeypatch.setattr(parametrizations, "FORMS", tuple(forms))
    with pytest.raises(Refused, match=r"wanted the answers .* \(torch .*\), got a difference of"):
        import_model(fine(), tmp_path / "model.pt", tmp_path / "wrong")


def test_a_bias_counted_once_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_bias_alone(state: dict, module: state_dict.Module, number: int) -> Recurrent:
        whole = honest(state, module, number)
        return replace(whole, bias=state[module.layers[number]["bias_ih"]].double().numpy())

    honest = state_dict._recurrent
    monkeypatch.setattr(state_dict, "_recurrent", first_bias_alone)
    torch.save(nn.LSTM(INPUTS, HIDDEN).state_dict(), tmp_path / "model.pt")
    with pytest.raises(Refused, match="got a difference of"):
        import_model(fine(model={"head": None}), tmp_path / "model.pt", tmp_path / "wrong")


@pytest.mark.parametrize("exact", [True, False], ids=["double", "single"])
@pytest.mark.parametrize("ending", ["", "softmax", "log_softmax", "sigmoid"])
def test_one_weight_that_is_another_is_found(exact: bool, ending: Ending) -> None:
    honest = network(ending=ending)
    assert prove(honest, X, [executor(honest, exact)], "file", "random").by == "another"
    with pytest.raises(Refused, match="got a difference of"):
        prove(honest, X, [executor(changed(honest, 0.01 if exact else 0.1), exact)], "file", "random")


def test_another_class_is_found_where_it_is_no_tie() -> None:
    honest = network(ending="argmax")
    prove(honest, X, [executor(honest)], "file", "random")
    other = replace(honest, head=replace(honest.head, bias=honest.head.bias[::-1]))  # type: ignore[arg-type, union-attr]
    with pytest.raises(Refused, match="got a difference of"):
        prove(honest, X, [executor(other)], "file", "random")


def test_answers_of_another_shape_or_no_numbers_are_found() -> None:
    honest = network()
    for made in (answers(honest)[..., :1], np.full((6, 9, OUTPUTS), np.nan)):
        wrong = Executor("another", True, lambda x, _, made=made: made)  # type: ignore[misc]
        with pytest.raises(Refused, match="got a difference of"):
            prove(honest, X, [wrong], "file", "random")


def test_single_precision_that_drowns_leaves_the_decision_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = network()
    monkeypatch.setattr(proof, "DROWNED", 1e-9)
    found = prove(honest, X, [replace(executor(honest, False), name="single"), executor(honest)], "file", "random")
    assert (found.by, found.largest_difference) == ("another", 0.0)
    with pytest.raises(Refused, match="got a difference of"):
        prove(honest, X, [executor(honest, False), executor(changed(honest, 1e-3))], "file", "random")


def test_a_file_that_nothing_can_run_is_not_taken() -> None:
    def cannot(*_: Array) -> Array:
        raise CannotRun

    with pytest.raises(Refused, match=r"file: wanted a file that onnxruntime or onnx's reference evaluator can run"):
        prove(network(), X, [Executor("another", True, cannot)], "file", "random")


def test_the_users_own_sequences_are_compared_as_well_and_become_the_samples(tmp_path: Path) -> None:
    from accel.model import samples

    graph = Graph()
    path = graph.saved(tmp_path, graph.head(graph.layer("x")))
    x, lengths = RNG.normal(0, 1, (7, 5, INPUTS)), np.array([5, 4, 3, 2, 1, 5, 5])
    np.savez(tmp_path / "mine.npz", x=x, lengths=lengths)
    import_model(fine(), path, tmp_path / "work", data_file=tmp_path / "mine.npz")
    facts = json.loads((tmp_path / "work/training.json").read_text())["import"]
    seen = [(one["inputs"], one["sequences"], one["steps"]) for one in facts["compared"]]
    assert seen == [("random", 9, 12), ("mine.npz", 7, 5)]
    assert (facts["loss"]["inputs"], facts["loss"]["sequences"], facts["loss"]["steps"]) == ("mine.npz", 7, 25)
    stored = samples.load(tmp_path / "work/samples.npz", fine())
    np.testing.assert_array_equal(stored.lengths, lengths)
    np.testing.assert_array_equal(stored.x[0], fine().formats.input.quantize(x[0]))
