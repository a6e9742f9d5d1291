"""Formats of their own for each layer, and for W_x, W_h and the head: every engine computes the same bits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.base.fixed import Fixed
from accel.engines.engine import reference
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, compare
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.weights_file import load, save
from accel.rtl import render
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import design, spec
from tests.engines.test_random_designs import check
from training.engine import torch_engine

LAYERS: dict[str, dict[str, Any]] = {
    "model": {"inputs": 3, "hidden": [4, 6], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "weights": {
        **{"width": [9, 5], "input_width": [5, 8], "head_width": 7},
        **{"input_frac": [3, 6], "recurrent_frac": [7, 3], "head_frac": 5},
    },
    "formats": {
        **{"input": [8, 6], "bias": [[14, 9], [10, 5]], "head_bias": [9, 4], "gate": [[14, 9], [11, 7]]},
        **{"activation": [[11, 10], [8, 7]], "cell": [[12, 8], [15, 11]], "state": [[9, 8], [12, 11]]},
    },
    "tables": {"address": 6},
    "engine": {"units": 2},
}
"""Two layers and a head that have nothing in common: W_x is the narrower in the first, the wider in the second."""


def made(**sections: dict[str, Any]) -> Spec:
    """LAYERS with some keys replaced."""
    return spec(**{name: part | sections.get(name, {}) for name, part in ({"sparsity": {}} | LAYERS).items()})


ALL = {"myhdl": native, "icarus": icarus, "hls": hls, "torch": torch_engine}
FAST = {"icarus": icarus, "hls": hls, "torch": torch_engine}
CASES: dict[str, tuple[Spec, dict[str, Any]]] = {
    "LSTM": (made(), ALL),
    "scales and loaded weights": (
        made(
            weights={"per_row": True}, formats={"scale": [[6, 3], [8, 6]]}, engine={"units": 2, "memory": "scratchpad"}
        ),
        FAST,
    ),
    "given states": (made(engine={"units": 2, "state_streams": True}), FAST),
    "a GRU from constants, its weights streamed": (
        made(model={"cell": "gru", "initial": "constant"}, engine={"units": 2, "memory": "stream", "memory_width": 32}),
        FAST,
    ),
    "a GRU that resets first": (made(model={"cell": "gru_reset_first", "hidden": [4, 4]}), FAST),
    "columns": (
        made(sparsity={"pattern": "column"}, formats={"state": [12, 11]}, engine={"units": 2, "dataflow": "column"}),
        FAST,
    ),
}


SLOW = [case for case in CASES if case != "columns"]


@pytest.mark.parametrize("case", [pytest.param(case, marks=[pytest.mark.slow] * (case in SLOW)) for case in CASES])
def test_every_engine_takes_each_layers_own_formats(case: str, tmp_path: Path) -> None:
    chosen, engines = CASES[case]
    check(chosen, tmp_path, engines)


def test_the_golden_model_of_two_layers_is_that_of_each_alone(tmp_path: Path) -> None:
    """Layer by layer, with one format for each key, the same integers come out."""
    both = design(made(model={"head": None}, weights={"head_width": None}, formats={"head_bias": None}), tmp_path)
    x = samples.seeded(both.spec, 4, 5)
    trace, given = reference(both, x), x
    for number, (inputs, hidden) in enumerate(both.spec.sizes):
        weights, formats = LAYERS["weights"], LAYERS["formats"]
        own = spec(
            model={"inputs": inputs, "hidden": [hidden], "head": None},
            weights={
                "input_width": weights["input_width"][number], "width": weights["width"][number],
                "input_frac": weights["input_frac"][number], "recurrent_frac": weights["recurrent_frac"][number],
            },
            formats={key: formats[key][number] for key in ("bias", "gate", "activation", "cell", "state")}
            | {"input": formats["state"][0] if number else formats["input"]},
            tables={"address": 6},
            engine={"units": 2},
        )  # fmt: skip
        alone = replace(both, spec=own, weights=replace(both.weights, layers=both.weights.layers[number : number + 1]))
        found = reference(alone, given)
        wanted = trace.signals[f"lstm{number}"]
        for name, values in found.signals["lstm0"].items():
            np.testing.assert_array_equal(values, wanted[name], err_msg=name)
        rows = np.zeros((*given.x.shape[:2], hidden), dtype=np.int64)
        rows[np.arange(given.x.shape[1]) < given.lengths[:, None]] = wanted["h"]
        given = replace(given, x=rows)


@pytest.mark.parametrize("engine", ["icarus", "hls"])
def test_another_table_in_the_second_layer_is_caught(engine: str, tmp_path: Path) -> None:
    chosen = made()
    check(chosen, tmp_path, {})
    if engine == "icarus":
        path = tmp_path / "rtl" / f"{chosen.identifier}_lstm1_sigmoid.hex"
        path.write_text((tmp_path / "rtl" / f"{chosen.identifier}_sigmoid.hex").read_text())
    else:
        path = tmp_path / "hls" / "weights.h"
        text = path.read_text()
        changed = re.sub(r"(kLstm1Sigmoid = )\{([^}]*)\}", lambda found: found[1] + "{0}", text)
        assert changed != text
        path.write_text(changed)
    found = design(chosen, tmp_path)
    run = {"icarus": icarus, "hls": hls}[engine]
    device = DeviceUnderTest(run, clocked=engine == "icarus")
    result = compare(engine, device, found, samples.seeded(chosen, 3, 4), schedule(found))
    if result.status != "not run":
        assert (result.status, "lstm1" in result.reason) == ("different", True), result


def test_one_format_for_all_makes_one_set_of_tables(tmp_path: Path) -> None:
    chosen = spec(model={"hidden": [4, 4]})
    files = render.render(design(chosen, tmp_path)) | render_hls(design(chosen, tmp_path))
    assert f"rtl/{chosen.identifier}_sigmoid.hex" in files
    assert not [name for name in files if "lstm1_sigmoid" in name]
    assert "kKind" not in files["hls/config.h"]


def test_weights_remember_the_formats_of_each_layer(tmp_path: Path) -> None:
    chosen = made()
    save(tmp_path / "weights.npz", design(chosen, tmp_path).weights, chosen)
    load(tmp_path / "weights.npz", chosen)
    with pytest.raises(Refused, match="formats"):
        load(tmp_path / "weights.npz", made(weights={"recurrent_frac": [6, 3]}))


def test_a_list_of_one_value_is_that_value() -> None:
    assert spec(model={"hidden": [8]}, weights={"width": [8], "head_width": 8}).layer_formats(0).w_x == Fixed(8, 6)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"weights": {"width": [8, 8, 8], "head_width": 8}}, "weights.width: wanted one for all, or one for each of 2"),
    ({"weights": {"head_width": None}}, "weights.head_width: wanted a width, as weights.width is a list"),
    ({"formats": {"head_bias": None}}, "formats.head_bias: wanted a format, as formats.bias is a list"),
    ({"formats": {"gate": [[14, 9]]}}, "formats.gate: wanted one for all, or one for each of 2"),
    ({"formats": {"gate": []}}, "formats.gate: wanted"),
    ({"formats": {"gate": [[14, 9], [99, 9]]}}, "formats.gate: wanted"),
    ({"formats": {"bias": [[14, 9], [20, 19]]}}, "formats.bias: wanted at most the 14 fraction bits"),
    ({"weights": {"width": [8, 19]}}, "weights.width"),
    ({"model": {"head": None}}, "weights.head_width: wanted nothing without model.head"),
]


@pytest.mark.parametrize(("sections", "said"), REFUSED)
def test_lists_that_fit_no_layers_are_refused(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        made(**sections)
    assert said in str(refused.value) or said in "; ".join(map(str, refused.value.faults))


def test_states_of_columns_share_a_threshold_and_so_a_format() -> None:
    columns = {"sparsity": {"pattern": "column"}, "engine": {"units": 2, "dataflow": "column"}}
    with pytest.raises(Refused, match=r"formats.state: wanted one for all layers beside layers by columns"):
        made(**columns)
