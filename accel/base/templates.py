"""The one template environment: strict, small, with a filter for each thing that differs between languages.

Templates lie in packages as data, so they are found in a checkout and in an installed wheel alike. A missing name
raises; nothing renders as an empty string. Line statements keep a template readable in its own language: `//%` in C++
and Verilog, `#%` everywhere else.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

SLASHES = (".h", ".hpp", ".cpp", ".v", ".sv", ".rdl")
"""Endings of files whose comments begin with two slashes."""


def read(package: str, path: str) -> str:
    """Text of a file that travels with a package."""
    return resources.files(package).joinpath(path).read_text(encoding="utf-8")


def render(package: str, path: str, **names: Any) -> str:
    """Render the template `path` of a package. Raises jinja2.UndefinedError for a name that was not given."""
    ending = "." + path.removesuffix(".j2").rsplit(".", 1)[-1]
    return environment(package, "//%" if ending in SLASHES else "#%").get_template(path).render(**names)


@lru_cache
def environment(package: str, prefix: str) -> Environment:
    """The environment of a package's templates; `prefix` begins a line statement."""
    made = Environment(
        loader=FunctionLoader(lambda path: (read(package, path), f"{package}/{path}", None)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        line_statement_prefix=prefix,
        autoescape=lambda path: path is not None and path.endswith(".html.j2"),
    )
    made.filters |= {
        "c_array": c_array,
        "c_identifier": c_identifier,
        "c_bool": c_bool,
        "py_identifier": py_identifier,
        "tcl_quote": tcl_quote,
        "tcl_list": tcl_list,
    }
    return made


def c_array(values: Sequence[Any] | Any) -> str:
    """Integers, nested as deep as they come (tuples or numpy arrays), as a C initialiser; 24 numbers a line."""
    rows = values.tolist() if hasattr(values, "tolist") else values
    if len(rows) and isinstance(rows[0], (list, tuple)):
        return "{\n" + ",\n".join(c_array(row) for row in rows) + "}"
    lines = (rows[start : start + 24] for start in range(0, len(rows), 24))
    return "{" + ",\n ".join(", ".join(str(int(value)) for value in line) for line in lines) + "}"


def c_bool(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def c_identifier(name: str) -> str:
    """A name that C++ and Verilog take as it is; ValueError otherwise."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", str(name)):
        raise ValueError(f"wanted a C++ identifier, got {name!r}")
    return name


def py_identifier(name: str) -> str:
    """A name that Python takes as it is; ValueError otherwise."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"wanted a Python identifier, got {name!r}")
    return name


def tcl_quote(value: Any) -> str:
    """One Tcl word that stands for exactly this text: nothing in it is substituted."""
    text = str(value)
    if re.fullmatch(r"[A-Za-z0-9_./:+,=-]+", text):
        return text
    return '"' + re.sub(r'([\\"\[\]{}$])', r"\\\1", text).replace("\n", "\\n") + '"'


def tcl_list(values: Iterable[Any]) -> str:
    """A Tcl list command with one word an element."""
    return "[list" + "".join(" " + tcl_quote(value) for value in values) + "]"
