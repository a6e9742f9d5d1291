"""Contradictions between keys of the spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.spec.around_rules import around_rules, linear_rules
from accel.spec.both_directions import direction_rules
from accel.spec.by_layer import LayerFormats, common
from accel.spec.network import GATES
from accel.spec.shared_layers import shared_format_rules, shared_rules
from accel.spec.sparsity_rules import sparsity_rules
from accel.spec.spec import TABLED, Spec
from accel.spec.training_rules import training_rules
from accel.spec.types import plain


def rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Contradictions between keys: (key path, what is wanted, what came)."""
    yield from structural_rules(spec)
    yield from training_rules(spec)


def structural_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Those without which no sizes can be derived."""
    units, layers = spec.engine.units, len(spec.model.hidden)
    if isinstance(units, tuple) and len(units) != layers:
        yield "engine.units", f"one for all, or one for each of {layers} layers", units
        return
    yield from _cell_rules(spec)
    yield from direction_rules(spec)
    yield from shared_rules(spec)
    yield from around_rules(spec)
    yield from sparsity_rules(spec)
    yield from _engine_rules(spec)
    yield from _format_rules(spec)


def _cell_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What goes with which cell: one of several levels is built by rows, with lanes that serve both operands."""
    model = spec.model
    if (model.cell == "highway") != (model.depth is not None):
        wanted = "a number of levels for cell: highway" if model.depth is None else "nothing but for cell: highway"
        yield "model.depth", wanted, model.depth
    if model.cell not in LEVELLED:
        return
    only = f"for model.cell: {model.cell}"
    for key, fits in HIGHWAY_ONLY.items():
        section, name = key.split(".")
        got = getattr(getattr(spec, section), name)
        if got != fits:
            yield key, f"{plain(fits) if fits is not None else 'nothing'} {only}", got
    studies = spec.training.studies
    for key in type(studies).model_fields:
        if (
            key not in ("lasso", "lasso_reweighted")
            and getattr(studies, key) != type(studies).model_fields[key].default
        ):
            yield f"training.studies.{key}", f"nothing {only}", getattr(studies, key)


LEVELLED = ("highway", "gru_reset_first")
"""Cells of several levels."""

HIGHWAY_ONLY: dict[str, Any] = {
    "sparsity.shared_by_gates": False,
    "weights.kind": "fixed",
    "weights.per_row": False,
    "engine.dataflow": "row",
    "engine.lanes": "shared",
    "engine.streams": 1,
    "engine.memory": "rom",
    "engine.state_streams": False,
    "model.initial": "zeros",
    "training.baselines": (),
    "training.gradual": False,
}
"""Keys that have one value beside a cell of several levels."""


def _engine_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    engine = spec.engine
    for units in sorted(set(spec.units)):
        if units % engine.cells_per_cycle:
            yield "engine.cells_per_cycle", f"a divisor of engine.units = {units}", engine.cells_per_cycle
    if spec.model.stateful and engine.streams > 1:
        yield "model.stateful", "false with engine.streams above 1 (sequences of a stream do not follow in order)", True
    if spec.model.stateful and engine.state_streams:
        yield "engine.state_streams", "false where model.stateful carries the state over", True
    if spec.model.initial != "zeros":
        yield from _initial_rules(spec)
    if (engine.memory == "stream") != (engine.memory_width is not None):
        wanted = "a width for memory: stream" if engine.memory_width is None else "nothing but for memory: stream"
        yield "engine.memory_width", wanted, engine.memory_width
    if engine.memory_width is not None and engine.memory_width % 8:
        yield "engine.memory_width", "whole bytes", engine.memory_width
    if engine.loaded_memory != "auto" and engine.memory != "scratchpad":
        wanted = "auto but for memory: scratchpad (UltraRAM has no contents when a chip starts)"
        yield "engine.loaded_memory", wanted, engine.loaded_memory
    if engine.lanes == "split" and not (engine.input_lanes and engine.input_lanes < engine.lanes_per_row):
        yield "engine.input_lanes", "split lanes: at least one and fewer than engine.lanes_per_row", engine.input_lanes
    if engine.lanes == "shared" and engine.input_lanes is not None:
        yield "engine.input_lanes", "nothing where lanes are shared", engine.input_lanes
    if engine.order == "x_first":
        yield from _order_rules(spec)
    for units, hidden in zip(spec.units, spec.model.hidden, strict=True):
        most = spec.directions * hidden if spec.own_lanes else hidden
        if units > most:
            both = " in both directions" if most > hidden else ""
            yield "engine.units", f"at most the {most} hidden units of the layer{both}", units


def _order_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Where no x could come before the h of another group."""
    engine = spec.engine
    if engine.lanes == "split":
        yield "engine.order", "rows beside engine.lanes: split, whose lanes take x and h at once", engine.order
    if all(flow.skips_states for flow in spec.flows):
        yield "engine.order", "rows where no layer goes by rows", engine.order
    elif all(units >= hidden for units, hidden in zip(spec.units, spec.model.hidden, strict=True)):
        wanted = f"rows where engine.units = {plain(engine.units)} make one group of all hidden units"
        yield "engine.order", wanted, engine.order


def _initial_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What does not go with an h_0 and c_0 of the accelerator's own."""
    others = {
        "model.stateful (it begins with what the sequence before left)": spec.model.stateful,
        "engine.state_streams (they bring h_0 and c_0)": spec.engine.state_streams,
        "engine.memory: scratchpad (frames bring weights and biases alone)": spec.engine.memory == "scratchpad",
        "engine.dataflow: column": spec.skips_states,
        "training.studies.lasso": bool(spec.training.studies.lasso),
    }
    for other, there in others.items():
        if there:
            yield "model.initial", f"zeros beside {other}", spec.model.initial


def _format_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    if faults := [*_list_rules(spec), *_gate_rules(spec)]:
        yield from faults
        return
    formats, weights = spec.formats, spec.weights
    if weights.per_row != (formats.scale is not None):
        wanted = "a format where weights.per_row is true, and nothing where it is not"
        yield "formats.scale", wanted, formats.scale
        return
    if any(layer.activation not in TABLED for layer in spec.linear.values()) != (formats.linear is not None):
        where = "model.before, model.between or model.head.layers has a layer without a table"
        wanted = f"a format where {where}, and nothing where not"
        yield "formats.linear", wanted, formats.linear
        return
    if spec.has_residual != (formats.residual is not None):
        wanted = "a format where model.between has a residual, and nothing where not"
        yield "formats.residual", wanted, formats.residual
        return
    for number in range(len(spec.model.hidden)):
        yield from _layer_rules(spec, spec.layer_formats(number))
    yield from linear_rules(spec)
    yield from shared_format_rules(spec)


def _layer_rules(spec: Spec, layer: LayerFormats) -> Iterator[tuple[str, str, Any]]:
    """Of the formats of one layer."""
    signals = layer.signals
    frac = max(layer.w_x.frac + layer.x.frac, layer.w_h.frac + signals.state.frac)
    frac += layer.scale.frac if layer.scale else 0
    for key, fmt in (("bias", layer.bias), ("gate", signals.gate)):
        if fmt.frac > frac:
            yield f"formats.{key}", f"at most the {frac} fraction bits of the weight products", fmt
    if spec.model.cell == "lstm" and signals.state.frac > 2 * signals.activation.frac:
        wanted = f"at most {2 * signals.activation.frac} fraction bits, twice those of activation"
        yield "formats.state", wanted, signals.state
    if signals.activation.width - signals.activation.frac < 1:
        yield "formats.activation", "at least one bit above the point (the sign)", signals.activation


def _gate_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Widths by gate: one for each gate of the cell, of weights that are numbers."""
    count = len(GATES.get(spec.model.cell, ()))
    for key, layers in spec.weights.by_gate.items():
        for gates in layers:
            if not count:
                yield f"weights.{key}", f"one width for all gates beside model.cell: {spec.model.cell}", gates
            elif spec.weights.kind != "fixed":
                yield f"weights.{key}", f"one width for all gates beside weights.kind: {spec.weights.kind}", gates
            elif len(gates) != count:
                yield f"weights.{key}", f"one width for each of the {count} gates of model.cell", gates


LISTS = {
    "weights": ("width", "input_width", "recurrent_width", "input_frac", "recurrent_frac"),
    "formats": ("bias", "gate", "activation", "cell", "state", "scale"),
}
"""Keys that may be a list with an entry for each layer."""


def _list_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Lists with an entry for each layer, and what the head has where they leave it open."""
    count = len(spec.model.hidden)
    for section, keys in LISTS.items():
        for key in keys:
            value = getattr(getattr(spec, section), key)
            if isinstance(value, tuple) and len(value) != count:
                yield f"{section}.{key}", f"one for all, or one for each of {count} layers", value
    linear = spec.model.head is not None or bool(spec.linear)
    if linear and isinstance(spec.weights.width, tuple) and spec.weights.head_width is None:
        yield "weights.head_width", "a width, as weights.width is a list", None
    if linear and isinstance(spec.formats.bias, tuple) and spec.formats.head_bias is None:
        yield "formats.head_bias", "a format, as formats.bias is a list", None
    for key, value in (("weights.head_width", spec.weights.head_width), ("formats.head_bias", spec.formats.head_bias)):
        if not linear and value is not None:
            yield key, "nothing without model.head", value
    if spec.skips_states and common(spec.formats.state) is None:
        wanted = "one for all layers beside layers by columns, which share the threshold"
        yield "formats.state", wanted, spec.formats.state
