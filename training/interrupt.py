"""SIGINT and SIGTERM while training: the step in progress ends, a checkpoint is left, then the run stops.

A second signal is not waited for: it does what it would have done without us.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Request:
    """Whether somebody asked the run to stop, and by which signal."""

    signal: signal.Signals | None = None


@contextmanager
def deferred() -> Iterator[Request]:
    """Within, the first signal only makes a request. Outside the main thread there are no signals to wait for."""
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(number: int, frame: Any) -> None:
        request.signal = signal.Signals(number)
        restore()

    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield request
    finally:
        restore()
