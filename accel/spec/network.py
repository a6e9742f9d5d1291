"""Sections of the network: its layers, which weights are removed, and its arithmetic."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from accel.base.fixed import Fixed
from accel.spec.by_layer import Formats as FormatOrList
from accel.spec.by_layer import Frac, Fracs, Signals, Widths, of_layer, weight_format, width_of
from accel.spec.types import (
    _LIST,
    FORMS,
    Activation,
    Between,
    Count,
    Depth,
    Format,
    Hidden,
    Last,
    Section,
    Share,
    When,
    Width,
    _power_of_two,
    form,
)


class Linear(Section):
    """A linear layer in front of the head's last one, or of a recurrent layer, and what its sums go through."""

    outputs: Count
    """Rows of the layer."""
    activation: Activation = "relu"
    """`none`; `relu`: max(0, v); `hard_tanh`: v within -1 and 1; `hard_sigmoid`: v within 0 and 1 (slope and offset of
    other forms belong into weights and bias); `tanh` and `sigmoid`: the tables of the gates."""
    frac: Annotated[int, Field(ge=0, le=24)] | None = None
    """Fraction bits of its weights; by default `weights.head_frac`."""
    units: Count | None = None
    """Multipliers of the layer; by default as few as keep pace with the recurrent layers."""


Stage = Annotated[
    Annotated[Literal["residual"], Tag(FORMS[0])] | Annotated[Linear, Tag(FORMS[1])],
    Discriminator(form),
]
"""An entry of a list between two recurrent layers."""
Link = Annotated[
    Annotated[Between, Tag(FORMS[0])]
    | Annotated[tuple[Stage, ...], _LIST, Field(min_length=1, max_length=17), Tag(FORMS[1])],
    Discriminator(form),
]
"""What stands between two recurrent layers."""


class Head(Section):
    """Linear layers behind the last recurrent layer."""

    layers: Annotated[tuple[Linear, ...], _LIST, Field(max_length=16)] = ()
    """Linear layers in front of the last one, in the order data takes."""
    outputs: Count
    """Rows of the last linear layer."""
    kind: Literal["argmax", "logits"] = "argmax"
    """What leaves the accelerator: the index of the largest logit (the lowest on a tie), or every exact logit."""
    when: When = "last"
    """After the last step of a sequence only, or after every step."""
    last: Last | None = None
    """What `when: last` reads of bidirectional layers: `states`, the last state of each direction, of the backward one
    that after it has read the first step (PyTorch's h_n, ONNX's Y_h); `output`, what the layer gives for the last step
    (PyTorch's output[:, -1]), of the backward direction its state after a single step."""
    units: Count | None = None
    """Multipliers of the head; by default as few as keep pace with the LSTM."""
    pool: Literal["none", "max", "mean"] = "none"
    """What the linear layers read: h_t, or over all steps of a sequence the largest value or the mean of each unit."""
    longest: Annotated[int, Field(ge=1, le=1 << 16)] | None = None
    """Steps of the longest sequence, for `pool: mean`; steps beyond do not count."""


class Window(Section):
    """What a convolution over time reads for a step: frames of the input side by side."""

    steps: Annotated[int, Field(ge=1, le=1 << 16)]
    """Frames of a window; `model.inputs` are those of all of them, the frames in the order of time."""
    stride: Annotated[int, Field(ge=1, le=1 << 16)] = 1
    """Frames from one window to the next."""
    pad: Annotated[tuple[int, int], _LIST] = (0, 0)
    """Frames of zeros in front of a sequence, and behind it."""

    def steps_of(self, frames: Any) -> Any:
        """Windows of so many frames, a number or an array; 0 or less where there are too few for one."""
        return (frames + sum(self.pad) - self.steps) // self.stride + 1

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """Frames of a window, frames to the next one, zeros in front and behind, for drivers."""
        return self.steps, self.stride, *self.pad

    def frames_of(self, steps: int) -> int:
        """The fewest frames that make so many windows."""
        return max(1, self.stride * (steps - 1) + self.steps - sum(self.pad))


class Model(Section):
    """The network."""

    cell: Literal["lstm", "highway", "gru", "gru_reset_first"] = "lstm"
    """Kind of recurrent cell; `highway`: of a recurrent highway network (arXiv 1607.03474), its gates coupled; `gru`:
    as PyTorch has it, n = tanh(W_in x + b_in + r (W_hn h + b_hn)), in ONNX linear_before_reset = 1; `gru_reset_first`:
    n = tanh(W_in x + W_hn (r h) + b_n), in ONNX 0."""
    depth: Depth | None = None
    """Levels of a highway cell, which a step goes through one after the other; x_t is read in the first."""
    inputs: Count
    """Elements of x_t."""
    window: Window | None = None
    """Frames that make an x_t, for a convolution over time in front of the network: whoever brings sequences to the
    accelerator (`predict`, `evaluate`, `import`) forms windows of them; `model.before`, or W_x, has the convolution's
    weights."""
    vocabulary: Annotated[int, Field(ge=2, le=1 << 20)] | None = None
    """Tokens of an embedding in front of the first layer: a step brings a token through the input stream, and x_t is
    that row of a table in the accelerator, in `formats.input`."""
    before: Annotated[tuple[Linear, ...], _LIST, Field(max_length=16)] = ()
    """Linear layers in front of the first recurrent one, in the order data takes, after every step; weights, bias and
    share of zeros are those of the head. One without an activation belongs into W_x."""
    hidden: Hidden
    """Hidden units of each recurrent layer."""
    between: Annotated[tuple[Link, ...], _LIST, Field(max_length=63)] = ()
    """What h_t goes through on its way to the next recurrent layer, one entry for each two layers behind each other;
    `residual`: the layer's own x_t is added to it, in `formats.residual`; a list: linear layers as those of `before`,
    of h_t, or with `residual` in front of them of that sum. One entry more, `residual`, stands behind the last layer,
    in front of the head. The recurrence of a layer reads h_t as it is."""
    bidirectional: bool = False
    """Every layer has a second direction, which reads the sequence from its end; a step's output is [forward,
    backward], and `hidden` are the units of each."""
    longest: Annotated[int, Field(ge=2, le=1 << 16)] | None = None
    """Steps of the longest sequence that buffers hold, for `bidirectional`; a longer one is cut there, and `torn`."""
    bias: bool = True
    """Whether gates have a bias."""
    stateful: bool = False
    """A sequence begins with the h and c that the one before left, not with zeros; reset clears them."""
    initial: Literal["zeros", "constant"] = "zeros"
    """What every sequence begins with: zeros, or an h_0 and c_0 that come with the weights; these cost a step a
    sequence."""
    head: Head | None = None
    """Linear layers behind the last recurrent layer; without one, h_t leaves the accelerator."""


class Search(Section):
    """Dual-ratio search of BRDS (arXiv 2101.02667): the cost is fixed, nonzeros are shared out between W_x and W_h."""

    total: Share
    """Share of all weights of a layer that is removed; with `cost: cycles`, in the even allocation that sets them."""
    steps: Count = 4
    """Steps along the line of equal cost, in each direction."""
    cost: Literal["nonzeros", "cycles"] = "nonzeros"
    """What all allocations have in common: nonzeros of a row, or at most the cycles of a step that the even one needs
    on the lanes of `engine` (each W_h then keeps as many weights as fit)."""


class Sparsity(Section):
    """Which weights are removed. Ratios are shares of zeros."""

    pattern: Literal["dense", "row", "bank", "column", "balanced"] = "row"
    """`row`: every row of a matrix keeps the same number of weights; `bank`: as many in each of `engine.lanes_per_row`
    banks, column c in bank c mod that, so that a lane of a row reads one bank alone; `column`: in every column each
    lane of the column dataflow keeps the same number of its rows; `balanced`: `row` or `column`, as `engine.dataflow`
    has it where it is not the same for all matrices; `dense`: all weights stay."""
    input: Share | None = None
    """Share of W_x that is removed (without search)."""
    recurrent: Share | None = None
    """Share of W_h that is removed (without search)."""
    search: Search | None = None
    """Finds the two ratios, in place of giving them."""
    head: Share = 0.0
    """Share of the head's weights that is removed, as many in each row of each of its layers."""
    shared_by_gates: bool = False
    """The four rows of a unit keep the same columns: a quarter of the indices and of the operand reads."""
    threshold: Annotated[float, Field(ge=0.0)] | None = None
    """In the recurrence of layers by columns h_t counts as 0 where |h_t| is below this, and is skipped; 0 keeps all."""
    states: Share | None = None
    """Share of h_t that shall be below the threshold: training draws that share to zero."""


def divisors(number: int) -> list[int]:
    """All of them, ascending."""
    small = [count for count in range(1, math.isqrt(number) + 1) if number % count == 0]
    return small + [number // count for count in reversed(small) if count * count != number]


def nonzeros_of(ratio: float, columns: int, banks: int = 1) -> int:
    """Weights a row of `columns` keeps at this share of zeros, as many in each bank: rounded half up, at most as many
    as the smallest bank has columns.
    """
    return banks * min(columns // banks, math.floor((1.0 - ratio) * columns / banks + 0.5))


GATES = {"lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}
"""Gates, in their order, of the cells whose lanes belong to one each; lanes of several levels serve all in turn."""


class Weights(Section):
    """Integer formats of the weights. Those of layers are one for all, or a list with one a layer."""

    kind: Literal["fixed", "ternary", "binary"] = "fixed"
    """Of the LSTM layers: `fixed` point; `ternary`: -1, 0, 1 in two bits; `binary`: -1, 1 in one. The last two need no
    multiplier."""
    per_row: bool = False
    """Each row's sum is multiplied by a scale of its own (`formats.scale`), into which a normalisation folds."""
    width: Widths = 8
    """Bits of a fixed weight; the head's are always fixed. One for all layers, or a list, one a layer; an entry of it
    may be a list with one a gate, in the order of the cell (LSTM: i, f, g, o; GRU: r, z, n), as in `[[6, 5, 8, 6], 7]`.
    Gates share the fraction bits of their matrix: a narrower one saturates earlier, and takes fewer bits of memory."""
    input_width: Widths | None = None
    """Bits of a weight of W_x, where they are others."""
    recurrent_width: Widths | None = None
    """Bits of a weight of W_h, where they are others. Lanes store both as the wider of the two, gate by gate."""
    head_width: Width | None = None
    """Bits of the head's weights, where they are others than `width`; needed where that is a list."""
    input_frac: Fracs = 6
    """Fraction bits of W_x."""
    recurrent_frac: Fracs = 6
    """Fraction bits of W_h."""
    head_frac: Frac = 6
    """Fraction bits of the head's weights."""

    def of_layer(self, number: int) -> tuple[Fixed, Fixed]:
        """W_x and W_h of one layer, as fixed point."""
        widths = (self.width if own is None else own for own in (self.input_width, self.recurrent_width))
        fracs = self.input_frac, self.recurrent_frac
        w_x, w_h = (
            weight_format(width_of(width, number), of_layer(frac, number))
            for width, frac in zip(widths, fracs, strict=True)
        )
        return w_x, w_h

    @property
    def by_gate(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        """By their keys, the widths of layers whose gates have some of their own."""
        given = ((key, getattr(self, key)) for key in ("width", "input_width", "recurrent_width"))
        lists = ((key, value) for key, value in given if isinstance(value, tuple))
        found = {key: tuple(each for each in value if isinstance(each, tuple)) for key, value in lists}
        return {key: gates for key, gates in found.items() if gates}

    @property
    def head(self) -> Fixed:
        """Of the head."""
        width = width_of(self.width, -1) if self.head_width is None else self.head_width
        return Fixed(width if isinstance(width, int) else max(width), self.head_frac)


class Formats(Section):
    """Fixed-point formats [width, frac] of the signals (design: where narrowing happens).

    Those of layers are one for all, or a list with one a layer.
    """

    input: Format
    """x_t"""
    bias: FormatOrList = Fixed(16, 10)
    """b_ih + b_hh, and the head's bias"""
    head_bias: Annotated[Format | None, Field(repr=False)] = None
    """The head's bias, where it is another; needed where `bias` is a list."""
    gate: FormatOrList
    """Pre-activation of a gate."""
    activation: FormatOrList
    """Result of sigmoid and tanh."""
    cell: FormatOrList
    """c_t; of a highway cell s_l, of a GRU h_t, as it is carried on"""
    state: FormatOrList
    """h_t; of a highway cell s_l, of a GRU h_t, as lanes, next layer and head read it"""
    scale: FormatOrList | None = None
    """What a row's sum is multiplied with; for `weights.per_row`."""
    linear: Annotated[Format | None, Field(repr=False)] = None
    """What a linear layer in front of another layer gives; where its activation is a table, that is in
    `activation`."""
    residual: Annotated[Format | None, Field(repr=False)] = None
    """h_t and x_t of a layer together, as the next one reads it; for `model.between: residual`."""

    def signals(self, number: int) -> Signals:
        """What the cell of one layer makes, and what linear layers behind it do."""
        keys = ("gate", "activation", "cell", "state", "linear")
        return Signals(*(of_layer(getattr(self, key), number) for key in keys))

    @property
    def of_head_bias(self) -> Fixed:
        """The head's bias."""
        return of_layer(self.bias, -1) if self.head_bias is None else self.head_bias


class Tables(Section):
    """Sigmoid and tanh tables: 2**address entries over -span..span."""

    address: Annotated[int, Field(ge=2, le=14)] = 10
    """Address bits; fewer are built where the input has no more inside the span."""
    sigmoid: Annotated[Count, AfterValidator(_power_of_two)] = 8
    """Span of the sigmoid table, a power of two."""
    tanh: Annotated[Count, AfterValidator(_power_of_two)] = 4
    """Span of the tanh table, a power of two."""
