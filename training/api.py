"""Three calls on a live `nn.LSTM` or `nn.GRU`, for training loops of the user's own: `prune`, `quantize`, `export`.

prune(lstm, spec)                   # masks, through which training goes on
lstm = quantize(lstm, spec)         # the same parameters in the accelerator's arithmetic
export(lstm, head, spec, work)      # the integers, for `sparrow generate`
"""

from __future__ import annotations

from collections.abc import Sequence
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
from accel.spec import Spec, plain
from training import prune as pruning
from training.arithmetic import exact
from training.export import head_integers, layer_integers
from training.hand_over import taking
from training.model import State, ends, run_layer, stacked
from training.seeded import STEPS, untrained
from training.straight_through import narrow

MODES = {"LSTM": "lstm", "GRU": "gru"}
"""Modules of PyTorch that have a cell here, by their `mode`, and its name in `model.cell`."""


def prune(lstm: nn.RNNBase, spec: Spec) -> None:
    """Mask all weights but the largest of each row, at the spec's ratios (with a search: the even split).

    Training goes on through the masks; weights outside stay exactly zero. Refused where the sizes differ from the spec.
    """
    check(lstm, spec)
    check_weights(spec)
    for number, (array, choose) in enumerate(zip(network(spec).layers, pruning.choices(spec), strict=True)):
        pruning.prune(lstm, array.nnz, number, choose)


class Quantized(nn.Module):
    """An `nn.LSTM` or `nn.GRU` computed in the arithmetic of the accelerator; parameters are shared, gradients go
    straight through.

    Takes and returns what the module does. In float64 every signal equals the golden model's to the last bit.
    """

    def __init__(self, lstm: nn.RNNBase, spec: Spec) -> None:
        super().__init__()
        check(lstm, spec)
        check_weights(spec)
        self.lstm = lstm
        self.net = _network(lstm, spec)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """x in the layout of the module (`batch_first` or not) to all h_t and to the state after the last step.

        `state`, before the first step and after the last: (h, c) of an LSTM, h of a GRU, [layers, batch, hidden] each.
        """
        x = narrow(x if self.lstm.batch_first else x.transpose(0, 1), self.net.spec.formats.input)
        found = []
        for number, array in enumerate(self.net.layers):
            before = None if state is None else self._before(state, number)
            threshold = 0.0 if array not in self.net.skipping else self.net.spec.sparsity.threshold or 0.0
            steps = list(run_layer(exact(self.net, array), self.lstm, x, before, threshold, number=number))
            x = stacked(steps, array.cell.output)
            found.append(steps)
        h_n, kept = (torch.stack(part) for part in zip(*ends(self.net.layers[0].cell, found), strict=True))
        after = kept if self._state_follows else (h_n, kept)
        return x if self.lstm.batch_first else x.transpose(0, 1), after

    @property
    def _state_follows(self) -> bool:
        """Whether a layer's state is one tensor: what is carried on, of which h_t follows."""
        return self.net.layers[0].cell.level.state_follows

    def _before(self, state: Any, number: int) -> State:
        """What a layer reads and keeps before its first step."""
        if not self._state_follows:
            return state[0][number], state[1][number]
        formats = self.net.layers[number].formats
        kept = narrow(state[number], formats.cell)
        return narrow(kept, formats.state), kept


def quantize(lstm: nn.RNNBase, spec: Spec) -> Quantized:
    """The module that computes as the accelerator will; fine-tune it in place of the one given."""
    return Quantized(lstm, spec)


def export(
    lstm: nn.RNNBase | Quantized,
    head: nn.Linear | Sequence[nn.Linear] | None,
    spec: Spec,
    work: Path,
    samples: Samples | None = None,
    replace: bool = False,
) -> Weights:
    """Leave what `sparrow import` leaves in `work`: weights, samples, a record; `sparrow run` goes on from there.

    The integers are those that `Quantized` computes with.

    `head` is the last linear layer, or all of them in the order data takes where `model.head.layers` has some;
    what stands between them the spec says. `samples` are sequences to verify on, seeded ones by default.
    Refused where the module does not fit the spec: sizes, head, or rows that keep different numbers of weights. A head
    that is not pruned yet (`training.prune.prune_head`) loses its smallest weights where the spec has `sparsity.head`.
    Refused, too, where weights that were made in another way would be replaced; with `replace` they are set aside.
    """
    module = lstm.lstm if isinstance(lstm, Quantized) else lstm
    check(module, spec)
    net = _network(module, spec)
    linear = [] if head is None else [head] if isinstance(head, nn.Linear) else [*head]
    behind = net.behind(net.arrays)
    if len(linear) != len(behind):
        raise Refused([Fault("head", f"{len(behind)} linear layers, as the spec's model.head has", str(len(linear)))])
    layers = [layer_integers(module, array, number) for number, array in enumerate(net.layers)]
    pruning.prune_head(linear, spec)
    layers += [head_integers(layer, array) for layer, array in zip(linear, behind, strict=True)]
    made = Weights(tuple(layers), threshold_of(spec))
    with taking(spec, work, "training.api.export", replace) as folder:
        weights_file.save(folder / "weights.npz", made, spec)
        sample_file.save(folder / "samples.npz", samples or sample_file.seeded(spec, spec.verify.sequences, STEPS))
        write_json(folder / "training.json", untrained(made.network(spec), None, spec))
    return made


def check(lstm: nn.RNNBase, spec: Spec) -> None:
    """Refused, with every fault, where a module is none that the accelerator of the spec computes."""
    if lstm.mode not in MODES:
        raise Refused([Fault("module", "an nn.LSTM or an nn.GRU", type(lstm).__name__)])
    faults = []
    if spec.model.cell != MODES[lstm.mode]:
        fits = f"{MODES[lstm.mode]} for an nn.{lstm.mode}, or `sparrow train`"
        faults.append(Fault("model.cell", fits, spec.model.cell))
    if lstm.bidirectional:
        faults.append(Fault(lstm.mode, "one that reads forward only, or `sparrow train`", "a bidirectional one"))
    if spec.model.bidirectional:
        faults.append(Fault("model.bidirectional", "false for a module, or `sparrow train`", "true"))
    for key in ("vocabulary", "before", "between"):
        if around := getattr(spec.model, key):
            alone = "none of it around a module of its own: a file or `sparrow.compile` brings it"
            faults.append(Fault(f"model.{key}", alone, str(plain(around))))
    if lstm.proj_size:
        faults.append(Fault(lstm.mode, "one without projection", f"proj_size {lstm.proj_size}"))
    sizes = (lstm.input_size, [lstm.hidden_size] * lstm.num_layers, lstm.bias)
    wanted = (spec.model.inputs, list(spec.model.hidden), spec.model.bias)
    for key, want, got in zip(("inputs", "hidden", "bias"), wanted, sizes, strict=True):
        if want != got:
            faults.append(Fault(f"model.{key}", str(want), f"{got} in the module"))
    if faults:
        raise Refused(faults)


def check_weights(spec: Spec) -> None:
    """Refuse weights that have more to them than a module of PyTorch has: digits, and scales of rows."""
    for key, usual in (("kind", "fixed"), ("per_row", False)):
        got = getattr(spec.weights, key)
        if got != usual:
            raise Refused([Fault(f"weights.{key}", f"{usual}, or `sparrow train`", str(got))])


def _network(lstm: nn.RNNBase, spec: Spec) -> Network:
    """Shapes with the ratios that the masks really have; beside columns they are what the spec says."""
    if spec.skips_states:
        return network(spec)
    return network(spec, [_kept(lstm, number) for number in range(lstm.num_layers)])


def _kept(lstm: nn.RNNBase, number: int) -> tuple[int, int]:
    """Weights that the first row of each matrix keeps; all of them where nothing is pruned."""
    k_x, k_h = (int(mask[0].sum()) for mask in pruning.masks(lstm, number))
    return k_x, k_h
