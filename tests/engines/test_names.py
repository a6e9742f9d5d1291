"""Any legal name names an accelerator: its words are not those of the languages and blocks that it is made of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from accel.base.files import write_text
from accel.engines.engine import reference
from accel.engines.native import native
from accel.model import samples
from accel.rtl import convert, render
from tests.designs import design, spec

AWKWARD = [
    "emit",
    "module",
    "numpy",
    "lstm0",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("link", "os", "top", "class", "int", "a--b-", "uart-rx")),
]
"""Names of blocks, packages, words of three languages, our own modules, and of the rendered file itself."""


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_names_an_accelerator(name: str, tmp_path: Path) -> None:
    made = design(spec(name=name, model={"inputs": 1, "hidden": [1], "head": None}, engine={"units": 1}), tmp_path)
    for path, text in render.render(made).items():
        write_text(tmp_path / path, text)
    given = samples.seeded(made.spec, 1, 2)
    np.testing.assert_array_equal(native(made, given).outputs, reference(made, given).outputs)
    write_text(tmp_path / "rtl" / f"{made.spec.identifier}.v", convert.convert(made))
    if (iverilog := shutil.which("iverilog")) is None:
        pytest.skip("iverilog is not on PATH")
    command = [iverilog, "-g2012", "-s", made.spec.identifier, "-o", "top", f"{made.spec.identifier}.v"]
    subprocess.run(command, cwd=tmp_path / "rtl", check=True)
