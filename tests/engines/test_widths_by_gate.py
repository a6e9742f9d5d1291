"""Gates of a layer whose weights have widths of their own: every engine reads each by its own bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.base.fixed import ByGate, Fixed
from accel.engines.hls import hls
from accel.engines.verify import DeviceUnderTest, compare
from accel.memory.images import unit_words
from accel.memory.load_frame import beats, frame, shape_digest, streamed_beats
from accel.model import samples
from accel.model.design import Design
from accel.model.weights_checks import faults_of
from accel.schedule.schedule import schedule
from accel.spec import MIXED, Spec, plain
from tests.designs import design, spec
from tests.engines.alike import QUICK, SIMULATORS, TORCH, rendered, require_equal, with_verilog
from tests.engines.deliberate import spoil

LSTM = [[9, 4, 7, 5]]
GRU = {"model": {"inputs": 3, "hidden": [6], "head": None, "cell": "gru"}, "weights": {"width": [[4, 8, 6]]}}
BOTH: dict[str, Any] = {
    "model": {"hidden": [4, 6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "weights": {"width": [[9, 4, 7, 5], 6], "recurrent_width": [[5, 6, 3, 8], [6, 6, 6, 6]], "head_width": 7},
    "engine": {"units": 2, "lanes_per_row": 2},
}


def made(*, layers: bool = False, **sections: Any) -> Spec:
    """A design of one layer, or of two with a head, some keys replaced."""
    base = BOTH if layers else {"model": {"hidden": [6], "head": None}, "weights": {"width": LSTM}}
    base = {"engine": {"units": 2}} | base
    return spec(**{name: base.get(name, {}) | sections.get(name, {}) for name in base | sections})


CASES: dict[str, Spec] = {
    "rows": made(layers=True),
    "dense rows, packed": made(
        model={"inputs": 4, "hidden": [8], "head": None},
        sparsity={"pattern": "dense", "input": None, "recurrent": None},
        engine={"units": 2, "lanes_per_row": 2, "pack": True, "multiplier_registers": True},
    ),
    "a GRU that shares columns, packed, streamed": made(
        **GRU,
        sparsity={"shared_by_gates": True},
        engine={"units": 2, "pack": True, "memory": "stream", "memory_width": 16},
    ),
    "split lanes, streamed": made(
        engine={
            **{"units": 2, "lanes": "split", "lanes_per_row": 3, "input_lanes": 1},
            **{"memory": "stream", "memory_width": 24, "operand_register": True},
        }
    ),
    "scales, loaded": made(
        weights={"width": LSTM, "per_row": True},
        formats={"scale": [6, 3]},
        engine={"units": 2, "memory": "scratchpad", "order": "x_first"},
    ),
    "columns, packed, loaded": made(
        sparsity={"pattern": "column"},
        engine={"units": 2, "dataflow": "column", "pack": True, "memory": "scratchpad"},
    ),
    "a GRU by columns": made(**GRU, sparsity={"pattern": "column"}, engine={"units": 2, "dataflow": "column"}),
    "both ways, loaded": made(
        sparsity={"pattern": "balanced"}, engine={"units": 2, "dataflow": plain(MIXED), "memory": "scratchpad"}
    ),
    "banks": made(sparsity={"pattern": "bank"}, engine={"units": 2, "lanes_per_row": 2, "cells_per_cycle": 2}),
    "both directions": made(model={"hidden": [4], "head": None, "bidirectional": True, "longest": 5}),
    "each direction on lanes of its own": made(
        model={"hidden": [4], "head": None, "bidirectional": True, "longest": 5},
        engine={"units": 2, "directions": "own"},
    ),
    "layers that share lanes": made(
        model={"hidden": [4, 4], "head": None},
        weights={"width": [LSTM[0], LSTM[0]], "head_width": None},
        engine={"units": 2, "shared_layers": True},
    ),
}


def require_all_equal(chosen: Design, devices: dict[str, DeviceUnderTest]) -> None:
    require_equal(chosen, samples.seeded(chosen.spec, 3, 4) + samples.corners(chosen.spec, 2), devices)


def test_a_gate_has_its_own_bits_in_every_engine(tmp_path: Path) -> None:
    require_all_equal(rendered(CASES["scales, loaded"], tmp_path), TORCH | QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_so_it_has_in_every_dataflow_and_simulator(case: str, tmp_path: Path) -> None:
    require_all_equal(with_verilog(rendered(CASES[case], tmp_path)), TORCH | SIMULATORS)


def test_memory_words_are_as_narrow_as_the_gates(tmp_path: Path) -> None:
    chosen = design(made(sparsity={"pattern": "dense", "input": None, "recurrent": None}), tmp_path)
    (array,), (layer,) = chosen.net.layers, chosen.weights.layers
    assert array.memory_bits["values"] == array.units * array.depth * sum(LSTM[0])
    assert max(word.bit_length() for word in unit_words(array, layer)[0]) <= array.word_width
    found = [[word >> begin & 15 for word in unit] for begin, unit in ((9, one) for one in unit_words(array, layer))]
    narrow = np.split(np.hstack([layer.w_x.values, layer.w_h.values]), 4)[1]  # the forget gate has 4 bits
    assert (narrow.min(), narrow.max()) == (-8, 7)
    stored = np.array(found).reshape(2, -1, narrow.shape[1])  # [unit, group, column]
    np.testing.assert_array_equal(stored.transpose(1, 0, 2).reshape(narrow.shape), narrow & 15)


def test_frames_and_streams_are_as_narrow_too(tmp_path: Path) -> None:
    dense = {"pattern": "dense", "input": None, "recurrent": None}
    by_gate, one = (
        design(
            made(
                model={"inputs": 4, "hidden": [8], "head": None},
                sparsity=dense,
                weights={"width": width},
                engine={"units": 2, "memory": "scratchpad"},
            ),
            tmp_path,
        )
        for width in (LSTM, 9)
    )
    assert len(frame(by_gate)) == beats(by_gate.net) < beats(one.net)
    assert shape_digest(by_gate.net) != shape_digest(one.net)
    streams = [
        design(made(weights={"width": width}, engine={"units": 2, "memory": "stream", "memory_width": 8}), tmp_path)
        for width in (LSTM, 9)
    ]
    narrow, wide = (len(streamed_beats(each.net.layers[0], each.weights.layers[0])) for each in streams)
    assert narrow < wide


def test_gates_of_one_width_are_the_design_of_that_width(tmp_path: Path) -> None:
    """So their frames fit bitstreams of before."""
    same, one = (design(made(weights={"width": width}), tmp_path).net for width in ([[8, 8, 8, 8]], 8))
    assert same.layers == one.layers
    assert shape_digest(same) == shape_digest(one)


def test_a_narrow_gate_saturates_where_its_bits_end() -> None:
    fmt = ByGate(4, 0, (4, 2))
    assert fmt.quantize([[9.0], [-9.0], [9.0], [-9.0]]).ravel().tolist() == [7, -8, 1, -2]
    assert Fixed(4, 0).quantize([[9.0], [-9.0]]).ravel().tolist() == [7, -8]
    assert str(fmt) == "fixed<4/2,0>"


@pytest.mark.parametrize("fault", ["a bit fewer", "the neighbour's width"])
def test_a_gate_that_is_read_by_other_bits_is_caught(fault: str, tmp_path: Path) -> None:
    """In the C++ of loaded weights, whose memories are filled gate by gate."""
    chosen = rendered(CASES["scales, loaded"], tmp_path)
    wrong = {"a bit fewer": "{9, 3, 7, 5}", "the neighbour's width": "{9, 9, 7, 5}"}[fault]
    spoil(tmp_path / "hls" / "config.h", r"(kGateWidths\[kRowsPerUnit\] = )\{9, 4, 7, 5\}", rf"\1{wrong}")
    result = compare("hls", DeviceUnderTest(hls), chosen, samples.seeded(chosen.spec, 3, 4), schedule(chosen))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"weights": {"width": [[9, 4, 7]]}}, "weights.width: wanted one width for each of the 4 gates of model.cell"),
    (
        {"weights": {"width": 8, "recurrent_width": [[9, 4, 7, 5, 5]]}},
        "weights.recurrent_width: wanted one width for each of the 4 gates",
    ),
    ({"weights": {"width": [9, 4, 7, 5]}}, "weights.width: wanted one for all, or one for each of 1 layers"),
    ({"weights": {"width": [[9, 4, 19, 5]]}}, "weights.width: wanted a whole number 2 to 18"),
    ({"weights": {"width": [[[9], 4, 7, 5]]}}, "weights.width: wanted a whole number 2 to 18"),
    ({"weights": {"width": [[]]}}, "weights.width: wanted a whole number 2 to 18"),
    (
        {"weights": {"width": LSTM, "kind": "ternary"}},
        "weights.width: wanted one width for all gates beside weights.kind: ternary",
    ),
    (
        {"model": {"hidden": [6], "head": None, "cell": "gru_reset_first"}},
        "weights.width: wanted one width for all gates beside model.cell: gru_reset_first",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_widths_that_do_not_fit_are_refused_by_their_key(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused) as refused:
        made(**wrong)
    assert message in str(refused.value)


def test_weights_beyond_their_gate_are_refused(tmp_path: Path) -> None:
    chosen = design(made(), tmp_path)
    values = chosen.weights.layers[0].w_h.values
    values[6:12][chosen.weights.layers[0].w_h.mask[6:12]] = 8  # 4 bits hold -8 to 7
    found = [*faults_of(chosen.weights, chosen.spec, "w")]
    assert [(fault.place, fault.wanted) for fault in found] == [
        ("w: lstm0.w_h", "what each gate holds (fixed<9/4/7/5,6>)")
    ]
