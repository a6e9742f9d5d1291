"""Whether a network that was read is the one the spec describes; where not, what the spec should say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accel.base.faults import Fault, Refused
from accel.spec import Spec
from accel.spec.network import Linear, Window
from training.importing.network import Activated, Array, FloatNetwork

CLASSES = ("softmax", "log_softmax", "argmax")
"""Endings behind which only the class is the accelerator's own answer. A sigmoid's logits decide by their signs."""


def check(spec: Spec, network: FloatNetwork, name: str) -> None:
    """Refused with every key of the spec that `name`, the file, contradicts."""
    faults = [*_sizes(spec, network, name), *_head(spec, network, name), *_states(spec, network, name)]
    if not spec.model.bias and any(array.any() for array in _biases(network)):
        faults.append(Fault("model.bias", f"true, as {name} has biases", "false"))
    if faults:
        raise Refused(faults)


def _sizes(spec: Spec, network: FloatNetwork, name: str) -> Iterator[Fault]:
    for cell in dict.fromkeys(layer.cell for layer in network.layers if layer.cell != spec.model.cell):
        first = next(layer.name for layer in network.layers if layer.cell == cell)
        yield Fault("model.cell", f"{cell}, as {first} of {name} is", spec.model.cell)
    if network.directions != spec.directions:
        wanted = f"{str(network.directions > 1).lower()}, as {network.layers[0].name} of {name} is"
        yield Fault("model.bidirectional", wanted, str(spec.model.bidirectional).lower())
    for one in (layer for layer in network.layers if layer.directions != network.directions):
        ways = ("both directions", "one direction")[network.directions == 1]
        yield Fault(f"{name}: {one.name}", f"a layer of {ways}, as {network.layers[0].name} is", "another")
    inputs = network.inputs
    hidden = [layer.sizes[1] for layer in network.layers]
    if inputs != spec.model.inputs:
        first = network.before[0].name if network.before else network.layers[0].name
        yield Fault("model.inputs", f"{inputs}, as {first} of {name} reads", str(spec.model.inputs))
    if network.window != spec.model.window:
        wanted = f"nothing, as {name} has no Conv over steps" if network.window is None else told(network.window)
        yield Fault("model.window", wanted, "nothing" if spec.model.window is None else told(spec.model.window))
    if network.vocabulary != spec.model.vocabulary:
        table = network.embedding
        wanted = "nothing, as" if table is None else f"{network.vocabulary}, the rows of {table.name} that"
        yield Fault("model.vocabulary", f"{wanted} {name} has", str(spec.model.vocabulary))
    if hidden != list(spec.model.hidden):
        names = ", ".join(layer.name for layer in network.layers)
        yield Fault("model.hidden", f"{hidden}, as {name} has ({names})", str(list(spec.model.hidden)))


def told(window: Window) -> str:
    """As a spec has it."""
    return f"{{steps: {window.steps}, stride: {window.stride}, pad: {list(window.pad)}}}"


def _head(spec: Spec, network: FloatNetwork, name: str) -> Iterator[Fault]:
    wanted, head = spec.model.head, network.head
    if wanted is None and head is not None:
        yield Fault("model.head", f"{{outputs: {len(head.bias)}}}, as {name} has ({head.name})", "none")
    if wanted is not None and head is None:
        yield Fault("model.head", f"none, as {name} ends with h_t", f"outputs: {wanted.outputs}")
    if wanted is not None and head is not None and wanted.outputs != len(head.bias):
        yield Fault("model.head.outputs", f"{len(head.bias)}, as {head.name} of {name}", str(wanted.outputs))
    yield from _linear(spec, network, name)
    pool = "none" if wanted is None else wanted.pool
    if pool != network.pool and network.head is not None:
        yield Fault("model.head.pool", f"{network.pool}, as {name} has", pool)
    when = "step" if wanted is None else wanted.when
    if network.when is not None and network.when != when:
        key = "model.head.when" if wanted is not None else "model.head"
        yield Fault(
            key, f"{network.when}, as {name} answers", when if wanted is not None else "none: h_t of every step"
        )
    if wanted is not None and network.last not in (None, wanted.last):
        yield Fault("model.head.last", f"{network.last}, as {name} reads", str(wanted.last))
    if wanted is not None and (network.ending, wanted.outputs, wanted.kind) == ("sigmoid", 1, "argmax"):
        yield Fault("model.head.kind", f"logits, as {name} ends with a sigmoid of one, whose sign decides", "argmax")
    if network.ending in CLASSES and (wanted is None or wanted.kind != "argmax"):
        kind = "none" if wanted is None else wanted.kind
        yield Fault("model.head.kind", f"argmax, as {name} ends with {network.ending}, or that node cut off", kind)


def _linear(spec: Spec, network: FloatNetwork, name: str) -> Iterator[Fault]:
    """Linear layers in front of the head's last one, and in front of the recurrent ones."""
    layers = () if spec.model.head is None else spec.model.head.layers
    yield from _activated("model.head.layers", layers, network.linear, name, "has one linear layer")
    yield from _between(spec, network, name)
    yield from _activated("model.before", spec.model.before, network.before, name, "begins with a recurrent layer")


def _between(spec: Spec, network: FloatNetwork, name: str) -> Iterator[Fault]:
    """What h_t goes through between recurrent layers."""
    none = ["none"] * (len(network.layers) - 1)
    asked, found = ([*map(_link, links)] for links in (spec.model.between, network.between))
    if (asked or none) != (found or none):
        wanted = f"[{', '.join(found)}], as {name} has" if found else f"nothing, as {name} has none"
        yield Fault("model.between", wanted, f"[{', '.join(asked)}]")


def _link(link: str | Sequence[str | Linear | Activated]) -> str:
    """What stands between recurrent layers, as a spec says it."""
    return link if isinstance(link, str) else f"[{_listed(link)}]"


def _listed(layers: Sequence[str | Linear | Activated]) -> str:
    """Linear layers as a spec says them."""
    return ", ".join(map(_told, layers))


def _told(one: str | Linear | Activated) -> str:
    """A linear layer, or a word in front of some."""
    if isinstance(one, str):
        return one
    outputs = len(one.bias) if isinstance(one, Activated) else one.outputs
    return f"{{outputs: {outputs}, activation: {one.activation}}}"


def _activated(
    key: str, layers: Sequence[Linear], found: Sequence[Activated], name: str, without: str
) -> Iterator[Fault]:
    needed, got = _listed(found), _listed(layers)
    if got != needed:
        names = ", ".join(one.name for one in found)
        why = f"as {name} has ({names})" if names else f"as {name} {without}"
        yield Fault(key, f"[{needed}], {why}", f"[{got}]")


def _states(spec: Spec, network: FloatNetwork, name: str) -> Iterator[Fault]:
    if network.initial_states and not (spec.engine.state_streams or spec.model.stateful):
        inputs = ", ".join(network.initial_states)
        wanted = f"true, or model.stateful: true, as {name} starts from its inputs {inputs}"
        yield Fault("engine.state_streams", wanted, "false")
    held = [layer.name for layer in network.layers if layer.initial is not None]
    if held and not spec.initial_states:
        yield Fault("model.initial", f"constant, as {', '.join(held)} of {name} begins with constants", "zeros")
    if spec.initial_states and not held:
        yield Fault("model.initial", f"zeros, as {name} has no constants to begin with", "constant")


def _biases(network: FloatNetwork) -> Iterator[Array]:
    yield from (layer.bias for layer in network.layers)
    yield from (layer.bias for layer in (*network.feeding, *network.linear))
    if network.head is not None:
        yield network.head.bias
