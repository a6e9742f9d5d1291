"""The embedding in front of the first layer in C++: its constants, its rows, and the stream that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.embedding import Embedding
from accel.base.fixed import Integers
from accel.model.design import Design

EMBEDDED = "embedded"
"""The stream of its rows."""


@dataclass(frozen=True)
class EmbeddingProcess:
    """A table with the stream of tokens that it reads."""

    embedding: Embedding
    rows: Integers
    source: str
    read: int
    """Tokens of a step."""

    @property
    def constants(self) -> list[tuple[str, int]]:
        """Names and values of its constants."""
        table = self.embedding
        sizes = [("Tokens", table.tokens), ("Inputs", self.rows.shape[1]), ("Width", table.element.width)]
        return [*sizes, ("Read", self.read), ("Beats", table.beats), ("Words", table.words)]


def embedding_process(design: Design, source: str, read: int) -> EmbeddingProcess | None:
    """The table of a design, which reads so many tokens a step; None without one."""
    table, rows = design.net.embedding, design.weights.embedding
    return None if table is None or rows is None else EmbeddingProcess(table, rows, source, read)
