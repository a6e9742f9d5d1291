"""The LiteX side of a package: a system on chip predicts through memory, and a fault in it is seen."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from accel.base.tools import paths
from accel.package.litex import FILES
from tests.package.conftest import ran, sparrow

KINDS: dict[str, dict[str, Any]] = {
    "loaded weights": {"engine": {"units": 2, "memory": "scratchpad"}},
    "states given, two streams": {"engine": {"units": 2, "streams": 2, "state_streams": True}},
}
FAULTS = {
    "a bit of x": ("soc.py", "end.data.eq(wide.source.data)", "end.data.eq(wide.source.data ^ 1)"),
    "no end of a sequence": ("soc.py", 'keep={"valid", "ready", "last"}', 'keep={"valid", "ready"}'),
    "ends of results lost": ("soc.py", "Cat(end.data, end.last)", "Cat(end.data, 0)"),
    "another order of words": ("soc.py", 'bus_of(f"{name}_dma"), endianness="big"', 'bus_of(f"{name}_dma")'),
}


def predicts(made: Path) -> bool:
    """Whether the host of a package finds every word right."""
    verilator = paths(["verilator"])["verilator"]
    if find_spec("litex") is None or find_spec("cocotbext") is None or verilator is None:
        pytest.skip("needs litex, cocotbext-axi and verilator")
    found = f"{Path(verilator).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, str(made / "litex/test_soc.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PATH": found})
    assert "predicts" in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    return ran.returncode == 0


def test_every_stream_and_status_port_has_its_name_in_the_module(place: Path) -> None:
    names: dict[str, Any] = {}
    for file in FILES:
        compile((place / "made/litex" / file).read_text(), file, "exec")
    tree = ast.parse((place / "made/litex/accelerator.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = ast.literal_eval(node.value)
    assert names["SOURCES"] == {"s_axis": (8, False)}
    assert list(names["SINKS"]) == ["m_axis"]
    assert {"status_steps", "status_cycles", "status_torn"} <= set(names["STATUS"])


@pytest.mark.slow
def test_a_system_on_chip_predicts_through_it(place: Path) -> None:
    assert predicts(place / "made")


@pytest.mark.slow
@pytest.mark.parametrize(("file", "old", "new"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_system_is_seen(place: Path, file: str, old: str, new: str) -> None:
    path = place / "made/litex" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert not predicts(place / "made")


@pytest.mark.slow
@pytest.mark.parametrize("sections", KINDS.values(), ids=KINDS)
def test_systems_with_more_streams_predict(
    sections: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran(**sections)
    assert sparrow("package", "little.yaml", "-o", "made").exit_code == 0
    assert predicts(tmp_path / "made")
