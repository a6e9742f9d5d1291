"""Contradictions in which weights are removed, and of patterns with the dataflow that reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from accel.spec.by_layer import of_layer
from accel.spec.dataflow import BALANCES, MIXED, Flow
from accel.spec.network import divisors, nonzeros_of
from accel.spec.spec import Spec


def sparsity_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    sparsity = spec.sparsity
    given = [key for key in ("input", "recurrent", "search") if getattr(sparsity, key) is not None]
    if sparsity.pattern == "dense" and given:
        yield f"sparsity.{given[0]}", "nothing beside pattern: dense", getattr(sparsity, given[0])
    if sparsity.pattern == "row" and given not in (["input", "recurrent"], ["search"]):
        yield "sparsity", "either input and recurrent, or search", given
        return
    if sparsity.pattern in ("bank", "column", "balanced") and given != ["input", "recurrent"]:
        yield "sparsity", f"input and recurrent for pattern: {sparsity.pattern}", given
    if spec.model.head is None and sparsity.head:
        yield "sparsity.head", "nothing without model.head", sparsity.head
    layers = spec.model.head.layers if spec.model.head else ()
    read_by_heads = (spec.read_behind, *(one.outputs for one in layers))
    if any(nonzeros_of(sparsity.head, columns) < 1 for columns in read_by_heads):
        yield "sparsity.head", "a share that leaves a weight in each row", sparsity.head
    yield from _flow_rules(spec)
    if spec.skips_states:
        yield from _column_rules(spec)
    else:
        yield from _row_rules(spec)
    for flow, units, (inputs, hidden) in zip(spec.flows, spec.units, spec.sizes, strict=False):
        yield from _layer_rules(spec, flow, units, inputs, hidden)


def _flow_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """The dataflow of each layer, and the pattern that suits them all."""
    dataflow, pattern, layers = spec.engine.dataflow, spec.sparsity.pattern, len(spec.model.hidden)
    if len(spec.flows) != layers:
        yield "engine.dataflow", f"as many as the {layers} layers of model.hidden", dataflow
        return
    if any(flow.name is None for flow in spec.flows):
        yield "engine.dataflow", f"row, column or {MIXED} (W_h by rows waits for all of h_t, and so may W_x)", dataflow
    wanted = min(spec.traversals) if len(spec.traversals) == 1 else "balanced"
    if pattern == "column" and wanted == "row":
        yield "engine.dataflow", "column for sparsity.pattern: column", dataflow
    elif pattern not in (wanted, "dense"):
        shown = f"[{', '.join(map(str, dataflow))}]" if isinstance(dataflow, tuple) else spec.flows[0]
        choice = "row, bank" if wanted == "row" else wanted
        yield "sparsity.pattern", f"{choice} or dense for engine.dataflow: {shown}", pattern
    if pattern == "bank" == wanted:
        yield from _bank_rules(spec)


def _bank_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """A lane of a row for each bank, and words that are dealt to banks without a rest."""
    engine, banks = spec.engine, spec.banks
    if engine.lanes == "split":
        yield "engine.lanes", "shared for sparsity.pattern: bank, whose lanes are each a bank's", engine.lanes
    if banks < 2 or banks & (banks - 1):
        wanted = "a power of two from 2 on for sparsity.pattern: bank, a lane of a row for each bank"
        yield "engine.lanes_per_row", wanted, banks
        return
    for key in ("cells_per_cycle", "input_words"):
        words = getattr(engine, key)
        if words % banks and banks % words:
            yield f"engine.{key}", f"a divisor or a multiple of the {banks} banks of sparsity.pattern: bank", words
    fewest = min(spec.model.inputs, *spec.model.hidden)
    if fewest <= banks:
        wanted = f"a power of two below {fewest}, the fewest columns of a matrix, for sparsity.pattern: bank"
        if fewest < 3:
            wanted = f"sparsity.pattern: row where a matrix has {fewest} columns; bank wants 3 at least"
        yield "engine.lanes_per_row", wanted, banks


def _row_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What is only for columns."""
    for key in ("threshold", "states"):
        if getattr(spec.sparsity, key) is not None:
            wanted = "nothing beside engine.dataflow: row, which reads every h"
            yield f"sparsity.{key}", wanted, getattr(spec.sparsity, key)


def _layer_rules(spec: Spec, flow: Flow, units: int, inputs: int, hidden: int) -> Iterator[tuple[str, str, Any]]:
    """Lanes that divide the rows of a layer by columns, and weights enough for every row or lane."""
    sparsity = spec.sparsity
    if flow.by_lane and hidden % units:
        fitting = ", ".join(map(str, divisors(hidden)))
        yield "engine.units", f"a divisor of {hidden} hidden units for dataflow: column ({fitting})", units
    of_lane = max(1, hidden // units)
    for key, columns in (("input", inputs), ("recurrent", hidden)):
        ratio, balance = getattr(sparsity, key), BALANCES[getattr(flow, key)]
        among = balance.among(columns, of_lane)
        banks = balance.banks(spec.engine.lanes_per_row)
        if ratio is not None and among >= banks and nonzeros_of(ratio, among, banks) < 1:
            limit = math.floor((1 - 0.5 * banks / among) * 10000) / 10000
            what = balance.empty.format(columns=columns, rows=of_lane)
            yield f"sparsity.{key}", f"at most {limit} so that no {what}", ratio
    levels = spec.model.depth or 1
    if sparsity.search is not None and nonzeros_of(sparsity.search.total, inputs + levels * hidden) < 1 + levels:
        each = f"one for W_x and {levels} for the levels of W_h" if levels > 1 else "one for each matrix"
        count = "two" if levels == 1 else str(1 + levels)
        wanted = f"a ratio that leaves {count} nonzeros a row, {each}"
        yield "sparsity.search.total", wanted, sparsity.search.total


def _column_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What the column dataflow wants of the whole spec: one kind of lane, weights on the chip, a threshold."""
    sparsity, engine, state = spec.sparsity, spec.engine, of_layer(spec.formats.state, 0)
    if sparsity.shared_by_gates:
        yield "sparsity.shared_by_gates", "false for engine.dataflow: column", True
    if engine.operand_register:
        yield "engine.operand_register", "false for engine.dataflow: column", True
    if engine.state_streams:
        yield "engine.state_streams", "false for engine.dataflow: column", True
    if engine.operand_memory != "auto":
        yield "engine.operand_memory", "auto for engine.dataflow: column", engine.operand_memory
    if engine.memory == "stream":
        yield "engine.memory", "rom or scratchpad for engine.dataflow: column", engine.memory
    if engine.target_cycles is not None:
        yield (
            "engine.target_cycles",
            "nothing beside engine.dataflow: column, whose cycles depend on zeros",
            engine.target_cycles,
        )
    for key in ("widths", "totals", "equal_cycles"):
        if getattr(spec.training.studies, key):
            yield (
                f"training.studies.{key}",
                "nothing beside engine.dataflow: column",
                getattr(spec.training.studies, key),
            )
    if spec.training.baselines:
        yield "training.baselines", "nothing beside engine.dataflow: column", spec.training.baselines
    if engine.lanes_per_row != 1:
        yield "engine.lanes_per_row", "1 for engine.dataflow: column (more units are more lanes)", engine.lanes_per_row
    if sparsity.threshold is not None and sparsity.threshold * 2**state.frac > state.hi:
        yield (
            "sparsity.threshold",
            f"at most {state.real(state.hi)}, the largest {state} of formats.state",
            sparsity.threshold,
        )
    if sparsity.states is not None and not sparsity.threshold:
        yield "sparsity.threshold", "above 0, for sparsity.states", sparsity.threshold
    if sparsity.states is not None and spec.training.task == "seeded":
        yield "sparsity.states", "nothing where training.task is seeded, which trains nothing", sparsity.states
    if spec.training.gradual:
        yield "training.gradual", "false for engine.dataflow: column", True
