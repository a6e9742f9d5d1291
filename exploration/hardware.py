"""What a design takes and how fast it is, without building it: the numbers of `check` and of the schedule."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from accel.architecture.network import Network, network
from accel.model import random_weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.schedule.proposals import products_at_once
from accel.schedule.schedule import Schedule, schedule
from accel.spec import Engine, Spec
from accel.spec.spec import Target
from exploration.measures import Stage
from fpga import board as boards
from fpga import estimate
from fpga.energy import closed

Value = tuple[float, Stage]
STEPS = 16
"""Steps of the sequence whose latency is told where there are no samples."""


@dataclass(frozen=True)
class Machine:
    """A spec, with the weights and samples that it runs on where there are some."""

    spec: Spec
    weights: Weights | None = None
    samples: Samples | None = None

    @cached_property
    def net(self) -> Network:
        """Its arrays, with the ratios of its weights."""
        net = network(self.spec) if self.weights is None else self.weights.network(self.spec)
        return net.in_hardware

    @cached_property
    def timing(self) -> Schedule:
        """Its schedule: of its weights, else of random ones."""
        return schedule(Design(self.spec, self.weights or seeded(self.spec), Path()))

    @cached_property
    def cycles(self) -> float:
        """From step to step: over its samples where zeros decide and there are some."""
        if self.spec.skips_states and self.samples is not None:
            return float(self.timing.cycles_over(self.samples))
        return float(self.timing.cycles_per_step)

    @property
    def stage(self) -> Stage:
        """Of what depends on which weights stay."""
        return "estimated" if self.weights is None else "exact"

    def measure(self, names: Collection[str]) -> dict[str, Value]:
        """Measures of the hardware by their names."""
        found = {name: work(self) for name, work in WORK.items() if name in names}
        if of_chip := [name for name in OF_CHIP if name in names]:
            board = boards.find(self.spec.target.board or ANY_ECP5)
            counted = {one.resource: one for one in estimate.resources(self.net, board)}
            found |= {name: (float(counted[name].used), counted[name].origin) for name in of_chip}
        return found


OF_CHIP = ("luts", "registers", "block_rams")
"""What a design takes of its board, or of an ECP5; it is the same on every chip of a family."""
ANY_ECP5 = "ulx3s-85f"


def missing(spec: Spec, names: Collection[str]) -> str:
    """Why some of the measures are not known of a spec; empty where all are."""
    why = closed.unknown(spec) if "energy" in names else ""
    return why and f"energy: {why}"


def _cycles(machine: Machine) -> Value:
    return machine.cycles, machine.stage


def _latency(machine: Machine) -> Value:
    if machine.samples is None:
        return float(machine.timing.finish([STEPS])), machine.stage
    one = machine.samples.only(int(machine.samples.lengths.argmax()))
    return float(machine.timing.finish(one.lengths.tolist(), machine.timing.operands(one))), machine.stage


def _bandwidth(machine: Machine) -> Value:
    """Bits of a step's weights, each step, at the pace of the lanes."""
    net, clock = machine.net, machine.spec.target.clock_mhz
    fed = [array.units * array.word_width * clock / 1000 for array in net.arrays if array.streamed]
    return round(sum(fed), 3), "exact"


def _energy(machine: Machine) -> Value:
    """Of a step between others."""
    net, cycles = machine.net, machine.cycles
    products = [float(array.nonzeros) for array in net.arrays]
    if machine.timing.skips_states and machine.samples is not None:
        steps, counted = int(machine.samples.lengths.sum()), iter(machine.timing.waits(machine.samples))
        for number, array in enumerate(net.layers):
            if array.skips_states:
                products[number] = next(counted).busy * array.multipliers / steps
    return round(closed.step_energy(net, [closed.Work(cycles, one) for one in products]), 3), "estimated"


WORK: dict[str, Callable[[Machine], Value]] = {
    "cycles": _cycles,
    "latency": _latency,
    "lanes": lambda machine: (float(sum(array.multipliers for array in machine.net.layers)), "exact"),
    "multipliers": lambda machine: (float(sum(map(products_at_once, machine.net.layers))), "exact"),
    "memory_bits": lambda machine: (float(machine.net.memory_bits), "exact"),
    "bandwidth": _bandwidth,
    "energy": _energy,
}


def seeded(spec: Spec) -> Weights:
    """Random weights of a spec; by rows they depend on no lanes but those of banks, and are made once for each."""
    if spec.by_lane:
        return random_weights.seeded(spec)
    engine = Engine(units=1, lanes_per_row=spec.banks)
    return _seeded(spec.model_copy(update={"name": "any", "engine": engine, "target": Target()}))


@lru_cache(maxsize=8)
def _seeded(spec: Spec) -> Weights:
    return random_weights.seeded(spec)
