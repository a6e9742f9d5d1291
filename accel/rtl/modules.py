"""The modules of a design, from the top down: each written once, with the ports that somebody needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from accel.rtl.form import Form, Instance, place
from accel.rtl.unread import names_read, ports, without_ports, without_unread
from accel.rtl.verilog_text import finished

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(eq=False)
class Module:
    """A form with the ports that are left of it, and the modules of its instances, by number."""

    form: Form
    text: str
    inside: dict[int, Module]

    @property
    def ports(self) -> list[str]:
        """Names of its ports, in order."""
        return ports(self.text)


class Modules:
    """Modules by their forms, and by the outputs that nobody reads."""

    def __init__(self) -> None:
        self._made: dict[tuple[Form, frozenset[str]], Module] = {}

    def of(self, form: Form, unread: frozenset[str]) -> Module:
        """The module of a form whose outputs `unread` lead nowhere; inputs that it does not need then are no ports."""
        key = form, unread
        if key not in self._made:
            made = self.whole(form, without_ports(form.text, unread))
            idle = set(made.ports) & form.inputs - _read(made)
            self._made[key] = Module(form, without_ports(made.text, idle), made.inside)
        return self._made[key]

    def whole(self, form: Form, text: str) -> Module:
        """A module that keeps the ports of its text."""
        made = Module(form, text, {n: self.of(one.form, frozenset()) for n, one in enumerate(form.instances)})
        while True:
            made.text = without_unread(made.text, _connected(made))
            inside = dict(self._inside(made))
            if inside == made.inside:
                return made
            made.inside = inside

    def _inside(self, made: Module) -> Iterator[tuple[int, Module]]:
        """The modules of the instances that drive something, without what they drive in vain."""
        needed = _read(made) | set(made.ports)
        for number in made.inside:
            instance = made.form.instances[number]
            vain = {port for port in instance.form.outputs if not set(_names(instance, port)) & needed}
            if vain != instance.form.outputs:
                yield number, self.of(instance.form, frozenset(vain))


def _names(instance: Instance, port: str) -> list[str]:
    return _NAME.findall(instance.connections[port])


def _connected(made: Module) -> set[str]:
    """Names that the instances of a module read."""
    inputs = ((made.form.instances[n], port) for n, inner in made.inside.items() for port in inner.ports)
    return {name for one, port in inputs if port in one.form.inputs for name in _names(one, port)}


def _read(made: Module) -> set[str]:
    return names_read(made.text) | _connected(made)


def written(top: Form, identifier: str) -> str:
    """The Verilog of a design: the top, called `identifier`, then every module in it."""
    made = Modules().whole(top, top.text)
    named: dict[Module, str] = {}
    _name(made, identifier, named, f"{identifier}_")
    return "\n".join(_text(module, named) for module in named)


def _name(module: Module, name: str, named: dict[Module, str], prefix: str) -> None:
    """Name a module and those inside, in the order in which they are met; forms that differ are numbered."""
    named[module] = name
    for inner in module.inside.values():
        if inner not in named:
            taken = sum(one.form.name == inner.form.name for one in named)
            _name(inner, f"{prefix}{inner.form.name}{f'_{taken}' if taken else ''}", named, prefix)


def _text(module: Module, named: dict[Module, str]) -> str:
    text = module.text.replace(f"module {module.form.name} (", f"module {named[module]} (", 1)
    for number, instance in enumerate(module.form.instances):
        inner = module.inside.get(number)
        line = "" if inner is None else _instance(instance, inner, named[inner])
        text = text.replace(f"{place(number)}\n", line, 1)
    return finished(text)


def _instance(instance: Instance, inner: Module, name: str) -> str:
    connections = ", ".join(f".{port}({instance.connections[port].strip()})" for port in inner.ports)
    return f"{name} {instance.name} ({connections});\n"
