"""A rendered design in several engines, each of which must equal the golden model in every bit and cycle."""

from __future__ import annotations

from pathlib import Path

from accel.base.files import write_text
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl import convert, render
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import design
from training.engine import torch_engine

CPP = DeviceUnderTest(hls, counts=True)
MYHDL = DeviceUnderTest(native, clocked=True)
TORCH = {"torch": DeviceUnderTest(torch_engine)}
QUICK = {"myhdl": MYHDL, "hls": CPP}
SIMULATORS = {
    "myhdl": MYHDL,
    "icarus": DeviceUnderTest(icarus, clocked=True),
    "verilator": DeviceUnderTest(verilator, clocked=True),
    "hls": CPP,
}


def rendered(chosen: Spec, work: Path) -> Design:
    """A design with seeded weights, its MyHDL and C++ in `work`."""
    made = design(chosen, work)
    for path, text in (render.render(made) | render_hls(made)).items():
        write_text(work / path, text)
    return made


def with_verilog(made: Design) -> Design:
    """The same, its Verilog beside."""
    write_text(made.work / "rtl" / f"{made.spec.identifier}.v", convert.convert(made))
    return made


def require_equal(made: Design, given: Samples, devices: dict[str, DeviceUnderTest]) -> None:
    built = schedule(made)
    for name, device in devices.items():
        found = compare(name, device, made, given, built)
        assert (found.status, found.reason) == ("equal", ""), name


def stimuli(made: Design) -> Samples:
    """Sequences of all lengths, some of one step behind each other."""
    return samples.seeded(made.spec, 4, 4) + samples.brief(made.spec, 2) + samples.corners(made.spec, 2)


def require_a_wrong_clip_shows(made: Design) -> None:
    """The C++ of a design with one ReLU, whose zero is a one there, differs."""
    header = made.work / "hls" / "activations.h"
    text = header.read_text()
    assert text.count("Clipped<") == 1
    header.write_text(text.replace("(pre, 0LL,", "(pre, 1LL,"))
    assert compare("hls", CPP, made, stimuli(made), schedule(made)).status == "different"
