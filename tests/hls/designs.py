"""Specs of awkward sizes, and designs with their C++, that the tests of the C++ share."""

from __future__ import annotations

from pathlib import Path

from accel.base.files import write_text
from accel.hls.render import render_hls
from accel.model.design import Design
from accel.schedule.load_spec import parse
from accel.spec import Spec
from tests.designs import BASE, design, spec

NARROW = {"input": [4, 2], "bias": [6, 2], "gate": [5, 2], "activation": [5, 4], "cell": [4, 3], "state": [4, 3]}
"""Formats so tight that gates and cells saturate."""

SPECS = {
    "digits_like": spec(model={"inputs": 8, "hidden": [32], "head": {"outputs": 10}}, engine={"units": 8}),
    "primes_that_no_group_divides": spec(model={"inputs": 5, "hidden": [13], "head": {"outputs": 7}}),
    "one_input_one_unit": spec(
        model={"inputs": 1, "hidden": [1], "head": None}, sparsity={"input": 0.0, "recurrent": 0.0}, engine={"units": 1}
    ),
    "two_lanes_a_row": spec(engine={"units": 3, "lanes_per_row": 2}, model={"hidden": [7]}),
    "more_lanes_than_nonzeros": spec(
        engine={"units": 2, "lanes_per_row": 9, "cells_per_cycle": 2}, model={"hidden": [5]}
    ),
    "two_cells_a_cycle": spec(engine={"units": 4, "cells_per_cycle": 2}, model={"hidden": [7], "head": None}),
    "three_cells_a_cycle": spec(
        engine={"units": 6, "cells_per_cycle": 3, "input_words": 2}, model={"hidden": [7], "head": {"outputs": 3}}
    ),
    "two_cycles_a_group": spec(
        model={"inputs": 1, "hidden": [9], "head": None},
        sparsity={"input": 0.0, "recurrent": 0.9},
        engine={"units": 8, "cells_per_cycle": 4},
    ),
    "two_layers": spec(
        model={"inputs": 3, "hidden": [6, 5], "head": {"outputs": 4, "kind": "logits", "when": "step"}},
        engine={"units": 3, "cells_per_cycle": 1},
    ),
    "three_layers_without_head": spec(
        model={"inputs": 2, "hidden": [6, 4, 5], "head": None}, engine={"units": 4, "cells_per_cycle": 4}
    ),
    "winner_after_every_step": spec(model={"head": {"outputs": 5, "kind": "argmax", "when": "step", "units": 2}}),
    "both_directions": spec(
        model={
            **{"inputs": 4, "hidden": [6, 4], "bidirectional": True, "longest": 6},
            "head": {"outputs": 3, "kind": "logits", "last": "output"},
        },
        engine={"units": 2, "cells_per_cycle": 2, "input_words": 2},
    ),
    "sparse_head": spec(sparsity={"head": 0.4}, model={"head": {"outputs": 5, "kind": "logits"}}),
    "two_words_a_beat": spec(model={"inputs": 5, "head": None}, engine={"units": 4, "input_words": 2}),
    "no_bias": spec(model={"bias": False, "head": {"outputs": 200, "kind": "argmax", "units": 8}}),
    "dense": parse({**BASE, "sparsity": {"pattern": "dense"}}),
    "dense_with_idle_lanes": parse(
        {
            **BASE,
            "sparsity": {"pattern": "dense"},
            "engine": {"units": 4, "lanes_per_row": 4, "cells_per_cycle": 2},
            "model": {"inputs": 2, "hidden": [7]},
        }
    ),
    "shared_by_gates": spec(sparsity={"shared_by_gates": True}, engine={"units": 3, "lanes_per_row": 2}),
    "stateful": spec(model={"stateful": True}),
    "three_streams": spec(engine={"units": 4, "streams": 3}),
    "streams_through_layers": spec(
        model={"inputs": 3, "hidden": [6, 5], "head": {"outputs": 4, "kind": "logits", "when": "step"}},
        engine={"units": 3, "streams": 2},
    ),
    "loaded_weights": spec(engine={"units": 3, "lanes_per_row": 2, "memory": "scratchpad"}, model={"hidden": [7]}),
    "streamed_weights": spec(engine={"units": 4, "memory": "stream", "memory_width": 40}, model={"hidden": [7]}),
    "initial_state": spec(engine={"units": 4, "cells_per_cycle": 2, "state_streams": True}, model={"hidden": [7]}),
    "loaded_dense_streams": parse(
        {
            **BASE,
            "model": {"inputs": 2, "hidden": [7, 5], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
            "sparsity": {"pattern": "dense"},
            "engine": {"units": 3, "cells_per_cycle": 3, "streams": 2, "memory": "scratchpad", "state_streams": True},
        }
    ),
    "highway": spec(
        model={"cell": "highway", "depth": 3, "inputs": 3, "hidden": [7, 8], "head": {"outputs": 3, "kind": "logits"}},
        engine={"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2},
    ),
    "dense_highway": spec(
        model={"cell": "highway", "depth": 2, "inputs": 3, "hidden": [5], "stateful": True, "head": None},
        sparsity={"pattern": "dense", "input": None, "recurrent": None},
        formats={"cell": [10, 8]},
        engine={"units": 2, "lanes_per_row": 3},
    ),
    "split_lanes": spec(
        engine={"units": 4, "lanes": "split", "lanes_per_row": 3, "input_lanes": 1, "cells_per_cycle": 2}
    ),
    "packed": spec(
        model={"cell": "gru", "hidden": [7]},
        sparsity={"shared_by_gates": True},
        weights={"width": 6},
        engine={"units": 3, "lanes_per_row": 2, "pack": True},
    ),
    "packed_columns": spec(
        model={"hidden": [6], "head": None},
        sparsity={"pattern": "column"},
        engine={"dataflow": "column", "units": 2, "pack": True},
    ),
    "ternary_with_scales": spec(
        formats={"scale": [8, 6]},
        weights={"kind": "ternary", "per_row": True, "input_frac": 2, "recurrent_frac": 3},
        engine={"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2},
    ),
    "binary_with_idle_lanes": spec(weights={"kind": "binary"}, engine={"units": 2, "lanes_per_row": 3}),
    "saturating": spec(formats=NARROW, weights={"width": 5, "input_frac": 2, "recurrent_frac": 1, "head_frac": 2}),
    "wide": spec(
        formats={"input": [24, 10], "gate": [28, 20], "activation": [26, 25], "cell": [30, 20], "state": [24, 23]},
        weights={"width": 18, "input_frac": 12, "recurrent_frac": 14},
        tables={"address": 6, "sigmoid": 4, "tanh": 2},
    ),
}


def rendered(chosen: Spec, work: Path) -> Design:
    """A design with seeded weights and its C++ in `work`."""
    made = design(chosen, work)
    for path, text in render_hls(made).items():
        write_text(work / path, text)
    return made
