"""Shipped specs with some of their keys replaced: what pages are measured on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SPECS = Path(__file__).resolve().parents[2] / "specs"


def changed(name: str, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A shipped spec as data, by section with these keys in place of its own."""
    data: dict[str, Any] = yaml.safe_load((SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    return data | {section: data.get(section, {}) | dict(keys) for section, keys in changes.items()}


def slug(name: str) -> str:
    """The name of a design as that of a folder."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)
