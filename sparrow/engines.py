"""Engines by the names they have in a spec: those of the accelerator, of training, and of tools."""

from __future__ import annotations

import importlib

from accel.engines.engine import Engine, Observed, ToolMissing
from accel.engines.verify import DeviceUnderTest
from accel.model.design import Design
from accel.model.samples import Samples
from accel.proof.sources import PACKAGES


def engine(path: str) -> Engine:
    """An engine `module:function`, imported when it runs; a Python package that is absent is a missing tool."""

    def run_engine(given: Design, inputs: Samples) -> Observed:
        module, name = path.split(":")
        try:
            found: Engine = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as missing:
            if (missing.name or "").split(".")[0] in PACKAGES:
                raise
            raise ToolMissing(f"the Python package {missing.name} is not installed") from None
        return found(given, inputs)

    return run_engine


ENGINES: dict[str, DeviceUnderTest] = {
    "golden": DeviceUnderTest(engine("accel.engines.engine:golden"), counts=True),
    "torch": DeviceUnderTest(engine("training.engine:torch_engine")),
    "myhdl": DeviceUnderTest(engine("accel.engines.native:native"), clocked=True, slow=True),
    "icarus": DeviceUnderTest(engine("accel.engines.icarus:icarus"), clocked=True, slow=True),
    "verilator": DeviceUnderTest(engine("accel.engines.verilator:verilator"), clocked=True),
    "netlist": DeviceUnderTest(engine("accel.engines.netlist:netlist"), clocked=True),
    "hls": DeviceUnderTest(engine("accel.engines.hls:hls"), counts=True),
    "chip": DeviceUnderTest(engine("fpga.chip:chip"), clocked=True),
}
