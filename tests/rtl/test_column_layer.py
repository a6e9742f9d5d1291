"""A layer by columns: h_t of every step, whoever waits outside, with states below the threshold left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from myhdl import Signal, intbv

from accel.engines.engine import reference
from accel.memory.images import bias_shift, bias_width, bias_words, scale_words, sum_format, unit_words
from accel.model import samples
from accel.rtl.blocks.cells.cell import CellConstants, TableFile
from accel.rtl.blocks.cells.scale import ScaleConstants
from accel.rtl.blocks.cells.status import LayerStatus
from accel.rtl.blocks.columns.column_layer import ColumnConstants, ColumnObserved, States, column_layer
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.streams.output_fifo import Results, output_fifo
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.receiver import receive
from tests.designs import design, spec
from tests.rtl.cycles import fields
from tests.rtl.test_column_queues import MIXED
from tests.rtl.test_column_sums import COLUMNS
from tests.rtl.traffic import Beat, Clocked, Sink, Source, run

LAYERS: dict[str, dict[str, Any]] = {
    "by columns": COLUMNS,
    "x by rows, scales": {**MIXED, "weights": {"per_row": True}, "formats": {"scale": [6, 4]}},
    "stateful": {**COLUMNS, "model": COLUMNS["model"] | {"stateful": True}},
    "two streams": {**COLUMNS, "engine": COLUMNS["engine"] | {"streams": 2}},
}


@pytest.mark.parametrize("hurried", [True, False], ids=["in a hurry", "with pauses"])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_by_columns_makes_every_h_of_its_sequences(kind: str, hurried: bool) -> None:
    made = design(spec(**LAYERS[kind]), Path())
    array, layer, stateful = made.net.layers[0], made.weights.layers[0], made.spec.model.stateful
    given = samples.seeded(made.spec, 2, 3)
    given.lengths[:] = 3
    narrowed: Any = sum_format(array)
    lanes = ArrayConstants(array, tuple(map(tuple, unit_words(array, layer))), ("",) * array.units)
    scales = ScaleConstants(array.scale, tuple(scale_words(array, layer)), "") if array.scale else None
    built = ColumnConstants(lanes, tuple(bias_words(array, layer, narrowed)), "", scales, True, stateful)
    tables = {name: TableFile(table, "") for name, table in made.net.tables_of(array).items()}
    cells = CellConstants(array, tables, bias_width(array, narrowed), bias_shift(array, narrowed))
    clocked, ping_pong, observed = Clocked(), PingPong(array.x_vector), ColumnObserved(cells)
    beats, leaving = Beats(array.x_vector.word_width), Beats(array.cells * array.h.width)
    results, states, streams = Results(array.cells * array.h.width), States(array.h.width), array.streams
    states.threshold = Signal(intbv(made.weights.threshold)[array.h.width - 1 :])  # from before the reset on
    order = [(n + s, t) for n in range(0, 2, streams) for t in range(3) for s in range(streams)]
    sent: list[Beat] = []
    for sequence, t in order:
        x = [int(value) % (1 << array.x.width) for value in given.x[sequence, t]]
        x += [0] * (array.input_beats * array.input_words - len(x))
        for beat in range(array.input_beats):
            part = x[beat * array.input_words : (beat + 1) * array.input_words]
            sent.append((sum(value << n * array.x.width for n, value in enumerate(part)), t == 2))
    sink = Sink(leaving, 1.0 if hurried else 0.2)
    clk, reset = clocked.clk, clocked.reset
    blocks = [receive(clk, reset, beats, ping_pong, array.input_beats, streams, stateful, False, False)]
    ports = clk, reset, ping_pong, results, states, observed, LayerStatus(False, False)
    blocks += [
        column_layer(*ports, built, cells, None),
        output_fifo(clk, reset, results, leaving, array.output_beats, 2),
    ]
    queued: list[int] = []
    cycles, note = 300 if hurried else 450, lambda: queued.append(int(observed.queued))
    run(clocked, blocks, [Source(beats, sent)], [sink], cycles, 2, each=note)
    got = [value for word, _ in sink.got for value in fields(word, array.h.width, array.cells)]
    h = reference(made, given).signals[array.name]["h"].reshape(2, 3, -1)
    np.testing.assert_array_equal(np.array(got).reshape(-1, array.outputs), [h[one] for one in order])
    assert queued == sorted(queued)
    assert 0 < queued[-1] <= array.h_queue
