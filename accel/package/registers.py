"""The register file of a package, described once in SystemRDL: Verilog, C header, Python and page come from that text.

Needs the extra `registers` (PeakRDL: `systemrdl-compiler`, `peakrdl-etana`, `peakrdl-cheader`, `peakrdl-markdown`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.templates import render

WIDTH = 32
"""Bits of a register and of the bus."""


@dataclass(frozen=True)
class Field:
    """A field of a register: its lowest bit, its bits."""

    name: str
    low: int
    width: int


@dataclass(frozen=True)
class Register:
    """A register: byte offset, and its fields from the lowest bit on."""

    name: str
    offset: int
    fields: tuple[Field, ...]


def described(name: str, facts: Mapping[str, Any]) -> str:
    """The text in SystemRDL of the address map `name`, from the facts that the template names."""
    text: str = render("accel", "package/axi_lite/registers.rdl.j2", name=name, **facts)
    return text


def exported(name: str, text: str, top: str) -> tuple[dict[str, str], int]:
    """Everything that is made from a description, by file name; and how many bits an address has.

    Raises Refused where PeakRDL is not installed.
    """
    compiled = _compiled(text)
    registers = _registers(compiled)
    made = {
        f"{name}.rdl": text,
        f"{name}.sv": _written(_verilog(compiled), f"{name}.sv"),
        f"{name}.h": _written(_header(compiled, name), f"{name}.h"),
        f"{name}.md": _written(_page(compiled, name), f"{name}.md"),
        f"{name}.py": render("accel", "package/axi_lite/constants.py.j2", top=top, registers=registers),
    }
    return made, (registers[-1].offset + WIDTH // 8 - 1).bit_length()


def _compiled(text: str) -> Any:
    """The elaborated description."""
    try:
        from peakrdl_etana.udps import ALL_UDPS
        from systemrdl.compiler import RDLCompiler
    except ImportError as lacking:
        wanted = "PeakRDL: pip install 'sparrow-lstm[registers]'"
        raise Refused([Fault("--registers", wanted, f"no {lacking.name}")]) from lacking
    compiler = RDLCompiler()
    for known in ALL_UDPS:
        compiler.register_udp(known)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "registers.rdl")
        path.write_text(text, encoding="utf-8")
        compiler.compile_file(str(path))
        return compiler.elaborate().top


def _registers(compiled: Any) -> list[Register]:
    return [
        Register(
            one.inst_name,
            one.absolute_address,
            tuple(Field(part.inst_name, part.low, part.width) for part in one.fields()),
        )
        for one in compiled.registers()
    ]


def _written(export: Callable[[Path], None], file: str) -> str:
    """The text of a file that an exporter leaves in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        export(Path(folder))
        return Path(folder, file).read_text(encoding="utf-8")


def _verilog(compiled: Any) -> Callable[[Path], None]:
    from peakrdl_etana import RegblockExporter
    from peakrdl_etana.cpuif.axi4lite import AXI4Lite_Cpuif_flattened

    options = {"cpuif_cls": AXI4Lite_Cpuif_flattened, "err_if_bad_addr": True, "err_if_bad_rw": True}
    return lambda folder: RegblockExporter().export(compiled, str(folder), **options)


def _header(compiled: Any, name: str) -> Callable[[Path], None]:
    from peakrdl_cheader.exporter import CHeaderExporter

    return lambda folder: CHeaderExporter().export(compiled, str(folder / f"{name}.h"))


def _page(compiled: Any, name: str) -> Callable[[Path], None]:
    from peakrdl_markdown import MarkdownExporter

    return lambda folder: MarkdownExporter().export(compiled, str(folder / f"{name}.md"))
