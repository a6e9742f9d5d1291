"""The arrays of a spec: recurrent layers in order, linear layers in front of each, and those of the head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from accel.architecture.array import Array
from accel.architecture.cells import TABLES
from accel.architecture.cells.activations import ACTIVATIONS
from accel.architecture.cells.operations import Clip, Lookup
from accel.architecture.dataflows import ARRAYS
from accel.architecture.dataflows.rows import RowArray
from accel.architecture.dataflows.shared import shared
from accel.architecture.embedding import Embedding, embedding_of
from accel.architecture.layer import Nnz
from accel.architecture.linear import LinearArray
from accel.architecture.mirror import Mirror, entering_mirror, leaving_mirror, straightening_mirror
from accel.architecture.plan import planned
from accel.architecture.pool import Pool, pool_of
from accel.architecture.residual import Residual
from accel.base.fixed import Fixed, LowBit
from accel.base.tables import Table
from accel.spec import Signals, Spec, Tables, nonzeros_of
from accel.spec import Weights as WeightFormats
from accel.spec.network import Linear

T = TypeVar("T")

ACCUMULATOR = 62
"""Widest exact sum; 64-bit integers hold it with room for the half unit of a rounding."""


@dataclass(frozen=True)
class Network:
    """The arrays of a spec: recurrent layers in order, the linear layers in front of each of them, and those of the
    head, the last one apart.
    """

    layers: tuple[Array, ...]
    linear: tuple[LinearArray, ...]
    head: RowArray | None
    spec: Spec
    ahead: tuple[tuple[LinearArray, ...], ...]
    """Of each recurrent layer the linear layers in front of it, which run after every step."""

    @cached_property
    def in_hardware(self) -> Network:
        """The arrays as they are built: where layers share lanes, one array does for all of them."""
        built = self.layers if len(self.layers) == 1 else _built(self.spec, self.layers)
        return self if built is self.layers else replace(self, layers=built, ahead=self.ahead[:1])

    @cached_property
    def embedding(self) -> Embedding | None:
        """The table in front of the first array."""
        return embedding_of(self.spec, self.arrays[0])

    @cached_property
    def pool(self) -> Pool | None:
        """What is between the recurrent layers and the linear ones."""
        return pool_of(self.spec)

    @cached_property
    def clips(self) -> dict[int, Clip]:
        """The ends that h_t is held within in front of a recurrent layer, by that one's number."""
        links = enumerate(self.spec.model.between, 1)
        kinds = {number: ACTIVATIONS.get(link) for number, link in links if isinstance(link, str)}
        found = {number: kind.operations[-1] for number, kind in kinds.items() if kind is not None}
        return {number: clip for number, clip in found.items() if isinstance(clip, Clip)}

    @cached_property
    def residuals(self) -> dict[int, Residual]:
        """The additions of h_t and x_t of a layer in front of the next one, by that one's number; that behind the last
        layer has the number of layers.
        """
        count, model, out = len(self.layers), self.spec.model, self.spec.formats.residual
        found, quiet = dict[int, Residual](), model.head is not None and model.head.when == "last"
        for number, layer in enumerate(self.layers, 1):
            if out is None or not self.spec.adds_input(number - 1):
                continue
            buffered = self.entrance(number) in self.mirrors
            final = quiet and number == count and not buffered
            marks = self.spec.directions > 1, buffered or final, final and self.pool is None
            found[number] = Residual(layer.h, layer.x, out, *marks)
        return found

    @cached_property
    def mirrors(self) -> dict[int, Mirror]:
        """The sequence buffers of bidirectional layers, by the number of the array that each stands in front of; that
        behind the last array has the number of arrays.
        """
        if not self.spec.model.bidirectional:
            return {}
        found = {self.place(n): entering_mirror(self.spec, array, n) for n, array in enumerate(self.layers)}
        behind = (n for n in range(1, len(self.layers)) if self.ahead[n])
        found |= {self.entrance(n): straightening_mirror(self.spec, self.layers[n - 1]) for n in behind}
        last = leaving_mirror(self.spec, self.layers[-1])
        found |= {} if last is None else {self.place(len(self.layers)): last}
        return dict(sorted(found.items()))

    @property
    def x_beats(self) -> int:
        """Beats of an x_t, or of a token, as it comes in."""
        return self.spec.incoming.beats

    @property
    def memory_bits(self) -> int:
        """Bits of all memories together, as they are built."""
        arrays = sum(sum(array.memory_bits.values()) for array in self.in_hardware.arrays)
        table = self.embedding.bits if self.embedding else 0
        return arrays + table + sum(mirror.bits for mirror in self.mirrors.values())

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All in the order data takes."""
        stages = (array for chain, layer in zip(self.ahead, self.layers, strict=True) for array in (*chain, layer))
        return (*stages, *self.linear, *((self.head,) if self.head else ()))

    @property
    def feeding(self) -> tuple[LinearArray, ...]:
        """The linear layers in front of all recurrent layers, in the order data takes."""
        return tuple(array for chain in self.ahead for array in chain)

    def place(self, number: int) -> int:
        """The number among all arrays that a recurrent layer has, or with the number of layers what is behind them."""
        return number + sum(map(len, self.ahead[: number + 1]))

    def entrance(self, number: int) -> int:
        """The number among all arrays of what comes first to a recurrent layer: its linear layers, or itself; with the
        number of layers of what is behind them.
        """
        return self.place(number) - sum(map(len, self.ahead[number : number + 1]))

    def link(self, place: int) -> int | None:
        """The recurrent layer whose `entrance` is at a place among all arrays, elsewhere None."""
        places = [self.entrance(number) for number in range(len(self.layers) + 1)]
        return places.index(place) if place in places else None

    def number(self, place: int) -> int | None:
        """The recurrent layer at a place among all arrays, the number of layers right behind them, elsewhere None."""
        places = [self.place(number) for number in range(len(self.layers) + 1)]
        return places.index(place) if place in places else None

    def in_front(self, number: int, each: Sequence[T]) -> Sequence[T]:
        """Of something for each array, that of the linear layers in front of a recurrent layer."""
        return each[self.entrance(number) : self.place(number)]

    def recurrent(self, each: Sequence[T]) -> Sequence[T]:
        """Of something for each array, that of the recurrent layers."""
        return [each[self.place(number)] for number in range(len(self.layers))]

    def behind(self, each: Sequence[T]) -> Sequence[T]:
        """Of something for each array, that of the linear layers behind, the head's last one too."""
        return each[self.place(len(self.layers)) :]

    @property
    def skipping(self) -> tuple[Array, ...]:
        """The layers that skip states."""
        return tuple(array for array in self.layers if array.skips_states)

    def alike(self, array: Array) -> Array:
        """The first layer whose cell has the same formats, and so the same tables."""
        return next(layer for layer in self.layers if layer.formats == array.formats)

    def table(self, array: Array, name: str) -> str:
        """What a table that the cell of a layer reads is called in `tables`, by its name in the cell."""
        first = self.alike(array)
        return name if first == self.layers[0] else f"{first.name}_{name}"

    def tables_of(self, array: Array) -> dict[str, Table]:
        """The tables that the cell of one layer reads, by their names in `accel.architecture.cells.TABLES`."""
        return {name: self.tables[self.table(array, name)] for name in self.alike(array).cell.tables}

    def tables_read_by(self, array: Array) -> dict[str, Table]:
        """The tables that an array reads, its cell's or its activation's, by their names in `TABLES`."""
        if array.kind is not None:
            return self.tables_of(array)
        operations = array.operations.operations if isinstance(array, LinearArray) else ()
        names = [one.table for one in operations if isinstance(one, Lookup)]
        return {name: self.tables[self.table(array, name)] for name in names}

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Every table that cells read; those of layers with other formats than the first have the layer's name before
        their own.
        """
        return {
            self.table(array, name): table
            for array in self.layers
            for name, table in _tables(self.spec.tables, array).items()
        }


def _tables(tables: Tables, array: Array) -> dict[str, Table]:
    formats = array.formats
    return {
        name: Table(function, getattr(formats, key), formats.activation, tables.address, getattr(tables, function))
        for name, (function, key) in TABLES.items()
        if name in array.cell.tables
    }


def network(spec: Spec, nnz_per_row: Sequence[Nnz] | None = None) -> Network:
    """Derive the arrays of a spec; `nnz_per_row` (one pair a layer) replaces the spec's own plan after a search."""
    pairs = tuple(nnz_per_row) if nnz_per_row is not None else planned(spec)
    layers = tuple(_layer(spec, number, pair) for number, pair in enumerate(pairs))
    ahead = tuple(tuple(_ahead(spec, layers, number)) for number in range(len(layers)))
    if spec.model.head is None:
        return Network(layers, (), None, spec, ahead)
    *linear, head = _head(spec, layers)
    return Network(layers, tuple(linear), head, spec, ahead)


def _built(spec: Spec, layers: tuple[Array, ...]) -> tuple[Array, ...]:
    """The recurrent layers as they are built."""
    return (shared(layers),) if spec.engine.shared_layers else layers


def _layer(spec: Spec, number: int, pair: Nnz) -> Array:
    formats, weights, engine = spec.layer_formats(number), spec.weights, spec.engine
    dataflow = "directions" if spec.own_lanes else spec.flows[number].name
    assert dataflow is not None
    inputs, outputs = spec.sizes[number]
    return ARRAYS[dataflow](
        name=f"{spec.model.cell}{number}",
        inputs=spec.directions * inputs,
        outputs=spec.directions * outputs,
        kind=spec.model.cell,
        nnz=pair,
        units=spec.units[number],
        lanes_per_row=engine.lanes_per_row,
        cells=engine.cells_per_cycle,
        input_words=spec.words_read(number),
        x=formats.x,
        w_x=_weight(weights, formats.w_x),
        w_h=_weight(weights, formats.w_h),
        bias=formats.bias,
        signals=formats.signals,
        shared_by_gates=spec.sparsity.shared_by_gates,
        dedicated_lanes=engine.dedicated_lanes,
        streams=engine.streams,
        operand_memory=engine.operand_memory,
        operand_register=engine.operand_register,
        multiplier_registers=engine.multiplier_registers,
        scale=formats.scale,
        initial_state=engine.state_streams or spec.initial_states,
        writable=engine.memory == "scratchpad",
        loaded_memory=engine.loaded_memory,
        streamed=engine.memory_width,
        x_first=engine.order == "x_first",
        pack=engine.pack,
        levels=spec.levels,
        directions=spec.directions,
    )


def _weight(weights: WeightFormats, fixed: Fixed) -> Fixed:
    widths = {"ternary": 2, "binary": 1}
    return LowBit(widths[weights.kind], fixed.frac) if weights.kind in widths else fixed


def _ahead(spec: Spec, layers: tuple[Array, ...], number: int) -> Iterator[LinearArray]:
    """The linear layers in front of a recurrent one."""
    words = layers[number - 1].cells if number else spec.engine.input_words
    reads = spec.comes_to(number), words, spec.came_in(number)
    name, own = f"between{number - 1}_" if number else "before", layers[number].signals
    for place, layer in enumerate(spec.ahead(number)):
        made = spec.made(layer, number)
        yield _activated(spec, f"{name}{place}", layer, layers, own, reads, made)
        reads = layer.outputs, 1, made


def _activated(
    spec: Spec,
    name: str,
    layer: Linear,
    layers: tuple[Array, ...],
    signals: Signals | None,
    reads: tuple[int, int, Fixed],
    out: Fixed,
) -> LinearArray:
    """A linear layer with an activation, of what it reads: values, those of a beat, and their format."""
    inputs, words, read = reads
    sizes = _linear(spec, _budget(spec, layers), inputs, layer.outputs, layer.units)
    weight = Fixed(spec.weights.head.width, spec.weights.head_frac if layer.frac is None else layer.frac)
    own: dict[str, Any] = {"activation": layer.activation, "out": out, "signals": signals}
    return LinearArray(name, **sizes, input_words=words, x=read, w_x=weight, w_h=weight, **own)


def _head(spec: Spec, layers: tuple[Array, ...]) -> Iterator[Any]:
    """The linear layers: those in front of the last one, and that."""
    head, read = spec.model.head, spec.read_behind_format
    assert head is not None
    inputs, words, signals = layers[-1].outputs, layers[-1].cells, layers[-1].signals
    for number, layer in enumerate(head.layers):
        reads = inputs, words, read
        yield _activated(spec, f"linear{number}", layer, layers, signals, reads, spec.made(layer))
        inputs, words, read = layer.outputs, 1, spec.made(layer)
    weight = spec.weights.head
    sizes = _linear(spec, _budget(spec, layers), inputs, head.outputs, head.units)
    yield RowArray("head", **sizes, input_words=words, x=read, w_x=weight, w_h=weight, signals=None)


def _budget(spec: Spec, layers: tuple[Array, ...]) -> int:
    """Cycles that linear layers have at most, so that no recurrent one waits for them."""
    return min(array.shortest_step for array in _built(spec, layers))


def _linear(spec: Spec, budget: int, inputs: int, outputs: int, units: int | None) -> dict[str, Any]:
    """What linear layers have in common: as few multipliers as are done within `budget` cycles."""
    groups, nnz = max(1, budget // inputs), nonzeros_of(spec.sparsity.head, inputs)
    return {
        "inputs": inputs,
        "outputs": outputs,
        "kind": None,
        "nnz": (nnz, 0),
        "units": units or min(-(-outputs // groups), nnz),
        "lanes_per_row": 1,
        "cells": 1,
        "bias": spec.formats.of_head_bias,
        "operand_memory": spec.engine.operand_memory,
        "operand_register": spec.engine.operand_register,
        "multiplier_registers": spec.engine.multiplier_registers,
        "writable": spec.engine.memory == "scratchpad",
        "loaded_memory": spec.engine.loaded_memory,
        "streamed": spec.engine.memory_width,
    }
