"""weights.npz: integers, indices and masks of every matrix, with a digest of themselves and the formats they are in."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from accel.architecture.embedding import EMBEDDING
from accel.architecture.network import network
from accel.base.archives import read_arrays, require_integers
from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes
from accel.base.fixed import Integers
from accel.model.weights import THRESHOLD, LayerWeights, Matrix, Weights
from accel.model.weights_checks import faults_of
from accel.spec import Spec, plain

VERSION = 1


def _arrays(weights: Weights, spec: Spec) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for number, layer in enumerate(weights.layers):
        for name, matrix in (("w_x", layer.w_x), ("w_h", layer.w_h)):
            found[f"{number}.{name}"] = matrix.values.astype(np.int32)
            found[f"{number}.{name}.mask"] = matrix.mask.astype(bool)
        found[f"{number}.bias"] = layer.bias.astype(np.int32)
        if layer.scale is not None:
            found[f"{number}.scale"] = layer.scale.astype(np.int32)
        if layer.initial is not None:
            found[f"{number}.initial"] = layer.initial.astype(np.int32)
    if weights.embedding is not None:
        found[EMBEDDING] = weights.embedding.astype(np.int32)
    if spec.skips_states:
        found[THRESHOLD] = np.array(weights.threshold, dtype=np.int32)
    return found


def _formats(spec: Spec) -> str:
    keys: dict[str, Any] = plain(spec.weights)
    keys |= {key: plain(getattr(spec.formats, key)) for key in ("bias", "head_bias", "scale")}
    keys |= {"input": plain(spec.formats.input)} if spec.model.vocabulary is not None else {}
    return json.dumps(keys | {"version": VERSION}, sort_keys=True)


def _as_meant(formats: str, spec: Spec) -> dict[str, Any]:
    """Stored formats; a file from before a key came has its default."""
    try:
        stored = json.loads(formats)
    except ValueError:
        return {}
    defaults = plain(type(spec.weights)()) | {"scale": None, "head_bias": None}
    return defaults | stored if isinstance(stored, dict) else {}


def _digest(arrays: Mapping[str, np.ndarray], formats: str) -> str:
    digest = hashlib.sha256(formats.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save(path: Path, weights: Weights, spec: Spec) -> str:
    """Write `weights.npz` atomically; returns the digest of its contents."""
    faults = list(faults_of(weights, spec, str(path)))
    if faults:
        raise Refused(faults)
    arrays, formats = _arrays(weights, spec), _formats(spec)
    digest = _digest(arrays, formats)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, formats=np.array(formats), digest=np.array(digest), **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())
    return digest


def load(path: Path, spec: Spec) -> Weights:
    """Read `weights.npz` and check digest, formats, shapes, ranges and row balance against the spec; Refused if not."""
    arrays = read_arrays(path, "a weights file made by sparrow")
    formats, digest = str(arrays.pop("formats", "")), str(arrays.pop("digest", ""))
    if _digest(arrays, formats) != digest:
        raise Refused([Fault(f"{path}: digest", digest or "a digest", "contents that do not fit it")])
    if _as_meant(formats, spec) != json.loads(_formats(spec)):
        raise Refused([Fault(f"{path}: formats", _formats(spec), formats)])
    names = set(_expected_names(spec))
    if set(arrays) != names:
        raise Refused([Fault(f"{path}: arrays", ", ".join(sorted(names)), ", ".join(sorted(arrays)))])
    require_integers(arrays, str(path))
    threshold = int(arrays.pop(THRESHOLD, np.zeros(1)).sum())
    table = arrays[EMBEDDING].astype(np.int64) if EMBEDDING in arrays else None
    weights = Weights(tuple(layer_of(arrays, number) for number in range(len(network(spec).arrays))), threshold, table)
    faults = list(faults_of(weights, spec, str(path)))
    if faults:
        raise Refused(faults)
    return weights


def _expected_names(spec: Spec) -> list[str]:
    found = [THRESHOLD] if spec.skips_states else []
    found += [EMBEDDING] if spec.model.vocabulary is not None else []
    for number, array in enumerate(network(spec).arrays):
        parts = ["w_x", "w_x.mask", "w_h", "w_h.mask", "bias", *(["scale"] if array.scale else [])]
        parts += ["initial"] if spec.initial_states and array.kind is not None else []
        found += [f"{number}.{part}" for part in parts]
    return found


def layer_of(arrays: Mapping[str, np.ndarray], number: int) -> LayerWeights:
    """Layer `number` of a file's arrays: matrices and masks [rows, columns], bias and scale [sums], states [values]."""

    def matrix(name: str) -> Matrix:
        return Matrix(arrays[f"{number}.{name}"].astype(np.int64), arrays[f"{number}.{name}.mask"].astype(bool))

    def optional(name: str) -> Integers | None:
        return arrays[f"{number}.{name}"].astype(np.int64) if f"{number}.{name}" in arrays else None

    bias = arrays[f"{number}.bias"].astype(np.int64)
    return LayerWeights(matrix("w_x"), matrix("w_h"), bias, optional("scale"), optional("initial"))
