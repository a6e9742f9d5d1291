"""Versions of what a result was made with, asked of the tools themselves."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from accel.base import tools

DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Python packages whose distribution has another name."""

PROGRAMS = {tool.name: tool for tool in tools.TOOLS if isinstance(tool, tools.Program)}


def versions(names: Iterable[str]) -> dict[str, str]:
    """Versions of programs and Python packages by their names in `accel.base.tools`; empty for a missing one.

    `python` is the interpreter itself.
    """
    return {name: program(name) if name in PROGRAMS else package(name) for name in sorted(names)}


def package(name: str) -> str:
    """Version of a Python package, or of `python`; empty where it is not installed."""
    if name == "python":
        return f"{platform.python_implementation()} {platform.python_version()}"
    try:
        return metadata.version(DISTRIBUTIONS.get(name, name))
    except metadata.PackageNotFoundError:
        return ""


def program(name: str) -> str:
    """What a program says of its version; empty where it is not found."""
    path = PROGRAMS[name].path()
    return at(path) if path else ""


@cache
def at(path: str) -> str:
    """The version of the program at a path, asked once in a process; empty for one that we know no question for.

    Of a wheel's program the wheel knows the version; starting it can take seconds.
    """
    name = Path(path).name
    if Path(path).is_relative_to(sys.prefix) and (carried := package(name)):
        return carried
    asked = next((tool for tool in PROGRAMS.values() if name in tool.names), None)
    return asked.version_of(path) if asked else ""
