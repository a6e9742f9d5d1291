"""Sizes of the axes of a graph's inputs, and which axis x_t may lie along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from training.importing.graph_file import GraphFile


def choices(
    file: GraphFile, x: str, sizes: Sequence[int], inputs: int | None
) -> Iterator[tuple[tuple[int, ...], int | None, int]]:
    """Sizes of x's axes, the axis of x_t, and a size for other inputs' axes of any size; the likeliest first.

    Beside inputs for states a free axis of x may still have to be 1, as the file's states are those of one sequence.
    """
    axes = file.axes(x)
    for features in _candidates(axes, inputs):
        at = _sized(axes, sizes, features, inputs)
        ones = [_with_one(axes, at, axis) for axis in range(len(axes)) if isinstance(axes[axis], str)]
        for shape in [at, *(ones if len(file.inputs) > 1 else ())]:
            for others in dict.fromkeys((*shape, 1)) if _has_own_sizes(file, x) else (1,):
                yield shape, features, others


def _with_one(axes: Sequence[int | str], at: tuple[int, ...], axis: int) -> tuple[int, ...]:
    same = [number == axis or (symbol != "" and symbol == axes[axis]) for number, symbol in enumerate(axes)]
    return tuple(1 if one else size for size, one in zip(at, same, strict=True))


def _candidates(axes: Sequence[int | str], inputs: int | None) -> list[int | None]:
    """Axes that x_t may lie along, the likeliest first: of the spec's size, else from the last on; None is no axis."""
    order = list(reversed(range(len(axes))))
    declared = [axis for axis in order if axes[axis] == inputs]
    if declared:
        return [*declared, *(axis for axis in order if isinstance(axes[axis], int) and axis not in declared)]
    return [None, *order] if inputs == 1 else [*order, None]


def _has_own_sizes(file: GraphFile, x: str) -> bool:
    """Whether inputs besides x have axes of sizes that x does not have."""
    known = {axis for axis in file.axes(x) if axis}
    others = (axis for name in file.inputs if name != x for axis in file.axes(name))
    return any(isinstance(axis, str) and axis not in known for axis in others)


def _sized(
    axes: Sequence[int | str], sizes: Sequence[int], features: int | None, inputs: int | None
) -> tuple[int, ...]:
    """A size for every axis: as declared, else the next of `sizes`; the same for the same symbol."""
    chosen: dict[str, int] = {}
    left = iter((*sizes, *(2 for _ in axes)))
    made = []
    for number, axis in enumerate(axes):
        if isinstance(axis, int):
            made.append(axis)
        elif number == features and inputs is not None:
            made.append(inputs)
        else:
            size = chosen.get(axis) or next(left)
            made.append(size)
            if axis:
                chosen[axis] = size
    return tuple(made)


def shape_beside(file: GraphFile, name: str, x: str, sizes: tuple[int, ...], others: int) -> tuple[int, ...]:
    """Shape of an input besides x: a symbol that x has too is of the same size."""
    symbols = {axis: size for axis, size in zip(file.axes(x), sizes, strict=True) if axis}
    return tuple(axis if isinstance(axis, int) else symbols.get(axis, others) for axis in file.axes(name))
