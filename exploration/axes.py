"""What may be chosen: keys of the spec and their values; and the spec that a choice makes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.architecture.plan import planned
from accel.base.faults import Fault, Refused
from accel.schedule.load_spec import parse
from accel.spec import Spec, divisors, nonzeros_of, plain
from fpga import able

Choice = Mapping[str, Any]
"""A value for each axis, by its key."""
SHARES = (0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.95)
"""Shares of zeros that are tried where a study does not say any."""
CELLS_KEY, CELLS = "engine.cells_per_cycle", (1, 2, 4, 8)
WIDTHS = (4, 5, 6, 8)
STATES = (0.5, 0.6, 0.7, 0.8, 0.9)
FRACTIONS = ("input_frac", "recurrent_frac", "head_frac")
NETWORK = ("model", "sparsity", "weights", "formats", "tables", "training")
"""Sections whose change asks for another training; that of a file, too, asks for another reading."""


@dataclass(frozen=True)
class Axis:
    """A key of the spec, as `section.key`, and the values it may have, in their order."""

    key: str
    values: tuple[Any, ...]

    @property
    def of_the_network(self) -> bool:
        """Whether another value is another network."""
        return self.key.split(".")[0] in (*NETWORK, "source")


def base(spec: Spec) -> dict[str, Any]:
    """The spec as data with every key, its search replaced by the ratios it begins with, nothing held for certain."""
    data: dict[str, Any] = copy.deepcopy(plain(spec))
    data["engine"]["target_cycles"] = None
    if spec.sparsity.search is not None:
        k_x, k_h = planned(spec)[0]
        inputs, hidden = spec.sizes[0]
        data["sparsity"] |= {"search": None, "input": 1 - k_x / inputs, "recurrent": 1 - k_h / hidden}
    return data


def chosen(data: Mapping[str, Any], choice: Choice) -> dict[str, Any]:
    """The data with other values for some keys. Fraction bits follow a width that is chosen without them, where all
    layers have the same.
    """
    made = copy.deepcopy(dict(data))
    for key, value in choice.items():
        section, _, name = key.partition(".")
        made[section][name] = value
    held = data["weights"]
    if "weights.width" in choice and isinstance(held["width"], int):
        fewer = held["width"] - choice["weights.width"]
        for name in FRACTIONS:
            if f"weights.{name}" not in choice and isinstance(held[name], int):
                made["weights"][name] = max(0, held[name] - fewer)
    return made


def spec_of(data: Mapping[str, Any], choice: Choice, folder: Path = Path()) -> Spec:
    """The spec of a choice, its paths relative to `folder`. Refused where it is none that sparrow can build."""
    return parse(chosen(data, choice)).lying_in(folder)


def with_fixed(spec: Spec, keys: Choice) -> Spec:
    """The spec with other values for some keys, for a whole study. Refused as `spec_of`, or for unknown keys."""
    if faults := list(unknown_keys("fixed", keys, spec)):
        raise Refused(faults)
    return parse(chosen(plain(spec), keys)).lying_in(spec.beside(".")) if keys else spec


def proposed(spec: Spec, networks: bool) -> tuple[Axis, ...]:
    """Axes for a spec: those of its engine and, with `networks`, those of what it computes. Values that are refused
    on the spec as it is, whatever cells a cycle it has, are left out; axes with one value too.
    """
    data = base(spec)
    wished = [*_engine(spec), *(_network(spec) if networks else ())]
    legal = [Axis(one.key, tuple(value for value in one.values if _builds(data, one.key, value))) for one in wished]
    return tuple(axis for axis in legal if len(axis.values) > 1)


def _builds(data: dict[str, Any], key: str, value: Any) -> bool:
    """Whether some number of cells a cycle, and units that it divides, make a design with this value."""
    for cells in CELLS if key != CELLS_KEY else (value,):
        units = {"engine.units": cells} if key == CELLS_KEY else {}
        with suppress(Refused):
            return not any(able.refusals(spec_of(data, {**units, CELLS_KEY: cells, key: value})))
    return False


def _engine(spec: Spec) -> Iterator[Axis]:
    hidden = min(spec.model.hidden)
    groups = sorted({-(-hidden // count) for count in range(1, hidden + 1)})
    yield Axis("engine.units", tuple(sorted(divisors(hidden)) if spec.by_lane else groups))
    yield Axis("engine.lanes_per_row", (1, 2, 3, 4, 6, 8))
    yield Axis(CELLS_KEY, CELLS)
    if isinstance(spec.engine.dataflow, str):
        yield Axis("engine.dataflow", ("row", "column"))
    yield Axis("engine.input_words", tuple(n for n in (1, 2, 4, 8, 16) if n <= spec.model.inputs))
    yield Axis("engine.order", ("rows", "x_first"))
    if len(spec.model.hidden) > 1:
        yield Axis("engine.shared_layers", (False, True))
    yield Axis("engine.streams", (1, 2, 3, 4))
    yield Axis("engine.pack", (False, True))
    yield Axis("engine.operand_register", (False, True))
    yield Axis("engine.multiplier_registers", (False, True))
    yield Axis("engine.operand_memory", ("auto", "block"))


def _network(spec: Spec) -> Iterator[Axis]:
    if spec.sparsity.pattern != "dense":
        yield Axis("sparsity.input", _shares(min(inputs for inputs, _ in spec.sizes)))
        yield Axis("sparsity.recurrent", _shares(min(spec.model.hidden)))
    if spec.weights.kind == "fixed" and isinstance(spec.weights.width, int):
        yield Axis("weights.width", tuple(sorted({*WIDTHS, spec.weights.width})))
    if spec.sparsity.states is not None:
        yield Axis("sparsity.states", tuple(sorted({*STATES, spec.sparsity.states})))


def _shares(columns: int) -> tuple[float, ...]:
    """Shares that leave a row of `columns` columns a weight, one for each number of weights left."""
    left = {nonzeros_of(share, columns): share for share in reversed(SHARES) if nonzeros_of(share, columns)}
    return tuple(sorted(left.values()))


def given(axes: Mapping[str, Sequence[Any]], spec: Spec) -> tuple[Axis, ...]:
    """Axes as a study file has them. Refused where a key is not one of the spec, or a value stands twice."""
    faults = list(unknown_keys("axes", axes, spec))
    for key, values in axes.items():
        if len(set(map(repr, values))) < len(values):
            faults.append(Fault(f"axes.{key}", "each value once", repr(list(values))))
    if faults:
        raise Refused(faults)
    return tuple(Axis(key, tuple(values)) for key, values in axes.items())


def unknown_keys(place: str, keys: Iterable[str], spec: Spec) -> Iterator[Fault]:
    """Those that are no keys of the spec, as `place` of a study file has them."""
    data = base(spec)
    for key in keys:
        section, _, name = key.partition(".")
        if not isinstance(data.get(section), dict) or name not in data[section]:
            yield Fault(f"{place}.{key}", "a key of the spec, as section.key", key)
