"""The ports of a block: the signals in its arguments, and a block's arguments with fresh signals in their places."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from myhdl import ResetSignal, Signal
from myhdl._ShadowSignal import _ShadowSignal
from myhdl._Signal import _Signal

from accel.rtl.blocks.primitives.register import like

BLOCKS = "accel.rtl."
"""Where the classes of bundles of signals are defined."""


def arguments(block: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a block is called with, by the names of its parameters."""
    bound = inspect.signature(block).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def signals(given: dict[str, Any]) -> dict[str, Any]:
    """Every signal of a call by the name of its port, each once: that of the first place where it stands."""
    found: dict[int, tuple[str, Any]] = {}
    for name, value in given.items():
        for port, signal in _leaves(name, value):
            found.setdefault(id(signal), (port, signal))
    return dict(found.values())


def bundled(known: dict[str, Any]) -> dict[str, Any]:
    """Every signal in the bundles that a block knows, by the name of the bundle and its own."""
    found: dict[str, Any] = {}
    for name, value in known.items():
        if _is_bundle(value):
            for part, signal in _leaves(name, value):
                found.setdefault(part, signal)
    return found


def constants(given: dict[str, Any]) -> tuple[Any, ...]:
    """What a block's text depends on beside its signals: equal for calls that make the same text."""
    numbers = {id(signal): number for number, signal in enumerate(signals(given).values())}
    return tuple((name, _constant(value, numbers)) for name, value in given.items())


def fresh(given: dict[str, Any]) -> dict[str, Any]:
    """The same call with plain signals of the same types, of which nobody else knows."""
    made: dict[int, Any] = {}
    return {name: _fresh(value, made) for name, value in given.items()}


def _is_bundle(value: Any) -> bool:
    """An object of a class of the blocks; constants are frozen, and hold no signals."""
    frozen = getattr(type(value), "__dataclass_params__", None)
    return type(value).__module__.startswith(BLOCKS) and frozen is None and hasattr(value, "__dict__")


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _Signal):
        yield name, value
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _leaves(f"{name}{number}", one)
    elif _is_bundle(value):
        for part, one in vars(value).items():
            yield from _leaves(f"{name}_{part}", one)


def _constant(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, _Signal):
        start = None if isinstance(value, _ShadowSignal) else int(value._init)
        return numbers[id(value)], value._type.__name__, len(value), value.min, value.max, start
    if isinstance(value, list):
        return tuple(_constant(one, numbers) for one in value)
    if _is_bundle(value):
        return type(value), tuple((part, _constant(one, numbers)) for part, one in vars(value).items())
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _fresh(value: Any, made: dict[int, Any]) -> Any:
    if isinstance(value, _Signal):
        return made.setdefault(id(value), _alike(value))
    if isinstance(value, list):
        return [_fresh(one, made) for one in value]
    if _is_bundle(value):
        twin = copy.copy(value)
        for part, one in vars(value).items():
            setattr(twin, part, _fresh(one, made))
        return twin
    return value


def _alike(signal: Any) -> Any:
    if isinstance(signal, _ShadowSignal):
        return like(signal)
    if isinstance(signal, ResetSignal):
        return ResetSignal(signal._init, active=signal.active, isasync=signal.isasync)
    return Signal(copy.deepcopy(signal._init))
