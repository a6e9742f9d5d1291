"""The network: LSTM layers and a linear head, as real numbers or exactly as the accelerator computes it.

With the quantisers off the layers are `torch.nn.LSTM` itself. Switched on, the same parameters run through the
arithmetic of the golden model, narrowed at its places only (docs: where narrowing happens).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.shape import Array, Network
from accel.spec import Spec
from training.straight_through import look_up, narrow

MATRICES = ("weight_ih_l0", "weight_hh_l0")
"""W_x and W_h of a one-layer `nn.LSTM`."""
BIASES = ("bias_ih_l0", "bias_hh_l0")
"""The two biases that PyTorch has and hardware adds up."""

State = tuple[Tensor, Tensor]
"""h and c of one layer, [batch, hidden]."""
Signals = dict[str, Tensor]
"""The signals of one step by the names of `accel.golden`, each [batch, hidden]."""


class LSTM(nn.Module):
    """`spec.model` as a module; `quantize` switches the quantisers on.

    `encoder` and `decoder` are the host's share of the work: tokens to x_t, and h_t to logits where there is no head.
    """

    def __init__(
        self,
        spec: Spec,
        encoder: nn.Module | None = None,
        decoder: nn.Linear | None = None,
        when: Literal["last", "step"] = "last",
    ) -> None:
        super().__init__()
        model = spec.model
        sizes = zip((model.inputs, *model.hidden), model.hidden, strict=False)
        self.encoder = encoder or nn.Identity()
        self.layers = nn.ModuleList(nn.LSTM(i, h, bias=model.bias, batch_first=True) for i, h in sizes)
        self.head = None if model.head is None else nn.Linear(model.hidden[-1], model.head.outputs, bias=model.bias)
        self.decoder = decoder
        self.dropout = nn.Dropout(spec.training.dropout)
        self.when = model.head.when if model.head else when
        self.quantized: Network | None = None

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
        h, after = self.hidden(self.dropout(self.encoder(x)), state)
        return self.readout(self.dropout(last_step(h, lengths) if self.when == "last" else h)), after

    def hidden(self, x: Tensor, state: Sequence[State] | None = None) -> tuple[Tensor, list[State]]:
        """h_t of the last layer [batch, steps, hidden], and every layer's state after the last step."""
        if self.quantized is not None:
            found = self.signals(x, state)
            return stacked(found[-1], "h"), [(steps[-1]["h"], steps[-1]["c"]) for steps in found]
        after: list[State] = []
        for number, layer in enumerate(self.layers):
            before = None if state is None else (state[number][0][None], state[number][1][None])
            x, (h, c) = layer(x, before)
            after.append((h[0], c[0]))
        return x, after

    def signals(self, x: Tensor, state: Sequence[State] | None = None) -> list[list[Signals]]:
        """Every signal of every step of every layer, quantised; `quantize` comes first."""
        assert self.quantized is not None
        net, found = self.quantized, list[list[Signals]]()
        x = narrow(x, net.spec.formats.input)
        for number, (layer, array) in enumerate(zip(self.layers, net.layers, strict=True)):
            found.append(list(run_layer(net, array, layer, x, None if state is None else state[number])))
            x = stacked(found[-1], "h")
        return found

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


def matrices_of(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """W_x [4 hidden, inputs] and W_h [4 hidden, hidden] of a one-layer `nn.LSTM`, as its masks leave them."""
    w_x, w_h = (getattr(layer, name) for name in MATRICES)
    return w_x, w_h


def bias_of(layer: nn.Module) -> Tensor | None:
    """The one bias of the hardware, b_ih + b_hh [4 hidden]; None where the layer has none."""
    b_ih, b_hh = (getattr(layer, name, None) for name in BIASES)
    return None if b_ih is None or b_hh is None else b_ih + b_hh


def run_layer(net: Network, array: Array, layer: nn.Module, x: Tensor, state: State | None = None) -> Iterator[Signals]:
    """One LSTM layer over x [batch, steps, inputs] in `array.x`: the signals of each step, x parts in one product."""
    w_x, w_h = matrices_of(layer)
    bias = bias_of(layer)
    w_h = narrow(w_h, array.w_h).T
    x_part = functional.linear(x, narrow(w_x, array.w_x), None if bias is None else narrow(bias, array.bias))
    zero = x.new_zeros(len(x), array.outputs)
    h, c = state or (zero, zero)
    for part in x_part.unbind(1):
        signals = cell(net, torch.addmm(part, h, w_h), c)
        yield signals
        h, c = signals["h"], signals["c"]


def cell(net: Network, pre: Tensor, c: Tensor) -> Signals:
    """One step of the cell: exact pre-activations [batch, 4 hidden] and c_{t-1} to every signal of the step."""
    formats, tables = net.spec.formats, net.tables
    i_pre, f_pre, g_pre, o_pre = narrow(pre, formats.gate).chunk(4, dim=1)
    i, f, o = (look_up(gate, tables["sigmoid"]) for gate in (i_pre, f_pre, o_pre))
    g = look_up(g_pre, tables["tanh"])
    c = narrow(f * c + i * g, formats.cell)
    tanh_c = look_up(c, tables["cell_tanh"])
    h = narrow(o * tanh_c, formats.state)
    gates = {"i_pre": i_pre, "f_pre": f_pre, "g_pre": g_pre, "o_pre": o_pre}
    return gates | {"i": i, "f": f, "g": g, "o": o, "c": c, "tanh_c": tanh_c, "h": h}
