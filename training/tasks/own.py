"""A task of a person's own: a function in a file beside the spec, or in a module that can be imported.

`training.task: my_task.py:load` names a function that takes nothing and returns a `Task`. What it returns is held
against the contract of `Split` and `Text` before anything is trained. The file counts as a source of the weights, and
so do the files that it lists in a literal `FILES = ("data.npz",)`, relative to itself.
"""

from __future__ import annotations

import ast
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from accel.base.faults import Fault, Refused
from accel.proof.ledger import file_digest
from accel.spec import Spec
from training.tasks.contract import faults as broken
from training.tasks.task import Task

KEY = "training.task"


def is_own(name: str | None) -> bool:
    """Whether a task's name says where its function is: `PLACE:FUNCTION`."""
    return name is not None and ":" in name


def load(spec: Spec) -> Task:
    """The task of the function that the spec names. Refused where there is none, where it fails, and where what it
    returns breaks the contract: every breach by name.
    """
    place, _, function = str(spec.training.task).rpartition(":")
    module = _module(spec, place)
    made = getattr(module, function, None)
    if not callable(made):
        known = ", ".join(name for name, one in vars(module).items() if callable(one) and not name.startswith("_"))
        raise Refused([Fault(KEY, f"a function of {place}: {known or 'it has none'}", function)])
    try:
        task = made()
    except Refused:
        raise
    except Exception as error:
        raise Refused([Fault(KEY, f"a task from {spec.training.task}", _where(error))]) from error
    if faults := list(broken(task, f"{KEY} {spec.training.task}")):
        raise Refused(faults)
    assert isinstance(task, Task)
    return task


def unknown(spec: Spec) -> str:
    """Why there is no such file or module; empty where there is one. Runs nothing of it."""
    place = str(spec.training.task).rpartition(":")[0]
    if _file(spec, place) is not None:
        return ""
    return f"{place}: no such {'file beside the spec' if place.endswith('.py') else 'module'}"


def digests(spec: Spec) -> dict[str, str]:
    """SHA-256 of the file of the spec's own task and of the files that it lists, by name; empty for other tasks, and ""
    for what is not there.
    """
    if not is_own(spec.training.task):
        return {}
    place = str(spec.training.task).rpartition(":")[0]
    path = _file(spec, place)
    if path is None:
        return {place: ""}
    listed = {name: path.parent / name for name in _listed(path)}
    return {name: file_digest(one) if one.is_file() else "" for name, one in {place: path, **listed}.items()}


def _file(spec: Spec, place: str) -> Path | None:
    if place.endswith(".py"):
        path = spec.beside(place)
        return path if path.is_file() else None
    with suppress(ImportError, ValueError):
        found = find_spec(place)
        if found is not None and found.origin is not None:
            return Path(found.origin)
    return None


def _listed(path: Path) -> Iterator[str]:
    """The names in a literal FILES of a module, which is read and not run."""
    with suppress(SyntaxError, ValueError):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.Assign) and any(ast.unparse(target) == "FILES" for target in node.targets):
                yield from (str(name) for name in ast.literal_eval(node.value))


def _module(spec: Spec, place: str) -> ModuleType:
    path = _file(spec, place)
    if path is None:
        raise Refused([Fault(KEY, "MODULE:FUNCTION or FILE.py:FUNCTION that can be found", unknown(spec))])
    try:
        return _executed(path) if place.endswith(".py") else import_module(place)
    except Exception as error:
        raise Refused([Fault(KEY, f"a module that can be imported: {place}", _where(error))]) from error


def _executed(path: Path) -> ModuleType:
    """The module of a file, run anew; it may import what lies beside it."""
    described = spec_from_file_location(f"sparrow_task_{path.stem}", path)
    assert described is not None
    assert described.loader is not None
    module, folder = module_from_spec(described), str(path.parent.resolve())
    sys.modules[described.name] = module
    sys.path.insert(0, folder)
    try:
        described.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def _where(error: Exception) -> str:
    """What went wrong in code that is not ours, and the last place in it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    place = f"{inner[-1].filename}:{inner[-1].lineno}: " if inner else ""
    return f"{place}{type(error).__name__}: {error}"
