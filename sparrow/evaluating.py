"""`sparrow evaluate`: the metric of the network that lies in a work folder, beside that of the file it came from."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

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
from sparrow.predicting import around_of
from sparrow.steps import before, design

if TYPE_CHECKING:
    from training.importing.around import Around


def evaluate(spec: Spec, work: Path, test: Path, model: Path | None = None) -> dict[str, Any]:
    """Answer x of a `.npz` with the golden model, and with the float network of `model`, and compare both with its y.

    Without `model`, of the spec's source where it has one. Refused: stale weights, another `model` than the one that
    was imported, an x or y that does not fit the spec. Where the spec's source leaves pieces to the host, x and y are
    those of the whole file, and the pieces run before and behind both.
    """
    if (around := around_of(spec)) is not None:
        return _with_pieces(spec, work, test, around, model)
    data = sequences.load(test, spec.model.inputs, spec.model.vocabulary, spec.model.window)
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
    exact, answers = _both(spec, work, data, once, model)
    flat = None if exact is None else _flat(exact, data, once)
    return _facts(_flat(answers, data, once), flat, wanted)


def _both(spec: Spec, work: Path, data: Data, once: bool, model: Path | None) -> tuple[Array | None, Array]:
    """What the float network answers, where there is one, and the golden model, as `Prediction.y`."""
    if model is None and spec.source is not None:
        model = spec.beside(spec.source.file)
    with held(work):
        if lacking := [fault for step in before("generate", spec) for fault in step.lacking(spec, work)]:
            raise Refused(lacking)
        made = design(spec, work)
        exact = None if model is None else _float_answers(made, model, data, once)
    return exact, predict(made, data, golden, "golden").y


def _facts(answers: Array, exact: Array | None, wanted: Array) -> dict[str, Any]:
    """Both metrics, and how far the two are apart; one row a result."""
    return {
        "metric": metric.name(wanted),
        "answers": len(wanted),
        "golden": metric.metric(answers, wanted),
        "float": None if exact is None else metric.metric(exact, wanted),
        "apart": None if exact is None else metric.apart(answers, exact, wanted),
    }


def _with_pieces(spec: Spec, work: Path, test: Path, around: Around, model: Path | None) -> dict[str, Any]:
    """`evaluate` of what the whole file answers, its part in the golden model and as the float network."""
    heard = around.heard(test)
    exact, golden_y = _both(spec, work, heard.data, shape_of(spec)[1], model)
    answers = around.answered(golden_y, heard)
    wanted = wanted_of_whole(test, answers)
    one = wanted.ndim if np.issubdtype(wanted.dtype, np.integer) else wanted.ndim - 1  # axes that count results
    rows = wanted.reshape(-1, *wanted.shape[one:])
    others = None if exact is None else around.answered(exact, heard)
    return _facts(_rows(answers, one), None if others is None else _rows(others, one), rows)


def _rows(answers: Array, axes: int) -> Array:
    """One row a result, which the first axes count."""
    return answers.reshape(-1, *answers.shape[axes:])


def wanted_of_whole(test: Path, answers: Array) -> Array:
    """y of a file for the answers of a whole graph: numbers of their shape, or classes, one along their last axis."""
    y = sequences.arrays(test).get("y")
    if y is None:
        raise Refused([Fault(f"{test}: y", "an array y: classes or numbers", "none")])
    taken = {"classes": answers.shape}
    if np.issubdtype(answers.dtype, np.floating):
        taken = {"numbers": answers.shape} | ({"classes": answers.shape[:-1]} if answers.shape[-1] > 1 else {})
    kind = "classes" if np.issubdtype(y.dtype, np.integer) else "numbers"
    if taken.get(kind) != y.shape or y.dtype.kind not in "iuf":
        wanted = " or ".join(f"{key} {list(shape)}" for key, shape in taken.items())
        raise Refused([Fault(f"{test}: y", wanted, f"{y.dtype} {list(y.shape)}")])
    classes = answers.shape[-1] if "numbers" in taken else np.inf
    if kind == "numbers" and not np.isfinite(y).all():
        raise Refused([Fault(f"{test}: y", "finite numbers", "others")])
    if kind == "classes" and not 0 <= y.min() <= y.max() < classes:
        raise Refused([Fault(f"{test}: y", f"classes from 0 to below {classes}", f"{y.min()} to {y.max()}")])
    return np.asarray(y)


def _flat(y: Array, data: Data, once: bool) -> Array:
    """One row a result, padding left out."""
    return y if once else y[np.arange(y.shape[1]) < data.lengths[:, None]]


def _float_answers(made: Design, model: Path, data: Data, once: bool) -> Array:
    """What the float network of an imported file answers, as `Prediction.y` of logits; it must be the file whose
    integers, or those that learned from it, lie in the folder.
    """
    from training.importer import quantized, read_again
    from training.importing import source

    record = read_json(made.work / "training.json")
    asked = record.get("import", {}).get("asked")
    if asked is None:
        wanted = "weights that `sparrow import` took from a file, or no --model"
        raise Refused([Fault(str(made.work), wanted, "others")])
    network = read_again(made.spec, model, asked)
    same = record.get("sha256") == source.digest(model)
    if not same and _digest(quantized(made.spec, network), made.spec) != _digest(made.weights, made.spec):
        raise Refused([Fault(str(model), f"the file whose weights lie in {made.work}", "another")])
    h, head = network.states(data.x, lengths=data.lengths)[-1], made.spec.model.head
    if head is None or head.last != "states":
        h = network.over_steps(h, data.lengths)
    logits = network.logits(h)
    if network.pool != "none":
        return np.asarray(logits[:, 0])
    return np.asarray(logits[np.arange(len(logits)), data.lengths - 1] if once else logits)


def _digest(found: weights.Weights, spec: Spec) -> str:
    """The digest that `weights.npz` has of them."""
    with TemporaryDirectory() as scratch:
        return weights_file.save(Path(scratch) / "weights.npz", found, spec)
