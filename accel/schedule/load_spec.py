"""A spec as it comes in: read, checked key by key, then held against the sizes and the pace that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.architecture.constraints import violations
from accel.architecture.network import network
from accel.schedule.budget import excesses
from accel.schedule.proposals import late
from accel.spec import Spec, checked
from accel.spec.rules import rules, structural_rules
from accel.spec.yaml_file import Document, read


def load(path: Path | str) -> Spec:
    """Read and check a spec file. Raises Refused with every fault: key path, wanted, got."""
    return checked(Spec, read(Path(path)), admission).lying_in(Path(path).parent)


def parse(data: Any) -> Spec:
    """Check plain data as `load` does."""
    return checked(Spec, Document("spec", data), admission)


def admission(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Contradictions between keys, and what of a spec without any the engine cannot do."""
    yield from rules(spec)
    if not [*structural_rules(spec)]:
        net = network(spec)
        yield from [*excesses(net)] or [*violations(net)] or late(net)
