"""Values that are one for all layers, or a list with one a layer; and the formats as one layer has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from accel.base.fixed import ByGate, Fixed
from accel.spec.types import FORMAT_SCHEMA, _fixed

T = TypeVar("T")


def _formats(value: Any) -> Any:
    """One format, or a list of them."""
    several = isinstance(value, (list, tuple)) and value and not isinstance(value[0], int)
    return tuple(map(_fixed, value)) if several else _fixed(value)


def _whole(lowest: int, highest: int) -> Any:
    """A whole number, or a list of them: what may stand there, and how the schema says it."""
    one = {"type": "integer", "minimum": lowest, "maximum": highest}

    def checked(value: Any) -> Any:
        every = value if isinstance(value, (list, tuple)) and value else [value]
        if not all(type(each) is int and lowest <= each <= highest for each in every):
            raise ValueError(f"a whole number {lowest} to {highest}, or a list of them, one a layer")
        return tuple(value) if isinstance(value, list) else value

    return BeforeValidator(checked), WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})


def _by_gate(lowest: int, highest: int) -> Any:
    """A whole number, or a list with one a layer, each of which may be a list with one a gate."""
    one = {"type": "integer", "minimum": lowest, "maximum": highest}
    gates = {"type": "array", "items": one, "minItems": 1}

    def entry(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) and value else value

    def checked(value: Any) -> Any:
        layers = tuple(map(entry, value)) if isinstance(value, (list, tuple)) and value else value
        flat = layers if isinstance(layers, tuple) else (layers,)
        every = [bits for each in flat for bits in (each if isinstance(each, tuple) else (each,))]
        if not all(type(bits) is int and lowest <= bits <= highest for bits in every):
            wanted = f"a whole number {lowest} to {highest}, or a list of them, one a layer, there one a gate too"
            raise ValueError(wanted)
        return layers

    several = {"type": "array", "items": {"anyOf": [one, gates]}, "minItems": 1}
    return BeforeValidator(checked), WithJsonSchema({"anyOf": [one, several]})


Frac = Annotated[int, Field(ge=0, le=24)]
Width = int | tuple[int, ...]
"""Of the weights of a layer: one, or one a gate."""
Widths = Annotated[int | tuple[Width, ...], *_by_gate(2, 18)]
"""Of weights: one, or one a layer, there one a gate too."""
Fracs = Annotated[int | tuple[int, ...], *_whole(0, 24)]
FORMATS_SCHEMA = {"anyOf": [FORMAT_SCHEMA, {"type": "array", "items": FORMAT_SCHEMA, "minItems": 1}]}
Formats = Annotated[Fixed | tuple[Fixed, ...], BeforeValidator(_formats), WithJsonSchema(FORMATS_SCHEMA)]
"""Of a signal: one, or one a layer."""
Counts = Annotated[int | tuple[int, ...], *_whole(1, 1 << 20)]
"""Of something there is at least one of: one number, or one a layer."""


def of_layer(value: T | tuple[T, ...], number: int) -> T:
    """What one layer has of a value, counted from 0."""
    return value[number] if isinstance(value, tuple) else value


def width_of(widths: Widths, number: int) -> Width:
    """Of the weights of one layer, counted from 0."""
    return widths[number] if isinstance(widths, tuple) else widths


def common(value: T | tuple[T, ...]) -> T | None:
    """What all layers have of a value; None where they differ."""
    if not isinstance(value, tuple):
        return value
    return value[0] if len(set(value)) == 1 else None


def of_all(each: tuple[T, ...]) -> T | tuple[T, ...]:
    """What each layer has, as a spec says it: once, where all have the same."""
    return each[0] if len(set(each)) == 1 else each


def weight_format(width: Width, frac: int) -> Fixed:
    """The format of a matrix; gates of one width are told as one."""
    if isinstance(width, int) or len(set(width)) == 1:
        return Fixed(width if isinstance(width, int) else width[0], frac)
    return ByGate(max(width), frac, width)


@dataclass(frozen=True)
class Signals:
    """Formats of what the cell of one layer makes, or a linear layer in front of the head's last one."""

    gate: Fixed
    activation: Fixed
    cell: Fixed
    state: Fixed
    linear: Fixed | None = None
    """What linear layers give whose activation is no table."""


@dataclass(frozen=True)
class LayerFormats:
    """Formats of one layer: what comes in, its weights (of fixed point), biases, scales, and its signals."""

    x: Fixed
    w_x: Fixed
    w_h: Fixed
    bias: Fixed
    scale: Fixed | None
    signals: Signals
