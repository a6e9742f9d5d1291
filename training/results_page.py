"""Records of runs as one page: for every spec a table of all networks that were made, the mean over its seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING, Any

from accel.architecture.shape import network, planned
from accel.spec import Spec
from training.machine import told
from training.sizes import FLOAT_BITS
from training.units import dense_cycles, multiplications, resized, rows_and_levels

if TYPE_CHECKING:
    from training.results import Run

INTRODUCTION = """# Results

Made by `make results` from the records that the runs left; each number is the mean over the seeds, with the smallest
and the largest in brackets where there are several. *Valid* chose, *test* is what counts. *Kept* is the share of the
LSTM's weights that is left (head and embedding are not counted). *Bits* are those of the LSTM's weights: values, column
indices where the hardware stores them, scales a row of fixed-point weights (not those of binary and ternary ones);
no number where the pattern has no format here. *Multiplications* are those of the LSTM layers in one step; with pruned
states those of one sequence alone; weights of -1, 0, 1 need none but one a row. *Dense, trained on* is the dense one
after as many more epochs as the pruned ones had: where it is much better than *dense, float*, that one was not trained
to its end, and a method that comes after it is to be compared with this row.
"""


@dataclass(frozen=True)
class Row:
    """One network of one run."""

    method: str
    valid: float | None
    test: float
    kept: float
    bits: float | None
    multiplications: float


def page(runs: Sequence[Run]) -> str:
    """The whole page; specs without a run are listed as not run."""
    parts = [INTRODUCTION]
    for source, group in groupby(sorted(runs, key=lambda run: str(run.source)), key=lambda run: run.source):
        members = list(group)
        found = [(run.spec, record) for run in members if (record := run.record()) is not None]
        head = f"## {members[0].spec.name}\n\n`{source.as_posix()}`, task `{members[0].spec.training.task}`"
        parts.append("\n".join(_section(head, found)) if found else f"{head}: not run.\n")
    return "\n".join(parts)


def _section(head: str, found: list[tuple[Spec, dict[str, Any]]]) -> Iterator[str]:
    """One spec's table, its curves of pruned states, and how it was made."""
    spec, first = found[0]
    yield f"{head}, {first['metric']}.\n"
    yield "| network | valid | test | kept | bits | multiplications |"
    yield "|---|---|---|---|---|---|"
    yield from _table([list(rows(spec, record)) for spec, record in found])
    yield from _ratios(spec, first)
    yield from _curves(first)
    yield from _smaller(spec, first)
    seeds = ", ".join(str(record["seed"]) for _, record in found)
    seconds = ", ".join(f"{record['seconds']:.0f}" for _, record in found)
    machines = _machines([record for _, record in found])
    yield f"\nSeeds {seeds}; {seconds} s of training; {machines}; torch {first['versions']['torch']}.\n"


def _machines(records: list[dict[str, Any]]) -> str:
    """Where the runs were trained; runs of earlier versions knew less of it."""
    every = [told(one) for record in records for one in record.get("machines", ())]
    every += [record["machine"] for record in records if "machine" in record]
    return "; ".join(dict.fromkeys(every)) or "machine not recorded"


def _table(runs: list[list[Row]]) -> Iterator[str]:
    """Rows of all seeds, brought together by the place they have in every run."""
    names = list(dict.fromkeys(row.method for run in runs for row in run))
    for name in names:
        same = [row for run in runs for row in run if row.method == name]
        valid = [row.valid for row in same if row.valid is not None]
        bits = [row.bits for row in same if row.bits is not None]
        yield (
            f"| {name} | {_mean(valid)} | {_mean([row.test for row in same])} | {fmean(r.kept for r in same):.3f} "
            f"| {_whole(bits)} | {_whole([row.multiplications for row in same])} |"
        )


def _mean(values: list[float]) -> str:
    if not values:
        return ""
    spread = f" ({min(values):.4g}–{max(values):.4g})" if len(values) > 1 else ""
    return f"{fmean(values):.4g}{spread}"


def _whole(values: list[float]) -> str:
    return f"{fmean(values):,.0f}" if values else ""


def _ratios(spec: Spec, record: dict[str, Any]) -> Iterator[str]:
    """How the search shared the weights of a row out between W_x and W_h, and what that costs on the spec's lanes."""
    if len(record["candidates"]) < 2:
        return
    even = [list(pair) for pair in planned(spec)]
    tried = [("uniform ratio", one) for one in record["candidates"] if one["kept"] == even]
    tried += [("ratios chosen", one) for one in record["candidates"] if one["chosen"]]
    tried += [(study["name"], study) for study in record["studies"] if "cycles" in study]
    yield f"\nWeights of a row in W_x + W_h, seed {record['seed']}: {'; '.join(_split(*one) for one in tried)}."


def _split(name: str, tried: dict[str, Any]) -> str:
    """One split; its cycles from step to step where the record has them."""
    pairs = ", ".join(f"{k_x} + {k_h}" for k_x, k_h in tried["kept"])
    cycles = f" ({' + '.join(map(str, tried['cycles']))} cycles a step)" if "cycles" in tried else ""
    return f"*{name}* {pairs}{cycles}"


def _curves(record: dict[str, Any]) -> Iterator[str]:
    """How metric and joint sparsity move with the threshold, for every study that prunes states."""
    for study in record["studies"]:
        if "curve" in study:
            yield f"\n*{study['name']}*, seed {record['seed']}: validation metric and zeros against the threshold\n"
            yield "| threshold | valid | zeros, 1 sequence | in all of 2 | of 4 | of 8 |"
            yield "|---|---|---|---|---|---|"
            for point in study["curve"]:
                shares = " | ".join(f"{share:.3f}" for share in point["sparsity"].values())
                yield f"| {point['threshold']:.4f} | {point['valid']:.4g} | {shares} |"


def _smaller(spec: Spec, record: dict[str, Any]) -> Iterator[str]:
    """What networks that lost units cost on the spec's lanes, by the schedule, which is exact for dense ones."""
    lanes = rows_and_levels(spec)[0] * spec.engine.units * spec.engine.lanes_per_row
    before = dense_cycles(spec, spec.engine)
    for study in record["studies"]:
        if study["name"].startswith("units") and "nonzeros" not in study:
            after = dense_cycles(resized(spec, study["hidden"]), spec.engine)
            was, left = (" + ".join(map(str, sizes)) for sizes in (spec.model.hidden, study["hidden"]))
            yield (
                f"\n*{study['name']}*, seed {record['seed']}: {left} of {was} units are left; dense on {lanes} lanes a "
                f"layer a step takes {after} in place of {before} cycles ({before / after:.1f} times fewer)."
            )


def rows(spec: Spec, record: dict[str, Any]) -> Iterator[Row]:
    """Every network that a run made, the dense one first."""
    dense = multiplications(spec)
    share = _share(spec, [layer["kept"] for layer in record["layers"]])
    bits, models = record["bits"], record["models"]
    yield Row("dense, float", None, models["float"], 1.0, dense * FLOAT_BITS, dense)
    even = [list(pair) for pair in planned(spec)]
    for tried in record["candidates"]:
        kept = _share(spec, tried["kept"])
        if tried["kept"] == even:
            yield Row("row-balanced, uniform ratio", tried["valid"], tried["test"], kept, None, kept * dense)
        if tried["chosen"]:
            yield Row("row-balanced, ratios chosen", tried["valid"], tried["test"], kept, None, kept * dense)
    kept = _share(spec, even)
    for other in record["baselines"]:
        yield _baseline(other, kept, dense)
    digits = spec.weights.kind != "fixed"
    form = spec.weights.kind if digits else f"{spec.weights.width} bits"
    name = f"row-balanced, chosen, {form}" if record["candidates"] else f"quantised, {form}"
    count = 0.0 if digits else share * dense
    yield Row(name, None, models["quantized"], share, bits["values"] + bits["indices"], count)
    yield from (_study(spec, study, share) for study in record["studies"])


def _baseline(other: dict[str, Any], kept: float, dense: int) -> Row:
    """Another pattern with as many weights, or the dense network trained on."""
    if other["pattern"] == "dense":
        return Row("dense, trained on", other["valid"], other["test"], 1.0, dense * FLOAT_BITS, dense)
    return Row(f"{other['pattern']} pruning", other["valid"], other["test"], kept, None, kept * dense)


def _share(spec: Spec, kept: list[list[int]]) -> float:
    """Share of the LSTM's weights that K_x and K_h, a pair a layer, leave: of a row, or of a lane in a column."""
    pairs = [(k_x, k_h) for k_x, k_h in kept]
    return sum(array.nonzeros for array in network(spec, pairs).layers) / multiplications(spec)


def _study(spec: Spec, study: dict[str, Any], share: float) -> Row:
    """A study's network; its numbers of weights and multiplications follow from what is particular to the method."""
    dense, kept = multiplications(spec), share if "row-balanced" in study["name"] else 1.0
    if "kept" in study:
        kept = _share(spec, study["kept"])
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


def _recurrent(spec: Spec) -> float:
    """Share of W_h in the weights."""
    return sum(4 * hidden * hidden for hidden in spec.model.hidden) / multiplications(spec)


def _zeros(study: dict[str, Any]) -> float:
    """Share of zero states at the study's own threshold, one sequence alone."""
    at = next(point for point in study["curve"] if point["threshold"] == study["threshold"])
    return float(at["sparsity"]["1"])
