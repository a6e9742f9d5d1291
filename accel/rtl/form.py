"""A block as MyHDL converts it by itself: text with ports, and a place for every instance of a module in it."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from myhdl import ToVerilogWarning, _block
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl.conversion._toVerilog import toVerilog

from accel.rtl import names, ports, signedness
from accel.rtl.blocks.primitives.module import instantiated_by, module
from accel.rtl.verilog_text import NO_NETS
from accel.spec.reserved import TAKEN

SILENT_ZERO = re.compile(r"= 00;")
"""What MyHDL writes, without a word, for a shadow signal of a port or one that is defined below its generator."""
KEPT = 1000
"""Forms of modules that a process remembers."""

_OUTPUT = re.compile(r"^output (?:signed )?(?:\[[^\]]*\] )?(\w+);$", re.MULTILINE)
_DECLARED = re.compile(r"^(?:input|output|wire|reg) (?:signed )?(?:\[[^\]]*\] )?(\w+)", re.MULTILINE)
_INPUT = re.compile(r"^input (?:signed )?(?:\[[^\]]*\] )?(\w+);$", re.MULTILINE)


@dataclass(eq=False)
class Instance:
    """An instance of a module: its name, its form, and what is connected to each port, once the text is written."""

    name: str
    form: Form
    connections: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Form:
    """A converted block. In its text stands `place(n)` where its instance n shall stand."""

    name: str
    text: str
    instances: list[Instance]

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Names of the ports that it drives."""
        return frozenset(_OUTPUT.findall(self.text))

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Names of the ports that it reads, or may read."""
        return frozenset(_INPUT.findall(self.text))


def place(number: int) -> str:
    """The line that stands for an instance."""
    return f"//@ instance {number}"


class _Stand(_UserVerilogCode):  # type: ignore[misc]
    """The text of an instance: a line that stands for it. When it is written, all signals have their names."""

    def __init__(self, number: int, instance: Instance, signals: dict[str, Any]) -> None:
        super().__init__("", {}, instance.name, None, "", 0)
        self.number, self.instance, self.signals = number, instance, signals

    def __str__(self) -> str:
        self.instance.connections = {port: _named(signal, port) for port, signal in self.signals.items()}
        return f"\n{place(self.number)}\n"


def _named(signal: Any, port: str) -> str:
    if signal._name is None:
        raise ValueError(f"a signal that is connected to {port} has no name in the Verilog: gather it first")
    return str(signal._name)


class _Alone(_block._Block):  # type: ignore[misc]
    """A block whose ports are all signals in its arguments, however deep they lie in bundles and lists."""

    def expose(self, signals: dict[str, Any]) -> None:
        """Give the ports their names, and the signals of bundles those of the bundles, before MyHDL names any."""
        named = {id(one) for one in signals.values()}
        others = {name: one for name, one in self.sigdict.items() if id(one) not in named}
        clash = set(others) & set(signals)
        if clash:
            raise ValueError(f"{self.func.__name__}: {sorted(clash)} are names of ports and of other signals")
        self.sigdict: dict[str, Any] = {**ports.bundled(self.symdict), **signals, **others}
        self.argnames, self.argdict = list(signals), signals

    def _inferInterface(self) -> None:
        used = [name for name, one in self.argdict.items() if one._driven or one._read]
        self.argnames = used


_forms: dict[Hashable, Form] = {}


def form(block: module, given: dict[str, Any]) -> Form:
    """The form of a module called with `given`; the same one for equal calls."""
    key = block.func, ports.constants(given)
    if key not in _forms:
        if len(_forms) >= KEPT:
            _forms.clear()
        _forms[key] = converted(block, ports.fresh(given))
    return _forms[key]


def converted(block: module, given: dict[str, Any]) -> Form:
    """The form of a module whose ports are the signals in `given`, converted anew."""
    instances: list[Instance] = []

    def instantiate(
        inner: module, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[_UserVerilogCode, dict[str, Any]]:
        call = ports.arguments(inner.func, args, kwargs)
        made = Instance(name, form(inner, call))
        instances.append(made)
        connected = _connected(made.form, ports.signals(call))
        return _Stand(len(instances) - 1, made, connected), connected

    name = block.func.__name__
    with names.fresh(), instantiated_by(instantiate):
        alone = _Alone(block.func, block, name, block.srcfile, block.srcline, False, **given)
        alone.expose(ports.signals(given))
        return Form(name, _verilog(alone, name), instances)


def _connected(made: Form, signals: dict[str, Any]) -> dict[str, Any]:
    """The signals of a call that are ports of the module, marked as MyHDL marks what generators read and drive."""
    connected = {port: signal for port, signal in signals.items() if port in made.inputs | made.outputs}
    for port, signal in connected.items():
        signal._markUsed()
        if port in made.outputs:
            signal._driven = "wire"
        else:
            _read(signal)
    return connected


def _read(signal: Any) -> None:
    signal._markRead()
    whole = getattr(signal, "_sig", None)
    if whole is not None:  # a slice: what it is of is named and declared with it
        whole._markUsed()
        _read(whole)
    elif hasattr(signal, "_sigargs"):
        signal._driven = "wire"


def _verilog(block: _Alone, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", ToVerilogWarning)  # signals that nobody reads: synthesis removes them
        warnings.filterwarnings("error", message="Signal is not driven", category=ToVerilogWarning)
        toVerilog.name, toVerilog.directory = name, folder
        # under NO_NETS an undeclared name in a block's own Verilog text stops the compiler; it would be a silent wire
        toVerilog.header, toVerilog.no_myhdl_header, toVerilog.no_testbench = NO_NETS, True, True
        toVerilog(block)
        text = (Path(folder) / f"{name}.v").read_text(encoding="utf-8")
    if SILENT_ZERO.search(text):
        raise ValueError(f"{name}: MyHDL wrote a constant zero for a signal that it could not name")
    if taken := sorted(TAKEN & set(_DECLARED.findall(text))):
        raise ValueError(f"{name}: words of Verilog are names of signals: {', '.join(taken)}")
    for fault in signedness.faults(text):
        raise ValueError(f"{name}: an unsigned constant beside a signed operand: {fault}")
    return text
