"""Checkpoints: one file a stage, replaced in one move after each epoch, so that a run killed at any moment goes on."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from accel.base.files import write_bytes
from accel.spec import Section, Spec

Checkpoint = dict[str, Any]


def fingerprint(spec: Spec, sections: Iterable[str], without: Iterable[str] = ()) -> str:
    """Digest of the sections of the spec that a stage depends on, `without` some of its training keys.

    A checkpoint with another digest is not resumed. Keys at their defaults are left out, so that a key that is new in
    a later version leaves the work of an earlier one valid.
    """
    chosen = {section: written(getattr(spec, section)) for section in sections}
    chosen["training"] = {key: value for key, value in written(spec.training).items() if key not in without}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def written(section: Section) -> dict[str, Any]:
    """What of a section is not at its default, as JSON data."""
    return section.model_dump(mode="json", exclude_defaults=True)


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file atomically."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    write_bytes(path, buffer.getvalue())


def load(path: Path, wanted: str) -> Checkpoint | None:
    """The checkpoint, if there is one that can be read and has the wanted fingerprint."""
    try:
        found: Checkpoint = torch.load(path, weights_only=True, map_location="cpu")
    except (FileNotFoundError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None
    return found if found.get("fingerprint") == wanted else None
