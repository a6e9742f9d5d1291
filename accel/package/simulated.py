"""The bench of a package in a simulator that is there: the last look at what is handed over."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from accel.base.faults import Different
from accel.base.files import write_bytes
from accel.engines.program import finished, succeed

NOT_RUN = "not run: iverilog and vvp are not on PATH"


def simulated(folder: Path, top: str, wave: Path | None = None) -> str:
    """Run the bench of a package in Icarus, from another folder; what it said, or `not run`.

    `wave` is an FST file to leave, whatever the bench finds. Raises Different where the bench fails, ProgramFailed
    where the text does not compile.
    """
    if not all(map(shutil.which, ("iverilog", "vvp"))):
        return NOT_RUN
    place = folder.resolve()
    sources = sorted(map(str, [*place.glob("rtl/*.v"), *place.glob("bench/*.v")]))
    with tempfile.TemporaryDirectory() as name:
        elsewhere, bench = Path(name), f"{top}_bench"
        given = ["-s", bench, f'-P{bench}.FOLDER="{place}"']
        succeed(["iverilog", "-g2005", "-o", "bench.vvp", *given, *sources], elsewhere)
        done = finished(["vvp", "-n", "bench.vvp", *(["-fst", "+wave=wave.fst"] if wave else [])], elsewhere)
        if wave:
            write_bytes(wave, (elsewhere / "wave.fst").read_bytes())
    said = done.stdout.strip().splitlines()
    verdict = next((line for line in said if line.startswith("PASSED: ")), None)
    if done.returncode or verdict is None:
        raise Different({}, "", f"the bench of the package: {' '.join(said)[:400] or done.stderr[-400:]}")
    return verdict.removeprefix("PASSED: ")
