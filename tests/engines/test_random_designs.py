"""Random legal specs: MyHDL, Verilog and C++ equal the golden model bit for bit, the schedule cycle for cycle.

`make fuzz` does the same on every core for as long as it is told (SPARROW_FUZZ_SECONDS), and says how many specs were
tried; Verilator, which takes as long as all others together, runs the Verilog of every third.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accel.base.files import write_text
from accel.engines.engine import Engine
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.hls.render import render_hls
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.rtl import convert, render
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.engines.random_designs import (
    bank_specs,
    before_specs,
    bidirectional_specs,
    column_specs,
    extreme_specs,
    highway_specs,
    specs,
)
from tests.engines.random_shared import shared_specs
from training.engine import torch_engine

SECONDS = float(os.environ.get("SPARROW_FUZZ_SECONDS", "0"))
CLOCKED = ("myhdl", "icarus", "verilator", "netlist")
STEADY = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
ALWAYS: dict[str, Engine] = {"myhdl": native, "icarus": icarus, "hls": hls}
BY_ROWS = specs(), bank_specs(), highway_specs(), bidirectional_specs(), before_specs(), shared_specs()
KINDS = st.one_of(column_specs(), *BY_ROWS)


def check(made: Spec, work: Path, engines: dict[str, Engine]) -> None:
    design = Design(made, random_weights.seeded(made), work)
    for path, text in (render.render(design) | render_hls(design)).items():
        write_text(work / path, text)
    write_text(work / "rtl" / f"{made.identifier}.v", convert.convert(design))
    given_samples = samples.corners(made, 2) + samples.seeded(made, 3, 4)
    for name, engine in engines.items():
        result = compare(
            name, DeviceUnderTest(engine, clocked=name in CLOCKED), design, given_samples, schedule(design)
        )
        assert (result.status, result.reason) in (("equal", ""), ("not run", result.reason)), name


@settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=STEADY)
@given(made=KINDS)
def test_every_form_of_a_random_design_computes_the_same_bits(
    made: Spec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check(made, tmp_path_factory.mktemp("random"), ALWAYS)


@pytest.mark.skipif(not SECONDS, reason="make fuzz runs it: SPARROW_FUZZ_SECONDS says for how long")
@pytest.mark.parametrize("worker", range(os.cpu_count() or 1))
def test_fuzz(worker: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    start, tried = time.monotonic(), 0

    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=STEADY)
    @given(made=st.one_of(KINDS, extreme_specs()))
    def batch(made: Spec) -> None:
        nonlocal tried
        tried += 1
        more: dict[str, Engine] = {"torch": torch_engine} | ({"verilator": verilator} if tried % 3 == 0 else {})
        check(made, tmp_path_factory.mktemp("random"), ALWAYS | more)

    while time.monotonic() - start < SECONDS:
        batch()
    print(f"worker {worker}: {tried} specs in {time.monotonic() - start:.0f} s, all equal")
