"""Records of runs as one page: for every spec a table of all networks that were made, mean and range over its seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from accel.architecture.plan import planned
from accel.spec import Spec
from training.machine import told
from training.paired import difference, spread
from training.results_rows import FLOAT, TRAINED_ON, Row, rows
from training.runs import Run
from training.units import dense_cycles, resized, rows_and_levels

INTRODUCTION = """# Results

Made by `make results` from the records that the runs left (`make results ONLY=NAME` runs one spec or task). Each number
is the mean over five seeds, with the smallest and the largest in brackets; a spec, or a network of it, that was not
made with all five has no figures here. *Valid* chose, *test* is what counts. *Against dense* is the mean of the
differences to the dense network of the same seed on test, with its 95 % interval (Student's t, paired over the seeds):
points of accuracy, or per cent of perplexity or bits, less being better there. It tells what other seeds would change,
not what other test examples would: on 300 recordings one is a third of a point. Dense there is *dense, trained on*
where it was made, else *dense, float*.

*Kept* is the share of the LSTM's weights that is left (head and embedding are not counted). *Bits* are those of the
LSTM's weights: values, column indices where the hardware stores them, scales a row of fixed-point weights (not those of
binary and ternary ones); no number where the pattern has no format here. *Multiplications* are those of the LSTM layers
in one step; with pruned states those of one sequence alone; weights of -1, 0, 1 need none but one a row. *Dense,
trained on* is the dense one after as many more epochs as the pruned ones had: where it is much better than *dense,
float*, that one was not trained to its end, and a method that comes after it is to be compared with this row.

Training repeats on one machine, not across processors: each section names where its runs were trained
([why](training.md#what-repeats-and-what-does-not)).
"""


def page(runs: Sequence[Run]) -> str:
    """The whole page; a spec of which a seed lacks has no figures, only which seeds it has."""
    parts = [INTRODUCTION]
    for source, group in groupby(sorted(runs, key=lambda run: str(run.source)), key=lambda run: run.source):
        members = list(group)
        found = [(run.spec, record) for run in members if (record := run.record()) is not None]
        head = f"## {members[0].spec.name}\n\n`{source.as_posix()}`, task `{members[0].spec.training.task}`"
        every = len(found) == len(members)
        parts.append("\n".join(_section(head, found)) if every else f"{head}: {_lacking(found)}.\n")
    return "\n".join(parts)


def _lacking(found: list[tuple[Spec, dict[str, Any]]]) -> str:
    """What is there of a spec that was not run with every seed."""
    if not found:
        return "not run"
    return f"run with seed {', '.join(str(record['seed']) for _, record in found)}; figures when every seed is there"


def _section(head: str, found: list[tuple[Spec, dict[str, Any]]]) -> Iterator[str]:
    """One spec's table, its curves of pruned states, and how it was made."""
    spec, first = found[0]
    yield f"{head}, {first['metric']}.\n"
    yield "| network | valid | test | against dense | kept | bits | multiplications |"
    yield "|---|---|---|---|---|---|---|"
    yield from _table([list(rows(spec, record)) for spec, record in found], first["metric"])
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


def _table(runs: list[list[Row]], metric: str) -> Iterator[str]:
    """Rows of all seeds, brought together by their names; those that a seed lacks are left out."""
    every = [{row.method: row for row in run} for run in runs]
    for name in dict.fromkeys(row.method for run in runs for row in run):
        same = [run[name] for run in every if name in run]
        if len(same) < len(every):
            continue
        valid = [row.valid for row in same if row.valid is not None]
        bits = [row.bits for row in same if row.bits is not None]
        yield (
            f"| {name} | {spread(valid) if valid else ''} | {spread([row.test for row in same])} "
            f"| {_against(name, every, metric)} | {fmean(r.kept for r in same):.3f} "
            f"| {_whole(bits)} | {_whole([row.multiplications for row in same])} |"
        )


def _against(name: str, runs: list[dict[str, Row]], metric: str) -> str:
    """How far a network is from the dense one of its own seed; empty where one seed has both, or it is that one."""
    pairs = [(run[name].test, run.get(TRAINED_ON, run[FLOAT]).test) for run in runs if name in run]
    if len(pairs) < 2 or name == (TRAINED_ON if TRAINED_ON in runs[0] else FLOAT):
        return ""
    scale = [1.0 if metric == "accuracy" else dense for _, dense in pairs]
    these, those = ([100 * pair[n] / one for pair, one in zip(pairs, scale, strict=True)] for n in (0, 1))
    found = difference(these, those)
    return f"{found.mean:+.1f} ({found.least:+.1f} to {found.most:+.1f})"


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
    yield f"\nWeights of a row in W_x + W_h, seed {record['seed']}: {'; '.join(_allocation(*one) for one in tried)}."


def _allocation(name: str, tried: dict[str, Any]) -> str:
    """One allocation; its cycles from step to step where the record has them."""
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
    lanes = rows_and_levels(spec)[0] * sum(spec.units) * spec.engine.lanes_per_row
    before = dense_cycles(spec, spec.engine)
    for study in record["studies"]:
        if study["name"].startswith("units") and "nonzeros" not in study:
            after = dense_cycles(resized(spec, study["hidden"]), spec.engine)
            was, left = (" + ".join(map(str, sizes)) for sizes in (spec.model.hidden, study["hidden"]))
            yield (
                f"\n*{study['name']}*, seed {record['seed']}: {left} of {was} units are left; dense on {lanes} lanes "
                f"a step takes {after} in place of {before} cycles ({before / after:.1f} times fewer)."
            )
