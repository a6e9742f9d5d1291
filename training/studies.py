"""Methods tried beside the main way (`training.studies` of a spec), each as stages with checkpoints of their own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.spec import Spec
from training import formats, low_bit, states, units
from training.batches import count
from training.cycles import intervals
from training.evaluate import both
from training.loop import Fitted
from training.model import LSTM
from training.prune import masks
from training.recipe import DENSE, PRUNED, QUANTIZED, Recipe, in_formats
from training.score import score
from training.sizes import bits
from training.tasks.task import Task

CURVE = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Thresholds at which a network with pruned states is measured, as multiples of the one it was trained with."""
DIGIT_BITS = {"binary": 1, "ternary": 2}
BALANCED = {"row": "row-balanced", "bank": "bank-balanced", "column": "column-balanced", "balanced": "balanced"}
"""What networks pruned by the patterns of a spec are called."""


@dataclass(frozen=True, eq=False)
class Study:
    """One result: what was done, the fitted model, and what is particular to the method."""

    name: str
    task: Task
    fitted: Fitted
    facts: dict[str, Any] = field(default_factory=dict)
    spec: Spec | None = None
    """That of the network where it lost units."""

    @property
    def slug(self) -> str:
        """The name as that of a file."""
        return slug(self.name)

    def record(self) -> dict[str, Any]:
        """As it stands in `training.json`."""
        return {"name": self.name, **both(self.fitted, self.task), **self.facts}


def run(recipe: Recipe, dense: LSTM, pruned: LSTM) -> list[Study]:
    """Every study the spec asks for."""
    return [
        *_totals(recipe, dense),
        *_equal_cycles(recipe, dense),
        *_banks(recipe, dense),
        *_states(recipe, dense, pruned),
        *_widths(recipe, pruned),
        *_low_bit(recipe, dense),
        *_units(recipe, dense),
        *_highway(recipe),
    ]


def _totals(recipe: Recipe, dense: LSTM) -> Iterator[Study]:
    """The dual-ratio search and the baselines at other shares of zeros."""
    for total in recipe.spec.training.studies.totals:
        other = recipe.searching(total=total)
        candidates = other.search(dense)
        even = planned(other.spec)
        uniform = next(candidate for candidate in candidates if candidate.nnz == even)
        for name, tried in (("uniform ratio", uniform), ("ratios chosen", candidates[0])):
            facts = {"kept": [list(pair) for pair in tried.nnz]}
            yield Study(f"row-balanced, {name}, {total}", recipe.task, tried.fitted, facts)
        for pattern in (one for one in other.spec.training.baselines if one != "dense"):
            facts = {"kept": [list(pair) for pair in even]}
            yield Study(f"{pattern} pruning, {total}", recipe.task, other.baseline(dense, pattern), facts)


def _equal_cycles(recipe: Recipe, dense: LSTM) -> Iterator[Study]:
    """The best of the allocations that take as many cycles as the even one."""
    if recipe.spec.training.studies.equal_cycles:
        best = recipe.searching(cost="cycles").search(dense)[0]
        facts = {
            "kept": [list(pair) for pair in best.nnz],
            "cycles": intervals(recipe.spec, best.nnz, best.fitted.model),
        }
        yield Study("row-balanced, ratios chosen at equal cycles", recipe.task, best.fitted, facts)


def _banks(recipe: Recipe, dense: LSTM) -> Iterator[Study]:
    """Rows in banks, of which the more there are the less copies of x and h the hardware holds."""
    for banks in recipe.spec.training.studies.banks:
        fitted = recipe.in_banks(dense, banks)
        kept = [[banks * -(-one // banks) for one in pair] for pair in planned(recipe.spec)]
        yield Study(f"row-balanced, {banks} banks", recipe.task, fitted, {"kept": kept})


def _states(recipe: Recipe, dense: LSTM, pruned: LSTM) -> Iterator[Study]:
    """State pruning of the dense network, and of the row-balanced one."""
    for wanted in recipe.spec.training.studies.states:
        yield with_states(recipe, dense, wanted, f"states {wanted}")
        if pruned is not dense:
            yield with_states(recipe, pruned, wanted, f"states {wanted}, row-balanced")


def with_states(recipe: Recipe, source: LSTM, wanted: float, name: str) -> Study:
    """Fine-tune with a share of the states pruned; measured at the threshold it was trained with."""
    model, epochs = copy.deepcopy(source), recipe.spec.training.prune_epochs
    given = recipe.spec.training.studies.state_threshold
    threshold = states.threshold_for(model, recipe.task.valid, wanted) if given == "found" else given
    steps = count(recipe.task.train, recipe.spec.training.batch, recipe.spec.training.steps) * epochs
    method = states.StatePruning(wanted, threshold, steps, recipe.task.valid)
    fitted = recipe.fit(model, slug(f"{name} below {given}"), epochs, PRUNED, method)
    return Study(
        name, recipe.task, fitted, {"threshold": float(model.threshold), "curve": list(_curve(model, recipe.task))}
    )


def _curve(model: LSTM, task: Task) -> Iterator[dict[str, Any]]:
    """Metric on the validation split and shares of zeros (by hardware batch) at several thresholds."""
    trained = float(model.threshold)
    for factor in CURVE:
        states.set_threshold(model, factor * trained)
        valid = score(model, task.valid).value(task.metric)
        yield {"threshold": factor * trained, "valid": valid, "sparsity": states.sparsity(model, task.valid)}
    states.set_threshold(model, trained)


def _widths(recipe: Recipe, pruned: LSTM) -> Iterator[Study]:
    """Fixed point of other widths, without and with a scale a row, as it is after pruning and fine-tuned."""
    studies = recipe.spec.training.studies
    for width in studies.widths:
        yield from _width(recipe, pruned, formats.for_weights(pruned, recipe.spec, width), f"{width} bits")
    for width in studies.row_widths:
        yield from _width(
            recipe, pruned, formats.for_rows(pruned, recipe.spec, width), f"{width} bits and a scale a row"
        )


def _width(recipe: Recipe, pruned: LSTM, spec: Spec, name: str) -> Iterator[Study]:
    """The pruned network in the formats of a spec; `weight_bits` count values, column indices and scales."""
    net = network(spec, [(int(x[0].sum()), int(h[0].sum())) for x, h in map(masks, pruned.layers)])
    found = bits(net)
    facts = {"weight_bits": found["values"] + found["indices"] + found["scales"]}
    model = in_formats(pruned, net)
    after = Fitted(copy.deepcopy(model), score(model, recipe.task.valid), [])
    yield Study(f"row-balanced, {name} after training", recipe.task, after, facts)
    stage = f"width-{spec.weights.width}{'-rows' if spec.weights.per_row else ''}"
    fitted = recipe.fit(model, stage, recipe.spec.training.quantize_epochs, QUANTIZED)
    yield Study(f"row-balanced, {name}", recipe.task, fitted, facts)


def _low_bit(recipe: Recipe, dense: LSTM) -> Iterator[Study]:
    """Binary and ternary weights, from scratch or (`row`) from the dense network; the first with pruned states too."""
    studies = recipe.spec.training.studies
    for number, name in enumerate(studies.low_bit):
        kind, norm, *rounded = name.split("-")
        source = copy.deepcopy(dense) if norm == "row" else recipe.fresh()
        model = low_bit.apply(source, kind, norm, stochastic=not rounded)  # type: ignore[arg-type]
        fitted = recipe.fit(model, name, recipe.spec.training.epochs, DENSE)
        facts = {"weight_bits": DIGIT_BITS[kind] * units.multiplications(recipe.spec)}
        yield Study(name, recipe.task, fitted, facts)
        if number == 0 and studies.states:
            wanted = studies.states[0]
            yield with_states(recipe, fitted.model, wanted, f"{name}, states {wanted}")


def _units(recipe: Recipe, dense: LSTM) -> Iterator[Study]:
    """Group Lasso, then the compact network fine-tuned; and that row-balanced too."""
    for strength in recipe.spec.training.studies.lasso:
        name = lasso_name(recipe.spec, strength)
        spec, fitted = without_units(recipe, dense, strength)
        yield Study(name, recipe.task, fitted, _sizes(recipe.spec, spec), units.as_spec(spec, name, dense=True))
        if recipe.spec.sparsity.pattern != "dense":
            yield balanced(recipe, fitted.model, spec, f"{name}, {BALANCED[recipe.spec.sparsity.pattern]}")


def lasso_name(spec: Spec, strength: float) -> str:
    """What a study is called that removes units by a Lasso of this strength."""
    return f"units {strength}{', reweighted' if spec.training.studies.lasso_reweighted else ''}"


def without_units(recipe: Recipe, dense: LSTM, strength: float) -> tuple[Spec, Fitted]:
    """The dense network after group Lasso, really smaller and fine-tuned; and its spec."""
    model, epochs = copy.deepcopy(dense), recipe.spec.training.prune_epochs
    name, reweighted = slug(lasso_name(recipe.spec, strength)), recipe.spec.training.studies.lasso_reweighted
    recipe.fit(model, name, epochs, DENSE, units.GroupLasso(strength, reweighted))
    spec, smaller = units.compact(model, recipe.spec)
    return spec, recipe.fit(smaller, f"{name}-compact", epochs, DENSE)


def balanced(recipe: Recipe, smaller: LSTM, spec: Spec, name: str) -> Study:
    """A network that lost units, pruned as the spec says, its states too where the spec prunes them."""
    own = Recipe(units.as_spec(spec, name, dense=False), recipe.task, recipe.folder / slug(name), recipe.progress)
    kept = planned(own.spec)
    fitted = own.pruned(smaller, kept)
    facts = _sizes(recipe.spec, spec) | {"nonzeros": [list(a.matrix_nonzeros) for a in network(own.spec, kept).layers]}
    if own.spec.sparsity.threshold:
        fitted = own.skipping(fitted.model)
        facts["zeros"] = states.sparsity(fitted.model, recipe.task.valid)
    return Study(name, recipe.task, fitted, facts, own.spec)


def _highway(recipe: Recipe) -> Iterator[Study]:
    """Recurrent highway networks, and what is left of them after group Lasso, compact and fine-tuned."""
    training = recipe.spec.training
    for depth in training.studies.highway:
        whole = recipe.fit(recipe.fresh(depth), f"highway-{depth}", training.epochs, DENSE)
        own = units.highway_spec(recipe.spec, depth)
        before = units.multiplications(own)
        yield Study(f"highway {depth}", recipe.task, whole, {"multiplications": before})
        for strength in training.studies.highway_lasso:
            name = f"highway {depth}, units {strength}"
            model = copy.deepcopy(whole.model)
            recipe.fit(model, slug(name), training.prune_epochs, DENSE, units.GroupLasso(strength))
            spec, smaller = units.compact(model, own)
            fitted = recipe.fit(smaller, slug(f"{name} compact"), training.prune_epochs, DENSE)
            yield Study(name, recipe.task, fitted, _sizes(own, spec), units.as_spec(spec, name, dense=True))


def _sizes(whole: Spec, spec: Spec) -> dict[str, Any]:
    before, after = units.multiplications(whole), units.multiplications(spec)
    cycles = [units.dense_cycles(one, whole.engine) for one in (whole, spec)]
    return {
        **{"hidden": list(spec.model.hidden), "multiplications": after, "fewer": before / after},
        "dense_cycles": dict(zip(("before", "after"), cycles, strict=True)),
    }


def slug(name: str) -> str:
    """The name of a study as that of a file."""
    return name.replace(", ", "-").replace(" ", "-")
