"""Published rules of the vendor's compiler, held against the rendered C++; docs/hls.md has their documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

FUNCTION = re.compile(r"^(?:static )?void (\w+)\(([^{]*)\) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
PRAGMA = re.compile(r"^\s*#pragma HLS (.*)$", re.MULTILINE)
CALL = re.compile(r"(\w+)(?:<(?:[^()]*)>)?\(([\w, \n-]*)\);")
VARIABLE = re.compile(r"(?P<type>[\w:]+(?:<.*>)?) (?P<name>\w+)(?:\(\"\w+\"\))?;")
ALIAS = re.compile(r"^using (\w+) = Carried<.*, ([\w<>:]+)>\[", re.MULTILINE)
RESERVED, ROOM = 0x20, 8
"""Bytes of the tool's own registers, and of a word with its protocol."""
SCALARS = ("bool", "int", "std::uint32_t", "Threshold<Formats>")
FREE = ("kNothing", "kNoScales")
"""What nothing is read of or written to."""


def region_faults(top: str) -> Iterator[str]:
    """What in the regions of `top.cpp` is not canonical dataflow, a sentence each."""
    for name, parameters, body in FUNCTION.findall(top):
        if "#pragma HLS DATAFLOW" in body:
            for fault in _one_region(parameters, PRAGMA.sub("", body)):
                yield f"{name}: {fault}"


def _one_region(parameters: str, body: str) -> Iterator[str]:
    variables, used = {}, Counter[str]()
    for parameter in re.split(r",\s+(?![^<]*>)", parameters):
        kind, name = parameter.rsplit(" ", 1)
        variables[name.removeprefix("&")] = kind
    outside = set(variables)
    for line in filter(None, map(str.strip, body.splitlines())):
        if call := CALL.fullmatch(line):
            used.update(set(re.split(r",\s*", call[2])))
        elif variable := VARIABLE.fullmatch(line):
            variables[variable["name"]] = variable["type"]
        else:
            yield f"neither a variable without a value nor a call of a process: {line}"
    for name, count in used.items():
        if (
            variables.get(name) not in SCALARS
            and name not in FREE
            and count != (most := 2 if name in variables and name not in outside else 1)
        ):
            yield f"{name} in {count} processes, wanted {most}"


def interface_faults(top: str, name: str) -> Iterator[str]:
    """What in the interface of the top function `name` no version of the tool promises to take."""
    parameters, body = next((one[1], one[2]) for one in FUNCTION.findall(top) if one[0] == name)
    ports = {port: mode for mode, port in re.findall(r"INTERFACE mode=(\w+) port=(\w+)", body)}
    for parameter in [*re.split(r",\s+(?![^<]*>)", parameters), "int return"]:
        kind, port = parameter.rsplit(" ", 1)
        port = port.removeprefix("&")
        wanted = "axis" if kind.startswith("Stream<") else "s_axilite"
        if ports.get(port) != wanted:
            yield f"{port}: wanted mode {wanted}, got {ports.get(port)}"
        if wanted == "s_axilite" and kind not in SCALARS:
            yield f"{port}: a register of type {kind}"
    offsets = [int(offset, 16) for offset in re.findall(r"offset=(0x[0-9a-f]+)", body)]
    if any(after - before < ROOM for before, after in pairwise([RESERVED - ROOM, *offsets])):
        yield f"registers without room for a word and its protocol: {offsets}"


def stream_faults(files: Mapping[str, str]) -> Iterator[str]:
    """Streams that are looked at without being read, in what becomes hardware."""
    for path, text in files.items():
        for word in re.findall(r"\.(empty|full|read_nb|write_nb|size|capacity)\(", text):
            yield f"{path}: .{word}()"


def language_faults(files: Mapping[str, str]) -> Iterator[str]:
    """What C++14 does not have."""
    for path, text in files.items():
        for word in re.findall(r"if constexpr|\) constexpr|std::void_t|inline constexpr|auto \[", text):
            yield f"{path}: {word}"


def dependence_faults(files: Mapping[str, str]) -> Iterator[str]:
    """Memories whose DEPENDENCE pragma says another distance than their words hold simulation to."""
    aliases = dict(ALIAS.findall("\n".join(files.values())))
    for path, text in files.items():
        for variable, options in re.findall(r"#pragma HLS DEPENDENCE variable=(\w+) (.*)", text):
            declared = re.findall(rf"^  (?:static )?(\w+<.*>) {variable}(?:\[[^=(]*\])?;", text, re.MULTILINE)
            held = {_distance(kind, aliases) for kind in declared}
            claimed = re.search(r"distance=([\w<>:]+)", options)
            wanted = claimed[1] if claimed else "kNever"
            if held != {wanted}:
                yield f"{path}: {variable}: the pragma says {wanted}, words hold {sorted(held)}"


def _distance(kind: str, aliases: Mapping[str, str]) -> str:
    own = re.fullmatch(r"Carried<.*, ([\w<>:]+)>", kind)
    return own[1] if own else aliases.get(kind.split("<")[0], "nothing")
