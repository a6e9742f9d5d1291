"""The journal of a study, under a lock that a signal cannot break off.

Optuna gives its lock back in two steps, and an exception between them, as Ctrl-C is one, becomes a complaint about a
missing file. So signals wait until the lock is given back.
"""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from training.interrupt import Request, deferred


class _Undisturbed(JournalFileSymlinkLock):
    """Optuna's lock; the first signal that comes while it is held is raised once more behind it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.held, self.request = ExitStack(), Request()

    def acquire(self) -> bool:
        """Take the lock, and hold signals back."""
        self.request = self.held.enter_context(deferred())
        try:
            return super().acquire()
        except BaseException:
            self.held.close()
            raise

    def release(self) -> None:
        """Give the lock back, and let a signal come that was held back."""
        try:
            super().release()
        finally:
            self.held.close()
            if self.request.signal is not None:
                signal.raise_signal(self.request.signal)


def journal_in(path: Path) -> JournalFileBackend:
    """The journal in a file."""
    return JournalFileBackend(str(path), lock_obj=_Undisturbed(str(path)))
