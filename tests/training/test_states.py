"""State pruning: where it acts, its gradient, its counts, and the threshold for a wanted sparsity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from accel import weights
from tests.training.small import small, task
from training.model import LSTM
from training.states import StatePruning, set_threshold, sparsity, threshold_for
from training.straight_through import skip
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
    found = model().quantize(weights.seeded(SPEC).network(SPEC) if quantized else None)
    test = task().test
    set_threshold(found, threshold_for(found, test, 0.6))
    assert sparsity(found, test)[1] == pytest.approx(0.6, abs=0.1)


def test_padding_is_not_counted() -> None:
    found, one = model(), task().test.first(4)
    longer = Split(np.pad(one.x, ((0, 0), (0, 9), (0, 0))), one.lengths, one.labels)
    assert threshold_for(found, longer, 0.5) == threshold_for(found, one, 0.5)
    set_threshold(found, 0.1)
    assert sparsity(found, longer) == sparsity(found, one)


def test_the_pull_draws_states_towards_zero_as_its_term_in_the_loss_would() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    set_threshold(found, 1e-300)
    term = torch.stack([step["h"] for step in found.signals(x)[0][:-1]]).abs().sum() / (4 * 6 * 8)
    wanted = torch.autograd.grad(2.5 * term, found.layers[0].weight_ih_l0)[0]
    found.pull.fill_(2.5)
    (found.hidden(x)[0].sum() * 0.0).backward()
    torch.testing.assert_close(found.layers[0].weight_ih_l0.grad, wanted)


def test_the_pull_grows_while_zeros_are_missing_and_weakens_where_there_are_too_many() -> None:
    found, method = model(), StatePruning(0.6, 0.05, epochs=4)
    method.before_epoch(found, 0.0)
    assert float(found.threshold) == pytest.approx(0.05)
    first = float(found.pull)
    found.pruned = torch.tensor(0.0)
    method.after_step(found, 0.1)
    grown = float(found.pull)
    found.pruned = torch.tensor(1.0)
    method.after_step(found, 0.1)
    method.after_step(found, 0.1)
    assert float(found.pull) < first < grown


def test_what_is_due_rises_to_more_than_what_is_wanted() -> None:
    found, method = model(), StatePruning(0.6, 0.05, epochs=4)
    due = []
    for epoch in range(4):
        method.before_epoch(found, epoch / 4)
        due.append(method.due)
    assert due == pytest.approx([0.32, 0.64, 0.64, 0.64])


def test_training_counts_the_zeros_of_its_last_pass() -> None:
    found, x = model(), torch.randn(4, 6, 3, dtype=torch.float64)
    h = found.hidden(x)[0].detach()
    set_threshold(found, float(h.abs().median()) + 1e-9)
    again = found.hidden(x)[0]
    assert float(found.pruned) == pytest.approx(float((again.abs() < found.threshold).double().mean()))


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
