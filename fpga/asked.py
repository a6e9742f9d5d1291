"""A board as an engine: it is sent sequences over its serial line, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused
from accel.engines.engine import Engine, Observed, ProgramFailed, ToolMissing
from accel.model.design import Design
from accel.model.samples import Samples
from fpga import host
from fpga.frames import BoardError


def board(folder: Path, port: str) -> Engine:
    """The engine that asks the board at a serial port, which runs the bitstream of a build folder.

    It tells results alone. Refused: a folder without a serial line, a port that cannot be opened, a sequence that the
    board has no room for. Raises ToolMissing without pyserial, ProgramFailed with what the board says is wrong.
    """

    def ask(design: Design, given: Samples) -> Observed:
        line = _connected(folder, port)
        try:
            results = [line.predict(given.only(number).x[0]) for number in range(len(given.lengths))]
        except (BoardError, TimeoutError, OSError) as error:
            raise ProgramFailed(f"the board at {port}: {error}") from None
        except ValueError as error:
            wanted, _, got = str(error).removeprefix("x: wanted ").partition(", got ")
            raise Refused([Fault("x", wanted, got)]) from None
        return Observed({}, np.concatenate(results))

    return ask


def _connected(folder: Path, port: str) -> host.Host:
    if not (folder / host.FACTS).is_file():
        wanted = f"a build with a serial line, which leaves {host.FACTS} (without --alone)"
        raise Refused([Fault(str(folder), wanted, "none")])
    try:
        return host.connect(folder, port)
    except ModuleNotFoundError:
        raise ToolMissing("the Python package pyserial is not installed") from None
    except BoardError as error:
        raise Refused([Fault(str(folder / host.FACTS), "facts of this host's frames", str(error))]) from None
    except OSError as error:  # pyserial's own is one
        raise Refused([Fault("--port", "a serial port that can be opened", f"{port}: {error}")]) from None
