"""The layers and the head of a top, call by call: what each is built from, and its instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.architecture.array import Array
from accel.architecture.linear import LinearArray
from accel.base.fixed import index_bits
from accel.memory.images import bias_shift, bias_width, sum_format
from accel.model.design import Design
from accel.rtl.blocks.rows.head import head_layer
from accel.rtl.call import Call
from accel.rtl.dataflows import blocks_of
from accel.schedule.stage import Stage


def result_width(design: Design) -> int:
    """Bits of a result of the head, or of an element of h_t where there is none."""
    head, net = design.spec.model.head, design.net
    if net.head is None or head is None:
        return net.layers[-1].h.width
    if head.kind == "argmax":
        return index_bits(net.head.groups * net.head.slots_per_group)
    return net.head.sum_width


def cells(design: Design, array: Array) -> str:
    """Formats and tables of a layer's cell stage."""
    width, shift = _bias(design, array)
    alike = design.net.alike(array).name.upper()
    return f"CellConstants({array.name.upper()}, {alike}_TABLES, {width}, {shift})"


def _bias(design: Design, array: Array) -> tuple[int, int]:
    """Bits of a stored bias, and the left shift that aligns it with its row's sum."""
    narrowed = sum_format(array)
    return bias_width(array, narrowed), bias_shift(array, narrowed)


def leaving(design: Design, array: Array) -> int:
    """Bits that leave an array at once: h of E units, a value of a linear layer, or a result of the head."""
    if isinstance(array, LinearArray):
        return array.made.width
    return array.cells * array.h.width if array.recurrent else result_width(design)


def layer_constants(design: Design, stage: Stage[Any]) -> Call:
    """Everything that a layer, or the head, is built from."""
    array, spec = stage.array, design.spec
    head, last = spec.model.head, design.net.layers[-1]
    goes_on = array is not last or design.net.place(len(design.net.layers)) in design.net.mirrors
    every_step = goes_on or head is None or head.when == "step"
    made_by, own = blocks_of(array).constants(stage, spec)
    added = design.net.residuals.get(len(design.net.layers))
    pooled = ["pooled=True"] if array is last and (design.net.pool or (added and added.final)) else []
    return Call(f"{array.name}_built", made_by, (*_held(design, array), *own, f"every_step={every_step}", *pooled))


def _held(design: Design, array: Array) -> Iterator[str]:
    """The memories of a layer: read from files, empty where loaded, weights outside where streamed."""
    upper, stem = array.name.upper(), f"{design.spec.identifier}_{array.name}"
    if array.streamed or array.writable:
        yield f"lanes=ArrayConstants({upper}, (), ())"
    else:
        yield f'lanes=lanes_held(RTL, {upper}, "{stem}")'
    yield 'bias_words=(), bias_file=""' if array.writable else f'**biases_held(RTL, "{stem}")'
    if array.scale is None:
        yield "scales=None"
    elif array.writable:
        yield f'scales=ScaleConstants({upper}.scale, (), "")'
    else:
        yield f'scales=scales_held(RTL, {upper}, "{stem}")'


def layers(design: Design) -> Iterator[Call]:
    """The instance of every layer, and of the head."""
    for array in design.net.arrays:
        name = array.name
        boxes, stores = ("clk", "reset", f"{name}_ping_pong", f"{name}_results"), _stores(array)
        if isinstance(array, LinearArray):
            constants = f"ActivationConstants({name.upper()}, {design.net.alike(array).name.upper()}_TABLES)"
            given = name, f"{name}_built", False, *_bias(design, array), stores, constants
            yield Call(f"{name}_running", head_layer, (*boxes, *given))
            continue
        if array is design.net.head:
            head = design.spec.model.head
            argmax = head is not None and head.kind == "argmax"
            given_head = "head", "head_built", argmax, *_bias(design, array), stores
            yield Call("head_running", head_layer, (*boxes, *given_head))
            continue
        built = (name, f"status_{name}", f"{name}_built", cells(design, array), stores)
        yield blocks_of(array).layer(array, design.spec, boxes, built)


def _stores(array: Array) -> str | None:
    """What writes into a layer's weights, or brings them in every step."""
    if array.writable:
        return f"{array.name}_stores"
    return f"{array.name}_weights" if array.streamed else None
