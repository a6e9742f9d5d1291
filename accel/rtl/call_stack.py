"""A short call stack for MyHDL, which wants to know who called, at every block and every generator.

It asks for the whole stack with the source lines around each frame, and reads frames and function names of the nearest
callers alone. Below pytest, whose stack is deep, nearly all of the time of an elaboration went there.
"""

from __future__ import annotations

import inspect
import sys
from types import FrameType
from typing import Any

from myhdl import _block, _instance

NEAREST = 8
"""Frames that MyHDL looks at, and two more."""


class _ShortInspect:
    """The module `inspect`, whose stack has the nearest frames and reads no source."""

    def __getattr__(self, name: str) -> Any:
        return getattr(inspect, name)

    @staticmethod
    def stack(context: int = 1) -> list[tuple[Any, str, int, str]]:
        """Frame, file, line and function of the caller and of those who called it, as `inspect.stack` begins."""
        found: list[tuple[Any, str, int, str]] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and len(found) < NEAREST:
            found.append((frame, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            frame = frame.f_back
        return found


def shorten() -> None:
    """Give MyHDL the short stack, once for this process."""
    _block.inspect = _instance.inspect = _ShortInspect()
