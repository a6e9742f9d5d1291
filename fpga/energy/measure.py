"""Energy per step of a design's gates while they compute real inputs, checked bit by bit against the golden model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from accel.architecture.array import Array
from accel.base.faults import Fault, Refused
from accel.base.files import write_text
from accel.engines.engine import EngineFailed, Observed
from accel.engines.script import script
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import Window, simulated
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from fpga.energy.activity import changes
from fpga.energy.liberty import Library
from fpga.energy.mapping import CELLS, GATES, NETLIST, mapped
from fpga.energy.model import Energy, energy
from fpga.energy.netlist import Gate, gates
from fpga.rtl import generated

SOURCE = "simulated.v"


@dataclass(frozen=True)
class Counted:
    """The gates of a design, and how often their nets changed over some steps; `copies` of each part stand there."""

    gates: list[Gate]
    changes: dict[str, int]
    clock: str
    steps: int
    cycles: int
    copies: dict[str, int]

    def per_step(self, library: Library, slew: float) -> dict[str, Energy]:
        """Joules of a step by part, all copies of it; every net takes `slew` seconds to change."""
        spent = energy(self.gates, library, self.changes, self.clock, self.cycles, slew)
        return {part: one * (self.copies[part] / self.steps) for part, one in spent.items()}

    def sizes(self) -> dict[str, int]:
        """Gates of one copy of each part."""
        return {part: sum(gate.part == part for gate in self.gates) for part in self.copies}


def count(design: Design, samples: Samples, cells: str) -> Counted:
    """Map the Verilog in the work folder to the library of Liberty text `cells`, run samples, count changes.

    Raises ToolMissing, ToolFailed, and EngineFailed where a bit or a cycle differs from what is expected. Refused where
    the design has more than one LSTM layer, or the samples are too few.
    """
    layers = design.net.layers
    if len(layers) > 1:
        raise Refused([Fault("model.hidden", "one layer", str(len(layers)))])
    rtl, folder = generated(design.spec, design.work), design.work / "energy"
    first, last = steps(design, samples)
    window = watched(design, samples, first, last, folder)
    mapped(rtl, cells, folder)
    run(design, samples, folder, window)
    netlist = gates((folder / NETLIST).read_text(encoding="utf-8"), rtl.top)
    return Counted(netlist, changes(window), rtl.clock, last - first, window.last - window.first, copies(layers[0]))


def copies(array: Array) -> dict[str, int]:
    """How many of each part there are: units of lanes, cells of the cell stage."""
    lanes, cells = dict.fromkeys(("multipliers", "accumulators"), array.units), ("gates", "products")
    return lanes | dict.fromkeys(cells, array.cells) | {"rest": 1}


def steps(design: Design, samples: Samples) -> tuple[int, int]:
    """The first step that counts and the one behind the last: whole rounds of sequences that run freely, but the first.

    Refused where there are too few, or where sequences differ in length.
    """
    lengths = {int(length) for length in samples.lengths}
    each = max(lengths) * design.net.layers[0].streams
    rounds = (script(design, samples).free - 1) // each
    if len(lengths) > 1 or rounds < 2:
        wanted = "sequences of one length, four times as many as take turns"
        raise Refused([Fault("samples", wanted, f"{len(samples.lengths)} of {len(lengths)} lengths")])
    return each, rounds * each


def watched(design: Design, samples: Samples, first: int, last: int, folder: Path) -> Window:
    """From one step's first cycle to another's, as the schedule predicts them."""
    timing = schedule(design)
    begins = timing.begins(samples.lengths.tolist(), timing.operands(samples))[timing.first]
    return Window(int(begins[first]), int(begins[last]), folder / "beginning.saif", folder / "counts.saif")


def run(design: Design, samples: Samples, folder: Path, window: Window) -> None:
    """Run the gates and count. Raises EngineFailed where they compute other bits or take other cycles."""
    quiet = f"/* verilator tracing_off */\n{(folder / CELLS).read_text(encoding='utf-8')}/* verilator tracing_on */\n"
    write_text(folder / SOURCE, quiet + (folder / GATES).read_text(encoding="utf-8"))

    def engine(design: Design, samples: Samples) -> Observed:
        return simulated(design, samples, folder / SOURCE, folder, window=window)

    result = compare("gates", DeviceUnderTest(engine, clocked=True), design, samples, schedule(design))
    if result.status != "equal":
        raise EngineFailed(f"the gates: {result.status}: {result.reason}")
