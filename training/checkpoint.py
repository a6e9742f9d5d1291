"""Checkpoints: two files a stage, so that a run killed at any moment goes on: the last one, and the one before.

A file is a line with the SHA-256 of what follows, then what torch saves. One that is damaged is told and not used.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from accel.base.files import write_bytes
from accel.base.progress import say
from accel.spec import Section, Spec
from training.hand_over import CHECKPOINT
from training.tasks import own

Checkpoint = dict[str, Any]


def fingerprint(spec: Spec, sections: Iterable[str], without: Iterable[str] = ()) -> str:
    """Digest of the sections of the spec that a stage depends on, `without` some of its training keys.

    A checkpoint with another digest is not resumed; the files of a person's own task count. Keys at their defaults are
    left out, so that a key that is new in a later version leaves the work of an earlier one valid.
    """
    chosen = {section: written(getattr(spec, section)) for section in sections}
    if task := own.digests(spec):
        chosen["task files"] = task
    chosen["training"] = {key: value for key, value in written(spec.training).items() if key not in without}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def written(section: Section) -> dict[str, Any]:
    """What of a section is not at its default, as JSON data."""
    return section.model_dump(mode="json", exclude_defaults=True)


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file atomically; what was there is kept as the one before."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    if path.is_file():
        path.replace(_before(path))
    write_bytes(path, _head(buffer.getvalue()) + buffer.getvalue())


def load(path: Path, wanted: str) -> Checkpoint | None:
    """The checkpoint, else the one before, if it is whole and has the wanted fingerprint; a damaged one is told."""
    for each in (path, _before(path)):
        try:
            whole = each.read_bytes()
        except FileNotFoundError:
            continue
        head, _, contents = whole.partition(b"\n")
        if head + b"\n" != _head(contents):
            say(f"{each} is damaged, or no checkpoint of this version: it is not used")
            continue
        found: Checkpoint = torch.load(io.BytesIO(contents), weights_only=True, map_location="cpu")
        if found.get("fingerprint") == wanted:
            return found
    return None


def _before(path: Path) -> Path:
    return path.with_name(f"{path.name}.before")


def _head(contents: bytes) -> bytes:
    return CHECKPOINT + hashlib.sha256(contents).hexdigest().encode() + b"\n"
