"""Checkpoints: one file a stage, replaced in one move after each epoch, so that a run killed at any moment goes on."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from pathlib import Path
from typing import Any

import torch

from accel.spec import Spec, plain
from accel.work import write_bytes

Checkpoint = dict[str, Any]


def fingerprint(spec: Spec, *sections: str) -> str:
    """Digest of the sections of the spec that a stage depends on; a checkpoint of another one is not resumed."""
    chosen = {key: plain(getattr(spec, key)) for key in sections}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


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
