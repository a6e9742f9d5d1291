"""A network the whole way, by the command as a person types it: `new`, `run`, `predict`; what came out, as data."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Heard:
    """Sequences to answer, and what the float network decides, run by others' code: classes, -1 behind an end."""

    x: Array
    decisions: Array
    lengths: Array | None = None


@dataclass(frozen=True)
class Network:
    """A model file, the data formats are chosen on, and what else `sparrow new` is told."""

    name: str
    model: Path
    data: Path | None = None
    options: tuple[str, ...] = ()
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Keys that the spec that is written gets, section by section."""
    heard: Mapping[str, Heard] = field(default_factory=dict)


def measured(network: Network, work: Path, verify: bool = True) -> dict[str, Any]:
    """Everything that the page tells of a network; without `verify` it is imported only."""
    spec = work / f"{network.name}.yaml"
    data = () if network.data is None else ("--data", str(network.data))
    new, seconds = sparrow("new", str(network.model), *data, *network.options, "-o", str(spec), "--force")
    if network.changes:
        written = yaml.safe_load(spec.read_text(encoding="utf-8"))
        for section, keys in network.changes.items():
            written[section] = written.get(section, {}) | keys
        spec.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    of_run = sparrow("run" if verify else "import", str(spec), "--work", str(work / network.name), "--replace")[1]
    found = {key: new[key] for key in ("layers", "head", "weight_bits", "lanes")}
    told = json.loads((work / network.name / "training.json").read_text(encoding="utf-8"))["import"]
    found["errors"] = {one["name"]: one["relative_error"] for one in told["loss"]["layers"]}
    found["inputs"] = told["loss"]["inputs"]
    found["seconds"] = {"new": round(seconds), "run" if verify else "import": round(of_run)}
    found["differ"] = {name: differing(spec, work, network.name, one) for name, one in network.heard.items()}
    if verify:
        checked = json.loads((work / network.name / "verify.json").read_text(encoding="utf-8"))
        found["engines"] = {one["engine"]: one["status"] for one in checked["engines"]}
        found["cycles"] = sorted({one["cycles_per_step"] for one in checked["engines"] if one.get("cycles_per_step")})
    return found


def differing(spec: Path, work: Path, name: str, heard: Heard) -> list[int]:
    """Decisions that the accelerator takes otherwise, and how many there are."""
    given, y = work / f"{name}-heard.npz", work / f"{name}-y.npy"
    np.savez(given, x=heard.x, **({} if heard.lengths is None else {"lengths": heard.lengths}))
    sparrow("predict", str(spec), str(given), "-o", str(y), "--work", str(work / name))
    mine = decided(np.load(y), heard.decisions.ndim)
    real = heard.decisions >= 0
    return [int((mine != heard.decisions)[real].sum()), int(real.sum())]


def decided(y: Array, axes: int) -> Array:
    """The class of each answer; of a single logit whether it is positive, of a probability whether it is above 1/2."""
    if y.ndim == axes:
        return np.asarray((y > 0.5).astype(np.int64)) if y.dtype.kind == "f" else y
    return np.asarray((y[..., 0] > 0).astype(np.int64) if y.shape[-1] == 1 else y.argmax(axis=-1))


def sparrow(*arguments: str) -> tuple[dict[str, Any], float]:
    """What a verb prints as JSON, and its seconds; its words are shown where it does not end well."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "sparrow.cli", *arguments, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"sparrow {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found, time.monotonic() - started


def versions(names: Sequence[str]) -> str:
    """Names with their versions."""
    from importlib import metadata

    return ", ".join(f"{name} {metadata.version(name)}" for name in names)
