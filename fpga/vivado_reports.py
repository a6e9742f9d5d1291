"""Reports of Vivado, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from accel.base.faults import Fault, Refused
from fpga.reports import Origin, Timing, Utilization

UTILIZATION_ROWS = {
    "luts": ("Slice LUTs", "CLB LUTs"),
    "registers": ("Slice Registers", "CLB Registers"),
    "block_rams": ("Block RAM Tile",),
    "large_rams": ("URAM",),
    "multipliers": ("DSPs",),
}
"""Rows of the utilisation report, by our names; 7 series and UltraScale+ call them differently."""


def parse_utilization(path: Path, origin: Origin) -> Utilization:
    """Read a utilisation report. Refused where it is none."""
    text = _read(path, "a utilisation report of Vivado")
    used, available = {}, {}
    for name, labels in UTILIZATION_ROWS.items():
        row = next((row for row in _rows(text) if row["Site Type"].rstrip("*") in labels), None)
        if row is not None:
            used[name], available[name] = int(float(row["Used"])), int(float(row["Available"]))
    if "luts" not in used:
        raise Refused([Fault(str(path), "a utilisation report of Vivado", "no row for LUTs")])
    return Utilization(_version(text), origin, used, available)


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Rows of every table, by the heads of their columns, which differ between versions."""
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if "Site Type" in cells:
            heads = cells
        elif heads and len(cells) == len(heads):
            yield dict(zip(heads, cells, strict=True))


def parse_timing(path: Path, origin: Origin) -> Timing:
    """Read a timing summary: the clock with the least slack. Refused where it is none."""
    text = _read(path, "a timing summary of Vivado")
    periods = dict(re.findall(r"^\s*(\S+)\s+\{[\d. ]+\}\s+([\d.]+)\s+[\d.]+\s*$", text, re.MULTILINE))
    table = text.partition("| Intra Clock Table")[2].partition("| Inter Clock Table")[0]
    slacks = dict(re.findall(r"^\s*(\S+)\s+(-?[\d.]+)\s+-?[\d.]+\s+\d+\s+\d+", table, re.MULTILINE))
    if not slacks or not set(slacks) <= set(periods):
        raise Refused([Fault(str(path), "a timing summary of Vivado", "no clock with a slack")])
    clock = min(slacks, key=lambda name: float(slacks[name]))
    period, slack = float(periods[clock]), float(slacks[clock])
    ends = re.findall(r"^\s*(?:Source|Destination):\s+(\S+)", text, re.MULTILINE)[:2]
    return Timing(
        _version(text), origin, clock, round(1000 / period, 3), round(1000 / (period - slack), 2), tuple(ends)
    )


def _version(text: str) -> str:
    found = re.search(r"Tool Version\s*:\s*(Vivado v\.[\d.]+)", text)
    return found[1] if found else "Vivado"


def _read(path: Path, wanted: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refused([Fault(str(path), wanted, str(error))]) from None
