"""Spec and weights to MyHDL: a pure function. What is rendered is constants and instances; the blocks are a library."""

from __future__ import annotations

from accel.architecture.array import Array
from accel.architecture.embedding import EMBEDDING
from accel.architecture.pool import POOL
from accel.base.templates import render as render_template
from accel.memory.images import (
    bias_words,
    bias_words_width,
    scale_words,
    state_words,
    sum_format,
    table_words,
    unit_words,
)
from accel.memory.load_frame import WORD, frame, streamed_beats
from accel.model.design import Design
from accel.model.weights import LayerWeights
from accel.rtl.blocks.primitives.hexfile import to_hex
from accel.rtl.top import compose
from accel.schedule.schedule import Schedule, schedule


def render(design: Design) -> dict[str, str]:
    """The MyHDL top and the memory contents, by path in the work folder. The same design gives the same text."""
    design, built = design.in_hardware, schedule(design)
    files = {f"myhdl/{design.spec.identifier}.py": _top(design, built)}
    if design.spec.engine.memory == "scratchpad":
        files[f"load/{design.spec.identifier}.hex"] = to_hex(frame(design), WORD)
    else:
        for array, layer in zip(design.net.arrays, design.weights.layers, strict=True):
            files |= _contents(design, array, layer)
    if design.net.embedding is not None and design.weights.embedding is not None:
        rows = table_words(design.net.embedding, design.weights.embedding)
        files[f"rtl/{_file(design, EMBEDDING)}"] = to_hex(rows, design.net.embedding.width)
    if design.net.pool is not None and design.net.pool.mean:
        files[f"rtl/{_file(design, POOL)}"] = to_hex(design.net.pool.factors, design.net.pool.factor_width)
    for name, table in design.net.tables.items():
        files[f"rtl/{_file(design, name)}"] = to_hex(table.entries, table.output.width)
    return files


def _file(design: Design, name: str) -> str:
    return f"{design.spec.identifier}_{name}.hex"


def _contents(design: Design, array: Array, layer: LayerWeights) -> dict[str, str]:
    stem = f"{design.spec.identifier}_{array.name}"
    narrowed = sum_format(array)
    files = {f"rtl/{stem}_bias.hex": to_hex(bias_words(array, layer, narrowed), bias_words_width(array, narrowed))}
    if array.scale:
        files[f"rtl/{stem}_scale.hex"] = to_hex(scale_words(array, layer), array.scale_words_width)
    for name, (words, width) in state_words(array, layer).items():
        files[f"rtl/{stem}_initial_{name}.hex"] = to_hex(words, width)
    if array.streamed:
        return files | {f"load/{stem}.hex": to_hex(streamed_beats(array, layer), array.streamed)}
    for number, unit in enumerate(unit_words(array, layer)):
        files[f"rtl/{stem}_unit{number}.hex"] = to_hex(unit, array.word_width)
    return files


def _top(design: Design, built: Schedule) -> str:
    text: str = render_template(
        "hls_templates",
        "myhdl/top.py.j2",
        name=design.spec.name,
        title=_title(built),
        top=compose(design, built),
    )
    return text


def _title(built: Schedule) -> str:
    return f"Cycles per step: {built.cycles_per_step}. Latency of a sequence of one step: {built.latency}."
