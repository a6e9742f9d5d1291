"""What an ONNX graph has between two recurrent layers: a residual, an activation, linear layers, or what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, get_args

from accel.base.faults import Fault, Refused
from accel.spec.types import Clipping
from training.importing.network import Link
from training.importing.residuals import is_plain
from training.importing.signals import X
from training.importing.walk import Added, Behind, Layer, Pooling, Traversal


@dataclass(frozen=True)
class Linked:
    """What stands between two recurrent layers, and the layer that it reads."""

    kind: Link
    source: int
    folded: tuple[str, ...]


def link_of(walk: Traversal, source: int) -> Linked | None:
    """What stands between a recurrent layer and the one before: a residual, an activation that h_t goes through as it
    is and that hardware has there, or linear layers, of h_t or of a residual; None where there is nothing of it, or no
    layer before. Refused: what has no place there.
    """
    chain, place = list[Behind](), source
    while place != X and isinstance(found := walk.layers[place], Behind):
        chain.insert(0, found)
        place = found.source
    met = None if place == X else walk.layers[place]
    if isinstance(met, Added) and not chain:
        return Linked("residual", met.source, met.folded)
    if isinstance(met, Pooling):
        _refuse(met.place, "pool in front of a recurrent layer, which reads a vector a step", met.kind)
    if isinstance(met, Added):
        return Linked(("residual", *(one.made for one in chain)), met.source, (*met.folded, *_names(chain)))
    if not isinstance(met, Layer) or not chain:
        return None
    folded, made = _names(chain), chain[0].made
    if len(chain) == 1 and is_plain(made.weight, made.bias) and made.activation in get_args(Clipping):
        return Linked(made.activation, place, folded)
    return Linked(tuple(one.made for one in chain), place, folded)


def _names(chain: Sequence[Behind]) -> tuple[str, ...]:
    """The nodes of activations and of what was folded into them, for records."""
    return tuple(name for one in chain for name in (*one.folded, one.place))


def _refuse(place: str, what: str, got: str) -> NoReturn:
    wanted = f"no {what} (cut the file there, and leave that to the host)"
    raise Refused([Fault(place, wanted, got)])
