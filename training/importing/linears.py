"""Linear layers among the tensors of a state dict: the one that is certain, or those that the user names in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from accel.base.faults import Fault, Refused
from training.importing.modules import Module
from training.importing.tensors import State

if TYPE_CHECKING:
    from training.importing.state_dict import Named

BETWEEN = ("none", "relu", "tanh", "sigmoid", "hard_tanh")
"""Activations that a name tells whole. `hard_sigmoid` is none: its slope is another one in each framework."""


class Behind(NamedTuple):
    """A linear layer behind the recurrent ones."""

    names: tuple[str, ...]
    """Of its weight and, where it has one, bias."""
    activation: str
    """What its sums go through; `none` behind the last one."""

    @property
    def module(self) -> str:
        """What it is called."""
        return module_of(self.names[0])


@dataclass(frozen=True)
class Linears:
    """Linear layers among the tensors that no recurrent module has."""

    state: State
    chain: tuple[Module, ...]
    named: Named
    in_order: bool
    """Whether names stand in the order in which modules were made."""
    table: str | None = None
    """The tensor of an embedding."""

    def found(self, outputs: int | None, place: str) -> tuple[Behind, ...]:
        """Those that the user names, or the only one that can be the head and nothing else; none where `outputs`, the
        rows of the spec's head, is None.

        Refused: a head that is not certain, layers that do not read what those before give, an activation between
        them that nobody says.
        """
        hidden = self.chain[-1].sizes(self.state)[-1]
        if not self.named.head:
            if self.named.activation:
                raise Refused([Fault(f"{place}: --activation", "--head NAME for two linear layers or more", "none")])
            return () if outputs is None else (Behind(self._certain(hidden, place), "none"),)
        found = []
        for name in self.named.head:
            found.append(self._named(name, hidden, place))
            hidden = self.state[found[-1][0]].shape[0]
        if outputs is None:
            raise Refused([Fault("model.head", f"{{outputs: {hidden}}}, for {self.named.head[-1]} of {place}", "none")])
        return tuple(map(Behind, found, self._activations(place)))

    def _certain(self, hidden: int, place: str) -> tuple[str, ...]:
        possible = [names for names in self._linear() if self.state[names[0]].shape[1] == hidden]
        certain = [names for names in possible if not self._may_stand_before(names)]
        if len(possible) == len(certain) == 1:
            return certain[0]
        got = ", ".join(module_of(names[0]) for names in possible) or "none"
        left = [name for name in self._left() if not any(name in names for names in possible)]
        if not possible and left:
            got += f"; left over: {', '.join(left[:6])}"
        raise Refused([Fault(place, f"--head NAME for the linear layer that reads h_t [outputs, {hidden}]", got)])

    def _named(self, name: str, read: int, place: str) -> tuple[str, ...]:
        names = tuple(one for one in (f"{name}.weight", f"{name}.bias") if one in self.state)
        names = names or ((name,) if name in self.state else ())
        shape = tuple(self.state[names[0]].shape) if names else ()
        if len(shape) != 2 or shape[1] != read or (len(names) > 1 and tuple(self.state[names[1]].shape) != shape[:1]):
            got = f"{name} of shape {shape}" if names else f"no tensor {name}.weight"
            raise Refused([Fault(f"{place}: --head", f"a linear layer with a weight [outputs, {read}]", got)])
        return names

    def _activations(self, place: str) -> Sequence[str]:
        """What the sums of each of the named layers go through."""
        given, between = self.named.activation, len(self.named.head) - 1
        listed = " and ".join(self.named.head)
        if set(given) - set(BETWEEN):
            wanted = f"one of {', '.join(BETWEEN)}; a graph (.onnx) says others"
            raise Refused([Fault(f"{place}: --activation", wanted, ", ".join(given))])
        if len(given) == 1 and between > 1:
            given = given * between
        if len(given) != between:
            wanted = f"{between} for what stands between {listed}" if between else f"none behind {listed} alone"
            got = ", ".join(given) or "none, which a state dict does not tell"
            raise Refused([Fault(f"{place}: --activation", wanted, got)])
        return (*given, "none")

    def _left(self) -> list[str]:
        used = {name for module in self.chain for name in module.names} | {self.table}
        return [name for name in self.state if name not in used and not self.named.ignores(name)]

    def _linear(self) -> Iterator[tuple[str, ...]]:
        """Weight and bias of what may be a linear layer."""
        for name in self._left():
            bias = f"{module_of(name)}.bias"
            if name.rpartition(".")[2] == "weight" and self.state[name].ndim == 2:
                with_bias = bias in self.state and self.state[bias].shape == self.state[name].shape[:1]
                yield (name, bias) if with_bias else (name,)

    def _may_stand_before(self, names: tuple[str, ...]) -> bool:
        """Whether it could feed the LSTM just as well: a linear layer, or without bias an embedding, of that size."""
        inputs, (rows, columns) = self.chain[0].sizes(self.state)[0], self.state[names[0]].shape
        fits = rows == inputs or (len(names) == 1 and columns == inputs)
        order = list(self.state)
        last = max(order.index(name) for module in self.chain for name in module.names)
        return fits and not (self.in_order and order.index(names[0]) > last)


def module_of(name: str) -> str:
    """The module that a tensor belongs to."""
    return name.rpartition(".")[0]
