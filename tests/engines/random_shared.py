"""Random legal specs of layers that share lanes."""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from accel.base.faults import Refused
from accel.schedule import load_spec
from accel.spec import Spec
from tests.engines.random_designs import formats, linear, models, sparsities, with_linear


@st.composite
def shared_specs(draw: st.DrawFn) -> Spec:
    """Two or three layers of which P divides all but the last, with linear layers in front and behind or without."""
    cells = draw(st.sampled_from([1, 1, 2, 3]))
    units, layers = cells * draw(st.integers(1, 3)), draw(st.integers(2, 3))
    hidden = [units * draw(st.integers(1, 3)) for _ in range(layers - 1)] + [units + draw(st.integers(0, 7))]
    model = draw(models()) | {"hidden": hidden, "initial": "zeros"}
    model |= {"before": draw(st.sampled_from([0, 0, 1]).flatmap(lambda n: st.lists(linear(), min_size=n, max_size=n)))}
    if model["head"]:
        model["head"] = {key: value for key, value in model["head"].items() if key not in ("pool", "longest")}
    engine: dict[str, Any] = {"shared_layers": True, "units": units, "cells_per_cycle": cells}
    engine |= {"lanes_per_row": draw(st.integers(1, 4)), "input_words": draw(st.integers(1, 4))}
    engine["operand_register"], engine["multiplier_registers"] = draw(st.booleans()), draw(st.booleans())
    engine["pack"] = draw(st.booleans())
    width, frac = draw(st.integers(2, 10)), draw(st.integers(1, 8))
    weights = {"width": width, "recurrent_frac": frac, "input_frac": [draw(st.integers(1, 8)), *[frac] * (layers - 1)]}
    weights |= {"kind": draw(st.sampled_from(["fixed", "fixed", "ternary", "binary"])), "head_frac": frac}
    data = {
        "name": "random",
        "model": model,
        "sparsity": draw(sparsities()),
        "weights": weights,
        "formats": with_linear(draw, model, draw(formats())),
        "tables": {"address": 6, "sigmoid": draw(st.sampled_from([2, 8])), "tanh": draw(st.sampled_from([1, 4]))},
        "engine": engine,
        "training": {"task": "seeded", "seed": draw(st.integers(0, 99))},
    }
    try:
        return load_spec.parse(data)
    except Refused:
        reject()
