"""Engine `myhdl`: the rendered blocks, run natively.

It is not reset in the middle of a run as the Verilog is: sums that no step owns go on for some cycles then, wrap in
hardware, and are thrown away; MyHDL's integers know their range and stop at that.
"""

from __future__ import annotations

from accel.engines.cosimulation import simulate
from accel.engines.engine import EngineFailed, Observed, generated
from accel.engines.observe import observe
from accel.engines.script import script
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.convert import load_top, top_signals


def native(design: Design, samples: Samples) -> Observed:
    """Run samples through the MyHDL in the work folder, which `generate` has rendered."""
    identifier = design.spec.identifier
    generated(design.work / "myhdl" / f"{identifier}.py")
    module = load_top(design.work, identifier)
    signals, driven = top_signals(module), script(design, samples).uncut
    top = module.accelerator(**signals)
    try:
        record = simulate(top, signals, tuple(array.name for array in design.in_hardware.net.layers), driven)
    except (ValueError, IndexError) as error:  # MyHDL's own: a signal left its range, an address its memory
        raise EngineFailed(str(error)) from error
    return observe(design, driven, record)
