"""The Verilog of a work folder as it stands alone: memory contents are found from anywhere, and are those verified.

The generated text reads contents by a bare name, in the folder that a tool runs in; where there is none, simulators
go on with a warning. Here the top has a parameter for the folder, or the contents stand in the text; and in simulation
contents that are missing, cut short or changed end the run with an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from accel.engines.stored import Rom, hex_words, instances, modules, roms_in

MEMORY = "MEMORY"
"""The top's parameter: where memory contents lie."""
FOLDER = "memory"
"""Its default, from where the simulation runs."""

SLICE = 32
OFFSET, PRIME = 0x811C9DC5, 0x01000193
"""FNV-1a of 32 bits, over words of 32 bits: each step is a bijection, so no single change is lost."""


def alone(verilog: str, top: str, contents: Mapping[str, str], inline: bool) -> str:
    """The Verilog of a design, whose memories are filled from `contents` (text by the name of the file).

    With `inline` they stand in the text, else the top has the parameter `MEMORY`. A design without contents stays as it
    is. Raises ValueError for a text that is not of the form that is generated.
    """
    known = modules(verilog)
    holding = _holding(known, f"{top}.v")
    for name in known:
        text = _filled(known[name], f"{top}.v", contents, inline)
        if name in holding and not inline:
            text = _with_folder(text, name, holding)
        verilog = _replaced(verilog, known[name], text)
    return verilog


def _holding(known: Mapping[str, str], file: str) -> set[str]:
    """The modules that hold contents, or instances of such modules."""
    holding = {name for name, text in known.items() if roms_in(text, file)}
    while above := {name for name, text in known.items() if holding & set(instances(text, known))} - holding:
        holding |= above
    return holding


def _filled(module: str, file: str, contents: Mapping[str, str], inline: bool) -> str:
    filled = _inline if inline else _read
    for rom in roms_in(module, file):
        text = f'initial $readmemh("{rom.file}", {rom.name});'
        module = _replaced(module, text, filled(rom, words(rom, contents)))
    return module


def _with_folder(module: str, name: str, holding: set[str]) -> str:
    """A module with the parameter, which it gives to the instances in it that need it."""
    head = f"module {name} (\n"
    module = _replaced(module, head, f'module {name} #(\n    parameter {MEMORY} = "{FOLDER}"\n) (\n')
    inner = re.compile(rf"^({'|'.join(sorted(holding))}) (\w+ \()", re.MULTILINE)
    return inner.sub(rf"\1 #(.{MEMORY}({MEMORY})) \2", module)


def words(rom: Rom, contents: Mapping[str, str]) -> list[int]:
    """A memory's words. Raises ValueError where the file has others than the memory has places."""
    found = [word for word in hex_words(contents[rom.file], rom.file) if word is not None]
    if len(found) != rom.depth or max(found) >> rom.width:
        raise ValueError(f"{rom.file}: wanted {rom.depth} words of {rom.width} bits")
    return found


def _replaced(verilog: str, old: str, new: str) -> str:
    if verilog.count(old) != 1:
        raise ValueError(f"wanted once: {old.strip()}")
    return verilog.replace(old, new)


def _inline(rom: Rom, held: list[int]) -> str:
    digits = -(-rom.width // 4)
    lines = (f"    {rom.name}[{place}] = {rom.width}'h{word:0{digits}x};" for place, word in enumerate(held))
    return "\n".join(["initial begin", *lines, "end"])


def _read(rom: Rom, held: list[int]) -> str:
    total, place = f"{rom.name}_sum", f"{rom.name}_place"
    lines = [
        "`ifndef SYNTHESIS",
        f"reg [31:0] {total};",
        f"integer {place};",
        "`endif",
        "initial begin",
        f'    $readmemh({{{MEMORY}, "/{rom.file}"}}, {rom.name});',
        "`ifndef SYNTHESIS",
        *(f"    {line}" for line in _check(rom, total, place, checksum(held, rom.width))),
        "`endif",
        "end",
    ]
    return "\n".join(lines)


def checksum(held: list[int], width: int) -> int:
    """FNV-1a over the words, each in slices of 32 bits from the lowest on."""
    value, mask = OFFSET, (1 << SLICE) - 1
    for word in held:
        for low in range(0, width, SLICE):
            value = (value ^ (word >> low & mask)) * PRIME & mask
    return value


def _check(rom: Rom, total: str, place: str, wanted: int) -> Iterator[str]:
    """In simulation: contents other than those that were verified end the run. Unknown ones make the sum unknown."""
    yield f"{total} = 32'h{OFFSET:08x};"
    yield f"for ({place} = 0; {place} < {rom.depth}; {place} = {place} + 1) begin"
    for low in range(0, rom.width, SLICE):
        part = f"{rom.name}[{place}][{min(low + SLICE, rom.width) - 1}:{low}]"
        yield f"    {total} = ({total} ^ {part}) * 32'h{PRIME:08x};"
    yield "end"
    yield f"if ({total} !== 32'h{wanted:08x}) begin"
    yield f'    $display("FAILED: %0s/{rom.file} is missing or not what was verified", {MEMORY});'
    yield from ("`ifdef __ICARUS__", "    $finish_and_return(1);", "`else", "    $fatal(1);", "`endif")
    yield "end"
