"""What any engine tells of a run: every signal of every layer, and the answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from accel.base.fixed import Integers


@dataclass
class LayerTrace:
    """Every signal of one recurrent layer over a batch of sequences.

    Each entry of `signals` is int64 [sequences, steps, hidden], by its name in `accel.architecture.cells`.
    `saturations` counts what narrowing clipped in real steps, by format. `output` is the signal that leaves the layer.
    `x` is what the layer read, [sequences, steps, inputs]; None of another engine's trace.
    """

    signals: dict[str, Integers]
    saturations: dict[str, int] = field(default_factory=dict)
    output: str = "h"
    x: Integers | None = None

    @property
    def h(self) -> Integers:
        """What leaves the layer after every step, [sequences, steps, hidden]."""
        return self.signals[self.output]

    @property
    def read(self) -> Integers:
        """What the layer read, [sequences, steps, inputs]."""
        assert self.x is not None
        return self.x


@dataclass
class Trace:
    """Every signal of a network over a batch of sequences.

    `logits` is int64 [sequences, steps or 1, outputs] in the head's exact accumulator; `outputs` is what leaves the
    accelerator, one row a result: h_t (no head), logits, or the arg max.
    """

    layers: list[LayerTrace]
    logits: Integers | None
    outputs: Integers
    linear: list[dict[str, Integers]] = field(default_factory=list)
    """Of each linear layer in front of the last one every value by its name, exact sums too, [sequences, steps or 1,
    outputs]."""
    feeding: list[dict[str, Integers]] = field(default_factory=list)
    """The same of those in front of recurrent layers, [sequences, steps, outputs]."""

    @property
    def h(self) -> Integers:
        """h_t of the last recurrent layer, [sequences, steps, hidden], of bidirectional ones as the layer makes it."""
        return self.layers[-1].h
