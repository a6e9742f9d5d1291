"""State pruning: where it acts, its gradient, its counts, and the threshold for a wanted sparsity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from accel.architecture.plan import planned
from accel.base.progress import silent
from accel.model import golden, random_weights, weights_file
from tests.training.small import small, task
from training.batches import count, to_train
from training.loop import Fit, Stage
from training.model import LSTM
from training.pipeline import make
from training.recipe import Recipe
from training.record import record
from training.score import Score
from training.states import BEGUN, StatePruning, set_threshold, sparsity, threshold_for
from training.straight_through import skip
from training.studies import with_states
from training.tasks.task import Split, Text

SPEC = small()


def model(seed: int = 0) -> LSTM:
    torch.manual_seed(seed)
    return LSTM(SPEC).double()


def test_states_below_the_threshold_are_zero_and_the_gradient_passes_them_all() -> None:
    h = torch.tensor([-0.3, -0.1, 0.0, 0.1, 0.2], requires_grad=True)
    pruned = skip(h, 0.2)
    pruned.sum().backward()  # type: ignore[no-untyped-call]
    assert pruned.tolist() == pytest.approx([-0.3, 0, 0, 0, 0.2])
    assert h.grad is not None
    assert h.grad.tolist() == [1.0] * 5


def test_only_the_recurrence_reads_pruned_states() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    whole = found.hidden(x)[0]
    pruned = set_threshold(found, 10.0).hidden(x)[0]
    torch.testing.assert_close(pruned[:, 0], whole[:, 0])
    assert torch.all(pruned[:, 1:].abs() > 0)
    assert not torch.allclose(pruned[:, 1:], whole[:, 1:])


def test_a_threshold_of_nothing_changes_nothing() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    whole = found.hidden(x)[0]
    torch.testing.assert_close(set_threshold(found, 1e-300).hidden(x)[0], whole)


@pytest.mark.parametrize("quantized", [False, True], ids=["float", "quantized"])
def test_the_threshold_found_gives_the_wanted_sparsity(quantized: bool) -> None:
    found = model().quantize(random_weights.seeded(SPEC).network(SPEC) if quantized else None)
    test = task().test
    set_threshold(found, threshold_for(found, test, 0.6))
    assert sparsity(found, test)[1] == pytest.approx(BEGUN * 0.6, abs=0.1)


def test_a_found_threshold_is_what_the_study_is_trained_with(tmp_path: Path) -> None:
    given = small(training={"studies": {"states": [0.4], "state_threshold": "found"}})
    recipe = Recipe(given, task(), tmp_path, silent)
    source = recipe.fresh()
    study = with_states(recipe, source, 0.4, "states 0.4")
    wanted = pytest.approx(threshold_for(source, task().valid, 0.4))
    assert (study.facts["threshold"], float(study.fitted.model.threshold)) == (wanted, wanted)


def test_padding_is_not_counted() -> None:
    found, one = model(), task().test.first(4)
    longer = Split(np.pad(one.x, ((0, 0), (0, 9), (0, 0))), one.lengths, one.labels)
    assert threshold_for(found, longer, 0.5) == threshold_for(found, one, 0.5)
    set_threshold(found, 0.1)
    assert sparsity(found, longer) == sparsity(found, one)


def test_the_pull_draws_states_towards_zero_as_its_term_in_the_loss_would() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    set_threshold(found, 1e-4)
    read = torch.stack([step["h"] for step in found.signals(x)[0][:-1]])
    term = 1e-4 * (1 + read.abs() / 1e-4).log().sum() / (4 * 6 * 8)
    wanted = torch.autograd.grad(2.5 * term, found.layers[0].weight_ih_l0)[0]
    found.pull.fill_(2.5)
    (found.hidden(x)[0].sum() * 0.0).backward()
    torch.testing.assert_close(found.layers[0].weight_ih_l0.grad, wanted)


def test_the_pull_grows_while_zeros_are_missing_and_weakens_where_there_are_too_many() -> None:
    found, method = model(), StatePruning(0.6, 0.05, 100, task().valid)
    method.before_epoch(found, 0.0)
    assert float(found.threshold) == pytest.approx(0.05)
    pulls = [float(found.pull)]
    for share in (0.0, 0.0, 1.0, 1.0):
        found.pruned = torch.tensor(share)
        method.after_step(found, 0.1)
        pulls.append(float(found.pull))
    assert pulls[0] < pulls[1] < pulls[2] > pulls[3] > pulls[4]


@pytest.mark.parametrize(("size", "steps"), [(3, 5), (4, 5), (1, 7)])
def test_batches_are_counted_as_they_come(size: int, steps: int) -> None:
    like = torch.zeros(())
    for examples in (task().train, Text(np.arange(50) % 3)):
        batches = list(to_train(examples, size, steps, torch.Generator(), like))
        assert count(examples, size, steps) == len(batches)


def test_a_stage_reaches_the_wanted_share_of_zeros(tmp_path: Path) -> None:
    training = small(training={"batch": 4}).training
    found, method = LSTM(SPEC), StatePruning(0.8, 0.1, 16 * 16, task().valid)
    Fit(found, Stage("states", 16, ""), task(), training, method).run(tmp_path, silent)
    assert sparsity(found, task().test)[1] >= 0.8


def test_an_epoch_with_too_few_zeros_gives_way_to_one_with_enough() -> None:
    found, valid = LSTM(SPEC), task().valid
    method = StatePruning(0.6, 0.05, 100, valid)
    fit = Fit(found, Stage("states", 1, ""), task(), SPEC.training, method)
    set_threshold(found, 0.0)
    assert not method.reached(found)
    fit.best, fit.reached = (Score(0.1, 0.9), {}), False
    set_threshold(found, 10.0)
    assert method.reached(found)
    assert found.training
    assert fit.better(Score(9.0, 0.1), reached=True)
    fit.reached = True
    assert not fit.better(Score(0.01, 0.99), reached=False)


def test_training_counts_the_zeros_of_its_last_pass() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    h = found.hidden(x)[0].detach()
    set_threshold(found, float(h.abs().median()) + 1e-9)
    again = found.hidden(x)[0]
    below = (again.abs() < found.threshold).double()
    assert float(found.pruned) == pytest.approx(float(below.mean()))
    found(x, torch.tensor([1, 6, 2, 3]))
    real = torch.cat([below[0, :1], below[1], below[2, :2], below[3, :3]])
    assert float(found.pruned) == pytest.approx(float(real.mean()))


def test_joint_sparsity_falls_with_the_batch() -> None:
    found, test = model(), task().test
    set_threshold(found, threshold_for(found, test, 0.6))
    shares = list(sparsity(found, test).values())
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < shares[0]


def test_joint_sparsity_of_equal_sequences_is_that_of_one() -> None:
    found, one = model(), task().test.first(1)
    same = Split(np.repeat(one.x, 8, 0), np.repeat(one.lengths, 8), np.repeat(one.labels, 8))
    set_threshold(found, 0.05)
    shares = sparsity(found, same)
    assert len(shares) == 4
    assert len(set(shares.values())) == 1


def test_states_of_a_text_are_counted_in_parallel_streams() -> None:
    spec = small(model={"inputs": 3, "head": None})
    from training.host import OneHot

    found = LSTM(spec, OneHot(3), torch.nn.Linear(8, 3), "step")
    set_threshold(found, 0.05)
    assert set(sparsity(found, Text(np.arange(400) % 3))) == {1, 2, 4, 8}


def test_a_negative_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0, not -1"):
        set_threshold(model(), -1)


def test_states_pruned_by_columns_become_integers_with_their_threshold(tmp_path: Path) -> None:
    """The main way of a spec by columns: balanced columns, states drawn to zero, both in what is handed over."""
    chosen = small(
        sparsity={
            **{"pattern": "column", "search": None, "input": 0.5, "recurrent": 0.5},
            **{"threshold": 0.1, "states": 0.5},
        },
        engine={"units": 2, "dataflow": "column"},
        training={"task": "digits_rows"},
    )
    made = make(chosen, task(), tmp_path, silent)
    weights_file.save(tmp_path / "weights.npz", made.weights, chosen)
    assert made.weights.threshold == 205
    facts = record(chosen, task(), made)
    assert facts["states"]["threshold"] == pytest.approx(0.1)
    assert facts["models"]["quantized"] == facts["models"]["golden"]
    x = made.excerpt.samples
    h = golden.run(made.net, made.weights, x.x, x.lengths).h
    assert (np.abs(h) < 205).any()


def test_a_network_of_both_dataflows_is_trained_with_the_pattern_of_each_layer(tmp_path: Path) -> None:
    """Rows of the first layer and columns of the second are balanced; states of the second alone are drawn to zero."""
    chosen = small(
        model={"inputs": 3, "hidden": [8, 8], "head": {"outputs": 3}},
        sparsity={
            **{"pattern": "balanced", "search": None, "input": 0.5, "recurrent": 0.5},
            **{"threshold": 0.1, "states": 0.5},
        },
        engine={"units": 2, "dataflow": ["row", "column"]},
        training={"task": "digits_rows"},
    )
    made = make(chosen, task(), tmp_path, silent)
    weights_file.save(tmp_path / "weights.npz", made.weights, chosen)
    facts = record(chosen, task(), made)
    assert facts["models"]["quantized"] == facts["models"]["golden"]
    assert made.quantized.model.skip == (False, True)
    assert [layer["kept"] for layer in facts["layers"]] == [[2, 4], [2, 2]]


def test_another_number_of_lanes_is_another_pattern(tmp_path: Path) -> None:
    """A pattern by columns is balanced over lanes, so its stages are not those of other lanes."""
    names = []
    for units in (2, 4):
        chosen = small(
            sparsity={"pattern": "column", "search": None, "input": 0.5, "recurrent": 0.5},
            engine={"units": units, "dataflow": "column"},
        )
        recipe = Recipe(chosen, task(), tmp_path, silent)
        dense = recipe.fresh()
        recipe.pruned(dense, planned(chosen))
        names.append({path.name for path in tmp_path.iterdir()})
    assert names[0] < names[1]
