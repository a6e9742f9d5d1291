"""A call in the rendered top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """A name, what makes it, and the arguments as text."""

    name: str
    made_by: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    @property
    def text(self) -> str:
        """The call without the name, in a line."""
        return f"{self.made_by.__name__}({', '.join(map(str, self.arguments))})"
