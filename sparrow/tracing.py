"""Every signal of a network over some sequences, float beside golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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


def traced(spec: Spec, work: Path, data: Data) -> dict[str, Both]:
    """Signals by `<layer>.<signal>`, and the head's sums, each [sequences, steps, values] of float and of golden.

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
    exact, logits = _float(spec, work, data)
    found: dict[str, Both] = {}
    for array, one, signals in zip(made.net.layers, trace.layers, exact, strict=True):
        for name, key in array.cell.signals.items():
            fmt: Fixed = getattr(array.formats, key)
            found[f"{array.name}.{name}"] = _padded(signals[name], real), _padded(fmt.real(one.signals[name]), real)
    if made.net.head is not None and trace.logits is not None and logits is not None:
        sums = trace.logits / 2.0**made.net.head.frac
        found[HEAD] = (logits[:, None], sums) if logits.ndim == 2 else (_padded(logits, real), _padded(sums, real))
    return found


def _padded(values: Array, real: Array) -> Array:
    return np.where(real[..., None], values, np.nan)


def _float(spec: Spec, work: Path, data: Data) -> tuple[list[dict[str, Array]], Array | None]:
    """Every signal of every layer, and the logits, in double precision."""
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
        h = model.over_steps(made, lengths)
        logits = None if model.head is None else model.readout(h).numpy()
    return [{name: stacked(layer, name).numpy() for name in layer[0]} for layer in steps], logits
