"""Reports of Vivado: utilisation and timing as they are read, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.base.faults import Refused
from fpga.board import find
from fpga.vivado_reports import parse_timing, parse_utilization

REPORTS = Path(__file__).parent / "reports"
"""Written by hand in the tool's form: their numbers are nobody's measurement."""


def test_utilisation_is_read() -> None:
    found = parse_utilization(REPORTS / "routed_utilization.rpt", "routed")
    assert (found.tool, found.origin) == ("Vivado v.2023.2", "routed")
    assert found.used == {"luts": 11873, "registers": 14408, "block_rams": 12, "large_rams": 0, "multipliers": 45}
    resources = find("zcu104").resources
    assert {name: getattr(resources, name) for name in found.available} == found.available


def test_timing_is_read_for_the_clock_with_the_least_slack() -> None:
    found = parse_timing(REPORTS / "routed_timing.rpt", "routed")
    assert (found.clock, found.wanted_mhz, found.reached_mhz, found.met) == ("clk_pl_0", 200.0, 196.5, False)
    assert found.path[0] == "accelerator/lane_array0_unit3/product_reg[2][4]/C"


@pytest.mark.parametrize("text", ["", "| Intra Clock Table\n| Inter Clock Table\n", "| Site Type | Used |\n"])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.rpt"
    path.write_text(text)
    with pytest.raises(Refused, match="wanted a utilisation report of Vivado"):
        parse_utilization(path, "routed")
    with pytest.raises(Refused, match="wanted a timing summary of Vivado"):
        parse_timing(path, "routed")
