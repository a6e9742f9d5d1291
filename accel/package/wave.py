"""A wave of one sequence, and how GTKWave shows it: streams, layers and the status word as groups with their names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from accel.base.files import write_text
from accel.engines.engine import converted
from accel.engines.ports import Port, listed, ports
from accel.model.design import Design
from accel.model.samples import Samples
from accel.package import manifest, simulated, verilog
from accel.package.bench import bench
from accel.rtl.convert import load_top, top_signals

BINARY, HEXADECIMAL, BEGIN, END = "28", "22", "800200", "1000200"
"""How GTKWave's save files mark a flag, a word, the begin and the end of a group."""


def wave(design: Design, samples: Samples, fst: Path) -> str:
    """Leave the wave of sequences, and beside it a save file for GTKWave; what the bench said, or `not run`.

    Raises Different where the bench fails; the wave is left then too, since it is wanted most.
    """
    top = design.spec.identifier
    signals = top_signals(load_top(design.work, top))
    rtl = converted(design)
    contents = {path.name: path.read_text(encoding="ascii") for path in rtl.parent.glob("*.hex")}
    files = {f"rtl/{top}.v": verilog.alone(rtl.read_text(encoding="utf-8"), top, contents, inline=False)}
    files |= {f"memory/{name}": text for name, text in contents.items()}
    files |= {f"bench/{name}": text for name, text in bench(design, samples, signals, bool(contents)).files.items()}
    inputs, outputs = listed(signals)
    order = {name: place for place, name in enumerate(ports(signals))}
    shown = sorted([*inputs, *outputs], key=lambda port: order[port.name])
    with tempfile.TemporaryDirectory() as name:
        manifest.write(Path(name), files)
        try:
            return simulated.simulated(Path(name), top, fst)
        finally:
            if fst.is_file():
                write_text(fst.with_suffix(".gtkw"), save_file(fst.name, top, shown, list(signals)))


def save_file(fst: str, top: str, shown: list[Port], groups: list[str]) -> str:
    """The text of a save file beside the wave; `groups` are what names of ports begin with."""
    own = {group: [port for port in shown if _group(port.name, groups) == group] for group in groups}
    lines = [f'[dumpfile] "{fst}"', *_line(top, Port("clk", 1)), *_line(top, Port("reset", 1))]
    for group, found in own.items():
        if found:
            lines += [f"@{BEGIN}", f"-{group}", *(line for port in found for line in _line(top, port))]
            lines += [f"@{END}", f"-{group}"]
    return "\n".join([*lines, ""])


def _group(name: str, groups: list[str]) -> str:
    """The longest of the groups that a port's name begins with."""
    return max((group for group in groups if name.startswith(f"{group}_")), key=len, default="")


def _line(top: str, port: Port) -> Iterator[str]:
    yield f"@{BINARY if port.width == 1 else HEXADECIMAL}"
    yield f"{top}_bench.dut.{port.name}" + (f"[{port.width - 1}:0]" if port.width > 1 else "")
