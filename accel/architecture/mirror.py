"""Sequence buffers of bidirectional layers: each holds a sequence until it is whole, then gives its steps in pairs.

A bidirectional layer is one layer with twice the units: in turn s it reads step s and, for the backward direction, the
step that is as far from the end (its mirror image), and makes forward's h of step s and backward's of the mirror image.
So its two halves belong to different steps, and buffers put them right: such a vector is called crossed.
"""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.array import Array
from accel.base.fixed import index_bits
from accel.spec import Spec

BANKS = 2
"""Sequences that a buffer holds: one comes while the other is read."""


@dataclass(frozen=True)
class Mirror:
    """A buffer of sequences of up to `longest` vectors of `beats` beats, `width` bits each.

    Of step s it gives the whole vector; where vectors are `crossed`, the second half of it out of the mirror image of
    s. With `pairs` the vector of the mirror image follows, put together likewise. With `last_only` it gives the last
    step alone.
    """

    longest: int
    beats: int
    width: int
    crossed: bool
    pairs: bool
    last_only: bool = False
    in_turn: bool = False
    """Words of both halves of a vector come in turn, as lanes of their own make them; the halves leave one by one."""

    @property
    def rounds(self) -> int:
        """Times that it goes through the beats of a vector for each step."""
        return 2 if self.pairs else 1

    @property
    def given(self) -> int:
        """Beats that it gives for each step."""
        return self.rounds * self.beats

    @property
    def bank_depth(self) -> int:
        """Words of a sequence."""
        return self.longest * self.beats

    @property
    def depth(self) -> int:
        """Words of all sequences."""
        return BANKS * self.bank_depth

    @property
    def bits(self) -> int:
        """Memory bits."""
        return self.depth * self.width


def entering_mirror(spec: Spec, array: Array, number: int) -> Mirror:
    """The buffer in front of a layer: steps as they are in front of the first one, those of a linear layer in front of
    any, or tokens, and crossed ones right behind another layer.
    """
    assert spec.model.longest is not None
    if number == 0 and spec.model.vocabulary is not None and not spec.model.before:
        return Mirror(spec.model.longest, 1, index_bits(spec.model.vocabulary), crossed=False, pairs=True)
    width = array.x_vector.word_width
    crossed = number > 0 and not spec.ahead(number)
    beats, in_turn = array.input_beats // array.directions, crossed and spec.own_lanes
    return Mirror(spec.model.longest, beats, width, crossed=crossed, pairs=True, in_turn=in_turn)


def straightening_mirror(spec: Spec, before: Array) -> Mirror:
    """The buffer behind a layer, in front of linear ones, which read h of one step in both halves."""
    assert spec.model.longest is not None
    width = before.cells * before.h.width
    ways = {"crossed": True, "pairs": False, "in_turn": spec.own_lanes}
    return Mirror(spec.model.longest, before.output_beats, width, **ways)


def leaving_mirror(spec: Spec, array: Array) -> Mirror | None:
    """The buffer behind the last layer; None where it is the last state of both directions that is read, which the
    last turn makes, or a pool, to which the order of steps is the same.
    """
    head = spec.model.head
    if head is not None and (head.pool != "none" or head.last == "states"):
        return None
    assert spec.model.longest is not None
    width = array.cells * (array.h if head is None else spec.read_behind_format).width
    last_only = head is not None and head.when == "last"
    ways = {"crossed": True, "pairs": False, "last_only": last_only, "in_turn": spec.own_lanes}
    return Mirror(spec.model.longest, array.output_beats, width, **ways)
