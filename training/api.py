"""Three calls on live `nn.LSTM`s or `nn.GRU`s, for training loops of the user's own: `prune`, `quantize`, `export`.

prune(lstm, spec)                   # masks, through which training goes on
lstm = quantize(lstm, spec)         # the same parameters in the accelerator's arithmetic
export(lstm, head, spec, work)      # the integers, for `sparrow generate`

What stands in front goes with them: `before`, the linear layers of `model.before`, `between`, those that stand between
recurrent layers (an entry for each entry of `model.between`, empty where that is a word), and `embedding`, the table of
`model.vocabulary`. Where something stands between recurrent layers (`model.between`), `lstm` are several modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from accel.architecture.network import Network, network
from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.model import samples as sample_file
from accel.model import weights_file
from accel.model.samples import Samples
from accel.model.weights import Weights, threshold_of
from accel.spec import Spec
from training import prune as pruning
from training.export import head_integers, layer_integers, table_integers
from training.given import Front, One, Recurrent, check, check_weights, layers_of, modules_of
from training.hand_over import taking
from training.model import LSTM, State, ends, stacked
from training.seeded import STEPS, untrained
from training.straight_through import narrow


def prune(lstm: Recurrent, spec: Spec) -> None:
    """Mask all weights but the largest of each row, at the spec's ratios (with a search: the even split).

    Training goes on through the masks; weights outside stay exactly zero. Refused where the sizes differ from the spec.
    """
    modules = modules_of(lstm)
    check(modules, spec)
    check_weights(spec)
    for one, array, choose in zip(layers_of(modules), network(spec).layers, pruning.choices(spec), strict=True):
        pruning.prune(one.module, array.nnz, one.number, choose)


Between = Sequence[Sequence[nn.Linear]]
"""Linear layers between recurrent ones, an entry for each of `model.between`."""


class Quantized(nn.Module):
    """Recurrent layers, and what stands in front of them, in the arithmetic of the accelerator; parameters are shared,
    gradients go straight through.

    Takes what comes in (x, or tokens [batch, steps] for an embedding), and returns h_t of the last layer and the state,
    in the layout of the first module. In float64 every signal equals the golden model's to the last bit.
    """

    def __init__(
        self,
        lstm: Recurrent,
        spec: Spec,
        before: Sequence[nn.Linear] = (),
        embedding: nn.Embedding | None = None,
        between: Between = (),
    ) -> None:
        super().__init__()
        modules, self.front = modules_of(lstm), _front(before, embedding, between)
        check(modules, spec, self.front)
        check_weights(spec)
        self.single = isinstance(lstm, nn.RNNBase)
        self.modules_given = nn.ModuleList(modules)
        self.model = _model(modules, spec, self.front)
        self.net = _network(modules, spec)

    @property
    def given(self) -> list[nn.RNNBase]:
        """The recurrent modules."""
        return [*self.modules_given]

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """x, or tokens, in the layout of the module (`batch_first` or not) to all h_t and to the state after the last
        step.

        `state`, before the first step and after the last: (h, c) of an LSTM, h of a GRU, [layers, batch, hidden] each;
        of several modules a list of these.
        """
        first = self.given[0].batch_first
        x = x if first else x.transpose(0, 1)
        x = narrow(x, self.net.spec.formats.input) if self.front.embedding is None else x[..., None]
        found = self.model.quantize(self.net).signals(x, None if state is None else [*self._before(state)])
        h = stacked(found[-1], self.net.layers[-1].cell.output)
        after = [*self._after(ends(self.net.layers[0].cell, found))]
        return h if first else h.transpose(0, 1), after[0] if self.single else after

    @property
    def _state_follows(self) -> bool:
        """Whether a layer's state is one tensor: what is carried on, of which h_t follows."""
        return self.net.layers[0].cell.level.state_follows

    def _before(self, state: Any) -> Iterator[State]:
        """What each layer reads and keeps before its first step."""
        arrays = iter(self.net.layers)
        for module, own in zip(self.given, [state] if self.single else state, strict=True):
            for number in range(module.num_layers):
                formats = next(arrays).formats
                if self._state_follows:
                    kept = narrow(own[number], formats.cell)
                    yield narrow(kept, formats.state), kept
                else:
                    yield own[0][number], own[1][number]

    def _after(self, last: list[State]) -> Iterator[Any]:
        """The state of each module after the last step, as it returns it."""
        rest = iter(last)
        for module in self.given:
            h, kept = (torch.stack(part) for part in zip(*(next(rest) for _ in range(module.num_layers)), strict=True))
            yield kept if self._state_follows else (h, kept)


def quantize(
    lstm: Recurrent,
    spec: Spec,
    before: Sequence[nn.Linear] = (),
    embedding: nn.Embedding | None = None,
    between: Between = (),
) -> Quantized:
    """The module that computes as the accelerator will; fine-tune it in place of those given."""
    return Quantized(lstm, spec, before, embedding, between)


def _front(before: Sequence[nn.Linear], embedding: nn.Embedding | None, between: Between) -> Front:
    return Front(tuple(before), embedding, tuple(map(tuple, between)))


def export(
    lstm: Recurrent | Quantized,
    head: nn.Linear | Sequence[nn.Linear] | None,
    spec: Spec,
    work: Path,
    samples: Samples | None = None,
    replace: bool = False,
    before: Sequence[nn.Linear] = (),
    embedding: nn.Embedding | None = None,
    between: Between = (),
) -> Weights:
    """Leave what `sparrow import` leaves in `work`: weights, samples, a record; `sparrow run` goes on from there.

    The integers are those that `Quantized` computes with, which also knows what stands in front.

    `head` is the last linear layer, or all of them in the order data takes where `model.head.layers` has some;
    what stands between them the spec says. `samples` are sequences to verify on, seeded ones by default.
    Refused where the modules do not fit the spec: sizes, head, or rows that keep different numbers of weights. Linear
    layers that are not pruned yet (`training.prune.prune_head`) lose their smallest weights where the spec has
    `sparsity.head`. Refused, too, where weights that were made in another way would be replaced; with `replace` they
    are set aside.
    """
    modules = lstm.given if isinstance(lstm, Quantized) else modules_of(lstm)
    front = lstm.front if isinstance(lstm, Quantized) else _front(before, embedding, between)
    check(modules, spec, front)
    net = _network(modules, spec)
    linear = [] if head is None else [head] if isinstance(head, nn.Linear) else [*head]
    behind = net.behind(net.arrays)
    if len(linear) != len(behind):
        raise Refused([Fault("head", f"{len(behind)} linear layers, as the spec's model.head has", str(len(linear)))])
    feeding = [one for number in range(len(spec.model.hidden)) for one in front.ahead(number)]
    pruning.prune_head([*feeding, *linear], spec)
    pairs = zip(layers_of(modules), net.layers, strict=True)
    layers = {array.name: layer_integers(one.module, array, one.number) for one, array in pairs}
    around = zip((*feeding, *linear), (*net.feeding, *behind), strict=True)
    layers |= {array.name: head_integers(layer, array) for layer, array in around}
    in_order = tuple(layers[array.name] for array in net.arrays)
    made = Weights(in_order, threshold_of(spec), table_integers(front.embedding, spec))
    with taking(spec, work, "training.api.export", replace) as folder:
        weights_file.save(folder / "weights.npz", made, spec)
        sample_file.save(folder / "samples.npz", samples or sample_file.seeded(spec, spec.verify.sequences, STEPS))
        write_json(folder / "training.json", untrained(made.network(spec), None, spec))
    return made


def _model(modules: Sequence[nn.RNNBase], spec: Spec, front: Front) -> LSTM:
    """The spec's network up to h_t of its last layer, of the modules' own parameters."""
    training = spec.training.model_copy(update={"dropout": 0.0})
    alone = spec.model.model_copy(update={"head": None})
    model = LSTM(spec.model_copy(update={"model": alone, "training": training}))
    model.layers, model.table = nn.ModuleList(layers_of(modules)), front.embedding
    model.ahead = nn.ModuleList(nn.ModuleList(front.ahead(number)) for number in range(len(spec.model.hidden)))
    model.threshold.fill_((spec.sparsity.threshold or 0.0) if spec.skips_states else 0.0)
    return model


def _network(modules: Sequence[nn.RNNBase], spec: Spec) -> Network:
    """Shapes with the ratios that the masks really have; beside columns they are what the spec says."""
    if spec.skips_states:
        return network(spec)
    return network(spec, [_kept(one) for one in layers_of(modules)])


def _kept(one: One) -> tuple[int, int]:
    """Weights that the first row of each matrix keeps; all of them where nothing is pruned."""
    k_x, k_h = (int(mask[0].sum()) for mask in pruning.masks(one.module, one.number))
    return k_x, k_h
