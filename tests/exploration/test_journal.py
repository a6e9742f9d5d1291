"""The journal's lock: a signal while it is held comes behind it, never into it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from exploration.journal import journal_in


@pytest.mark.parametrize("place", ["rename", "unlink"])
def test_a_signal_that_comes_while_the_lock_is_given_back_waits_for_it(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, of_old, came = journal_in(tmp_path / "journal.log"), getattr(os, place), []

    def interrupted(*given: object) -> None:
        if not came:
            came.append(place)
            signal.raise_signal(signal.SIGINT)
        of_old(*given)

    monkeypatch.setattr(os, place, interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.append_logs([{"op_code": 0}])
    monkeypatch.undo()
    assert came == [place]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal.log"]
    assert list(journal.read_logs(0)) == [{"op_code": 0}]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_signals_behind_the_lock_come_as_ever(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "journal.log")
    journal.append_logs([{"op_code": 0}])
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
