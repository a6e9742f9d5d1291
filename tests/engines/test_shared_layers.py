"""Layers that share lanes: the same bits everywhere in exactly the cycles that are predicted, on one layer's lanes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.architecture.dataflows.shared import NAME, SharedArray
from accel.architecture.network import network
from accel.base.faults import Refused
from accel.engines.memories import check_memories
from accel.engines.verify import compare
from accel.model import random_weights
from accel.model.design import Design
from accel.report.derived import derive
from accel.schedule.dataflows import shared
from accel.schedule.proposals import for_cycles, for_lanes
from accel.schedule.schedule import schedule
from accel.spec import Spec
from fpga import room
from fpga.board import find
from tests.designs import spec, stimuli
from tests.engines.alike import MYHDL, QUICK, SIMULATORS, TORCH, rendered, require_equal, with_verilog
from training.sizes import bits

TWO: dict[str, Any] = {
    "model": {"inputs": 3, "hidden": [4, 6], "head": {"outputs": 3}},
    "engine": {"units": 2, "shared_layers": True},
}
HEADS: dict[str, Any] = {"last": {"outputs": 3, "when": "last"}, "none": None}
HEADS |= {"mlp": {"outputs": 3, "layers": [{"outputs": 4, "activation": "tanh"}]}}
DENSE = {"pattern": "dense", "input": None, "recurrent": None}
CASES: dict[str, dict[str, Any]] = {
    "two layers": {},
    "three layers, three lanes a row": {"model": {"hidden": [4, 6, 3]}, "engine": {"lanes_per_row": 3}},
    "two cells, last step": {
        "model": {"hidden": [8, 6], "head": HEADS["last"]},
        "engine": {"units": 4, "cells_per_cycle": 2, "lanes_per_row": 2, "operand_register": True, "input_words": 2},
    },
    "one group a layer, no head": {"model": {"hidden": [4, 4], "head": None}, "engine": {"units": 4}},
    "cells of a group beyond the last unit": {
        "model": {"hidden": [4, 7], "head": None},
        "engine": {"units": 4, "cells_per_cycle": 4},
    },
    "dense, stateful": {"model": {"stateful": True}, "sparsity": DENSE},
    "gates share columns, an mlp behind": {
        "model": {"head": HEADS["mlp"]},
        "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.5, "shared_by_gates": True},
    },
    "gru": {"model": {"cell": "gru"}, "engine": {"lanes_per_row": 2}},
    "gru, three layers, dense": {
        "model": {"cell": "gru", "hidden": [4, 8, 6]},
        "sparsity": DENSE,
        "engine": {"units": 4, "cells_per_cycle": 2},
    },
    "ternary": {"weights": {"kind": "ternary", "input_frac": 2, "recurrent_frac": 2}},
    "an mlp in front": {"model": {"before": [{"outputs": 4, "activation": "tanh"}]}},
    "tokens": {"model": {"vocabulary": 5}, "training": {"task": "seeded"}},
}


def two(**sections: dict[str, Any]) -> Spec:
    """TWO with some keys replaced."""
    return spec(**{name: TWO.get(name, {}) | sections.get(name, {}) for name in (*TWO, *sections)})


def seeded(chosen: Spec) -> Design:
    return Design(chosen, random_weights.seeded(chosen), Path())


def test_every_engine_computes_both_layers_on_the_same_lanes(tmp_path: Path) -> None:
    design = with_verilog(rendered(two(), tmp_path))
    require_equal(design, stimuli(design.spec), TORCH | QUICK)
    assert check_memories(design).status == "equal"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_hardware_and_cpp_compute_what_the_golden_model_does(case: str, tmp_path: Path) -> None:
    design = with_verilog(rendered(two(**CASES[case]), tmp_path))
    require_equal(design, stimuli(design.spec), SIMULATORS)
    assert check_memories(design).status == "equal"


def test_lanes_are_those_of_one_layer_and_memories_those_of_all() -> None:
    apart, together = network(two(engine={"units": 2, "shared_layers": False})), network(two())
    (lanes,) = together.in_hardware.layers
    assert isinstance(lanes, SharedArray)
    assert lanes.multipliers == apart.layers[0].multipliers == sum(one.multipliers for one in apart.layers) // 2
    assert lanes.nonzeros == sum(one.nonzeros for one in apart.layers)
    assert lanes.matrix_nonzeros == tuple(map(sum, zip(*(one.matrix_nonzeros for one in apart.layers), strict=True)))
    assert lanes.depth == sum(one.depth for one in apart.layers)
    for kind in ("values", "bias"):
        assert lanes.memory_bits[kind] == sum(one.memory_bits[kind] for one in apart.layers)


def test_weight_bits_are_those_that_memories_hold() -> None:
    net = network(two())
    held = [array.memory_bits for array in net.in_hardware.arrays]
    found = bits(net)
    assert (found["values"], found["indices"]) == tuple(
        sum(one[kind] for one in held) for kind in ("values", "indices")
    )
    apart = bits(network(two(engine={"units": 2, "shared_layers": False})))
    assert (found["float"], found["bias"]) == (apart["float"], apart["bias"])


def test_a_step_takes_the_cycles_of_all_layers_where_rows_are_long_enough() -> None:
    sizes: dict[str, Any] = {"model": {"inputs": 16, "hidden": [32, 32]}, "sparsity": {"input": 0.5, "recurrent": 0.25}}
    built = schedule(seeded(two(**sizes, engine={"units": 4})))
    (lanes,) = built.net.layers
    assert built.cycles_per_step == lanes.depth
    assert built.gap == 0


def test_a_layer_that_begins_a_cycle_too_early_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def early(array: SharedArray, read: Any) -> tuple[int, ...]:
        first, *others = exact(array, read)
        return first - 1, *others

    exact = shared._intervals
    monkeypatch.setattr(shared, "_intervals", early)
    design = rendered(two(), tmp_path)
    assert compare("myhdl", MYHDL, design, stimuli(design.spec), schedule(design)).status == "different"


def test_a_bias_of_another_layer_is_seen(tmp_path: Path) -> None:
    design = with_verilog(rendered(two(), tmp_path))
    file = next((tmp_path / "rtl").glob(f"*_{NAME}_bias.hex"))
    words = file.read_text().split()
    file.write_text("\n".join([*words[:-1], f"{int(words[-1], 16) ^ 1:0{len(words[-1])}x}"]) + "\n")
    found = check_memories(design)
    assert found.status == "different"
    assert f"word {len(words) - 1}" in found.reason


def test_check_tells_of_the_lanes_and_of_each_layer_on_them(tmp_path: Path) -> None:
    facts = derive(two(), tmp_path)
    assert facts["lanes"] == 8
    assert [one["name"] for one in facts["layers"]] == [NAME, "head"]
    assert [one["outputs"] for one in facts["shared"]] == [4, 6]
    assert facts["memory_bits"] == network(two()).memory_bits


def test_proposals_have_lanes_for_all_layers_together() -> None:
    sizes: dict[str, Any] = {"model": {"inputs": 9, "hidden": [12, 16]}, "sparsity": {"input": 0.5, "recurrent": 0.5}}
    chosen = two(**sizes)
    best = for_lanes(chosen, 16)[0]
    assert best.lanes <= 16
    assert 12 % int(str(best.units)) == 0
    keys = {key: getattr(best, key) for key in ("units", "lanes_per_row", "cells_per_cycle", "input_words")}
    exact = schedule(seeded(two(**sizes, engine=keys))).cycles_per_step
    assert exact == pytest.approx(best.cycles_per_step, abs=4)
    assert for_cycles(chosen, best.cycles_per_step)[0].lanes <= best.lanes


def test_a_board_that_is_too_small_is_told_to_share_lanes() -> None:
    chosen = two(engine={"units": 2, "shared_layers": False})
    board = find("ulx3s-85f")
    small = board.model_copy(update={"resources": board.resources.model_copy(update={"multipliers": 16})})
    ((key, wanted, _),) = room.faults(chosen, network(chosen), small)
    assert key == "target.board"
    assert "engine.shared_layers: true" in wanted


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": {"hidden": [6]}}, r"engine\.shared_layers: wanted false where there is one layer"),
    ({"engine": {"units": [2, 3]}}, r"engine\.units: wanted one number for all layers"),
    (
        {"engine": {"units": 3}},
        r"engine\.units: wanted a divisor of the 4 hidden units that another layer follows",
    ),
    ({"model": {"cell": "highway", "depth": 2}}, r"model\.cell: wanted lstm or gru beside"),
    ({"model": {"bidirectional": True, "longest": 4}}, r"model\.bidirectional: wanted false beside"),
    ({"model": {"head": {"outputs": 3, "pool": "max"}}}, r"model\.head\.pool: wanted none beside"),
    ({"engine": {"streams": 2}}, r"engine\.streams: wanted 1 beside"),
    ({"engine": {"order": "x_first"}}, r"engine\.order: wanted rows beside"),
    ({"engine": {"memory": "scratchpad"}}, r"engine\.memory: wanted rom beside"),
    ({"engine": {"state_streams": True}}, r"engine\.state_streams: wanted false beside"),
    ({"engine": {"dataflow": "column"}, "sparsity": {"pattern": "column"}}, r"engine\.dataflow: wanted row beside"),
    (
        {"sparsity": {"pattern": "bank"}, "engine": {"lanes_per_row": 2}},
        r"sparsity\.pattern: wanted row or dense beside",
    ),
    ({"weights": {"width": [8, 6], "head_width": 8}}, r"weights: wanted one format of W_h of all layers"),
    ({"weights": {"input_frac": 5, "recurrent_frac": 4}}, r"weights: wanted one format of W_h of all layers"),
    ({"formats": {"state": [[12, 11], [10, 9]]}}, r"formats: wanted one format of each signal for all layers"),
]


@pytest.mark.parametrize(("sections", "sentence"), REFUSED)
def test_what_does_not_share_lanes_is_refused(sections: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        two(**sections)
