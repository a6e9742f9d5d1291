"""A spec on its way: what each stage starts from, what it trains, and what it depends on."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from accel.architecture.network import Network
from accel.architecture.plan import planned
from accel.base.progress import Progress
from accel.spec import Spec
from training import distributed
from training.batches import count
from training.checkpoint import fingerprint
from training.cycles import if_pruned
from training.directions import hold_halves
from training.highway import RHN, network_for
from training.host import decoder, encoder
from training.loop import Fit, Fitted, Stage
from training.method import Method
from training.model import LSTM, matrices_of
from training.patterns import PATTERNS
from training.prune import Gradual, bank_balanced, choices, mask, prune_head, prune_layers, row_balanced
from training.rows import attach
from training.search import Allocation, Candidate, line, search
from training.states import StatePruning, set_threshold
from training.targeted import TargetedDropout, watch
from training.tasks.task import Task


class Needs(NamedTuple):
    """What a kind of stage depends on: sections of the spec, and all of `training` but some keys."""

    sections: tuple[str, ...]
    without: tuple[str, ...]


DENSE = Needs(("model",), ("prune_epochs", "quantize_epochs", "baselines", "studies"))
PRUNED = Needs(("model", "sparsity"), ("quantize_epochs", "baselines", "studies"))
QUANTIZED = Needs(("model", "sparsity", "weights", "formats", "tables"), ("baselines", "studies"))


class Recipe:
    """A spec on its way through the stages; each stage starts from a copy of the one before."""

    def __init__(self, spec: Spec, task: Task, folder: Path, progress: Progress) -> None:
        self.spec, self.task, self.folder, self.progress = spec, task, folder, progress

    def fit(self, model: LSTM, name: str, epochs: int, needs: Needs, method: Method | None = None) -> Fitted:
        """Train `model` itself through one stage; a pattern by columns, or in banks, depends on the lanes as well."""
        if self.spec.skips_states and needs is not DENSE:
            units = self.spec.engine.units
            name += f"-{'-'.join(map(str, units if isinstance(units, tuple) else (units,)))}-units"
            name += (
                "".join(f"-{f.input}-{f.recurrent}" for f in self.spec.flows) if len(self.spec.traversals) > 1 else ""
            )
        if self.spec.banks > 1 and needs is not DENSE:
            name += f"-{self.spec.banks}-banks"
        stage = Stage(name, epochs, f"{fingerprint(self.spec, *needs)} {epochs} epochs")
        return Fit(model, stage, self.task, self.spec.training, method).run(self.folder, self.progress)

    def dense(self) -> Fitted:
        """Every weight, real numbers; initial weights from the seed."""
        return self.fit(self.fresh(), "dense", self.spec.training.epochs, DENSE)

    def fresh(self, depth: int | None = None) -> LSTM:
        """An untrained model, its initial weights from the seed; with a depth, one of highway layers in any case."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.spec.training.seed)
            host = encoder(self.spec, self.task), decoder(self.spec, self.task), self.task.when
            model = network_for(self.spec, *host) if depth is None else RHN(self.spec, depth, *host)
        if self.spec.directions > 1:
            hold_halves(model.layers)
        return model.to(distributed.device())

    def pruned(self, dense: LSTM, nnz: Allocation) -> Fitted:
        """The dense model pruned to `nnz` weights per row, at once or in steps, and fine-tuned."""
        model, chosen = copy.deepcopy(dense), choices(self.spec)
        prune_head(model.around, self.spec)
        name = "pruned-" + "-".join(str(count) for pair in nnz for count in pair)
        if self.spec.training.gradual:
            return self.fit(model, name, self.spec.training.prune_epochs, PRUNED, Gradual(nnz, chosen))
        prune_layers(model.layers, nnz, chosen)
        return self.fit(model, name, self.spec.training.prune_epochs, PRUNED)

    def skipping(self, pruned: LSTM) -> Fitted:
        """The model fine-tuned with its states pruned in the recurrence, as `sparsity` says."""
        model, epochs = copy.deepcopy(pruned), self.spec.training.prune_epochs
        set_threshold(model, self.spec.sparsity.threshold or 0.0)
        return self.fit(model, "skipping", epochs, PRUNED, self._states(epochs))

    def _states(self, epochs: int) -> Method | None:
        """What draws states to zero over a stage, where a share of zeros is wanted."""
        sparsity, training = self.spec.sparsity, self.spec.training
        if sparsity.states is None or sparsity.threshold is None:
            return None
        steps = count(self.task.train, training.batch, training.steps) * epochs
        return StatePruning(sparsity.states, sparsity.threshold, steps, self.task.valid)

    def search(self, dense: LSTM) -> list[Candidate]:
        """Every split of the dual-ratio search, the best one first."""
        allocations = line(self.spec, if_pruned(self.spec, dense))
        return search(allocations, lambda nnz: self.pruned(dense, nnz), self.task.metric)

    def searching(self, **changes: Any) -> Recipe:
        """The same way with other keys of `sparsity.search`; its stages lie in a folder of their own."""
        assert self.spec.sparsity.search is not None
        wanted = self.spec.sparsity.search.model_copy(update=changes)
        sparsity = self.spec.sparsity.model_copy(update={"search": wanted})
        spec = self.spec.model_copy(update={"sparsity": sparsity})
        folder = "-".join(f"{key}-{value}" for key, value in changes.items())
        return Recipe(spec, self.task, self.folder / folder, self.progress)

    def baseline(self, dense: LSTM, pattern: str) -> Fitted:
        """The dense model pruned by another pattern to as many weights, or left `dense`, fine-tuned as long."""
        model, name = copy.deepcopy(dense), f"baseline-{pattern}"
        if pattern == "dense":
            return self.fit(model, name, self.spec.training.prune_epochs, DENSE)
        prune_head(model.around, self.spec)
        if pattern == "targeted":
            method = TargetedDropout(planned(self.spec))
            return self.fit(watch(model), name, self.spec.training.prune_epochs, PRUNED, method)
        for layer, nnz in zip(model.layers, planned(self.spec), strict=True):
            w_x, w_h = matrices_of(layer)
            mask(layer, PATTERNS[pattern](w_x.detach(), w_h.detach(), nnz))
        return self.fit(model, name, self.spec.training.prune_epochs, PRUNED)

    def in_banks(self, dense: LSTM, banks: int) -> Fitted:
        """The dense model pruned to as many weights in each of so many banks of a row, fine-tuned as long."""
        model, choose = copy.deepcopy(dense), partial(bank_balanced, banks=banks, choose=row_balanced)
        prune_head(model.around, self.spec)
        prune_layers(model.layers, planned(self.spec), ((choose, choose),) * len(model.layers))
        return self.fit(model, f"in-{banks}-banks", self.spec.training.prune_epochs, PRUNED)

    def quantized(self, pruned: LSTM, net: Network) -> Fitted:
        """The pruned model fine-tuned in the arithmetic of the accelerator."""
        model, epochs = in_formats(pruned, net), self.spec.training.quantize_epochs
        return self.fit(model, "quantized", epochs, QUANTIZED, self._states(epochs))


def in_formats(pruned: LSTM, net: Network) -> LSTM:
    """A copy that computes in the formats of `net`; with digits, scales of rows, a sparse head, where it has them."""
    model = copy.deepcopy(pruned).quantize(net)
    prune_head(model.around, net.spec)
    for layer, array in zip(model.layers, net.layers, strict=True):
        attach(layer, array)
    return model
