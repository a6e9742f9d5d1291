"""Constants that would make Verilog compute unsigned where MyHDL computes signed.

One unsigned operand makes a whole comparison or sum unsigned, and a based literal without `s` (`32'h7fffffff`, which
MyHDL writes for 2**30 and more) is unsigned, whatever it is compared with. An unsized decimal has 32 bits at least, and
no tool has to give it more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DECLARED = re.compile(r"\bsigned\s*\[[^\]]*\]\s*(\w+)")
COMMENT = re.compile(r"//.*|/\*.*?\*/")
TARGET = re.compile(r"^\s*(?:assign\s+)?[\w\[\]:\-+* ]+?\s*<?=(?!=)")
"""What a line assigns to; a comparison by `<=` stands in parentheses."""
WIDENED = re.compile(r"\$signed\(\{1'b0, [^{}]*\}\)")
JOINED = re.compile(r"\{[^{}]*\}")
ALONE = re.compile(r"^[\s(-]*\d*'[bodh]\w+[\s);]*$")
"""A constant and nothing beside it: its bits are what is assigned."""
UNSIGNED = re.compile(r"\d*'[bodhBODH][0-9a-fA-F_xXzZ?]+")
CONTEXT = re.compile(r"&&|\|\||\?|:|\bif\b|\bcase\b|,")
"""What separates expressions that do not decide over each other's signs."""
WIDE = re.compile(r"(?<![\w'.])\d{10,}\b")


def faults(verilog: str) -> Iterator[str]:
    """Lines in which an unsigned constant meets a signed operand, or an unsized one has more than 32 bits."""
    signed = set(DECLARED.findall(verilog))
    for number, line in enumerate(verilog.splitlines(), 1):
        expression = TARGET.sub("", COMMENT.sub("", line))
        if _mixes(expression, signed) or any(int(found) >= 1 << 31 for found in WIDE.findall(expression)):
            yield f"line {number}: {line.strip()}"


def _mixes(expression: str, signed: set[str]) -> bool:
    if "'" not in expression:
        return False
    expression = WIDENED.sub("$signed", expression)
    while JOINED.search(expression):
        expression = JOINED.sub(" ", expression)
    return any(_unsigned_beside_signed(part, signed) for part in CONTEXT.split(expression))


def _unsigned_beside_signed(part: str, signed: set[str]) -> bool:
    if ALONE.match(part) or not UNSIGNED.search(part):
        return False
    return "$signed" in part or not signed.isdisjoint(re.findall(r"\w+(?!\s*\[[^\]]*:)\b", part))
