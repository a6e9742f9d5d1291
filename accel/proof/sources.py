"""The code a result depends on: every file of our packages, or modules and all of ours that they import."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("sparrow", "exploration", "accel", "training", "fpga", "hls_templates")
"""Every package of ours; the one list of them."""

IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+([^\n]*))", re.MULTILINE)
"""An import anywhere in a file. Parsing every file takes longer than all else that an unchanged run does."""


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of source files by their paths below ROOT, as they were when this process first asked."""
    return {str(path.relative_to(ROOT)): digest(path) for path in sorted(paths)}


@cache
def digest(path: Path) -> str:
    """SHA-256 of one source file."""
    return hashlib.sha256(contents(path)).hexdigest()


def contents(path: Path) -> bytes:
    """A source file as it was when this process first asked for any: modules that are loaded do not change either."""
    return _every()[path] if path in _every() else path.read_bytes()


@cache
def _every() -> dict[Path, bytes]:
    return {path: path.read_bytes() for package in PACKAGES for path in _behind(package)}


def files(*names: str) -> set[Path]:
    """The files of modules and packages alone. Raises ModuleNotFoundError for an unknown name."""
    return {path for name in names for path in _behind(name)}


def all_but(*names: str) -> set[Path]:
    """Every source file but those of some modules and packages. Raises ModuleNotFoundError for an unknown name."""
    return files(*PACKAGES) - files(*names)


def reached(*names: str) -> set[Path]:
    """The files of modules and packages (with their data files), and of every module of ours that they import.

    Raises ModuleNotFoundError for an unknown name.
    """
    found: set[Path] = set()
    waiting = list(files(*names))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [behind for name in imports(path) for behind in _module(name)]
    return found


@cache
def _behind(name: str) -> frozenset[Path]:
    """A module's file, or every file of a package. Raises ModuleNotFoundError where there is neither."""
    folder = ROOT.joinpath(*name.split("."))
    found = set(_module(name))
    if folder.is_dir():
        found |= {path for path in folder.rglob("*") if path.is_file() and not _is_litter(path)}
    if not found or name.split(".")[0] not in PACKAGES:
        raise ModuleNotFoundError(f"no module or package of ours is called {name!r}", name=name)
    return frozenset(found)


def _is_litter(path: Path) -> bool:
    """What Python and editors leave beside sources."""
    return "__pycache__" in path.parts or path.name.startswith(".") or path.name.endswith("~")


@cache
def _module(name: str) -> tuple[Path, ...]:
    """A module's file; of a module within packages also what the packages do when they are imported."""
    parts = name.split(".")
    stem = ROOT.joinpath(*parts)
    own = [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]
    above = (ROOT.joinpath(*parts[:count], "__init__.py") for count in range(1, len(parts)))
    return (*own, *(path for path in above if path.is_file())) if own else ()


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Names of our modules that a file imports, anywhere in it; `from a import b` may mean the module a.b."""
    if path.suffix != ".py":
        return ()
    found = (name for line in IMPORT.finditer(contents(path).decode()) for name in _named(*line.groups("")))
    return tuple(name for name in found if name.split(".")[0] in PACKAGES)


def _named(module: str, members: str, modules: str) -> Iterator[str]:
    """The names in an import statement."""
    if module:
        yield module
        yield from (f"{module}.{name}" for name in re.findall(r"\w+", members))
    yield from re.findall(r"[\w.]+", modules)
