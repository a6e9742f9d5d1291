"""Every signal of a network over some sequences, float beside golden."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from accel.architecture.cells.activations import OUT
from accel.base.faults import Fault, Refused
from accel.base.files import read_json
from accel.base.fixed import Fixed
from accel.model import golden
from accel.model.sequences import Array, Data
from accel.proof.folder import held
from accel.spec import Spec
from sparrow.steps import before, design

HEAD = "head"
Both = tuple[Array, Array]


class Floats(NamedTuple):
    """Every signal of each recurrent layer by its name, what each linear layer in front of one gives, and each behind
    the last one, and the head's sums: [sequences, steps, values], behind a single answer without steps.
    """

    layers: list[dict[str, Array]]
    feeding: list[Array]
    linear: list[Array]
    logits: Array | None


def traced(spec: Spec, work: Path, data: Data) -> dict[str, Both]:
    """Signals by `<layer>.<signal>`, of linear layers `<layer>.out`, and the head's sums, each [sequences, steps,
    values] of float and of golden.

    Float is the network of the spec's source, nothing pruned. Refused: stale weights, a spec without a source.
    """
    if spec.source is None:
        raise Refused([Fault("source", "a file, whose float network stands beside", "none")])
    with held(work):
        if lacking := [fault for step in before("generate", spec) for fault in step.lacking(spec, work)]:
            raise Refused(lacking)
        made = design(spec, work)
    trace = golden.run(made.net, made.weights, spec.incoming.integers(data.x), data.lengths)
    real = np.arange(data.x.shape[1]) < data.lengths[:, None]
    exact = _float(spec, work, data)
    found: dict[str, Both] = {}
    for array, one, signals in zip(made.net.layers, trace.layers, exact.layers, strict=True):
        for name, key in array.cell.signals.items():
            fmt: Fixed = getattr(array.formats, key)
            found[f"{array.name}.{name}"] = _beside(signals[name], fmt.real(one.signals[name]), real)
    around = (*made.net.feeding, *made.net.linear)
    for linear, given, values in zip(
        around, (*exact.feeding, *exact.linear), (*trace.feeding, *trace.linear), strict=True
    ):
        found[f"{linear.name}.{OUT}"] = _beside(given, linear.made.real(values[OUT]), real)
    if made.net.head is not None and trace.logits is not None and exact.logits is not None:
        found[HEAD] = _beside(exact.logits, trace.logits / 2.0**made.net.head.frac, real)
    return found


def _beside(exact: Array, golden: Array, real: Array) -> Both:
    """Of every step, NaN behind a sequence's end; or of a single answer a sequence."""
    return (exact[:, None], golden) if exact.ndim == 2 else (_padded(exact, real), _padded(golden, real))


def _padded(values: Array, real: Array) -> Array:
    return np.where(real[..., None], values, np.nan)


def _float(spec: Spec, work: Path, data: Data) -> Floats:
    """Everything in double precision."""
    import torch

    from training.importer import filled, read_again
    from training.model import stacked

    assert spec.source is not None
    asked = read_json(work / "training.json")["import"]["asked"]
    model = filled(spec, read_again(spec, spec.beside(spec.source.file), asked)).eval()
    with torch.no_grad():
        x, lengths = torch.from_numpy(data.x), torch.from_numpy(data.lengths)
        steps = model.signals(x.long() if spec.incoming.tokens else x, model.begun(len(x)), lengths)
        made = model.behind(stacked(steps[-1], model.cell.output), model.last_read, lengths)
        h, linear = model.over_steps(made, lengths), list[Array]()
        logits = None if model.head is None else model.readout(h).numpy()
        for place in range(len(model.linear)):
            h = model.through_linear(place, h)[OUT]
            linear.append(h.numpy())
    layers = [{name: stacked(layer, name).numpy() for name in layer[0]} for layer in steps]
    return Floats(layers, [one[OUT].numpy() for chain in model.last_fed for one in chain], linear, logits)
