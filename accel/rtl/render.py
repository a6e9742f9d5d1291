"""Spec and weights to MyHDL: a pure function. What is rendered is constants and instances; the blocks are a library."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from accel.architecture.shape import Array, ColumnArray
from accel.base.fixed import index_bits
from accel.base.templates import render as render_template
from accel.memory.images import (
    bias_shift,
    bias_width,
    bias_words,
    bias_words_width,
    scale_words,
    sum_format,
    unit_words,
)
from accel.memory.load_frame import WORD, beats, fed_beats, frame, sections, shape_digest
from accel.model.design import Design
from accel.model.samples import state_formats
from accel.model.weights import LayerWeights
from accel.rtl.blocks.primitives.hexfile import to_hex
from accel.schedule.schedule import ColumnStage, Schedule, Stage, schedule


def render(design: Design) -> dict[str, str]:
    """The MyHDL top and the memory contents, by path in the work folder. The same design gives the same text."""
    built = schedule(design)
    files = {f"myhdl/{design.spec.identifier}.py": _top(design, built)}
    if design.spec.engine.memory == "scratchpad":
        files[f"load/{design.spec.identifier}.hex"] = to_hex(frame(design), WORD)
    else:
        for array, layer in zip(design.net.arrays, design.weights.layers, strict=True):
            files |= _contents(design, array, layer)
    for name, table in design.net.tables.items():
        files[f"rtl/{_file(design, name)}"] = to_hex(table.entries, table.output.width)
    return files


def _file(design: Design, name: str) -> str:
    return f"{design.spec.identifier}_{name}.hex"


def _contents(design: Design, array: Array, layer: LayerWeights) -> dict[str, str]:
    stem = f"{design.spec.identifier}_{array.name}"
    narrowed = sum_format(array, design.spec)
    files = {f"rtl/{stem}_bias.hex": to_hex(bias_words(array, layer, narrowed), bias_words_width(array, narrowed))}
    if array.scale:
        files[f"rtl/{stem}_scale.hex"] = to_hex(scale_words(array, layer), array.scale_words_width)
    if array.fed:
        return files | {f"load/{stem}.hex": to_hex(fed_beats(array, layer), array.fed)}
    for number, unit in enumerate(unit_words(array, layer)):
        files[f"rtl/{stem}_unit{number}.hex"] = to_hex(unit, array.word_width)
    return files


def _top(design: Design, built: Schedule) -> str:
    stages = [_stage(design, stage) for stage in built.stages]
    layers, head = stages[: len(design.net.layers)], stages[len(design.net.layers) :]
    names = [stage["name"] for stage in stages]
    tables = [(name, table, _file(design, name)) for name, table in design.net.tables.items()]
    first, spec = design.net.layers[0], design.spec
    text: str = render_template(
        "hls_templates",
        "myhdl/top.py.j2",
        name=design.spec.name,
        title=_title(built),
        formats=f"Formats({', '.join(f'{key}={value!r}' for key, value in design.spec.formats)})",
        tables=tables,
        kinds=sorted({type(array).__name__ for array in design.net.arrays}),
        stages=stages,
        layers=layers,
        head=head[0] if head else None,
        stateful=design.spec.model.stateful,
        state_width=first.h.width if spec.by_columns else None,
        links=list(pairwise(names)),
        load=_load(design),
        states=max(fmt.width for fmt in state_formats(spec)) if spec.engine.state_streams else 0,
        state_values=len(first.cell.states),
        input={"words": first.input_words, "width": first.x.width},
        output=_output(design, built),
        fillers=_fillers(built),
    )
    return text


def _title(built: Schedule) -> str:
    return f"Cycles per step: {built.cycles_per_step}. Latency of a sequence of one step: {built.latency}."


def _stage(design: Design, stage: Stage | ColumnStage) -> dict[str, Any]:
    array, spec = stage.array, design.spec
    stem = f"{spec.identifier}_{array.name}"
    head, last = spec.model.head, design.net.layers[-1]
    narrowed = sum_format(array, spec)
    return {
        "name": array.name,
        "array": repr(array),
        "columns": isinstance(array, ColumnArray),
        "units": array.units,
        "streams": array.streams,
        "file": stem,
        "module": f"{stem}_unit",
        "intervals": stage.intervals if isinstance(stage, Stage) else None,
        "release_at": stage.release_at if isinstance(stage, Stage) else None,
        "every_step": array is not last or head is None or head.when == "step",
        "bias_width": bias_width(array, narrowed),
        "bias_shift": bias_shift(array, narrowed),
        "outbox_width": array.cells * array.h.width if array.recurrent else _result_width(design),
        "scaled": array.scale is not None,
        "argmax": head is not None and head.kind == "argmax",
        "cells": array.cells,
        "output_beats": array.output_beats,
        "given_state": array.given_state,
        "state_sequences": stage.under_way if isinstance(stage, Stage) else None,
        "fed": array.fed,
        "writable": array.writable,
        "sections": sections(array, design.net),
        "set_in": array.writable and array is not design.net.layers[0],
    }


def _load(design: Design) -> dict[str, Any] | None:
    """The frame that weights come in, where they are loaded."""
    if design.spec.engine.memory != "scratchpad":
        return None
    fills = [(array.name, kind) for array in design.net.arrays for kind in sections(array, design.net)]
    starts = ["loading.restart", *(f"{name}_{kind}_end" for name, kind in fills)]
    order = [(start, *filled) for start, filled in zip(starts, fills, strict=False)]
    return {"beats": beats(design.net), "digest": shape_digest(design.net), "order": order}


def _result_width(design: Design) -> int:
    """Width of one result of the head."""
    assert design.net.head is not None
    assert design.spec.model.head is not None
    if design.spec.model.head.kind == "argmax":
        return index_bits(design.net.head.groups * design.net.head.slots_per_group)
    return design.net.head.sum_width


def _fillers(built: Schedule) -> dict[str, Any] | None:
    """Where streams take turns, how many results, and states of each layer, can be under way between input and output.

    A layer's input holds two, and what a step or a sequence leaves has its room before it begins.
    """
    if built.stages[0].array.streams == 1:
        return None
    waiting = 2 * len(built.stages)
    states = [waiting + stage.under_way for stage in built.stages if isinstance(stage, Stage)]
    return {"results": waiting + built.emit_steps, "states": states}


def _output(design: Design, built: Schedule) -> dict[str, Any]:
    last, head = design.net.arrays[-1], design.spec.model.head
    return {
        "words": last.cells,
        "width": _result_width(design) if head else last.h.width,
        "unsigned": head is not None and head.kind == "argmax",
        "results": built.stages[-1].results,
        "every_step": head is None or head.when == "step",
        "steps": built.emit_steps,
    }
