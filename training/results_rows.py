"""A run's record as rows: every network that it made, with its metric, weights, bits and multiplications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.spec import Spec
from training.sizes import FLOAT_BITS
from training.studies import BALANCED, slug
from training.units import multiplications

TRAINED_ON = "dense, trained on"
FLOAT = "dense, float"


@dataclass(frozen=True)
class Row:
    """One network of one run."""

    method: str
    valid: float | None
    test: float
    kept: float
    bits: float | None
    multiplications: float


def rows(spec: Spec, record: dict[str, Any]) -> Iterator[Row]:
    """Every network that a run made, the dense one first."""
    dense = multiplications(spec)
    yield Row(FLOAT, None, record["models"]["float"], 1.0, dense * FLOAT_BITS, dense)
    yield from _candidates(spec, record["candidates"], dense)
    kept = share(spec, [list(pair) for pair in planned(spec)])
    for other in record["baselines"]:
        yield _baseline(other, kept, dense)
    yield from _main_way(spec, record)
    found = [_study(spec, study, share(spec, _kept(record))) for study in record["studies"]]
    yield from found
    for study, row in zip(record["studies"], found, strict=True):
        if slug(study["name"]) in record.get("compact", {}):
            yield _compact(spec, study, row, record["compact"][slug(study["name"])])


def _candidates(spec: Spec, candidates: list[dict[str, Any]], dense: int) -> Iterator[Row]:
    """Of a search the uniform and the chosen split; one row where nothing was searched."""
    even, balanced = [list(pair) for pair in planned(spec)], BALANCED.get(spec.sparsity.pattern, "")
    for tried in candidates:
        kept = share(spec, tried["kept"])
        names = [", uniform ratio"] * (tried["kept"] == even) + [", ratios chosen"] * tried["chosen"]
        for name in names if len(candidates) > 1 else [""]:
            yield Row(balanced + name, tried["valid"], tried["test"], kept, None, kept * dense)


def _main_way(spec: Spec, record: dict[str, Any]) -> Iterator[Row]:
    """With its states pruned, and as the accelerator computes it."""
    models, bits, kept = record["models"], record["bits"], share(spec, _kept(record))
    states = record.get("states")
    skipped = _skipped(states, network(spec, _pairs(_kept(record))).layers) if states else 0.0
    count, balanced = kept * multiplications(spec) - skipped, BALANCED.get(spec.sparsity.pattern, "dense")
    if "states pruned" in models:
        yield Row(f"{balanced}, states pruned", None, models["states pruned"], kept, None, count)
    chosen = f"{balanced}, chosen" if len(record["candidates"]) > 1 else balanced
    name = f"{chosen}, {form(spec)}" if record["candidates"] else f"quantised, {form(spec)}"
    digits = spec.weights.kind != "fixed"
    yield Row(name, None, models["quantized"], kept, bits["values"] + bits["indices"], 0.0 if digits else count)


def form(spec: Spec) -> str:
    """What the weights are."""
    return spec.weights.kind if spec.weights.kind != "fixed" else f"{spec.weights.width} bits"


def _baseline(other: dict[str, Any], kept: float, dense: int) -> Row:
    """Another pattern with as many weights, or the dense network trained on."""
    if other["pattern"] == "dense":
        return Row(TRAINED_ON, other["valid"], other["test"], 1.0, dense * FLOAT_BITS, dense)
    return Row(f"{other['pattern']} pruning", other["valid"], other["test"], kept, None, kept * dense)


def _kept(record: dict[str, Any]) -> list[list[int]]:
    return [layer["kept"] for layer in record["layers"]]


def _pairs(kept: list[list[int]]) -> list[tuple[int, int]]:
    return [(k_x, k_h) for k_x, k_h in kept]


def share(spec: Spec, kept: list[list[int]]) -> float:
    """Share of the LSTM's weights that K_x and K_h, a pair a layer, leave: of a row, or of a lane in a column."""
    return sum(array.nonzeros for array in network(spec, _pairs(kept)).layers) / multiplications(spec)


def _skipped(states: dict[str, Any], layers: Any) -> float:
    """Multiplications of a step that zeros of the states of one sequence spare."""
    return float(states["zeros"]["1"] * sum(array.matrix_nonzeros[1] for array in layers))


def _study(spec: Spec, study: dict[str, Any], left: float) -> Row:
    """A study's network; its numbers of weights and multiplications follow from what is particular to the method."""
    dense, kept = multiplications(spec), left if "row-balanced" in study["name"] else 1.0
    if "kept" in study:
        kept = share(spec, study["kept"])
    if "multiplications" in study:
        kept = study["multiplications"] / dense
    if "nonzeros" in study:
        kept = sum(map(sum, study["nonzeros"])) / dense
    count: float = 0.0 if study["name"].startswith(("binary", "ternary")) else kept * dense
    if "curve" in study:
        count -= count * _recurrent(spec) * _zeros(study)
    if "zeros" in study:
        count -= study["zeros"]["1"] * sum(recurrent for _, recurrent in study["nonzeros"])
    return Row(study["name"], study["valid"], study["test"], kept, study.get("weight_bits"), count)


def _compact(spec: Spec, study: dict[str, Any], before: Row, own: dict[str, Any]) -> Row:
    """A network that lost units, as the accelerator computes it."""
    count, bits = before.kept * multiplications(spec), own["bits"]["values"] + own["bits"]["indices"]
    if own["states"]:
        count -= own["states"]["zeros"]["1"] * sum(recurrent for _, recurrent in study["nonzeros"])
    name = f"{study['name']}, {form(spec)}"
    return Row(name, None, own["models"]["quantized"], before.kept, bits, count if form(spec).endswith("bits") else 0.0)


def _recurrent(spec: Spec) -> float:
    """Share of W_h in the weights."""
    return sum(4 * hidden * hidden for hidden in spec.model.hidden) / multiplications(spec)


def _zeros(study: dict[str, Any]) -> float:
    """Share of zero states at the study's own threshold, one sequence alone."""
    at = next(point for point in study["curve"] if point["threshold"] == study["threshold"])
    return float(at["sparsity"]["1"])
