"""How a verb ends: a sentence on standard error, and an exit status that means one thing.

| status | meaning |
|---|---|
| 0 | what was asked for happened |
| 1 | different: an engine computed other bits or took other cycles than the golden model; nothing else ends with 1 |
| 2 | refused: the input, or what lies in the work folder, is not what it must be |
| 3 | cannot be done here: a tool or package is missing or failed, the disk is full or read-only, memory is short |
| 70 | a crash of sparrow itself; the sentence says where its traceback lies |
| 128 + n | signal n: 130 is Ctrl-C |
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accel.base.faults import (
    CRASHED,
    DIFFERENT,
    REFUSED,
    SIGNALLED,
    UNFINISHED,
    Crashed,
    Different,
    Refused,
    Stopped,
    Unfinished,
)
from accel.base.files import JSON_SCHEMA
from accel.proof.sources import PACKAGES

TRACEBACK = "SPARROW_TRACEBACK"
"""Environment variable; set, tracebacks are printed instead of being kept in a file."""

CRASH_FILE = "crash.txt"


def ended(error: BaseException, folder: Path | None, as_json: bool) -> int:
    """Say why a verb ended early; its exit status. `folder` is the work folder, where one was opened."""
    if isinstance(error, Refused):
        return _refused(error, as_json)
    if isinstance(error, Different):
        return _said(DIFFERENT, f"different: {error}")
    if isinstance(error, Crashed):
        return _said(CRASHED, f"crashed: {error}; a fault of sparrow, its traceback is in {error.left_in}")
    if isinstance(error, Stopped):
        return _said(SIGNALLED + error.number, f"stopped: {error}")
    if isinstance(error, KeyboardInterrupt):
        return _said(SIGNALLED + signal.SIGINT, "stopped: SIGINT")
    if isinstance(error, BrokenPipeError):
        return _pipe_closed()
    reason = lacking(error)
    return _said(UNFINISHED, f"cannot be done here: {reason}") if reason else _crashed(error, folder)


def lacking(error: BaseException) -> str:
    """What this machine lacks, in a sentence; empty where the error is of another kind."""
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] not in ("", *PACKAGES):
        package = (error.name or "").split(".")[0]
        why = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be imported ({error})"
        return f"the Python package {package} {why} (extras: train, tools, fpga, explore, package)"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror or error or type(error).__name__}"
    if isinstance(error, MemoryError):
        return f"not enough memory{f' ({error})' if str(error) else ''}"
    return str(error) if isinstance(error, Unfinished) else ""


def _said(status: int, sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return status


def _refused(refused: Refused, as_json: bool) -> int:
    if as_json:
        found = {"schema": JSON_SCHEMA, "refused": [asdict(fault) for fault in refused.faults]}
        print(json.dumps(found, indent=2))
    for fault in refused.faults:
        print(f"refused: {fault}", file=sys.stderr)
    return REFUSED


def _pipe_closed() -> int:
    """Nobody reads our output any more: no sentence; what is still buffered goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return SIGNALLED + signal.SIGPIPE


def _crashed(error: BaseException, folder: Path | None) -> int:
    text = "".join(traceback.format_exception(error))
    sentence = f"crashed: {type(error).__name__}: {' '.join(str(error).split())[:200]}; a fault of sparrow"
    if os.environ.get(TRACEBACK):
        return _said(CRASHED, f"{text}{sentence}")
    return _said(CRASHED, f"{sentence}, its traceback is in {_kept(text, folder)} ({TRACEBACK}=1 prints it)")


def _kept(text: str, folder: Path | None) -> Any:
    """Where the traceback lies: in the work folder, or where that takes nothing, in a temporary file."""
    try:
        if folder is not None and folder.is_dir():
            (folder / CRASH_FILE).write_text(text, encoding="utf-8")
            return folder / CRASH_FILE
        with tempfile.NamedTemporaryFile("w", prefix="sparrow-", suffix=".txt", delete=False) as file:
            file.write(text)
            return file.name
    except OSError:
        return f"no file, since none can be written; {TRACEBACK}=1 is the way"
