"""Energy of gates from how often their nets change: the sum over pins of changes x (C V^2 / 2 + energy in the cell).

A net's charge is counted where it is needed, at the input pins that it drives; wires are taken as without capacitance.
The energy inside a cell comes from the library's tables, at the load that its output drives and at one transition time
for all. Nets change at most once a cycle, so there are no glitches; leakage is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from accel.base.faults import Fault, Refused
from fpga.energy.liberty import Library, Pin
from fpga.energy.netlist import Gate

CLOCK_CHANGES = 2
"""Of the clock, each cycle."""


@dataclass(frozen=True)
class Energy:
    """Joules: of the clock at the pins and inside of the registers, and of the data."""

    clock: float
    data: float

    @property
    def all(self) -> float:
        """Both."""
        return self.clock + self.data

    def __add__(self, other: Energy) -> Energy:
        return Energy(self.clock + other.clock, self.data + other.data)

    def __mul__(self, factor: float) -> Energy:
        return Energy(self.clock * factor, self.data * factor)


NOTHING = Energy(0.0, 0.0)


def loads(gates: Iterable[Gate], library: Library) -> dict[str, float]:
    """Farads at each net: the input pins that it drives."""
    found: dict[str, float] = defaultdict(float)
    for gate in gates:
        for name, pin in _pins(gate, library).items():
            net = gate.nets.get(name)
            if net is not None and not pin.output:
                found[net] += pin.capacitance
    return found


def energy(
    gates: list[Gate], library: Library, changes: Mapping[str, int], clock: str, cycles: int, slew: float
) -> dict[str, Energy]:
    """Energy by part over some cycles in which nets change so often. Refused where a net was not counted.

    `clock` is the clock's net, which the counts need not hold; `slew` the transition time of every net in seconds.
    """
    at, counted = loads(gates, library), {**changes, clock: CLOCK_CHANGES * cycles}
    missing = sorted({net for gate in gates for net in gate.nets.values() if net is not None and net not in counted})
    if missing:
        raise Refused([Fault("activity", f"changes of {len(missing)} more nets", f"none of {', '.join(missing[:5])}")])
    found: dict[str, Energy] = defaultdict(lambda: NOTHING)

    @cache
    def inside(kind: str, name: str, load: float) -> tuple[tuple[str, float], ...]:
        return tuple((one.related, one.per_change(load, slew)) for one in library.cells[kind][name].internal)

    for gate in gates:
        for name, pin in _pins(gate, library).items():
            net = gate.nets.get(name)
            if net is None or not counted[net]:
                continue
            causes = inside(gate.kind, name, at.get(net, 0.0) if pin.output else 0.0)
            each = _mean([(energy, counted.get(gate.nets.get(related) or "", 0)) for related, energy in causes])
            charge = 0.0 if pin.output else pin.capacitance * library.voltage**2 / 2
            spent = counted[net] * (each + charge)
            found[gate.part] += Energy(spent, 0.0) if net == clock else Energy(0.0, spent)
    return dict(found)


def _mean(causes: list[tuple[float, int]]) -> float:
    """Energy of a change inside a cell; which input caused an output's is not known, so each counts as it changes."""
    total = sum(changes for _, changes in causes)
    if not total:
        return sum(energy for energy, _ in causes) / max(1, len(causes))
    return sum(energy * changes for energy, changes in causes) / total


def _pins(gate: Gate, library: Library) -> dict[str, Pin]:
    if gate.kind not in library.cells:
        raise Refused([Fault(f"library {library.name}", f"a cell {gate.kind}", "none")])
    return library.cells[gate.kind]
