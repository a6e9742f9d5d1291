"""A study file: what to choose from, what to wish for, as YAML beside the spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from accel.spec.checked import checked
from accel.spec.types import Count, Section
from accel.spec.yaml_file import Document, read

_LIST = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
Names = Annotated[tuple[str, ...], _LIST]
Values = Annotated[tuple[Any, ...], _LIST, Field(min_length=1)]


class StudyFile(Section):
    """A study; whatever the command line says as well, it says instead."""

    axes: dict[str, Values] | None = None
    """Keys of the spec, as `engine.units`, and the values to choose from; without it sparrow proposes them."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Keys of the spec that all points have in place of its own, as `training.share: 0.1`."""
    objectives: Names = ()
    """Measures that shall be as good as they can."""
    limits: Names = ()
    """Bounds, as `cycles<=500`."""
    sampler: Literal["nsga2", "tpe", "random", "all"] = "nsga2"
    """Who proposes points; `all` tries every choice."""
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1
    """Makes a study repeatable."""
    budget: Count = 200
    """Designs that are worked out."""
    prune_epochs: Count | None = None
    """Fine-tuning of a point's pruned network; a quarter of the spec's where it is not given."""
    quantize_epochs: Count | None = None
    """Fine-tuning of its quantised one; the same."""


def chosen(path: Path | None, said: dict[str, Any]) -> StudyFile:
    """A study from its file, if there is one, and from what was said besides (None: nothing), which counts more.

    Raises Refused with every fault: file:line, key, wanted, got.
    """
    document = Document("study", {}) if path is None else read(path)
    if isinstance(document.data, dict):
        spoken = {key: value for key, value in said.items() if value is not None}
        document = replace(document, data=document.data | spoken)
    return checked(StudyFile, document, _no_rules)


def _no_rules(_: StudyFile) -> Iterator[tuple[str, str, Any]]:
    yield from ()
