"""The template environment: strict, and its filters say what they are given and nothing else."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from jinja2 import UndefinedError

from accel.base.templates import c_array, environment, read, render, tcl_list, tcl_quote

NASTY = [
    "plain",
    "",
    "two words",
    "$HOME [exit 1] ; exit",
    'quote " and \\ backslash',
    "{ unbalanced",
    "} }",
    "new\nline",
    "#comment",
    "*",
    "~",
]


def test_what_tcl_is_given_is_what_was_meant() -> None:
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh not found; it reads the words back")
    script = f"proc main {{}} {{\n  set words {tcl_list(NASTY)}\n"
    script += "".join(f"  lappend words {tcl_quote(word)}\n" for word in NASTY)
    script += '  foreach word $words { puts -nonewline "$word\\x00" }\n}\nmain\n'
    done = subprocess.run(["tclsh"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == NASTY + NASTY


def test_a_misspelt_name_is_an_error_not_an_empty_string() -> None:
    with pytest.raises(UndefinedError, match="'hiden' is undefined"):
        environment("hls_templates", "//%").from_string("constexpr int kHidden = {{ hiden }};").render(hidden=4)


def test_line_statements_follow_the_language() -> None:
    text = "{p} for n in range(2)\nline {{ n }}\n{p} endfor\n"
    for prefix in ("//%", "#%"):
        found = environment("hls_templates", prefix).from_string(text.replace("{p}", prefix)).render()
        assert found == "line 0\nline 1\n"


def test_a_template_is_found_by_package_and_path() -> None:
    plain = {**dict.fromkeys(("skips_states", "load", "streamed", "mirrors"), False), "ports": (), "port_headers": ()}
    assert "void digits_top(" in render("hls_templates", "hls/top.h.j2", top="digits_top", **plain)
    assert read("fpga", "templates/phase.tcl").startswith("# A phase of a tool")


def test_numbers_of_any_integer_type_become_plain_numbers() -> None:
    assert c_array(np.array([1, -2], dtype=np.int8)) == c_array((1, -2)) == "{1, -2}"


def test_long_arrays_are_broken_into_lines() -> None:
    assert max(len(line) for line in c_array(range(1000)).splitlines()) <= 120
