"""MyHDL to Verilog: the rendered top, imported as a file, and the modules that it instantiates."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from myhdl import ResetSignal

from accel.model.design import Design
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.form import converted
from accel.rtl.modules import written


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
    module = load_top(design.work, identifier)
    return written(converted(module.accelerator, top_signals(module)), identifier)
