"""A block that stays a Verilog module of its own, so that a person can debug it and a prover can take it.

Natively it is a block as any other. While a design is converted, a call makes an instance: the block is converted by
itself, once for each form of it, and the text around it connects its ports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from myhdl import _block
from myhdl._extractHierarchy import _UserVerilogCode

Instantiate = Callable[["module", str, tuple[Any, ...], dict[str, Any]], tuple[_UserVerilogCode, dict[str, Any]]]
"""Makes an instance of a module from its name and a call: its text, and the signals that it connects, by port."""

_instantiate: ContextVar[Instantiate | None] = ContextVar("instantiate", default=None)


@contextmanager
def instantiated_by(instantiate: Instantiate) -> Iterator[None]:
    """Within, a call of a module makes an instance of it."""
    token = _instantiate.set(instantiate)
    try:
        yield
    finally:
        _instantiate.reset(token)


class module(_block.block_decorator):  # type: ignore[misc]
    """The decorator of such a block, in place of MyHDL's `block`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The block, or an instance of its module. MyHDL looks for the caller right above this frame."""
        name = _block._uniqueify_name(f"{self.func.__name__}{self.calls}")
        self.calls += 1
        instantiate = _instantiate.get()
        inside = self.func if instantiate is None else nothing
        made = _block._Block(inside, self, name, self.srcfile, self.srcline, False, *args, **kwargs)
        if instantiate is not None:
            made.verilog_code, made.sigdict = instantiate(self, name, args, kwargs)
        return made


def nothing(*_: Any, **__: Any) -> tuple[()]:
    """What a block is made of whose text is an instance."""
    return ()
