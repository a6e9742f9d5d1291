"""The arrays of a spec: recurrent layers in order, and the head where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from accel.architecture.array import Array
from accel.architecture.cells import TABLES
from accel.architecture.dataflows import ARRAYS
from accel.architecture.dataflows.rows import RowArray
from accel.architecture.layer import Kept
from accel.architecture.plan import planned
from accel.base.fixed import Fixed, LowBit
from accel.base.tables import Table
from accel.spec import Spec, kept
from accel.spec import Weights as WeightFormats

ACCUMULATOR = 62
"""Widest exact sum; 64-bit integers hold it with room for the half unit of a rounding."""


@dataclass(frozen=True)
class Network:
    """The arrays of a spec: recurrent layers in order, and the head where there is one."""

    layers: tuple[Array, ...]
    head: RowArray | None
    spec: Spec

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Layers and head in the order data takes."""
        return self.layers + ((self.head,) if self.head else ())

    @property
    def skipping(self) -> tuple[Array, ...]:
        """The layers that skip states."""
        return tuple(array for array in self.layers if array.skips_states)

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables that the cell reads, by their names in `accel.architecture.cells.TABLES`."""
        formats, tables = self.spec.formats, self.spec.tables
        return {
            name: Table(function, getattr(formats, key), formats.activation, tables.address, getattr(tables, function))
            for name, (function, key) in TABLES.items()
            if name in self.layers[0].cell.tables
        }


def network(spec: Spec, kept_per_row: Sequence[Kept] | None = None) -> Network:
    """Derive the arrays of a spec; `kept_per_row` (one pair a layer) replaces the spec's own plan after a search."""
    pairs = tuple(kept_per_row) if kept_per_row is not None else planned(spec)
    layers = tuple(_layer(spec, number, pair) for number, pair in enumerate(pairs))
    return Network(layers, _head(spec, layers), spec)


def _layer(spec: Spec, number: int, pair: Kept) -> Array:
    formats, weights, engine = spec.formats, spec.weights, spec.engine
    first = number == 0
    dataflow = spec.flows[number].name
    assert dataflow is not None
    return ARRAYS[dataflow](
        name=f"{spec.model.cell}{number}",
        inputs=spec.model.inputs if first else spec.model.hidden[number - 1],
        outputs=spec.model.hidden[number],
        kind=spec.model.cell,
        kept=pair,
        units=engine.units,
        lanes_per_row=engine.lanes_per_row,
        cells=engine.cells_per_cycle,
        input_words=engine.input_words if first else engine.cells_per_cycle,
        x=formats.input if first else formats.state,
        w_x=_weight(weights, weights.input_frac),
        h=formats.state,
        w_h=_weight(weights, weights.recurrent_frac),
        bias=formats.bias,
        shared_by_gates=spec.sparsity.shared_by_gates,
        split=engine.split,
        streams=engine.streams,
        operand_memory=engine.operand_memory,
        operand_register=engine.operand_register,
        scale=formats.scale,
        given_state=engine.state_streams or spec.initial_states,
        writable=engine.memory == "scratchpad",
        fed=engine.memory_width,
        levels=spec.levels,
    )


def _weight(weights: WeightFormats, frac: int) -> Fixed:
    widths = {"ternary": 2, "binary": 1}
    return LowBit(widths[weights.kind], frac) if weights.kind in widths else Fixed(weights.width, frac)


def _head(spec: Spec, layers: tuple[Array, ...]) -> RowArray | None:
    head, last = spec.model.head, layers[-1]
    if head is None:
        return None
    budget = min(array.shortest_step for array in layers)
    groups = max(1, budget // last.outputs)
    weight = Fixed(spec.weights.width, spec.weights.head_frac)
    return RowArray(
        name="head",
        inputs=last.outputs,
        outputs=head.outputs,
        kind=None,
        kept=(kept(spec.sparsity.head, last.outputs), 0),
        units=head.units or min(-(-head.outputs // groups), last.outputs),
        lanes_per_row=1,
        cells=1,
        input_words=last.cells,
        x=spec.formats.state,
        w_x=weight,
        h=spec.formats.state,
        w_h=weight,
        bias=spec.formats.bias,
        operand_memory=spec.engine.operand_memory,
        operand_register=spec.engine.operand_register,
        writable=spec.engine.memory == "scratchpad",
        fed=spec.engine.memory_width,
    )
