"""What a run is judged by: the metric of every model on the test split."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from accel.architecture.network import Network
from accel.model import golden
from accel.model.samples import Samples
from accel.model.weights import Weights
from training.export import Excerpt
from training.loop import Fitted
from training.model import LSTM
from training.score import Score, Tally, score
from training.tasks.task import Examples, Task


def exact(model: LSTM) -> LSTM:
    """A float64 copy that drops nothing: a quantised model then computes what the hardware does."""
    return copy.deepcopy(model).double().eval()


def on_test(model: LSTM, examples: Examples) -> Score:
    """Score on the whole test split in float64."""
    return score(exact(model), examples)


def golden_logits(model: LSTM, net: Network, weights: Weights, samples: Samples) -> Tensor:
    """Logits of the golden model as real numbers (float64), [sequences, steps, classes]; one step where the head
    answers once. The host's decoder, where there is one, is that of `model`.
    """
    trace = golden.run(net, weights, samples.x, samples.lengths)
    if trace.logits is not None and net.head is not None:
        return torch.from_numpy(trace.logits / 2.0**net.head.frac)
    h = torch.from_numpy(net.layers[-1].h.real(trace.outputs))
    return _answers(exact(model).cpu(), h, samples)


@torch.no_grad()
def _answers(model: LSTM, h: Tensor, samples: Samples) -> Tensor:
    return model.readout(model.over_steps(h, torch.from_numpy(samples.lengths)))


@torch.no_grad()
def on_excerpt(model: LSTM, net: Network, weights: Weights, excerpt: Excerpt) -> dict[str, Score]:
    """Scores on the exported samples of the quantised module and of the golden model; bit equality makes them equal."""
    x = torch.from_numpy(net.spec.incoming.real(excerpt.samples.x))
    module, labels = exact(model).cpu(), torch.from_numpy(excerpt.labels)
    mine = _answers(
        module, module.hidden(x, lengths=torch.from_numpy(excerpt.samples.lengths))[0].detach(), excerpt.samples
    )
    theirs = golden_logits(model, net, weights, excerpt.samples)
    return {"quantized": _score(mine, labels), "golden": _score(theirs, labels)}


def _score(logits: Tensor, labels: Tensor) -> Score:
    tally = Tally()
    tally.add(logits.reshape(*labels.shape, -1), labels)
    return tally.score()


def both(fitted: Fitted, task: Task) -> dict[str, float]:
    """The metric on the validation split, by which choices are made, and on the test split, by which none is."""
    test = on_test(fitted.model, task.test).value(task.metric)
    return {"valid": fitted.score.value(task.metric), "valid_loss": fitted.score.loss, "test": test}
