"""Tables on a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

NUMBER = re.compile(r"[\d,.+% ]*")
"""What counts as a number when a column is aligned."""
WITHIN = re.compile(r"(?<!\S)[^\s/]*\d[^\s/]*(?!\S)")
"""Numbers and versions within text; a path may be folded."""
BETWEEN = 3
"""Places of a line beside the text of a cell."""
FOLDED = 12
"""A column of text is folded to this width, but no number in it, where there is no room."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Group:
    """A plain table under its title; columns of numbers align right. No header where no column has a name.

    On a narrow terminal text is folded, never a number: what has no room beside the first column comes in a table
    below.
    """
    cells = [[value if isinstance(value, Text) else Text(as_cell(value)) for value in row] for row in rows]
    return Group(Text(title, style="bold"), _Narrowing(columns, cells))


class _Narrowing:
    """A table that knows how wide it is only when it is printed."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        columns = [[row[number] for row in rows] for number in range(len(names))]
        self.columns = [_Column(name, cells) for name, cells in zip(names, columns, strict=True)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in self._parts(options.max_width):
            yield _drawn(part, sum(one.most + BETWEEN for one in part) <= options.max_width)

    def _parts(self, width: int) -> Iterator[list[_Column]]:
        """The columns in as few tables as have room, the first column in each of them."""
        first, *others = self.columns
        part = [first]
        for column in others:
            if len(part) > 1 and sum(one.least + BETWEEN for one in [*part, column]) > width:
                yield part
                part = [first]
            part.append(column)
        yield part


class _Column:
    """Name and cells of a column; how narrow it can be, and how wide it would be."""

    def __init__(self, name: str, cells: Sequence[Text]) -> None:
        self.name, self.cells = name, cells
        self.numeric = all(NUMBER.fullmatch(cell.plain) for cell in cells)
        widest = max((cell_len(cell.plain) for cell in cells), default=0)
        word = max(map(len, name.split()), default=0)
        number = max((len(found) for cell in cells for found in WITHIN.findall(cell.plain)), default=0)
        self.least = max(word, widest if self.numeric else min(widest, max(FOLDED, number)))
        self.most = max(len(name), widest)

    def head(self, roomy: bool) -> str:
        """The name, in as many lines as a column of numbers needs for it where there is not much room."""
        return self.name if roomy or not self.numeric else "\n".join(textwrap.wrap(self.name, max(1, self.least)))


def _drawn(columns: Sequence[_Column], roomy: bool) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(column.name for column in columns))
    for column in columns:
        made.add_column(
            column.head(roomy),
            justify="right" if column.numeric else "left",
            overflow="fold",
            no_wrap=column.numeric,
            min_width=column.least,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*row)
    return made


def as_cell(value: Any) -> str:
    """A value as a cell has it: nothing for None, whole numbers with commas, of several one behind the other."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_cell, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
