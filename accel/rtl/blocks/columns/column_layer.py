"""An LSTM layer by columns: queues of what is not zero, lanes with accumulators, and the cell stage behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from myhdl import always, always_comb, always_seq, block

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.latencies import scale_delay
from accel.architecture.vector import entry_width
from accel.base.fixed import index_bits
from accel.rtl.blocks.cells.cell import CellConstants
from accel.rtl.blocks.cells.scale import ScaleConstants, scale_totals
from accel.rtl.blocks.columns.column_array import column_array
from accel.rtl.blocks.columns.drain import Drain, bank_use, clear_sums, drain_steps
from accel.rtl.blocks.columns.operand_queue import NONZERO, Bounds, Column, mirror, operand_queue
from accel.rtl.blocks.columns.row_feed import offer_rows
from accel.rtl.blocks.columns.traversal import Traversal, traverse_columns
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.lanes.slots import Slot, slots
from accel.rtl.blocks.primitives.fifo import Fifo
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.rows.layer import Observed, cells_and_state
from accel.rtl.blocks.rows.slot_path import slot_later
from accel.rtl.blocks.streams.ping_pong import Write


@dataclass(frozen=True)
class ColumnConstants:
    """What a layer by columns is built from."""

    lanes: ArrayConstants
    bias_words: tuple[int, ...]
    bias_file: str
    scales: ScaleConstants | None
    """None where sums are taken as they are."""
    every_step: bool
    """Whether every step emits, or a sequence's last one only."""
    stateful: bool
    pooled: ClassVar[bool] = False
    """Refused beside a last layer by columns."""


class ColumnObserved(Observed):
    """What a test bench may watch of a layer by columns."""

    def __init__(self, constants: CellConstants) -> None:
        super().__init__(constants)
        array: Any = constants.array
        self.queued = bits(index_bits(array.h_queue + 1))
        """Most entries that lay in the queue of h so far."""


class States:
    """Where states count as zero: below `threshold` in magnitude. Read while reset is active; 0 keeps all states."""

    def __init__(self, width: int) -> None:
        self.threshold = bits(width - 1)


@block
def hold_threshold(clk: Any, reset: Any, states: States, bounds: Bounds) -> Any:
    """The threshold, as it was under reset.

    In: clk, reset, states. Out: bounds.high, bounds.low. Latency: 1.
    """
    given, held = bits(len(states.threshold)), bits(len(states.threshold))

    @always_comb
    def copying():
        given.next = states.threshold

    @always(clk.posedge)
    def holding():
        if reset:
            held.next = given

    mirroring = mirror(held, bounds)
    return copying, holding, mirroring


@block
def carry_state(h: Write, final: Any, carried: Any, stateful: bool) -> Any:
    """h_t is for the next step, except where a sequence ends and the next one starts from zeros.

    In: h, final (1 bit). Out: carried (1 bit). Latency: 0.
    """

    @always_comb
    def going_on():
        carried.next = h.enable

    @always_comb
    def ending():
        carried.next = h.enable and not final

    return going_on if stateful else ending


@block
def high_water(clk: Any, reset: Any, held: Any, most: Any) -> Any:
    """The largest `held` so far.

    In: clk, reset, held (a count). Out: most (a count). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def watching():
        if held > most:
            most.next = held

    return watching


@block
def queue_x(clk: Any, reset: Any, ping_pong: Any, column: Column, array: ColumnArray) -> Any:
    """The columns of x that are not zero.

    In: clk, reset. Out: ping_pong.release, column. Latency: QUEUE.
    """
    vector, write = array.x_vector, ping_pong.write
    end = Fifo(entry_width(vector), array.x_queue)
    return operand_queue(
        *(clk, reset, write.enable, write.place, write.word, NONZERO, column, end),
        *(vector, array.inputs, array.x_queue, array.nnz[0], 0),
    )


@block
def queue_h(clk: Any, reset: Any, h: Write, carried: Any, bounds: Bounds, column: Column, end: Fifo, array: Any) -> Any:
    """The columns of h that count, of those that are `carried` (in) to the next step.

    In: clk, reset, h, carried (1 bit), bounds, end. Out: column. Latency: QUEUE.
    """
    return operand_queue(
        *(clk, reset, carried, h.place, h.word, bounds, column, end),
        *(array.h_vector, array.outputs, array.h_queue, array.nnz[1], array.h_start),
    )


@block
def take_slots(
    clk: Any,
    reset: Any,
    drain: Drain,
    slot: Slot,
    unit_totals: Any,
    sums: Any,
    layer: ColumnConstants,
    array: Any,
    stores: Any,
) -> Any:
    """The slots of the groups that are drained; `sums` (out) are `unit_totals` (in), scaled where rows have scales.

    In: clk, reset, drain, unit_totals (E words of S totals), stores (or None). Out: slot.bank, .beat, .closing, .final,
    .fresh, .given, .leaving, .level, .real, .stream, .valid, .weight_set, sums (E words of S sums). Latency: 1, and
    scale_delay where they have.
    """
    if layer.scales:
        return scaled_drain(clk, reset, drain, slot, unit_totals, sums, array, layer.scales, stores)
    return slots(clk, reset, drain.reading, drain.opening, drain, slot, array)


@block
def scaled_drain(
    clk: Any,
    reset: Any,
    drain: Drain,
    slot: Slot,
    unit_totals: Any,
    scaled: Any,
    array: ColumnArray,
    scales: ScaleConstants,
    stores: Any,
) -> Any:
    """Slots whose sums are scaled on the way to the cell stage.

    In: clk, reset, drain, unit_totals (E words of S totals), stores (or None). Out: slot.bank, .beat, .closing, .final,
    .fresh, .given, .real, .stream, .valid, .weight_set, scaled (E words of S scaled sums). Latency: 1 + scale_delay
    from a group.
    """
    early = Slot(array)
    slotting = slots(clk, reset, drain.reading, drain.opening, drain, early, array)
    waiting = slot_later(clk, reset, early, slot, scale_delay(array), array)
    scaling = scale_totals(clk, early, unit_totals, scaled, array, scales, stores)
    return slotting, waiting, scaling


@module
def column_layer(
    clk: Any,
    reset: Any,
    ping_pong: Any,
    results: Any,
    states: States,
    observed: Any,
    saturations: Any,
    layer: ColumnConstants,
    cells: Any,
    stores: Any,
) -> Any:
    """One LSTM layer by columns; `stores` are the writes into its weights where they are loaded, else None.

    In: clk, reset, ping_pong, states, stores (or None). Out: ping_pong.release, ping_pong.take, ping_pong.turn,
    results.closing, .final, .reserve, .valid, .weight_set, .word, observed.begin, .c, .c_valid, .gates, .gates_valid,
    .h, .h_valid, .queued, saturations. Latency: as `accel.schedule.dataflows.column_clock` computes from what is not
    zero.
    """
    array = cells.array
    h = Write(array.h_vector)
    x_column, h_column = Column(array.x.width, array.depth), Column(array.h.width, array.depth)
    row = bits(index_bits(array.groups))
    h_end = Fifo(entry_width(array.h_vector), array.h_queue)
    bounds = Bounds(signed(array.h.width + 1), signed(array.h.width + 1))
    traversal, drain, slot = Traversal(array), Drain(array), Slot(array)
    bank_free, drained, cleared, carried = flag(), flag(), flag(), flag()
    place = bits(index_bits(array.groups))
    unit_totals = [bits(array.sums_per_unit * array.total_width) for _ in range(array.cells)]
    sums = [bits(array.sums_per_unit * array.scaled_width) for _ in range(array.cells)] if layer.scales else unit_totals

    holding = hold_threshold(clk, reset, states, bounds)
    if array.x_by_rows:
        x_columns = offer_rows(clk, reset, ping_pong, x_column, row, array)
    else:
        x_columns = queue_x(clk, reset, ping_pong, x_column, array)
    h_columns = queue_h(clk, reset, h, carried, bounds, h_column, h_end, array)
    traversing = traverse_columns(clk, reset, x_column, h_column, row, ping_pong, bank_free, traversal, array)
    clearing = clear_sums(clk, reset, place, cleared, array.groups)
    using = bank_use(clk, reset, traversal, drained, drain.write_bank, cleared, bank_free)
    lanes = column_array(
        clk, reset, traversal, ping_pong.write, drain, cleared, place, unit_totals, layer.lanes, stores
    )
    draining = drain_steps(clk, reset, traversal, ping_pong, results, drain, drained, array, layer.every_step)
    slotting = take_slots(clk, reset, drain, slot, unit_totals, sums, layer, array, stores)
    cell_stage = cells_and_state(
        clk, reset, slot, sums, traversal.begin, h, results, observed, saturations, layer, cells, stores, None
    )
    carrying = carry_state(h, results.final, carried, layer.stateful)
    watching = high_water(clk, reset, h_end.held, observed.queued)
    queues = holding, x_columns, h_columns, carrying, watching
    return queues, traversing, clearing, using, lanes, draining, slotting, cell_stage
