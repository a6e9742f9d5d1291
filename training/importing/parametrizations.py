"""Weights that a state dict keeps in parts, put together; and the prefixes that wrappers put before every name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from training.importing.tensors import State

Parts = tuple[Tensor, ...]
Make = Callable[[Parts], Tensor | None]


def without_wrappers(state: State) -> State:
    """Names without `module.` (DataParallel) before all of them and `_orig_mod.` (torch.compile) anywhere."""
    names = {name: re.sub(r"(^|\.)_orig_mod\.", r"\1", name) for name in state}
    if all(name.startswith("module.") for name in names.values()):
        names = {name: short.removeprefix("module.") for name, short in names.items()}
    if len(set(names.values())) < len(names):
        return state
    return {names[name]: tensor for name, tensor in state.items()}


def weight_norm(parts: Parts) -> Tensor | None:
    """g v / |v| (Salimans & Kingma, arXiv 1602.07868), the norm over the axes along which g has one number.

    None where the shapes are not those of a magnitude and a direction.
    """
    g, v = (part.double() for part in parts)
    if g.ndim not in (0, v.ndim) or any(a not in (1, b) for a, b in zip(g.shape, v.shape, strict=False)):
        return None
    over = [axis for axis in range(v.ndim) if g.ndim == 0 or g.shape[axis] == 1]
    norm = torch.linalg.vector_norm(v, dim=over, keepdim=True) if over else v.abs()
    return v * (g / norm)


def masked(parts: Parts) -> Tensor | None:
    """A weight times the mask of its pruning. None for other shapes."""
    weight, mask = parts
    return weight.double() * mask.double() if weight.shape == mask.shape else None


FORMS: tuple[tuple[str, tuple[str, ...], Make, str], ...] = (
    (r"(?P<at>.*)_g", ("{at}_g", "{at}_v"), weight_norm, "weight_norm"),
    (r"(?P<at>.*)_orig", ("{at}_orig", "{at}_mask"), masked, "pruning mask"),
    (
        r"(?P<module>.*?)parametrizations\.(?P<name>[^.]+)\.original0",
        ("{module}parametrizations.{name}.original0", "{module}parametrizations.{name}.original1"),
        weight_norm,
        "weight_norm",
    ),
    (
        r"(?P<module>.*?)parametrizations\.(?P<name>[^.]+)\.original",
        ("{module}parametrizations.{name}.original", "{module}parametrizations.{name}.0.mask"),
        masked,
        "pruning mask",
    ),
)
"""What the name of the first part looks like, the names of all parts, how they are put together, and what that is."""


def composed(state: State) -> tuple[State, tuple[str, ...]]:
    """Weights in one piece, in the place of their first part; and what was put together, for the record."""
    made, notes, used = dict[str, tuple[str, Tensor]](), list[str](), set[str]()
    for first, parts, whole, make, what in _found(state):
        tensor = make(tuple(state[part] for part in parts))
        if tensor is not None and whole not in state:
            made[first] = whole, tensor
            used.update(parts)
            notes.append(f"{whole} ({what})")
    found = State()
    for name, tensor in state.items():
        if name in made:
            whole, tensor = made[name]
            found[whole] = tensor
        elif name not in used:
            found[name] = tensor
    return found, tuple(notes)


def _found(state: State) -> Iterator[tuple[str, list[str], str, Make, str]]:
    for name in state:
        for pattern, parts, make, what in FORMS:
            match = re.fullmatch(pattern, name)
            if match is None:
                continue
            groups = match.groupdict()
            names = [part.format(**groups) for part in parts]
            whole = groups.get("at") or f"{groups.get('module', '')}{groups.get('name', '')}"
            if all(part in state for part in names):
                yield name, names, whole, make, what
