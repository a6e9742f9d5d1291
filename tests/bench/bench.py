"""`make bench`: how long the main verbs take on this machine. Prints a table; proves nothing, so no test runs it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from accel.report.facts import versions
from sparrow import printing

SPEC = Path("specs/digits.yaml")
REPEATS = 3


def sparrow(verb: str, work: Path) -> float:
    """Seconds of wall time that a verb takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sparrow.cli", verb, SPEC, "--work", work], check=True, capture_output=True)
    return time.perf_counter() - start


def lines(work: Path) -> Iterator[tuple[str, str, str]]:
    """What was timed, seconds, and what the project promises on two cores."""
    yield "check", f"{min(sparrow('check', work) for _ in range(REPEATS)):.2f}", "1"
    yield "run, from nothing", f"{sparrow('run', work):.1f}", "360"
    yield "run, nothing changed", f"{min(sparrow('run', work) for _ in range(REPEATS)):.2f}", "5"
    for folder in ("verilator", "icarus"):
        shutil.rmtree(work / folder, ignore_errors=True)
    yield "verify, compiling anew", f"{sparrow('verify', work):.1f}", "60"
    yield "verify, compiled before", f"{sparrow('verify', work):.1f}", ""


def machine() -> str:
    """Processor, cores and load, so that the numbers mean something elsewhere."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    load = os.getloadavg()[0]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start"


def main() -> None:
    """Time every verb in a fresh work folder."""
    title = f"{SPEC} on {machine()}"
    with tempfile.TemporaryDirectory() as work:
        timed = list(lines(Path(work)))
    found = ", ".join(f"{name} {version}" for name, version in versions().items())
    printing.show(printing.table(title, ("verb", "seconds", "promised below"), timed), found)


if __name__ == "__main__":
    main()
