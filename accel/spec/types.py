"""What values of a spec can be, and what all its sections have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from accel.base.fixed import Fixed


def _fixed(value: Any) -> Any:
    if isinstance(value, Fixed):
        return value
    whole = isinstance(value, (list, tuple)) and len(value) == 2 and all(type(part) is int for part in value)
    if not whole or not 2 <= value[0] <= 32 or not 0 <= value[1] <= 40:
        raise ValueError("[width, frac] with 2 <= width <= 32 and 0 <= frac <= 40")
    return Fixed(value[0], value[1])


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError("a power of two")
    return value


def _state_threshold(value: Any) -> Any:
    if value != "found" and not (isinstance(value, float) and 0.0 < value < 1.0):
        raise ValueError("found, or a number above 0 and below 1")
    return value


_LIST = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""A list of YAML is frozen."""
FORMAT_SCHEMA = {
    "type": "array",
    "prefixItems": [{"type": "integer"}, {"type": "integer"}],
    "minItems": 2,
    "maxItems": 2,
}
Format = Annotated[Fixed, BeforeValidator(_fixed), WithJsonSchema(FORMAT_SCHEMA)]
Count = Annotated[int, Field(ge=1, le=1 << 20)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Hidden = Annotated[tuple[Count, ...], _LIST, Field(min_length=1, max_length=64)]
Activation = Literal["none", "relu", "hard_tanh", "hard_sigmoid", "tanh", "sigmoid"]
Clipping = Literal["none", "relu", "hard_tanh", "hard_sigmoid"]
"""Activations that are two ends of a value's own format."""
Between = Literal["none", "relu", "hard_tanh", "hard_sigmoid", "residual"]
"""What stands between two recurrent layers, where that is no linear layer."""
FORMS = ("a word", "a list")
"""Forms that a value may have which is one of several things: `form` tells which, and messages leave it out."""
When = Literal["last", "step"]
"""After which steps a head answers."""
Last = Literal["states", "output"]
"""Which last step a head of bidirectional layers reads."""
EngineName = Literal["golden", "torch", "myhdl", "icarus", "verilator", "netlist", "chip", "hls"]
Engines = Annotated[tuple[EngineName, ...], _LIST]
Shares = Annotated[tuple[Share, ...], _LIST]
Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]
StateThreshold = Annotated[Threshold | Literal["found"], BeforeValidator(_state_threshold)]
LowBit = Annotated[str, Field(pattern=r"^(binary|ternary)-(row|(none|weight|batch|layer)(-rounded)?)$")]
LowBits = Annotated[tuple[LowBit, ...], _LIST]
Width = Annotated[int, Field(ge=2, le=18)]
Widths = Annotated[tuple[Width, ...], _LIST]
Strength = Annotated[float, Field(gt=0.0)]
Strengths = Annotated[tuple[Strength, ...], _LIST]
Bank = Literal[2, 4, 8, 16, 32, 64]
Banks = Annotated[tuple[Bank, ...], _LIST]
Depth = Annotated[int, Field(ge=1, le=32)]
Depths = Annotated[tuple[Depth, ...], _LIST]
Baseline = Literal["unstructured", "bank", "block", "column", "targeted", "shared", "dense"]
Baselines = Annotated[tuple[Baseline, ...], _LIST]
TaskName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*|[^:\x00-\x1f\x7f]+:[A-Za-z_][A-Za-z0-9_]*)$")]


def form(value: Any) -> str:
    """Which of the FORMS a value has."""
    return FORMS[isinstance(value, (list, tuple, dict, BaseModel))]


class Section(BaseModel):
    """Part of a spec: frozen, strict types, unknown keys refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def plain(value: Any) -> Any:
    """Sections and formats as JSON data."""
    if isinstance(value, Section):
        return {key: plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, Fixed):
        return [value.width, value.frac]
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value
