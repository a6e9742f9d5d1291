"""The code a result depends on, as one digest: named modules and packages, and all of ours that they import."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("sparrow", "accel", "training", "fpga", "hls_templates")


def digest(*names: str) -> str:
    """SHA-256 of the files behind modules, packages (with their data files) and everything of ours they import."""
    whole = hashlib.sha256()
    for path in sorted(files(*names)):
        whole.update(f"{path.relative_to(ROOT)} ".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def files(*names: str) -> set[Path]:
    """Every file that `digest` reads. Raises ModuleNotFoundError for a name that no file of ours bears."""
    found: set[Path] = set()
    waiting = [path for name in names for path in _behind(name)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [behind for name in _imports(path) for behind in _module(name)]
    return found


def _behind(name: str) -> Iterator[Path]:
    """A module's file, or every file of a package. Raises ModuleNotFoundError where there is neither."""
    folder = ROOT.joinpath(*name.split("."))
    found = set(_module(name))
    if folder.is_dir():
        found |= {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    if not found or name.split(".")[0] not in PACKAGES:
        raise ModuleNotFoundError(f"no module or package of ours is called {name!r}", name=name)
    yield from found


def _module(name: str) -> Iterator[Path]:
    stem = ROOT.joinpath(*name.split("."))
    yield from (path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file())


@lru_cache(maxsize=256)
def _imports(path: Path) -> tuple[str, ...]:
    """Names of our modules that a file imports, anywhere in it; `from a import b` may mean the module a.b."""
    if path.suffix != ".py":
        return ()
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] in PACKAGES)
