"""`training.json` of a folder that somebody else filled: read with the fields that are shown later, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from accel.base.faults import Fault, Refused
from accel.base.files import read_json


class _Fields(BaseModel):
    """Fields beside those that are named are kept as they are."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Ratios(_Fields):
    input: float
    recurrent: float


class _Layer(_Fields):
    name: str
    kept: list[int]
    ratios: _Ratios


class _Candidate(_Fields):
    kept: list[list[int]]
    valid: float
    chosen: bool


class _Bits(_Fields):
    float: int
    values: int
    indices: int
    bias: int
    total: int


class _Record(_Fields):
    task: str | None
    metric: str | None
    models: dict[str, float]
    layers: list[_Layer]
    bits: _Bits
    seed: int
    candidates: list[_Candidate] = []


def read_record(path: Path) -> dict[str, Any]:
    """The record of a training. Refused, with every fault, where a field that is shown later is not what it must be."""
    try:
        found: dict[str, Any] = read_json(path)
        TypeAdapter(_Record).validate_python(found)
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        raise Refused([Fault(str(path), "the record of a training", str(error))]) from None
    except ValidationError as wrong:
        faults = [(".".join(map(str, one["loc"])), one["msg"], repr(one["input"])[:80]) for one in wrong.errors()]
        raise Refused([Fault(f"{path}: {place}", wanted, got) for place, wanted, got in faults]) from None
    except ValueError as error:
        raise Refused([Fault(str(path), "the record of a training", str(error))]) from None
    return found
