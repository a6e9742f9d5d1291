"""Liberty, the format of cell libraries: pins with their capacitance, and tables of the energy that a change takes.

Read is what energy needs; the rest of a library is passed over. A small reader of our own: of the parsers on PyPI one
is under the GPL, the other for editing. Everything is in SI units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from accel.base.faults import Fault, Refused

FARADS = {"ff": 1e-15, "pf": 1e-12}
SECONDS = {"1ps": 1e-12, "10ps": 1e-11, "100ps": 1e-10, "1ns": 1e-9}
LOAD, SLEW = "total_output_net_capacitance", "input_transition_time"

_TOKEN = re.compile(r'"[^"]*"|[{}();:,]|[^\s{}();:,"]+')
_SKIPPED = re.compile(r"/\*.*?\*/|\\\r?\n", re.DOTALL)


@dataclass
class Group:
    """`kind(names) { ... }`: attributes by name, whether `a : b;` or `a(b, c);`, and the groups within."""

    kind: str
    names: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def all(self, kind: str) -> Iterator[Group]:
        """The groups of a kind right within."""
        return (group for group in self.groups if group.kind == kind)

    def one(self, name: str) -> str:
        """An attribute's only value. Refused where there is none."""
        if len(self.attributes.get(name, ())) != 1:
            got = ", ".join(self.attributes.get(name, ())) or "nothing"
            raise Refused([Fault(f"{self.kind}({', '.join(self.names)})", f"one {name}", got)])
        return self.attributes[name][0]


@dataclass(frozen=True)
class Table:
    """Energy of a change in joules by load in farads, transition time of the input in seconds, or both."""

    axes: tuple[str, ...]
    points: tuple[tuple[float, ...], ...]
    values: tuple[float, ...]
    """The last axis running fastest."""

    def at(self, load: float, slew: float) -> float:
        """Between the points linear, beyond them as at the last."""
        found = np.array(self.values).reshape([len(points) for points in self.points])
        for axis, points in zip(self.axes, self.points, strict=True):
            place = np.interp({LOAD: load, SLEW: slew}[axis], points, np.arange(len(points)))
            low = min(int(place), len(points) - 1)
            high = min(low + 1, len(points) - 1)
            found = found[low] + (place - low) * (found[high] - found[low])
        return float(found)


@dataclass(frozen=True)
class Internal:
    """What a change of a pin takes inside its cell; of an output, where the input `related` makes it change."""

    related: str
    tables: tuple[Table, ...]
    """Of its rise and of its fall; one alone where a set or reset makes it change one way."""

    def per_change(self, load: float, slew: float) -> float:
        """Joules; half of the changes rise, half fall."""
        return sum(table.at(load, slew) for table in self.tables) / len(self.tables)


@dataclass(frozen=True)
class Pin:
    """A pin; an output's capacitance is what it loads itself with."""

    output: bool
    capacitance: float
    internal: tuple[Internal, ...]


@dataclass(frozen=True)
class Library:
    """Cells by name, their pins by name; the supply in volts."""

    name: str
    voltage: float
    cells: dict[str, dict[str, Pin]]


def parse(text: str) -> Group:
    """The outermost group of a Liberty text. Refused where it is cut short or no Liberty."""
    tokens = list(reversed(_TOKEN.findall(_SKIPPED.sub(" ", text))))
    try:
        name = tokens.pop()
        found = _member(name, tokens)
    except IndexError:
        raise Refused([Fault("Liberty", "a complete library", "text that ends within a group")]) from None
    if not isinstance(found, Group):
        raise Refused([Fault("Liberty", "library(...) {", name)])
    return found


def _member(name: str, tokens: list[str]) -> Group | tuple[str, ...]:
    """What stands behind a name: a group, or an attribute's values."""
    opening = tokens.pop()
    if opening == ":":
        return (" ".join(iter(lambda: _word(tokens), ";")),)
    if opening != "(":
        raise Refused([Fault("Liberty", f"'(' or ':' behind {name}", opening)])
    values = tuple(value for value in iter(lambda: _word(tokens), ")") if value != ",")
    if not tokens or tokens[-1] != "{":
        if tokens and tokens[-1] == ";":
            tokens.pop()
        return values
    tokens.pop()
    made = Group(name, values)
    while (inner := tokens.pop()) != "}":
        found = _member(inner, tokens)
        if isinstance(found, Group):
            made.groups.append(found)
        else:
            made.attributes[inner] = found
    return made


def _word(tokens: list[str]) -> str:
    return tokens.pop().strip('"')


def library(text: str) -> Library:
    """The cells of a Liberty text."""
    top = parse(text)
    number, unit = top.attributes.get("capacitive_load_unit", ("", ""))
    if unit.lower() not in FARADS or top.one("voltage_unit") != "1V" or top.one("time_unit") not in SECONDS:
        wanted = "capacitive_load_unit in ff or pf, voltage_unit 1V and time_unit 1ns or 1ps"
        raise Refused([Fault("Liberty", wanted, f"{number}{unit}, {top.one('voltage_unit')}, {top.one('time_unit')}")])
    reader = _Reader(top, float(number) * FARADS[unit.lower()], SECONDS[top.one("time_unit")])
    cells = {cell.names[0]: dict(reader.pins(cell)) for cell in top.all("cell")}
    return Library(top.names[0], float(top.one("nom_voltage")), cells)


class _Reader:
    """Reads cells in a library's units; energy is in volts squared times its unit of capacitance."""

    def __init__(self, top: Group, farads: float, seconds: float) -> None:
        self.farads, self.units = farads, {LOAD: farads, SLEW: seconds}
        self.templates = {group.names[0]: group for group in top.all("power_lut_template")}

    def pins(self, cell: Group) -> Iterator[tuple[str, Pin]]:
        """Names and pins of a cell."""
        for pin in cell.all("pin"):
            place = f"{cell.names[0]}.{pin.names[0]}"
            capacitance = float(pin.attributes.get("capacitance", ("0",))[0]) * self.farads
            internal = tuple(self._internal(place, power) for power in pin.all("internal_power") if power.groups)
            yield pin.names[0], Pin(pin.one("direction") == "output", capacitance, internal)

    def _internal(self, place: str, power: Group) -> Internal:
        if "when" in power.attributes:
            raise Refused([Fault(place, "internal_power whatever the other pins are", f"when {power.one('when')}")])
        sides = [*power.all("rise_power"), *power.all("fall_power")]
        return Internal(power.attributes.get("related_pin", ("",))[0], tuple(self._table(place, one) for one in sides))

    def _table(self, place: str, group: Group) -> Table:
        if group.names[:1] == () or group.names[0] not in self.templates:
            raise Refused([Fault(place, "a table of a power_lut_template", ", ".join(group.names))])
        template = self.templates[group.names[0]]
        axes = [template.one(name) for name in ("variable_1", "variable_2") if name in template.attributes]
        unknown = [axis for axis in axes if axis not in self.units]
        if unknown:
            raise Refused([Fault(place, f"energy by {LOAD} and {SLEW}", unknown[0])])
        named = [f"index_{n + 1}" for n in range(len(axes))]
        indices = [_numbers(group.attributes.get(name) or template.attributes[name]) for name in named]
        points = [tuple(self.units[axis] * one for one in index) for axis, index in zip(axes, indices, strict=True)]
        values = tuple(one * self.farads for one in _numbers(group.attributes.get("values", ())))
        if len(values) != np.prod([len(one) for one in points]):
            raise Refused([Fault(place, f"{'x'.join(str(len(one)) for one in points)} values", str(len(values)))])
        return Table(tuple(axes), tuple(points), values)


def _numbers(texts: tuple[str, ...]) -> list[float]:
    return [float(word) for text in texts for word in text.replace(",", " ").split()]
