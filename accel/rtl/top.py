"""The top of an accelerator, call by call: constants, ports, signals, and an instance of each block on the way of data.

A call is a name in the rendered text, a class or a block of the library that makes it, and its arguments as text. The
template writes them down; what is made of what is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from accel.architecture.array import Array
from accel.architecture.cells.operations import Clip
from accel.architecture.dataflows import ARRAYS
from accel.architecture.embedding import Embedding
from accel.architecture.linear import LinearArray
from accel.architecture.mirror import Mirror
from accel.architecture.network import Network
from accel.architecture.pool import POOL, Pool
from accel.architecture.residual import Residual
from accel.base.fixed import ByGate, Fixed, LowBit
from accel.base.tables import Table
from accel.memory.load_frame import WORD, Section, beats, sections, shape_digest
from accel.model.design import Design
from accel.rtl import between, buffers, entrance
from accel.rtl.blocks.cells.cell import CellConstants, TableFile
from accel.rtl.blocks.cells.scale import ScaleConstants
from accel.rtl.blocks.cells.status import LayerStatus, Status, StreamedStatus
from accel.rtl.blocks.columns.column_layer import States
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.lanes.streamed_weights import frame_turns
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.rows.activation import ActivationConstants
from accel.rtl.blocks.rows.head import HeadObserved, LinearObserved
from accel.rtl.blocks.rows.pool import pool_steps
from accel.rtl.blocks.streams.axis import AxiStream, AxiWords, axis_output
from accel.rtl.blocks.streams.fillers import Fillers, watch_vectors, withhold
from accel.rtl.blocks.streams.load_check import check_frame
from accel.rtl.blocks.streams.load_fill import Stores, fill
from accel.rtl.blocks.streams.output_fifo import Results, output_fifo, stream_adapter
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.receiver import receive
from accel.rtl.blocks.streams.weight_sets import Loading, await_weights, choose_set, count_uses
from accel.rtl.call import Call
from accel.rtl.contents import biases_held, lanes_held, rows_held, scales_held, states_held
from accel.rtl.dataflows import blocks_of
from accel.rtl.layers import cells, layer_constants, layers, leaving, result_width
from accel.schedule.schedule import Schedule
from accel.spec import Signals

IN_ARGUMENTS: tuple[Any, ...] = (
    *ARRAYS.values(),
    *(ByGate, LowBit, Fixed, Signals, Table, TableFile, Section, CellConstants, ArrayConstants, Embedding),
    *(ScaleConstants, ActivationConstants, Clip, LinearArray, Mirror, Pool, Residual, biases_held, lanes_held),
    *(rows_held, scales_held),
)
"""What the text of constants and arguments may name."""


@dataclass(frozen=True)
class Top:
    """Everything that the rendered top consists of."""

    constants: tuple[tuple[str, str], ...]
    ports: tuple[Call, ...]
    signals: tuple[Call, ...]
    instances: tuple[Call, ...]

    @property
    def imports(self) -> dict[str, list[str]]:
        """Names of the library by the modules they come from."""
        calls = (*self.ports, *self.signals, *self.instances)
        texts = [text for _, text in self.constants] + [call.text for call in calls]
        named = set(re.findall(r"\w+", " ".join(texts)))
        used = {call.made_by for call in calls} | {one for one in IN_ARGUMENTS if one.__name__ in named}
        found: dict[str, set[str]] = {}
        for one in used:
            found.setdefault(one.__module__, set()).add(one.__name__)
        return {module: sorted(found[module]) for module in sorted(found)}


def compose(design: Design, built: Schedule) -> Top:
    """The top of a design: a pure function."""
    net = design.net
    loading = design.spec.engine.memory == "scratchpad"
    signals = [*([Call("loading", Loading)] if loading else []), *_signals(design, built, loading)]
    instances = [
        *_receivers(design),
        *(_loaders(design) if loading else []),
        *entrance.instances(design),
        *(_feeder(array) for array in net.arrays if array.streamed),
        *layers(design),
        *_adapters(net, built),
        *_exit(design, built),
        *(_withholders(design, built) if net.layers[0].streams > 1 else []),
    ]
    return Top(tuple(_constants(design, loading)), tuple(_ports(design)), tuple(signals), tuple(instances))


def _constants(design: Design, loading: bool) -> Iterator[tuple[str, str]]:
    spec, net = design.spec, design.net
    for array in dict.fromkeys(map(net.alike, net.layers)):
        tables = (
            f'"{name}": TableFile({table}, "{spec.identifier}_{net.table(array, name)}.hex")'
            for name, table in net.tables_of(array).items()
        )
        yield f"{array.name.upper()}_TABLES", f"{{{', '.join(tables)}}}"
    for array in net.arrays:
        yield array.name.upper(), repr(array)
        if loading:
            yield f"{array.name.upper()}_SECTIONS", repr(sections(array, net))
    yield from entrance.constants(net)
    yield from buffers.constants(net)


def _ports(design: Design) -> Iterator[Call]:
    net, spec = design.net, design.spec
    first, last = net.layers[0], net.arrays[-1]
    marked = ("marked=True",) if first.streams > 1 else ()
    yield Call("s_axis", AxiStream, (spec.incoming.words, spec.incoming.fmt.width, *marked))
    yield Call("m_axis", AxiStream, (last.cells, result_width(design)))
    if spec.engine.memory == "scratchpad":
        yield Call("s_weights", AxiWords, (WORD,))
    if spec.skips_states:
        yield Call("states", States, (first.h.width,))
    yield Call("status", Status, (first.writable,))
    for array in net.layers:
        yield Call(f"status_{array.name}", LayerStatus, (spec.engine.state_streams, array.streamed is not None))
        yield Call(array.name, blocks_of(array).observed, (cells(design, array),))
        if spec.engine.state_streams:
            yield Call(f"s_state_{array.name}", AxiStream, _state_words(design, array))
            yield Call(f"m_state_{array.name}", AxiStream, _state_words(design, array))
    yield from (Call(f"s_weights_{array.name}", AxiWords, (array.streamed,)) for array in net.arrays if array.streamed)
    behind = (array for array in net.arrays if array.streamed and not array.recurrent)
    yield from (Call(f"status_{array.name}", StreamedStatus) for array in behind)
    yield from (Call(array.name, LinearObserved, (array.name.upper(),)) for array in (*net.feeding, *net.linear))
    if net.head is not None:
        yield Call("head", HeadObserved, ("HEAD",))


def _state_words(design: Design, array: Array) -> tuple[int, int]:
    """Values in a beat of a layer's stream of states, and bits of each."""
    return len(array.cell.states) * array.cells, max(fmt.width for fmt in array.state_formats)


def _signals(design: Design, built: Schedule, loading: bool) -> Iterator[Call]:
    for stage in built.stages:
        array = stage.array
        name, upper = array.name, array.name.upper()
        yield Call(f"{name}_beats", Beats, (f"{upper}.x_vector.word_width",))
        yield Call(f"{name}_ping_pong", PingPong, (f"{upper}.x_vector",))
        yield Call(f"{name}_results", Results, (leaving(design, array),))
        yield layer_constants(design, stage)
        if design.spec.initial_states and array.recurrent:
            yield Call(f"{name}_initial", states_held, ("RTL", upper, f'"{design.spec.identifier}_{name}"'))
        if array.streamed:
            yield Call(f"{name}_weights", Beats, (array.streamed,))
        if loading:
            yield Call(f"{name}_stores", Stores, (f"{upper}_SECTIONS", "loading"))
            yield from (Call(f"{name}_{kind}_end", flag) for kind in sections(array, design.net))
    last = design.net.arrays[-1]
    yield from entrance.signals(design)
    yield Call("leaving", Beats, (leaving(design, last),))
    yield from between.signals(design.net)
    yield from buffers.signals(design)
    if design.net.layers[0].streams > 1:
        yield Call("fillers", Fillers)
        yield Call("made", AxiStream, (last.cells, result_width(design)))
        given = design.net.layers if design.spec.engine.state_streams else ()
        yield from (Call(f"{array.name}_made", AxiStream, _state_words(design, array)) for array in given)


def _receivers(design: Design) -> Iterator[Call]:
    for array in design.net.arrays:
        set_in = array.writable and array is not design.net.arrays[0]
        streams = design.spec.engine.streams if array in design.net.ahead[0] else array.streams
        yield Call(
            f"{array.name}_receiving",
            receive,
            (
                *(
                    "clk",
                    "reset",
                    f"{array.name}_beats",
                    f"{array.name}_ping_pong",
                    f"{array.name.upper()}.input_beats",
                ),
                *(streams, design.spec.model.stateful, set_in, array.initial_state),
                *(["in_turn=True"] if array.ways > 1 else []),
            ),
        )


def _loaders(design: Design) -> Iterator[Call]:
    """The frame that weights come in: checked, spread over the memories section by section, waited for."""
    net = design.net
    first, last, streams = net.arrays[0], net.arrays[-1], design.spec.engine.streams
    frame = "clk", "reset", "s_weights", "loading", "status", beats(net), shape_digest(net)
    yield Call("checking", check_frame, frame)
    yield Call("waiting", await_weights, ("early", "arriving", "loading"))
    yield Call("choosing", choose_set, ("clk", "reset", f"{first.name}_ping_pong", "loading", streams))
    yield Call("using", count_uses, ("clk", "reset", f"{first.name}_ping_pong", f"{last.name}_results", "loading"))
    before = "loading.restart"
    for array in net.arrays:
        for kind in sections(array, net):
            end, store = f"{array.name}_{kind}_end", f"{array.name}_stores.{kind}"
            section = f'{array.name.upper()}_SECTIONS["{kind}"]'
            yield Call(f"{array.name}_filling_{kind}", fill, ("clk", "reset", "loading", before, end, store, section))
            before = end


def _feeder(array: Array) -> Call:
    """The weights that come in every turn, whole turns of them."""
    name = array.name
    ends = f"s_weights_{name}", f"{name}_weights", f"status_{name}.weights_torn", name.upper()
    return Call(f"{name}_feeding", frame_turns, ("clk", "reset", *ends))


def _adapters(net: Network, built: Schedule) -> Iterable[Call]:
    for number, (before, after) in enumerate(pairwise(net.arrays), 1):
        if number in net.mirrors:
            yield from buffers.behind(net, built, number)
            continue
        ends = f"{before.name}_results", f"{after.name}_beats", f"{after.name}_ping_pong.release"
        if linked := between.result(net, number):
            yield between.instance(net, number, built.stages[number - 1].under_way)
            ends = linked, *ends[1:]
        if net.pool is not None and before is net.layers[-1]:
            own = before.name.upper(), net.pool, f'"{net.spec.identifier}_{POOL}.hex"'
            yield Call(f"{after.name}_adapting", pool_steps, ("clk", "reset", *ends, *own))
            continue
        yield Call(f"{after.name}_adapting", stream_adapter, ("clk", "reset", *ends, net.layers[0].writable))


def _exit(design: Design, built: Schedule) -> Iterator[Call]:
    last, head = design.net.arrays[-1], design.spec.model.head
    results = built.stages[-1].results
    if len(design.net.arrays) in design.net.mirrors:
        yield from buffers.behind(design.net, built, len(design.net.arrays))
    else:
        yield Call(
            "emitting", output_fifo, ("clk", "reset", f"{last.name}_results", "leaving", results, built.emit_steps)
        )
    unsigned = head is not None and head.kind == "argmax"
    made = "made" if design.net.layers[0].streams > 1 else "m_axis"
    yield Call("finishing", axis_output, ("leaving", made, last.cells, result_width(design), unsigned))


def _withholders(design: Design, built: Schedule) -> Iterator[Call]:
    """Where streams take turns: what steps that only fill a turn make does not leave.

    A layer's input holds two steps, and what a step or a sequence leaves has its room before it begins: that many
    results, and states of each layer, can be under way between input and output.
    """
    head, waiting = design.spec.model.head, 2 * len(built.stages)
    noticed = "clk", "reset", "s_axis", entrance.vectors(design), "fillers", design.net.x_beats
    yield Call("noticing", watch_vectors, noticed)
    every, results = f"every_step={head is None or head.when == 'step'}", built.stages[-1].results
    ends = "clk", "reset", "fillers", "made", "m_axis", results, every, f"depth={waiting + built.emit_steps}"
    yield Call("withholding", withhold, ends)
    for stage in built.stages:
        array = stage.array
        if design.spec.engine.state_streams and array.recurrent:
            streams = f"{array.name}_made", f"m_state_{array.name}"
            size = array.output_beats, "every_step=False", f"depth={waiting + stage.under_way}"
            yield Call(f"{array.name}_withholding", withhold, ("clk", "reset", "fillers", *streams, *size))
