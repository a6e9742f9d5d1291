"""The network: recurrent layers and a linear head, as real numbers or exactly as the accelerator computes it.

With the quantisers off the layers are `torch.nn.LSTM` or `torch.nn.GRU` itself. Switched on, the same parameters run
through the arithmetic of the golden model, narrowed at its places only (docs: where narrowing happens).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.architecture.array import Array
from accel.architecture.cells import Cell
from accel.architecture.cells.activations import ACTIVATIONS, OUT, SUM
from accel.architecture.network import Network, network
from accel.architecture.pool import pool_of
from accel.spec import Spec
from training.arithmetic import REAL, exact
from training.cell import Signals, State, bias_of, biases, cell_of, computed, matrices, matrices_of, run_layer
from training.directions import both, through
from training.gru import ResetFirst
from training.straight_through import narrow

MODULES: dict[str, type[nn.Module]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "gru_reset_first": ResetFirst,
    "highway": nn.LSTM,
}
"""Layers by the names of `model.cell`, PyTorch's own where it has them; `training.highway` puts its own in place."""


class LSTM(nn.Module):
    """`spec.model` as a module; `quantize` switches the quantisers on.

    `threshold` (0 is off) prunes states in the recurrence of the layers that `skip` them: those by columns, or all
    where there are none; while training, `pull` is how strongly the loss draws them to zero, and `pruned` the share of
    them that lay below in the last forward pass. `norms` normalise the
    pre-activations of each layer. `encoder` and `decoder` are the host's share of the work: tokens to x_t, and h_t to
    logits where there is no head.
    """

    threshold: Tensor
    pull: Tensor

    def __init__(
        self,
        spec: Spec,
        encoder: nn.Module | None = None,
        decoder: nn.Linear | None = None,
        when: Literal["last", "step"] = "last",
    ) -> None:
        super().__init__()
        model = spec.model
        self.encoder = encoder or nn.Identity()
        layer = MODULES[model.cell]
        if spec.directions > 1:
            self.layers = nn.ModuleList(both(layer, i, h, model.bias) for i, h in spec.sizes)
        else:
            self.layers = nn.ModuleList(layer(i, h, bias=model.bias, batch_first=True) for i, h in spec.sizes)
        net = network(spec)
        at = ((number, net.place(number)) for number in range(len(model.hidden) + 1))
        self.mirrors = {number: net.mirrors[place] for number, place in at if place in net.mirrors}
        behind = (number for number in range(1, len(model.hidden)) if net.ahead[number] and net.mirrors)
        self.straighten = {number: net.mirrors[net.entrance(number)] for number in behind}
        self.clips, self.residuals = net.clips, net.residuals
        vocabulary, self.input_format = model.vocabulary, spec.formats.input
        self.table = None if vocabulary is None else nn.Embedding(vocabulary, model.inputs)
        values = len(self.cell.states)
        self.initial = nn.ParameterList(
            nn.Parameter(torch.zeros(values, size)) for size in model.hidden if spec.initial_states
        )
        chains = [spec.ahead(number) for number in range(len(model.hidden))]
        widths = ([spec.comes_to(n), *(one.outputs for one in chain)] for n, chain in enumerate(chains))
        self.ahead = nn.ModuleList(
            nn.ModuleList(nn.Linear(*pair, bias=model.bias) for pair in pairwise(sizes)) for sizes in widths
        )
        self.ahead_activations = tuple(tuple(one.activation for one in chain) for chain in chains)
        sizes = [] if model.head is None else [spec.read_behind, *(one.outputs for one in model.head.layers)]
        self.linear = nn.ModuleList(nn.Linear(*pair, bias=model.bias) for pair in pairwise(sizes))
        self.activations = tuple(one.activation for one in model.head.layers) if model.head else ()
        self.head = None if model.head is None else nn.Linear(sizes[-1], model.head.outputs, bias=model.bias)
        self.skip = tuple(flow.skips_states or not spec.skips_states for flow in spec.flows)
        self.decoder = decoder
        self.dropout = nn.Dropout(spec.training.dropout)
        self.when = model.head.when if model.head else when
        self.pool = pool_of(spec)
        self.quantized: Network | None = None
        self.norms: nn.ModuleList | None = None
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("pull", torch.zeros(()), persistent=False)
        self.pruned = torch.zeros(())
        self.last_read = torch.zeros(())
        """What the last layer read in the last call of `signals`, [batch, steps, n]."""
        self.last_fed = list[list[Signals]]()
        """Every value of the linear layers in front of each recurrent one in that call, [batch, steps, n]."""

    @property
    def cell(self) -> Cell:
        """The cell of all layers."""
        return cell_of(self.layers[0])

    @property
    def around(self) -> tuple[nn.Linear | None, ...]:
        """Linear layers in the order data takes, in front of recurrent ones and behind, the head's last one at the end;
        None for none.
        """
        chains = (layer for chain in self.ahead for layer in cast("nn.ModuleList", chain))
        return (*cast("list[nn.Linear]", [*chains, *self.linear]), self.head)

    def quantize(self, net: Network | None) -> LSTM:
        """Compute from now on in the formats and with the tables of `net`; None switches the quantisers off."""
        self.quantized = net
        return self

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """Sequences x [batch, steps, inputs] (or tokens [batch, steps]) to logits and to the state after the last step.

        Logits are [batch, outputs] of the last real step, or [batch, steps, outputs] where an answer is wanted `when`
        = "step". Sequences start from `state`, or from the module's own, or from h = c = 0.
        """
        x = self.encoder(x)
        h, after = self.hidden(x if self.table is not None else self.dropout(x), state, lengths)
        return self.readout(self.dropout(self.over_steps(h, lengths))), after

    def hidden(
        self, x: Tensor, state: Sequence[State] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, list[State]]:
        """h_t of the last layer [batch, steps, hidden], and every layer's state after the last step.

        Where states are pruned in training, and where layers are bidirectional, `lengths` say which steps are real.
        """
        state = self.begun(len(x)) if state is None else state
        ours = not isinstance(self.layers[0], nn.RNNBase)
        if ours or self.quantized is not None or self.norms is not None or self.threshold > 0:
            found = self.signals(x, state, lengths)
            if self.training and self.threshold > 0:
                self.pruned = self._share_of_zeros(found, lengths)
            made = stacked(found[-1], self.cell.output)
            return self.behind(made, self.last_read, lengths), ends(self.cell, found)
        after: list[State] = []
        read = x
        for number, layer in enumerate(self.layers):
            read = self.read_by(number, x, read, lengths)
            x, last = real_layer(layer, read, None if state is None else state[number])
            after.append(last)
        return self.behind(x, read, lengths), after

    def read_by(self, number: int, x: Tensor, read: Tensor, lengths: Tensor | None) -> Tensor:
        """What a recurrent layer reads [batch, steps, n]: of h of the one before and what that read, the first one of
        what comes in. In training some is dropped on the way between layers (Zaremba, arXiv 1409.2329).
        """
        return self._fed(number, x, read, lengths)[0]

    def _fed(self, number: int, x: Tensor, read: Tensor, lengths: Tensor | None) -> tuple[Tensor, list[Signals]]:
        """`read_by`, and every value of the linear layers in front by its name, [batch, steps, outputs]."""
        net, found = self.quantized, list[Signals]()
        x = self.linked(number, x, read) if number else self.looked_up(x, lengths)
        x = through(self.straighten[number], x, lengths) if number in self.straighten else x
        chain = cast("nn.ModuleList", self.ahead[number])
        for place, (layer, kind) in enumerate(zip(chain, self.ahead_activations[number], strict=True)):
            array = None if net is None else net.ahead[number][place]
            found.append(activated(layer, net, array, kind, x))
            x = found[-1][OUT]
        if number or found:
            x = self.given_to(number, x, lengths)
        return self.dropout(x) if number and self.training else x, found

    def behind(self, h: Tensor, read: Tensor, lengths: Tensor | None) -> Tensor:
        """What is behind the last layer reads [batch, steps, n]: of its h, and of what it read."""
        count = len(self.layers)
        return self.given_to(count, self.linked(count, h, read), lengths)

    def linked(self, number: int, h: Tensor, read: Tensor) -> Tensor:
        """What comes to a recurrent layer [batch, steps, n] of h of the one before, and of what that read."""
        if number in self.clips:
            return torch.clamp(h, self.clips[number].least, self.clips[number].most)
        if number in self.residuals:
            quarter = read.shape[-1] // 4
            own = torch.cat([read[..., :quarter], read[..., -quarter:]], -1) if self.mirrors else read
            total = h + own
            return total if self.quantized is None else narrow(total, self.quantized.residuals[number].out)
        return h

    def looked_up(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """What the first layer of all reads of x or of tokens int64 [batch, steps, 1]: x [batch, steps, n], of both
        directions in pairs, or the rows of tokens, where quantisers are on in `formats.input`.
        """
        x = x if self.ahead_activations[0] else self.given_to(0, x, lengths)
        if self.table is None:
            return x
        rows = functional.embedding(x, self.table.weight)
        rows = rows if self.quantized is None else narrow(rows, self.input_format)
        rows = rows.reshape(*x.shape[:2], -1)
        return self.dropout(rows) if self.training else rows

    def given_to(self, number: int, x: Tensor, lengths: Tensor | None) -> Tensor:
        """What a layer, or with the number of layers what is behind them, reads of the vectors [batch, steps, n] that
        are made before it; `lengths` [batch].
        """
        return through(self.mirrors[number], x, lengths) if number in self.mirrors else x

    def begun(self, sequences: int) -> list[State] | None:
        """What every layer reads and keeps before the first step, where that is the module's own."""
        return [self._begun(values, sequences, number) for number, values in enumerate(self.initial)] or None

    def _begun(self, values: Tensor, sequences: int, number: int) -> State:
        kept = values[-1:]
        if self.quantized is None:
            read = values[:1]
        else:
            formats = self.quantized.layers[number].formats
            kept = narrow(kept, formats.cell)
            read = narrow(kept if self.cell.level.state_follows else values[:1], formats.state)
        return read.expand(sequences, -1), kept.expand(sequences, -1)

    def signals(
        self, x: Tensor, state: Sequence[State] | None = None, lengths: Tensor | None = None
    ) -> list[list[Signals]]:
        """Every signal [batch, hidden] of every step of every layer for x [batch, steps, inputs], in the arithmetic
        that is switched on; `lengths` [batch] are the real steps, which bidirectional layers have to know.
        """
        found = list[list[Signals]]()
        read, self.last_fed = x, []
        for number, layer in enumerate(self.layers):
            read, made = self._fed(number, x, read, lengths)
            self.last_read = read
            self.last_fed.append(made)
            arithmetic = REAL if self.quantized is None else exact(self.quantized, self.quantized.layers[number])
            norms = None if self.norms is None else self.norms[number]
            before = None if state is None else state[number]
            threshold = self.threshold if self.skip[number] else 0.0
            found.append(list(run_layer(arithmetic, layer, read, before, threshold, self.pull, norms)))
            x = stacked(found[-1], self.cell.output)
        return found

    @torch.no_grad()
    def _share_of_zeros(self, found: list[list[Signals]], lengths: Tensor | None) -> Tensor:
        """Share of the states of all real steps that lie below the threshold."""
        skipped = [stacked(steps, self.cell.output) for steps in compress(found, self.skip)]
        zeros = (torch.cat(skipped, dim=2).abs() < self.threshold).float().mean(2)
        if lengths is None:
            return zeros.mean()
        real = torch.arange(zeros.shape[1], device=zeros.device) < lengths[:, None]
        return (zeros * real).sum() / real.sum()

    def readout(self, h: Tensor) -> Tensor:
        """Logits [..., outputs] of h [..., hidden]; h itself where nothing reads it."""
        if self.decoder is not None:
            return self.decoder(h)  # type: ignore[no-any-return]
        if self.head is None:
            return h
        for place in range(len(self.linear)):
            h = self.through_linear(place, h)[OUT]
        array = None if self.quantized is None else self.quantized.head
        return linear_sums(self.head, array, h)

    def over_steps(self, h: Tensor, lengths: Tensor | None) -> Tensor:
        """What the head reads of h [batch, steps, hidden]: h, or [batch, hidden] of the last step, or the pool.

        In the formats of `quantized` where that is on, and in float64, exactly as the golden model has it.
        """
        if self.pool is None:
            return last_step(h, lengths) if self.when == "last" else h
        counted = torch.full((len(h),), h.shape[1], device=h.device) if lengths is None else lengths.to(h.device)
        counted = counted.clamp(max=self.pool.longest) if self.pool.mean else counted
        real = (torch.arange(h.shape[1], device=h.device) < counted[:, None])[..., None]
        if not self.pool.mean:
            return torch.where(real, h, -torch.inf).amax(1)
        total = torch.where(real, h, 0.0).sum(1)
        if self.quantized is None:
            return total / counted[:, None]
        factors = torch.tensor(self.pool.factors, dtype=h.dtype, device=h.device) / 2.0**self.pool.frac
        return narrow(total * factors[counted - 1][:, None], self.pool.state)

    def through_linear(self, place: int, x: Tensor) -> Signals:
        """Every value of a linear layer in front of the last one, by its name, [..., outputs] of x [..., inputs]."""
        net = self.quantized
        return activated(
            self.linear[place], net, None if net is None else net.linear[place], self.activations[place], x
        )


def activated(layer: nn.Module, net: Network | None, array: Array | None, kind: str, x: Tensor) -> Signals:
    """Every value of a linear layer with an activation of that kind, by its name, [..., outputs] of x [..., inputs]."""
    arithmetic = REAL if net is None or array is None else exact(net, array)
    values = {SUM: linear_sums(layer, array, x)}
    for operation in ACTIVATIONS[kind].operations:
        values[operation.name] = computed(arithmetic, operation, values)
    return values


def linear_sums(layer: nn.Module, array: Array | None, x: Tensor) -> Tensor:
    """Sums [..., outputs] of a linear layer with their biases for x [..., inputs], in the formats of `array`; in real
    numbers where that is None.
    """
    weight, bias = layer.weight, layer.bias
    if array is None:
        return functional.linear(x, weight, bias)  # type: ignore[arg-type]
    bias = None if bias is None else narrow(bias, array.bias)  # type: ignore[arg-type]
    return functional.linear(x, narrow(weight, array.w_x), bias)  # type: ignore[arg-type]


def real_layer(layer: nn.Module, x: Tensor, state: State | None) -> tuple[Tensor, State]:
    """A module of PyTorch over x [batch, steps, inputs]: h of every step, and what is read and kept after the last."""
    if isinstance(layer, nn.LSTM):
        x, (h, c) = layer(x, None if state is None else (state[0][None], state[1][None]))
        return x, (h[0], c[0])
    x, h = layer(x, None if state is None else state[1][None])
    return x, (h[0], h[0])


def ends(cell: Cell, found: Sequence[Sequence[Signals]]) -> list[State]:
    """The state of every layer after its last step."""
    return [(steps[-1][cell.output], steps[-1][cell.carried]) for steps in found]


def last_step(h: Tensor, lengths: Tensor | None) -> Tensor:
    """h [batch, steps, hidden] after the last real step of each sequence, [batch, hidden]."""
    if lengths is None:
        return h[:, -1]
    return h[torch.arange(len(h), device=h.device), lengths - 1]


def stacked(steps: Sequence[Signals], name: str) -> Tensor:
    """One signal of all steps, [batch, steps, hidden]."""
    return torch.stack([step[name] for step in steps], dim=1)


__all__ = ["LSTM", "Signals", "State", "bias_of", "biases", "matrices", "matrices_of", "run_layer"]
