"""Runs slang, all warnings on, over Verilog files: `python -m tests.rtl.slang TOP FILES`; prints what it says."""

from __future__ import annotations

import shlex
import sys

from pyslang.driver import Driver


def main(top: str, files: list[str]) -> int:
    """0 where nothing but "build succeeded" is said."""
    driver = Driver()
    driver.addStandardArgs()
    words = ["slang", "-Weverything", "-Werror", "--std", "1364-2005", "--top", top, *files]
    if not (driver.parseCommandLine(shlex.join(words)) and driver.processOptions() and driver.parseAllSources()):
        return 1
    fine = driver.reportParseDiags()
    compilation = driver.createCompilation()
    driver.reportCompilation(compilation, True)
    driver.runAnalysis(compilation)
    return 0 if driver.reportDiagnostics(True) and fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
