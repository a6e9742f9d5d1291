"""`sparrow evaluate`: the metric of the network that lies in a work folder, beside that of the file it came from."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import read_json
from accel.engines import metric
from accel.engines.engine import golden
from accel.engines.predict import predict
from accel.model import sequences, weights, weights_file
from accel.model.design import Design
from accel.model.sequences import Array, Data
from accel.proof.folder import held
from accel.spec import Spec
from sparrow.predicting import require_alone
from sparrow.steps import before, design


def evaluate(spec: Spec, work: Path, test: Path, model: Path | None = None) -> dict[str, Any]:
    """Answer x of a `.npz` with the golden model, and with the float network of `model`, and compare both with its y.

    Without `model`, of the spec's source where it has one. Refused: stale weights, another `model` than the one that
    was imported, an x or y that does not fit the spec.
    """
    require_alone(spec, "evaluate")
    data = sequences.load(test, spec.model.inputs)
    return compared(spec, work, data, sequences.targets(test, data, *shape_of(spec)), str(test), model)


def shape_of(spec: Spec) -> tuple[int | None, bool, int]:
    """Classes of a network's answers, None without a head, two of a single logit; whether there is one a sequence;
    values of an answer.
    """
    head = spec.model.head
    if head is None:
        return None, False, spec.model.hidden[-1]
    single = head.outputs == 1 and head.kind == "logits"
    return 2 if single else head.outputs, head.when == "last", head.outputs


def compared(
    spec: Spec, work: Path, data: Data, wanted: Array, place: str, model: Path | None = None
) -> dict[str, Any]:
    """`evaluate` of sequences and their right answers, which came from `place`."""
    head, once = spec.model.head, shape_of(spec)[1]
    if head is not None and head.kind == "argmax" and not np.issubdtype(wanted.dtype, np.integer):
        raise Refused([Fault(f"{place}: y", "classes, as model.head.kind is argmax", "numbers")])
    if model is None and spec.source is not None:
        model = spec.beside(spec.source.file)
    with held(work):
        if lacking := [fault for step in before("generate", spec) for fault in step.lacking(spec, work)]:
            raise Refused(lacking)
        made = design(spec, work)
        exact = None if model is None else _float_answers(made, model, data, once)
    answers = _flat(predict(made, data, golden, "golden").y, data, once)
    return {
        "metric": metric.name(wanted),
        "answers": len(wanted),
        "golden": metric.metric(answers, wanted),
        "float": None if exact is None else metric.metric(exact, wanted),
        "apart": None if exact is None else metric.apart(answers, exact, wanted),
    }


def _flat(y: Array, data: Data, once: bool) -> Array:
    """One row a result, padding left out."""
    return y if once else y[np.arange(y.shape[1]) < data.lengths[:, None]]


def _float_answers(made: Design, model: Path, data: Data, once: bool) -> Array:
    """What the float network of an imported file answers; it must be the file whose integers lie in the folder."""
    from training.importer import quantized, read_again

    asked = read_json(made.work / "training.json").get("import", {}).get("asked")
    if asked is None:
        wanted = "weights that `sparrow import` took from a file, or no --model"
        raise Refused([Fault(str(made.work), wanted, "others")])
    network = read_again(made.spec, model, asked)
    if _digest(quantized(made.spec, network), made.spec) != _digest(made.weights, made.spec):
        raise Refused([Fault(str(model), f"the file whose weights lie in {made.work}", "another")])
    h, head = network.states(data.x, lengths=data.lengths)[-1], made.spec.model.head
    if head is None or head.last != "states":
        h = network.over_steps(h, data.lengths)
    logits = network.logits(h)
    if network.pool != "none":
        return np.asarray(logits[:, 0])
    return np.asarray(logits[np.arange(len(logits)), data.lengths - 1] if once else _flat(logits, data, once))


def _digest(found: weights.Weights, spec: Spec) -> str:
    """The digest that `weights.npz` has of them."""
    with TemporaryDirectory() as scratch:
        return weights_file.save(Path(scratch) / "weights.npz", found, spec)
