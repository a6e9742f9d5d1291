"""Every memory of a design, by what it holds, from the sizes of its arrays alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from accel.architecture.array import Array
from accel.architecture.cells.operations import Lookup
from accel.architecture.latencies import HEAD_INTERVAL, SLOT_TO_LOGIT, slot_delay, slot_to_out, slot_to_state
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.residual import IN_BANKS, LINKED
from accel.base.fixed import index_bits
from accel.base.tables import Table
from accel.memory.images import bias_depth, bias_shift, bias_words_width, sum_format
from fpga.dataflows import demand
from fpga.memories import Memory


def memories(net: Network) -> Iterator[tuple[str, Memory]]:
    """Those of the arrays in the order of data, and what is between and behind them. A ROM of one word is none."""
    return ((what, one) for what, one in _all(net) if one.depth > 1 or one.kind == "ram")


def _all(net: Network) -> Iterator[tuple[str, Memory]]:
    for array in net.arrays:
        yield from _constants(net, array)
        yield from demand(array).operands()
        if isinstance(array, LinearArray):
            yield from _tables_of(net, array, array.operations.operations, 1)
        elif array.recurrent:
            yield from _of_cells(net, array)
    yield from _between(net)
    if len(net.arrays) not in net.mirrors:
        yield "results", Memory(1, *_results(net), "ram")


def _constants(net: Network, array: Array) -> Iterator[tuple[str, Memory]]:
    """Weights, biases and scales: in the bitstream, loaded, or weights that come in every step."""
    if array.streamed:
        yield "weights", Memory(1, array.held, array.units * array.word_width, "ram")
    else:
        yield "weights", replace(_held(array, array.units, array.depth, array.word_width), style=array.loaded_memory)
    if width := _bias_bits(array, net.spec.model.bias or not array.recurrent):
        yield "bias", _held(array, 1, bias_depth(array), width)
    if array.scale is not None:
        yield "scales", _held(array, 1, array.beats, array.scale_words_width)


def _bias_bits(array: Array, biased: bool) -> int:
    """Bits of a word of biases that differ from word to word: below a bias there are zeros, and half a unit that is
    added with it, which words and cells without a unit lack.
    """
    narrowed, sums = sum_format(array), array.sums_per_unit
    if array.writable:
        return bias_words_width(array, narrowed)
    below, missing = array.bias_shift - bias_shift(array, narrowed), array.groups * array.units - array.outputs
    lacking = array.cells if bias_depth(array) > array.unit_levels * array.beats else min(array.cells, missing)
    halves = sums * lacking * (narrowed is not None)
    if not biased:
        return halves
    return bias_words_width(array, narrowed) - (sums * array.cells * below - halves if below else 0)


def _held(array: Array, count: int, depth: int, width: int) -> Memory:
    """What never changes; or two sets of it, the second from a power of two on."""
    if not array.writable:
        return Memory(count, depth, width, "rom")
    return Memory(count, (1 << index_bits(depth)) + depth, width, "ram")


def _of_cells(net: Network, array: Array) -> Iterator[tuple[str, Memory]]:
    """What the cells keep, their tables, and the states that sequences begin with."""
    first_of_streams = (array.streams - 1) << index_bits(array.beats)
    kept = array.formats.cell.width + array.cell.lays_aside * array.formats.activation.width
    yield "c", Memory(1, first_of_streams + array.beats, array.cells * kept, "ram")
    for level in array.cell.pipelines:
        yield from _tables_of(net, array, level.operations, array.cells)
    if not array.initial_state:
        return
    widths = [array.cells * fmt.width for fmt in array.state_formats]
    if net.spec.initial_states:
        yield from (("states", Memory(1, array.beats, width, "rom")) for width in widths)
        return
    depth = (1 << index_bits(array.beats)) + array.beats
    yield from (("states", Memory(1, depth, width, "ram")) for width in widths)
    word = len(widths) * array.cells * max(fmt.width for fmt in array.state_formats)
    yield "states", Memory(1, array.output_beats * _under_way(array), word + 2, "ram")


def _tables_of(net: Network, array: Array, operations: tuple[object, ...], count: int) -> Iterator[tuple[str, Memory]]:
    """A table for each lookup, without the bits that are the same in all entries."""
    tables = net.tables_read_by(array)
    for one in operations:
        if isinstance(one, Lookup):
            table = tables[one.table]
            yield "tables", Memory(count, 1 << table.address, varying_bits(table), "rom")


@lru_cache
def varying_bits(table: Table) -> int:
    """Bits of an entry that are not the same in all of them."""
    first, mask = table.entries[0], (1 << table.output.width) - 1
    differing = 0
    for entry in table.entries:
        differing |= (entry ^ first) & mask
    return differing.bit_count()


def _between(net: Network) -> Iterator[tuple[str, Memory]]:
    """Embedding, sequence buffers with FIFOs in front of them, pool, and marks of steps that only fill a turn."""
    if net.embedding is not None:
        yield "embedding", Memory(1, net.embedding.depth, net.embedding.width, "rom")
    for number, mirror in net.mirrors.items():
        yield "sequences", Memory(1, mirror.depth, mirror.width, "ram")
        if number:
            before = net.arrays[number - 1]
            waiting = before.output_beats * _under_way(before)
            element = net.arrays[number].x if number < len(net.arrays) else before.h
            yield "results", Memory(1, waiting, before.cells * element.width + 2, "ram")
    for number, residual in net.residuals.items():
        before = net.layers[number - 1]
        steps = IN_BANKS + (_under_way(before) if residual.ahead else LINKED)
        yield "inputs", Memory(1, steps * before.output_beats, before.x_vector.word_width, "ram")
    pool, last = net.pool, net.layers[-1]
    if pool is not None:
        width = pool.sum_width if pool.mean else pool.state.width
        yield "pool", Memory(1, last.output_beats, last.cells * width, "ram")
        if pool.mean:
            yield "pool", Memory(1, pool.longest, pool.factor_width, "rom")
    if net.layers[0].streams > 1:
        yield "marks", Memory(1, 2 * len(net.arrays) + _under_way(net.arrays[-1]), 1, "ram")


def _results(net: Network) -> tuple[int, int]:
    """Words and bits of the FIFO at the output."""
    last, head = net.arrays[-1], net.spec.model.head
    steps = _under_way(last)
    if head is None:
        return last.output_beats * steps, last.cells * last.h.width + 2
    if head.kind == "logits":
        return last.outputs * steps, last.sum_width + 2
    return steps, index_bits(last.beats) + 2


def _under_way(array: Array) -> int:
    """Steps that the FIFO behind an array holds, those between a step's begin and its last result, and one.

    By rows a step waits for the last h of its stream, about: the schedule of a pattern knows it exactly.
    """
    if (busy := demand(array).busy()) is not None:
        last, interval = busy
    elif array.recurrent:
        last = array.depth + slot_delay(array) + slot_to_state(array) + array.slots_per_group
        interval = max(array.depth, -(-last // array.streams))
    else:
        end = slot_to_out(array) if isinstance(array, LinearArray) else SLOT_TO_LOGIT + 1
        last = array.depth + slot_delay(array) + end + (array.outputs - 1) % array.units
        interval = max(HEAD_INTERVAL, array.depth)
    return -(-(last + 3) // interval) + 1
