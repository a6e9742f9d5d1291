"""Rows in banks: each lane holds a bank of its own and no more, and what is dealt wrongly shows in every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.network import network
from accel.architecture.vector import Vector
from accel.base.faults import Refused
from accel.base.files import write_text
from accel.engines.engine import Engine
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.memories import check_memories
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.hls.render import render_hls
from accel.memory.dataflows import lane_words
from accel.model import random_weights, samples, weights_file
from accel.model.design import Design
from accel.rtl import convert, render
from accel.rtl.blocks.lanes.dealing import Dealing
from accel.schedule.dataflows import stage_of
from accel.schedule.proposals import estimated_cycles, for_cycles, for_lanes
from accel.schedule.schedule import schedule
from tests.designs import design, spec
from tests.engines.deliberate import spoil

RATIOS = {"pattern": "bank", "input": 0.5, "recurrent": 0.5}
WIDE: dict[str, Any] = {  # a word has several values of each bank
    "model": {"inputs": 7, "hidden": [10], "head": None},
    "sparsity": RATIOS,
    "engine": {"units": 4, "lanes_per_row": 2, "cells_per_cycle": 4, "input_words": 4},
}
NARROW: dict[str, Any] = {  # words go round the banks
    "model": {"inputs": 7, "hidden": [9], "head": None},
    "sparsity": RATIOS | {"shared_by_gates": True},
    "engine": {"units": 2, "lanes_per_row": 4, "cells_per_cycle": 2, "input_words": 1, "operand_register": True},
}
AHEAD: dict[str, Any] = {  # x of all groups before the first h
    "model": {"inputs": 9, "hidden": [13], "head": None},
    "sparsity": RATIOS,
    "engine": {"units": 2, "lanes_per_row": 2, "cells_per_cycle": 2, "input_words": 2, "order": "x_first"},
}
KINDS = [
    pytest.param(WIDE, id="wide_words"),
    pytest.param(NARROW, id="narrow_words", marks=pytest.mark.slow),
    pytest.param(AHEAD, id="x_first", marks=pytest.mark.slow),
]


def made(sections: dict[str, Any], work: Path) -> Design:
    """A design with all its files."""
    built = design(spec(**sections), work)
    for path, text in (render.render(built) | render_hls(built)).items():
        write_text(work / path, text)
    write_text(work / "rtl" / f"{built.spec.identifier}.v", convert.convert(built))
    return built


def verdict(name: str, engine: Engine, built: Design) -> Result:
    sequences = samples.corners(built.spec, 2) + samples.seeded(built.spec, 3, 4)
    result = compare(name, DeviceUnderTest(engine, clocked=name != "hls"), built, sequences, schedule(built))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.mark.parametrize("sections", KINDS)
def test_every_form_of_a_design_in_banks_computes_the_same_bits(sections: dict[str, Any], tmp_path: Path) -> None:
    built = made(sections, tmp_path)
    assert check_memories(built).reason == ""
    for name, engine in {"myhdl": native, "icarus": icarus, "hls": hls}.items():
        result = verdict(name, engine, built)
        assert (result.status, result.reason) == ("equal", ""), name


def test_a_lane_that_stores_the_columns_of_another_bank_differs(tmp_path: Path) -> None:
    built = made(WIDE, tmp_path)
    dealt = r"(column_bank =) (\w+_lane % 2;)(?=\s+wire \[\d+-1:0\] address = (?:h_address|\{h_bank))"  # of h
    spoil(tmp_path / "rtl" / "little.v", dealt, r"\1 1 - \2")
    assert verdict("icarus", icarus, built).status == "different"


def test_a_lane_that_stores_every_round_alike_differs(tmp_path: Path) -> None:
    built = made(NARROW, tmp_path)
    spoil(tmp_path / "rtl" / "little.v", r"== column_bank / 2\)", "== 0)")  # of h: two values a word, four banks
    assert verdict("icarus", icarus, built).status == "different"


def test_cpp_whose_copies_hold_another_bank_differs(tmp_path: Path) -> None:
    built = made(WIDE, tmp_path)
    spoil(tmp_path / "hls" / "operands.h", r"return copy % kColumnBanks<A> == column %", "return copy % 2 != column %")
    assert verdict("hls", hls, built).status == "different"


@pytest.mark.parametrize(("words", "banks"), [(1, 2), (1, 4), (2, 4), (4, 4), (4, 2), (6, 2), (8, 2)])
def test_values_are_dealt_to_the_place_at_which_they_are_read(words: int, banks: int) -> None:
    whole = Vector(beats=7, words=words, width=5, shift=0)
    held, dealing = whole.of_column_bank(banks), Dealing(whole, banks)
    values = np.random.default_rng(words).integers(0, 32, (2, 7 * words)).tolist()
    stores = [[0] * held.depth for _ in range(banks)]
    for half, side in enumerate(values):
        for beat in range(7):
            word = sum(value << 5 * n for n, value in enumerate(side[beat * words :][:words]))
            dealing.store(stores, (half << whole.high) + beat, word)
    for half, side in enumerate(values):
        for column, value in enumerate(side):
            place = int(held.places(np.array(column // banks)))
            word = stores[column % banks][(half << held.high) + (place >> held.low)]
            assert word >> place % (1 << held.low) * 5 & 31 == value


def test_copies_fall_to_a_bank_and_indices_lose_its_bits() -> None:
    sizes = {"model": {"inputs": 16, "hidden": [64], "head": None}}
    engine = {"units": 8, "lanes_per_row": 4, "cells_per_cycle": 2, "input_words": 2}
    by_row = network(spec(**sizes, sparsity=RATIOS | {"pattern": "row"}, engine=engine)).layers[0]
    in_banks = network(spec(**sizes, sparsity=RATIOS, engine=engine)).layers[0]
    assert in_banks.nnz == by_row.nnz
    assert in_banks.index_width == by_row.index_width - 2
    for kind in ("x copies", "h copies"):
        assert 4 * in_banks.memory_bits[kind] == by_row.memory_bits[kind]
    assert in_banks.memory_bits["values"] == by_row.memory_bits["values"]


def test_where_banks_do_not_divide_the_columns_none_is_asked_for_more_than_it_has() -> None:
    chosen = spec(**NARROW | {"sparsity": RATIOS | {"input": 0.0, "recurrent": 0.3}})
    (array,) = network(chosen).layers
    assert array.nnz == (4, 8)  # 7 columns of x: three banks of two and one of one; 9 of h: at most two of each
    lane_words(array, random_weights.seeded(chosen).layers[0])


def test_no_pattern_waits_longer_than_the_worst_one_that_loaded_weights_allow(tmp_path: Path) -> None:
    loaded = network(spec(**WIDE | {"engine": WIDE["engine"] | {"memory": "scratchpad"}})).layers[0]
    worst = stage_of(loaded).estimated(loaded)
    found = [schedule(design(spec(**WIDE, training={"seed": seed}), tmp_path)).cycles_per_step for seed in range(20)]
    assert max(found) <= worst
    assert len(set(found)) > 1 or found[0] == worst


def test_the_estimate_is_that_of_the_seeded_pattern() -> None:
    chosen = spec(**WIDE)
    built = Design(chosen, random_weights.seeded(chosen), Path())
    assert abs(estimated_cycles(built.net) - schedule(built).cycles_per_step) <= 1


def test_proposals_keep_a_lane_for_each_bank() -> None:
    chosen = spec(model={"inputs": 20, "hidden": [48], "head": None}, sparsity=RATIOS, engine=WIDE["engine"])
    found = [*for_lanes(chosen, 128), *for_cycles(chosen, 200)]
    assert found
    for one in found:
        keys = ("units", "lanes_per_row", "cells_per_cycle", "input_words")
        engine = WIDE["engine"] | {key: getattr(one, key) for key in keys}
        again = spec(model={"inputs": 20, "hidden": [48], "head": None}, sparsity=RATIOS, engine=engine)
        assert network(again).layers[0].multipliers == one.lanes


def test_weights_without_banks_are_refused(tmp_path: Path) -> None:
    chosen, by_row = spec(**WIDE), spec(**WIDE | {"sparsity": RATIOS | {"pattern": "row"}})
    weights = random_weights.seeded(by_row)
    wanted = r"lstm0.w_x: wanted 2 nonzeros of a row in each of 2 banks, column c in bank c mod 2, got \d to \d"
    with pytest.raises(Refused, match=wanted):
        weights_file.save(tmp_path / "weights.npz", weights, chosen)
