"""MyHDL to Verilog: the rendered top, imported as a file, and the unit modules that it instantiates."""

from __future__ import annotations

import importlib.util
import re
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from myhdl import ResetSignal, ToVerilogWarning

from accel.architecture.array import Array
from accel.model.design import Design
from accel.rtl import names, signedness
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.dataflows import blocks_of
from accel.rtl.unread import without_unread
from accel.rtl.verilog_text import NO_NETS, finished

SILENT_ZERO = re.compile(r"= 00;")
"""What MyHDL writes, without a word, for a shadow signal of a port or one that is defined below its generator."""


def load_top(work: Path, identifier: str) -> ModuleType:
    """The rendered MyHDL as a module (MyHDL reads its source, so it must be a file)."""
    path = work / "myhdl" / f"{identifier}.py"
    made = importlib.util.spec_from_file_location(f"sparrow_rendered_{identifier}", path)
    assert made is not None
    assert made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def top_signals(module: ModuleType) -> dict[str, Any]:
    """Fresh signals for all ports of the top."""
    return {"clk": flag(), "reset": ResetSignal(0, active=1, isasync=False), **module.ports()}


def convert(design: Design) -> str:
    """The Verilog of a design whose MyHDL and memory contents lie in its work folder: the top, then the modules in it.

    The same design gives the same text, whatever the process converted before.
    """
    identifier = design.spec.identifier
    with names.fresh():
        module = load_top(design.work, identifier)
        texts = [unit_module(array, f"{identifier}_{array.name}_unit") for array in design.net.arrays]
        top = module.accelerator(**top_signals(module), converting=True)
        return "\n".join([_verilog(top, identifier), *texts])


def unit_module(array: Array, name: str) -> str:
    """The Verilog module of one unit of an array."""
    return _verilog(blocks_of(array).unit(array), name)


def _verilog(block: Any, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", ToVerilogWarning)  # signals that nobody reads: synthesis removes them
        warnings.filterwarnings("error", message="Signal is not driven", category=ToVerilogWarning)
        # under NO_NETS an undeclared name in a block's own Verilog text stops the compiler; it would be a silent wire
        block.convert(hdl="Verilog", name=name, path=folder, header=NO_NETS, no_myhdl_header=True, no_testbench=True)
        text = (Path(folder) / f"{name}.v").read_text(encoding="utf-8")
    if SILENT_ZERO.search(text):
        raise ValueError(f"{name}: MyHDL wrote a constant zero for a signal that it could not name")
    for fault in signedness.faults(text):
        raise ValueError(f"{name}: an unsigned constant beside a signed operand: {fault}")
    return finished(without_unread(text))
