"""Random legal specs over the whole space of options: sizes, ratios, lanes, formats, heads."""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from accel.base.faults import Refused
from accel.schedule import load_spec
from accel.spec import MIXED, WRITTEN, Spec, plain
from accel.spec.network import GATES


def linear() -> st.SearchStrategy[dict[str, Any]]:
    """A linear layer in front of the head's last one."""
    kinds = ["none", "relu", "hard_tanh", "hard_sigmoid", "tanh", "sigmoid"]
    return st.fixed_dictionaries({"outputs": st.integers(1, 5), "activation": st.sampled_from(kinds)})


def with_linear(
    draw: st.DrawFn, shape: dict[str, Any], formats: dict[str, Any], extreme: bool = False
) -> dict[str, Any]:
    """Formats, with one for what linear layers give where they need it."""
    layers = [*fed_by(shape), *(shape["head"]["layers"] if shape["head"] else [])]
    if all(layer["activation"] in ("tanh", "sigmoid") for layer in layers):
        return formats
    frac = draw(st.sampled_from([0, 3, 8]))
    width = draw(st.sampled_from([2, 31, 32])) if extreme else frac + draw(st.integers(2, 5))
    return formats | {"linear": [width, draw(st.sampled_from([0, width - 1, 40])) if extreme else frac]}


def fed_by(shape: dict[str, Any]) -> list[dict[str, Any]]:
    """The linear layers in front of recurrent ones."""
    chains = (link for link in shape.get("between", []) if isinstance(link, list))
    return [*shape.get("before", []), *(layer for chain in chains for layer in chain)]


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    """One or two small layers of LSTMs or GRUs, with and without biases and a head."""
    head = None
    if draw(st.booleans()):
        head = {
            "outputs": draw(st.integers(1, 7)),
            "kind": draw(st.sampled_from(["argmax", "logits"])),
            "when": draw(st.sampled_from(["last", "step"])),
            "layers": draw(st.sampled_from([0, 0, 1, 2]).flatmap(lambda n: st.lists(linear(), min_size=n, max_size=n))),
        }
        if head["when"] == "last":
            pools = [{}, {}, {"pool": "max"}, {"pool": "mean", "longest": draw(st.integers(1, 5))}]
            head |= draw(st.sampled_from(pools))
    hidden = draw(st.lists(st.integers(1, 14), min_size=1, max_size=2))
    return {
        "cell": draw(st.sampled_from(["lstm", "lstm", "gru"])),
        "inputs": draw(st.integers(1, 9)),
        "vocabulary": draw(st.sampled_from([None, None, None, 2, 5, 130])),
        "hidden": hidden,
        "bias": draw(st.booleans()),
        **draw(st.sampled_from([{}, {}, {"stateful": True}, {"stateful": True}, {"initial": "constant"}])),
        "head": head,
    }


@st.composite
def sparsities(draw: st.DrawFn) -> dict[str, Any]:
    """Dense, or ratios of the two matrices apart; columns of a unit's rows apart or shared."""
    if draw(st.integers(0, 3)) == 0:
        return {"pattern": "dense"}
    ratio = st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.9])
    return {"input": draw(ratio), "recurrent": draw(ratio), "shared_by_gates": draw(st.booleans())}


@st.composite
def engines(draw: st.DrawFn) -> dict[str, Any]:
    """Groups, lanes shared or split, cells and input words a cycle."""
    lanes = draw(st.integers(1, 4))
    made: dict[str, Any] = {"units": draw(st.integers(1, 8)), "lanes_per_row": lanes}
    if lanes > 1 and draw(st.booleans()):
        made |= {"lanes": "split", "input_lanes": draw(st.integers(1, lanes - 1))}
    made["cells_per_cycle"] = draw(st.sampled_from([1, 2, 3, 4]))
    made["streams"] = draw(st.sampled_from([1, 1, 2, 3]))
    made["state_streams"] = draw(st.booleans())
    made["memory"] = draw(st.sampled_from(["rom", "scratchpad", "stream"]))
    if made["memory"] == "stream":
        made["memory_width"] = 8 * draw(st.integers(1, 20))
    made["input_words"] = draw(st.integers(1, 4))
    made["operand_register"], made["multiplier_registers"] = draw(st.booleans()), draw(st.booleans())
    return made


@st.composite
def formats(draw: st.DrawFn) -> dict[str, Any]:
    """Formats of a layer from coarse to fine; what contradicts itself is drawn again."""
    activation = draw(st.integers(6, 14))

    def fixed(low: int, high: int, above: int) -> list[int]:
        frac = draw(st.integers(low, high))
        return [frac + draw(st.integers(1, above)), frac]

    return {
        "input": fixed(2, 8, 4),
        "bias": fixed(2, 9, 4),
        "gate": fixed(3, 9, 5),
        "activation": [activation + 1, activation],
        "cell": fixed(4, 10, 5),
        "state": fixed(4, 12, 2),
    }


@st.composite
def formats_of(draw: st.DrawFn, shape: dict[str, Any], state: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Formats of all layers: one for all, or one a layer, then with weights of their own widths; `state` is one for all
    where that is wanted. The second part is what of the weights goes with them.
    """
    layers = len(shape["hidden"])
    if not draw(st.booleans()):
        return draw(formats()), {}
    every = [draw(formats()) for _ in range(layers)]
    found = {key: [one[key] for one in every] for key in every[0]} | {"input": every[0]["input"]}
    if state:
        found["state"] = every[0]["state"]
    weights = {f"{of}_width": [draw(st.integers(2, 10)) for _ in range(layers)] for of in ("input", "recurrent")}
    weights |= {f"{of}_frac": [draw(st.integers(1, 8)) for _ in range(layers)] for of in ("input", "recurrent")}
    return found | ({"head_bias": every[-1]["bias"]} if shape["head"] or fed_by(shape) else {}), weights


def by_gate(draw: st.DrawFn, shape: dict[str, Any], widths: dict[str, Any]) -> dict[str, Any]:
    """What of the weights goes with the formats, or with gates of one matrix, in some layers, that differ."""
    gates = GATES.get(shape.get("cell", "lstm"), ())
    if not gates or draw(st.integers(0, 2)):
        return widths
    layers, bits = len(shape["hidden"]), st.integers(2, 10)
    several = st.lists(bits, min_size=len(gates), max_size=len(gates))
    key = draw(st.sampled_from(["input_width", "recurrent_width"]))
    return widths | {key: draw(st.lists(several | bits, min_size=layers, max_size=layers))}


@st.composite
def extreme_formats(draw: st.DrawFn) -> dict[str, Any]:
    """Formats to their limits: two bits or 31 and 32, nothing but fraction or none of it, more fraction than bits."""

    def fixed() -> list[int]:
        width = draw(st.sampled_from([2, 3, 12, 17, 24, 30, 31, 32]))
        return [width, draw(st.sampled_from([0, 1, width // 2, width - 1, width, min(40, width + 9), 40]))]

    return {name: fixed() for name in ("input", "bias", "gate", "activation", "cell", "state")}


@st.composite
def extreme_specs(draw: st.DrawFn) -> Spec:
    """A legal spec of one or two units whose formats are at their limits."""
    units, flow = draw(st.integers(1, 2)), draw(st.sampled_from(["row", "row", "column", plain(MIXED)]))
    highway = flow == "row" and draw(st.integers(0, 2)) == 0
    scaled = not highway and draw(st.booleans())
    model = draw(models()) | {"inputs": draw(st.integers(1, 2)), "hidden": [units] * draw(st.integers(1, 2))}
    engine: dict[str, Any] = {"units": units, "dataflow": flow}
    if highway:
        model |= {"cell": "highway", "depth": 2}
    else:
        engine["memory"] = draw(
            st.sampled_from(["rom", "scratchpad", "stream"] if flow == "row" else ["rom", "scratchpad"])
        )
        engine["memory_width"] = 8 * draw(st.integers(1, 5)) if engine["memory"] == "stream" else None
    scale = [draw(st.sampled_from([2, 18, 31, 32])), draw(st.sampled_from([0, 16, 31, 40]))]
    data = {
        "name": "extreme",
        "model": model,
        "sparsity": {"pattern": "dense"},
        "weights": {
            **{"per_row": scaled, "width": draw(st.sampled_from([2, 8, 18]))},
            "kind": "fixed" if highway else draw(st.sampled_from(["fixed", "fixed", "ternary", "binary"])),
            **{f"{of}_frac": draw(st.sampled_from([0, 6, 16, 24])) for of in ("input", "recurrent", "head")},
        },
        "formats": with_linear(draw, model, draw(extreme_formats()), True) | {"scale": scale if scaled else None},
        "tables": {"address": draw(st.integers(2, 6)), "sigmoid": draw(st.sampled_from([1, 8, 1 << 20]))},
        "engine": engine,
        "training": {"task": "seeded", "seed": draw(st.integers(0, 99))},
    }
    try:
        return load_spec.parse(data)
    except Refused:
        reject()


def specs() -> st.SearchStrategy[Spec]:
    """A legal spec by rows."""
    return parsed(models(), sparsities(), engines())


@st.composite
def bank_specs(draw: st.DrawFn) -> Spec:
    """A legal spec by rows in banks, of one level or several: words that are a divisor or a multiple of the banks,
    column counts that they divide or not.
    """
    banks, levelled = draw(st.sampled_from([2, 2, 4])), draw(st.integers(0, 3)) == 0
    words, ratio = st.sampled_from([1, 2, 4, 8]), st.sampled_from([0.0, 0.3, 0.5, 0.7])
    hidden = draw(st.lists(st.integers(banks + 1, 14), min_size=1, max_size=2))
    model = draw(models()) | {"inputs": draw(st.integers(banks + 1, 11)), "hidden": hidden}
    cells = draw(words)
    engine = draw(engines()) | {"lanes_per_row": banks, "lanes": "shared", "input_lanes": None}
    engine |= {"cells_per_cycle": cells, "units": cells * draw(st.integers(1, 3)), "input_words": draw(words)}
    sparsity = {"pattern": "bank", "input": draw(ratio), "recurrent": draw(ratio)}
    if levelled:
        model |= draw(st.sampled_from([{"cell": "highway", "depth": 2}, {"cell": "gru_reset_first"}]))
        engine |= {"streams": 1, "memory": "rom", "memory_width": None, "state_streams": False}
    else:
        sparsity["shared_by_gates"] = draw(st.booleans())
    return draw(parsed(st.just(model), st.just(sparsity), st.just(engine), plain_weights=levelled))


@st.composite
def column_specs(draw: st.DrawFn) -> Spec:
    """A legal spec with layers by columns, all or some of them: lanes that divide the units, balanced or dense, states
    skipped or not.
    """
    units, ratio = draw(st.integers(1, 3)), st.sampled_from([0.0, 0.3, 0.5, 0.7])
    model = draw(models()) | {"hidden": [units * draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 3)))]}
    layers = len(model["hidden"])
    flows = draw(st.lists(st.sampled_from([*WRITTEN, plain(MIXED)]), min_size=layers, max_size=layers))
    sparsity: dict[str, Any] = {"pattern": "dense"}
    if draw(st.integers(0, 3)):
        pattern = next((walk for walk in WRITTEN if flows == [walk] * layers), "balanced")
        sparsity = {"pattern": pattern, "input": draw(ratio), "recurrent": draw(ratio)}
    sparsity["threshold"] = draw(st.sampled_from([None, 0.0, 0.01, 0.1, 0.3]))
    engine = {
        "dataflow": flows,
        "units": units,
        "cells_per_cycle": draw(st.sampled_from([1, 1, 2, 3, 4])),
        "streams": draw(st.sampled_from([1, 1, 2, 3])),
        "input_words": draw(st.sampled_from([1, 2, 3])),
        "memory": draw(st.sampled_from(["rom", "rom", "scratchpad"])),
    }
    return draw(parsed(st.just(model), st.just(sparsity), st.just(engine)))


@st.composite
def highway_specs(draw: st.DrawFn) -> Spec:
    """A legal spec of several levels a step: one to three of a highway cell, or those of a GRU that resets first."""
    cells = [*({"cell": "highway", "depth": depth} for depth in (1, 2, 3)), {"cell": "gru_reset_first"}]
    model = draw(models()) | draw(st.sampled_from(cells))
    only = {"lanes": "shared", "input_lanes": None, "streams": 1, "memory": "rom", "memory_width": None}
    engine = draw(engines()) | only | {"state_streams": False}
    sparsity = draw(sparsities())
    sparsity.pop("shared_by_gates", None)
    return draw(parsed(st.just(model), st.just(sparsity), st.just(engine), plain_weights=True))


@st.composite
def bidirectional_specs(draw: st.DrawFn) -> Spec:
    """A legal spec of layers that read every sequence in both directions, behind each other too."""
    cells, words = draw(st.sampled_from([1, 1, 2, 3])), draw(st.sampled_from([1, 1, 2, 3]))
    hidden = [cells * draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 2)))]
    model = draw(models()) | {"inputs": words * draw(st.integers(1, 4)), "hidden": hidden, "initial": "zeros"}
    model |= {"stateful": False, "bidirectional": True, "longest": draw(st.integers(2, 6))}
    if model["head"] and model["head"]["when"] == "last" and "pool" not in model["head"]:
        model["head"] |= {"last": draw(st.sampled_from(["states", "output"]))}
    model |= {
        "before": draw(st.sampled_from([0, 0, 1, 2]).flatmap(lambda n: st.lists(linear(), min_size=n, max_size=n)))
    }
    only = {"streams": 1, "memory": "rom", "memory_width": None, "state_streams": False}
    engine = draw(engines()) | only | {"cells_per_cycle": cells, "input_words": words}
    own = draw(st.booleans())
    engine |= {"directions": "own" if own else "shared", "units": (1 + own) * cells * draw(st.integers(1, 3))}
    sparsity = draw(sparsities())
    sparsity.pop("shared_by_gates", None)
    return draw(parsed(st.just(model), st.just(sparsity), st.just(engine)))


@st.composite
def before_specs(draw: st.DrawFn) -> Spec:
    """A legal spec with linear layers in front of the recurrent ones, which may be of several levels."""
    model = draw(models()) | {"before": draw(st.lists(linear(), min_size=1, max_size=2))}
    levelled = draw(st.integers(0, 3)) == 0
    sparsity, only = draw(sparsities()), dict[str, Any]()
    if levelled:
        model |= draw(st.sampled_from([{"cell": "highway", "depth": 2}, {"cell": "gru_reset_first"}]))
        only = {"streams": 1, "memory": "rom", "memory_width": None, "state_streams": False}
        only |= {"lanes": "shared", "input_lanes": None}
        sparsity.pop("shared_by_gates", None)
    return draw(parsed(st.just(model), st.just(sparsity), st.just(draw(engines()) | only), plain_weights=levelled))


def between(draw: st.DrawFn, shape: dict[str, Any], walks: dict[str, Any]) -> list[Any]:
    """What h_t goes through between layers, and behind the last one; x_t is added where it has as many elements."""
    front, ways = shape.get("before", []), 2 if shape.get("bidirectional") else 1
    read = front[-1]["outputs"] if front else shape["inputs"]
    words, found = 1 if front else walks["input_words"], list[Any]()
    for hidden in shape["hidden"][:-1]:
        fits = read == ways * hidden and words == walks["cells_per_cycle"]
        kinds = ["none", "relu", "hard_tanh", "hard_sigmoid", *(["residual"] * 4 if fits else [])]
        kinds += ["linear"] * 4
        kind, read, words = draw(st.sampled_from(kinds)), ways * hidden, walks["cells_per_cycle"]
        if kind == "linear":
            kind, words = draw(st.lists(linear(), min_size=1, max_size=2)), 1
            read = kind[-1]["outputs"]
        found.append(kind)
    head = shape["head"]
    by_rows = walks.get("dataflow", "row") == "row"
    goes = head is not None and head.get("last") != "states" and (by_rows or head["when"] == "step")
    fits = read == ways * shape["hidden"][-1] and words == walks["cells_per_cycle"]
    return [*found, "residual"] if goes and fits and draw(st.booleans()) else found


def units_of(draw: st.DrawFn, walks: dict[str, Any], hidden: int) -> int:
    """P of one layer: of all that E divides, by columns of those that divide the layer's units too."""
    rows = "dataflow" not in walks
    each = walks["cells_per_cycle"] * (1 + (walks.get("directions") == "own"))
    able = [n for n in range(each, 9, each) if rows or hidden % n == 0]
    return draw(st.sampled_from(able or [walks["units"]]))


def residual(draw: st.DrawFn, shape: dict[str, Any]) -> dict[str, Any]:
    """The format of residual additions, where there are some."""
    frac = draw(st.sampled_from([0, 3, 8, 14]))
    return {"residual": [frac + draw(st.integers(2, 5)), frac]} if "residual" in shape.get("between", []) else {}


@st.composite
def parsed(draw: st.DrawFn, model: Any, sparsity: Any, engine: Any, plain_weights: bool = False) -> Spec:
    """A legal spec of these sections, with seeded weights; one that is refused is drawn again.

    `plain_weights` are fixed point without scales.
    """
    kinds, scales = ["fixed", "fixed", "ternary", "binary"], [None, None, [4, 3], [9, 5]]
    width, kind = draw(st.integers(2, 10)), "fixed" if plain_weights else draw(st.sampled_from(kinds))
    scale = None if plain_weights else draw(st.sampled_from(scales))
    shape, walks = draw(model), draw(engine)
    if draw(st.booleans()):
        shape = shape | {"between": between(draw, shape, walks)}
    if walks.get("lanes") != "split" and walks["units"] < max(shape["hidden"]) and draw(st.booleans()):
        walks = walks | {"order": "x_first"}
    if len(shape["hidden"]) > 1 and draw(st.booleans()):
        walks = walks | {"units": [units_of(draw, walks, hidden) for hidden in shape["hidden"]]}
    signals, widths = draw(formats_of(shape, walks.get("dataflow", "row") != "row"))
    widths = by_gate(draw, shape, widths) if kind == "fixed" else widths
    head = draw(st.sampled_from([0.0, 0.5])) if shape["head"] else 0.0
    data = {
        "name": "random",
        "model": shape,
        "sparsity": draw(sparsity) | {"head": head},
        "weights": {
            **{"kind": kind, "per_row": scale is not None, "width": width},
            **{f"{of}_frac": draw(st.integers(1, width)) for of in ("input", "recurrent", "head")},
            **widths,
        },
        "formats": with_linear(draw, shape, signals) | {"scale": scale} | residual(draw, shape),
        "tables": {"address": draw(st.integers(3, 9)), "sigmoid": 8, "tanh": draw(st.sampled_from([2, 4]))},
        "engine": walks,
        "training": {"task": "seeded", "seed": draw(st.integers(0, 99))},
    }
    two = draw(st.booleans())
    try:
        made = load_spec.parse(data)
    except Refused:
        reject()
    return packed(made, data) if two else made


def packed(made: Spec, given: dict[str, Any]) -> Spec:
    """The spec with two products a multiplier, where lanes share their operand."""
    try:
        return load_spec.parse(given | {"engine": given["engine"] | {"pack": True}})
    except Refused:
        return made
