"""The network: LSTM layers and a linear head, as real numbers or exactly as the accelerator computes it.

With the quantisers off the layers are `torch.nn.LSTM` itself. Switched on, the same parameters run through the
arithmetic of the golden model, narrowed at its places only (docs: where narrowing happens).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.architecture.shape import Network
from accel.spec import Spec
from training.arithmetic import REAL, Arithmetic, exact
from training.straight_through import narrow, skip

State = tuple[Tensor, Tensor]
"""h and c of one layer, [batch, hidden]."""
Signals = dict[str, Tensor]
"""The signals of one step by the names of `accel.model.golden`, each [batch, hidden]."""


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
        self.layers = nn.ModuleList(nn.LSTM(i, h, bias=model.bias, batch_first=True) for i, h in spec.sizes)
        self.head = None if model.head is None else nn.Linear(model.hidden[-1], model.head.outputs, bias=model.bias)
        self.skip = tuple(flow.by_columns or not spec.by_columns for flow in spec.flows)
        self.decoder = decoder
        self.dropout = nn.Dropout(spec.training.dropout)
        self.when = model.head.when if model.head else when
        self.quantized: Network | None = None
        self.norms: nn.ModuleList | None = None
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("pull", torch.zeros(()), persistent=False)
        self.pruned = torch.zeros(())

    def quantize(self, net: Network | None) -> LSTM:
        """Compute from now on in the formats and with the tables of `net`; None switches the quantisers off."""
        self.quantized = net
        return self

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """Sequences x [batch, steps, inputs] (or tokens) to logits and to the state after the last step.

        Logits are [batch, outputs] of the last real step, or [batch, steps, outputs] where an answer is wanted `when`
        = "step". Sequences start from `state`, or from h = c = 0.
        """
        h, after = self.hidden(self.dropout(self.encoder(x)), state, lengths)
        return self.readout(self.dropout(last_step(h, lengths) if self.when == "last" else h)), after

    def hidden(
        self, x: Tensor, state: Sequence[State] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, list[State]]:
        """h_t of the last layer [batch, steps, hidden], and every layer's state after the last step.

        Where states are pruned in training, `lengths` say which steps are real and count.
        """
        if self.quantized is not None or self.norms is not None or self.threshold > 0:
            found = self.signals(x, state)
            if self.training and self.threshold > 0:
                self.pruned = self._share_of_zeros(found, lengths)
            return stacked(found[-1], "h"), [(steps[-1]["h"], steps[-1]["c"]) for steps in found]
        after: list[State] = []
        for number, layer in enumerate(self.layers):
            before = None if state is None else (state[number][0][None], state[number][1][None])
            x, (h, c) = layer(x, before)
            after.append((h[0], c[0]))
        return x, after

    def signals(self, x: Tensor, state: Sequence[State] | None = None) -> list[list[Signals]]:
        """Every signal of every step of every layer, in the arithmetic that is switched on."""
        found = list[list[Signals]]()
        for number, layer in enumerate(self.layers):
            arithmetic = REAL if self.quantized is None else exact(self.quantized, self.quantized.layers[number])
            norms = None if self.norms is None else self.norms[number]
            before = None if state is None else state[number]
            threshold = self.threshold if self.skip[number] else 0.0
            found.append(list(run_layer(arithmetic, layer, x, before, threshold, self.pull, norms)))
            x = stacked(found[-1], "h")
        return found

    @torch.no_grad()
    def _share_of_zeros(self, found: list[list[Signals]], lengths: Tensor | None) -> Tensor:
        """Share of the states of all real steps that lie below the threshold."""
        skipped = [stacked(steps, "h") for steps in compress(found, self.skip)]
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
        if self.quantized is None:
            return self.head(h)  # type: ignore[no-any-return]
        array = self.quantized.head
        assert array is not None
        bias = None if self.head.bias is None else narrow(self.head.bias, array.bias)
        return functional.linear(h, narrow(self.head.weight, array.w_x), bias)


def last_step(h: Tensor, lengths: Tensor | None) -> Tensor:
    """h [batch, steps, hidden] after the last real step of each sequence, [batch, hidden]."""
    if lengths is None:
        return h[:, -1]
    return h[torch.arange(len(h), device=h.device), lengths - 1]


def stacked(steps: Sequence[Signals], name: str) -> Tensor:
    """One signal of all steps, [batch, steps, hidden]."""
    return torch.stack([step[name] for step in steps], dim=1)


def matrices(number: int = 0) -> tuple[str, str]:
    """Names of W_x and W_h of a layer of an `nn.LSTM`."""
    return f"weight_ih_l{number}", f"weight_hh_l{number}"


def biases(number: int = 0) -> tuple[str, str]:
    """Names of the two biases that PyTorch has and hardware adds up."""
    return f"bias_ih_l{number}", f"bias_hh_l{number}"


def matrices_of(lstm: nn.Module, number: int = 0) -> tuple[Tensor, Tensor]:
    """W_x [4 hidden, inputs] and W_h [4 hidden, hidden] of a layer of an `nn.LSTM`, as its masks leave them."""
    w_x, w_h = (getattr(lstm, name) for name in matrices(number))
    return w_x, w_h


def bias_of(lstm: nn.Module, number: int = 0) -> Tensor | None:
    """The one bias of the hardware, b_ih + b_hh [4 hidden], or the one of a highway layer; None where there is none."""
    found = [bias for name in biases(number) if (bias := getattr(lstm, name, None)) is not None]
    return sum(found[1:], found[0]) if found else None


def run_layer(
    arithmetic: Arithmetic,
    lstm: nn.Module,
    x: Tensor,
    state: State | None = None,
    threshold: Tensor | float = 0.0,
    pull: Tensor | float = 0.0,
    norms: Any = None,
    number: int = 0,
) -> Iterator[Signals]:
    """Layer `number` of an `nn.LSTM` over x [batch, steps, inputs]: the signals of each step, x parts in one product.

    In the recurrence h counts as 0 where |h| < threshold, and pull * threshold * log(1 + |h| / threshold), its mean
    over sequences, steps and units, is added to the loss. `norms` normalise x and h parts (training.low_bit).
    Where the layer has a `row_scale` [4 hidden], its weights are what the hardware stores, and each row's sum is
    multiplied by its scale before the bias is added.
    """
    w_x, w_h = matrices_of(lstm, number)
    w_h, bias = arithmetic.w_h(w_h).T, bias_of(lstm, number)
    scale = getattr(lstm, "row_scale", None)
    x_part = functional.linear(arithmetic.x(x), arithmetic.w_x(w_x))
    if scale is not None:
        scale = arithmetic.scale(scale)
        x_part, w_h = x_part * scale, w_h * scale
    if norms is not None:
        x_part = norms.x(x_part.flatten(0, 1)).view_as(x_part)
    if bias is not None:
        x_part = x_part + arithmetic.bias(bias)
    zero = x_part.new_zeros(len(x), w_h.shape[0])
    h, c = state or (zero, zero)
    each = pull / (x_part.shape[1] * zero.numel())
    for part in x_part.unbind(1):
        read = skip(h, threshold, each) if threshold > 0 else h
        pre = torch.addmm(part, read, w_h) if norms is None else part + norms.h(read @ w_h)
        signals = cell(arithmetic, pre, c)
        yield signals
        h, c = signals["h"], signals["c"]


def cell(arithmetic: Arithmetic, pre: Tensor, c: Tensor) -> Signals:
    """One step of the cell: pre-activations [batch, 4 hidden] and c_{t-1} to every signal of the step."""
    i_pre, f_pre, g_pre, o_pre = arithmetic.gate(pre).chunk(4, dim=1)
    i, f, o = (arithmetic.sigmoid(gate) for gate in (i_pre, f_pre, o_pre))
    g = arithmetic.tanh(g_pre)
    c = arithmetic.cell(f * c + i * g)
    tanh_c = arithmetic.cell_tanh(c)
    h = arithmetic.state(o * tanh_c)
    gates = {"i_pre": i_pre, "f_pre": f_pre, "g_pre": g_pre, "o_pre": o_pre}
    return gates | {"i": i, "f": f, "g": g, "o": o, "c": c, "tanh_c": tanh_c, "h": h}
