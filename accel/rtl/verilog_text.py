"""What MyHDL writes, as other tools want it: the same text at every run, explicit nets, lines that fit a screen.

MyHDL keeps the signals of a generator in sets, so the order of its sensitivity lists and resets changes from one run to
the next. Vivado refuses ports without a net type under `default_nettype none`, which must end with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NO_NETS, NETS = "`default_nettype none", "`default_nettype wire"
WIDEST = 120

_SENSITIVE = re.compile(r"always @\(([^()]*, [^()]*)\)")
_RESET = re.compile(r"(?<= == [01]\) begin\n)((?: +[\w\[\]]+ <= [^;\n]+;\n)+)(?= +end\n +else begin\n)")
_INPUT = re.compile(r"^input (?!wire\b)", re.MULTILINE)


def finished(text: str) -> str:
    """A module as MyHDL converted it under `default_nettype none`, with the same meaning to every tool."""
    text = _SENSITIVE.sub(lambda found: f"always @({_sorted(found[1], ', ')})", text)
    text = _RESET.sub(lambda found: _sorted(found[1].removesuffix("\n"), "\n") + "\n", text)
    text = _INPUT.sub("input wire ", text)
    lines = (part for line in text.split("\n") for part in folded(line.rstrip()))
    return "\n".join(lines).rstrip("\n") + f"\n\n{NETS}\n"


def _sorted(items: str, separator: str) -> str:
    return separator.join(sorted(items.split(separator)))


def folded(line: str) -> Iterator[str]:
    """A line in as many as fit.

    Comments and strings, where the end of a line counts, stay whole; so do very long names.
    """
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    while len(line) > WIDEST and not re.search(r"//|\"|`", line):
        cut = line.rfind(" ", len(indent), WIDEST)
        if cut < 0:
            break
        yield line[:cut]
        line = indent + line[cut + 1 :]
    yield line
