"""Tables on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

NUMBER = re.compile(r"[\d,.+% ]*")
"""What counts as a number when a column is aligned."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Group:
    """A plain table under its title; columns of numbers align right. No header where no column has a name."""
    cells = [[value if isinstance(value, Text) else Text(as_cell(value)) for value in row] for row in rows]
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for number, name in enumerate(columns):
        numeric = all(NUMBER.fullmatch(row[number].plain) for row in cells)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        made.add_row(*row)
    return Group(Text(title, style="bold"), made)


def as_cell(value: Any) -> str:
    """A value as a cell has it: nothing for None, whole numbers with commas."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
