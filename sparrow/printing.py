"""How results look on a terminal: tables from the same data that `--json` prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from accel.base.progress import Progress
from sparrow.explored import explored as explored
from sparrow.own_network import evaluated as evaluated
from sparrow.own_network import imported as imported
from sparrow.own_network import newly_written as newly_written
from sparrow.own_network import predicted as predicted
from sparrow.terminal import as_cell, table

STATUS_STYLE = {"equal": "bold green", "different": "bold red", "failed": "red", "crashed": "red", "not run": "yellow"}


def show(*parts: RenderableType) -> None:
    """Print to standard output; a narrow or absent terminal gets whole lines, never cut ones."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(Group(*parts))


@contextmanager
def progress() -> Iterator[Progress]:
    """Show long work on standard error: a bar for each stage on a terminal, else a line every few seconds."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show_bar(stage: str, done: int, total: int, note: str) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, note="")
            bars.update(tasks[stage], completed=done, total=total, note=note)

        yield show_bar


def _lines(every: float = 5.0) -> Progress:
    """Progress as lines: the first and last of each stage, and one every few seconds between."""
    shown: dict[str, float] = {}

    def show_line(stage: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if done == total or now - shown.get(stage, -every) >= every:
            print(f"{stage} {done}/{total} {note}", file=sys.stderr, flush=True)
            shown[stage] = now

    return show_line


def checked(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow check`."""
    about = {"exact": "", "without zeros": "without zeros "}.get(facts["cycles"], "about ")
    overview = [
        ("weights", facts["weights"]),
        ("lanes", f"{facts['lanes']:,}"),
        ("nonzeros per step", f"{facts['nonzeros_per_step']:,}"),
        ("cycles per step", f"{about}{facts['cycles_per_step']:,}"),
        ("utilisation of the lanes", f"{about}{facts['utilisation']:.1%}"),
        ("steps per second", f"{about}{facts['steps_per_second']:,}"),
        *((f"sequence of {each['steps']}: cycles", f"{each['cycles']:,}") for each in facts["sequences"]),
        *([("with engine.order: x_first", _otherwise(facts["x_first"]))] if "x_first" in facts else []),
        *((f"with engine.directions: {one}", _otherwise(cost)) for one, cost in facts.get("directions", {}).items()),
        ("memory bits, all layers", f"{facts['memory_bits']:,}"),
        *(
            (f"of these, sequences of {each['steps']} steps", f"{each['bits']:,}")
            for each in facts.get("sequence_buffers", [])
        ),
        *(
            [(f"of these, rows of {facts['embedding']['tokens']:,} tokens", f"{facts['embedding']['bits']:,}")]
            if "embedding" in facts
            else []
        ),
        *(
            (f"{feed['name']}: Gbit/s of weights at which no lane waits", f"{feed['gigabits_per_second']:,}")
            for feed in facts.get("feeds", ())
        ),
        *([("beats of a load of weights", f"{facts['load_beats']:,}")] if "load_beats" in facts else []),
    ]
    layers = [_layers(facts["layers"]), *_shared(facts.get("shared"))]
    shown = [table(f"{facts['spec']}", ("", ""), overview), *layers, _tables(facts["tables"])]
    return [*shown, *_resources(facts.get("resources"))]


def _otherwise(facts: dict[str, Any]) -> str:
    """What a step would take with another choice."""
    return f"about {facts['cycles_per_step']:,} cycles per step, {facts['memory_bits']:,} memory bits"


def _resources(facts: dict[str, Any] | None) -> list[RenderableType]:
    """What the accelerator takes of its board; each number says how it is known."""
    if facts is None:
        return []
    rows = [(row["resource"], f"{row['used']:,}", f"{row['available']:,}", row["origin"]) for row in facts["rows"]]
    return [table(f"On {facts['board']}, without its serial line", ("resource", "takes", "of", ""), rows)]


def proposed(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow check` with a wish for lanes or cycles."""
    made = facts["proposals"]
    names = ("units", "lanes_per_row", "cells_per_cycle", "input_words", "lanes", "cycles_per_step")
    costs = ("memory_bits", "multipliers")
    rows = [
        (*(as_cell(one[name]) for name in names), f"{one['utilisation']:.1%}", *(one[cost] for cost in costs))
        for one in made
    ]
    columns = (*names, "utilisation", *costs)
    return [table(f"{facts['spec']}: engine keys, and what they cost (cycles estimated)", columns, rows)]


def _layers(layers: list[dict[str, Any]]) -> Group:
    levels = ["levels"] if any(layer["levels"] > 1 for layer in layers) else []
    ahead = ["cycles_ahead"] if any(layer["cycles_ahead"] for layer in layers) else []
    names = ("inputs", "outputs", "lanes", "groups", *levels, "cycles_per_group", *ahead, "accumulator_bits")
    rows = [
        *(_nonzeros(title, key, layers) for title, key in NONZEROS.items() if any(layer[key] for layer in layers)),
        *((name.replace("_", " "), *map(as_cell, (layer[name] for layer in layers))) for name in names),
        *((f"bits of {kind}", *(f"{layer['memory_bits'][kind]:,}" for layer in layers)) for kind in _kinds(layers)),
    ]
    return table("Layers", ("", *(layer["name"] for layer in layers)), rows)


def _shared(layers: list[dict[str, Any]] | None) -> list[RenderableType]:
    """Which layers share lanes, and the cycles of a step in which these work for each."""
    if layers is None:
        return []
    title = "nonzeros a row, x + h"
    rows = [_nonzeros(title, NONZEROS[title], layers)]
    names = ("inputs", "outputs", "groups", "cycles")
    rows += [(name, *(as_cell(layer[name]) for layer in layers)) for name in names]
    return [table("Layers that share lanes", ("", *(layer["name"] for layer in layers)), rows)]


NONZEROS = {
    "nonzeros a row, x + h": "nonzeros_per_row",
    "nonzeros a lane and column, x + h": "nonzeros_per_lane_and_column",
}


def _nonzeros(title: str, key: str, layers: list[dict[str, Any]]) -> tuple[str, ...]:
    return title, *(" + ".join("-" if count is None else str(count) for count in layer[key] or ()) for layer in layers)


def _kinds(layers: list[dict[str, Any]]) -> list[str]:
    return list(layers[0]["memory_bits"])


def _tables(tables: list[dict[str, Any]]) -> Group:
    columns = ("table", "entries", "bits", "largest error", "in steps of the output")
    rows = [(t["name"], t["entries"], t["bits"], f"{t['largest_error']:.6f}", t["largest_error_lsb"]) for t in tables]
    return table("Tables", columns, rows)


def verified(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow verify`: what lies in memories, what the sequences reach, and what each engine did."""
    title = (
        f"{facts['spec']}: {facts['sequences']} sequences + {facts['corners']} corners, {facts['steps']} steps; "
        f"{facts['predicted_cycles_per_step']} cycles per step predicted, utilisation {facts['utilisation']:.1%}"
    )
    columns = ("engine", "status", "steps", "mismatches", "cycles per step", "seconds", "reason")
    engines = table(title, columns, [_engine(result) for result in facts["engines"]])
    return [_memories(facts["memories"]), _coverage(facts["coverage"]), engines]


def _memories(held: dict[str, Any]) -> Text:
    """What the comparison of memory contents found, the first difference of each file."""
    status = (held["status"], STATUS_STYLE[held["status"]])
    counts = f"; {held['words']:,} words of {held['files']} files, {held['mismatches']} mismatches"
    lines = [
        f"\n  {one['file']}, {one['word']}: wanted {one['wanted']}, got {one['got']}" for one in held["differences"]
    ]
    return Text.assemble("Memory contents: ", status, counts, *lines)


def _coverage(reached: dict[str, Any]) -> str:
    """What the sequences reach, in numbers; the report has the names."""
    sides, tables, weights = reached["clamps"], reached["tables"], reached["weights"]
    clipped = sum(side["clipped"] > 0 for side in sides)
    never = sum(side["why"].startswith("cannot") for side in sides)
    read, entries = (sum(table[key] for table in tables) for key in ("read", "entries"))
    shown, kept = (sum(use[key] for use in weights) for key in ("shown", "kept"))
    return (
        f"Coverage: {clipped} of {len(sides)} sides of narrowings clip, {never} cannot; {read} of {entries} entries of "
        f"tables are read; a change of {shown:,} of {kept:,} weights would show"
    )


def _engine(result: dict[str, Any]) -> tuple[Any, ...]:
    status = Text(result["status"], style=STATUS_STYLE[result["status"]])
    cycles = "" if result["cycles_per_step"] is None else str(result["cycles_per_step"])
    return (
        result["engine"],
        status,
        result["steps"],
        result["mismatches"],
        cycles,
        f"{result['seconds']:.1f}",
        result["reason"],
    )


def trained(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow train`: the metric of each model, sparsity and sizes, and what the search tried."""
    made = []
    if facts.get("models"):
        rows = [(model, f"{value:.4f}") for model, value in facts["models"].items()]
        made.append(table(f"{facts['task']}: {facts['metric']} on the test split", ("model", ""), rows))
    removed = ("layer", "W_x removed", "kept a row", "W_h removed", "kept a row")
    made.append(table("Sparsity", removed, map(_sparse, facts["layers"])))
    if facts.get("candidates"):
        tried = ("nonzeros a row, x + h", "validation", "")
        made.append(table("Dual-ratio search", tried, map(_tried, facts["candidates"])))
    bits = facts["bits"]
    made.append(table("Weight bits", ("dense, 32-bit floats", "kept, with indices"), [(bits["float"], bits["total"])]))
    return [*imported(facts["import"]), *made] if "import" in facts else list(made)


def _sparse(layer: dict[str, Any]) -> tuple[Any, ...]:
    shares = [f"{layer['ratios'][matrix]:.1%}" for matrix in ("input", "recurrent")]
    return layer["name"], shares[0], layer["kept"][0], shares[1], layer["kept"][1]


def _tried(candidate: dict[str, Any]) -> tuple[Any, ...]:
    kept = ", ".join(" + ".join(str(count) for count in pair) for pair in candidate["kept"])
    return kept, f"{candidate['valid']:.4f}", "chosen" if candidate["chosen"] else ""


def ran(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow run`: what became of each step, the models, the engines, and where the report is."""
    steps = table("Steps", ("step", ""), facts["steps"].items())
    return [steps, *trained(facts["training"]), *verified(facts["verify"]), *files(facts)]


def files(facts: dict[str, Any]) -> list[RenderableType]:
    """Where results lie, one path a line."""
    return [Text("\n".join(facts["files"]))]


def packaged(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow package`, `sparrow wave`: what the bench said, and where things are."""
    return [Text(f"Bench in Icarus: {facts['bench']}"), *files(facts)]


def tools(facts: dict[str, Any]) -> list[RenderableType]:
    """`sparrow doctor`."""
    rows = [
        (
            finding["tool"],
            Text("found", style="green") if finding["found"] else Text("missing", style="yellow"),
            finding["version"],
            finding["needed_for"],
            finding["path"],
        )
        for finding in facts["tools"]
    ]
    return [table("Tools", ("tool", "", "version", "needed for", "where"), rows)]


def built(facts: dict[str, Any]) -> list[RenderableType]:
    """What a build left: cells, clock, files; where only a plan was written, its folder."""
    if "timing" not in facts:
        return files(facts)
    cells, clock = facts["utilization"], facts["timing"]
    rows = [(name, used, cells["available"].get(name, "")) for name, used in cells["used"].items()]
    wanted = (
        f"{clock['reached_mhz']:.1f} MHz for {clock['wanted_mhz']:.1f} wanted: {'met' if clock['met'] else 'missed'}"
    )
    title = f"Cells, {cells['origin']} ({cells['tool']}); {wanted}"
    notes = [clock["note"]] if clock["note"] else []
    load = [Text(f"Into the board: {facts['load']}")] if "load" in facts else []
    return [table(title, ("cell", "used", "available"), rows), *notes, *_read_back(facts), *files(facts), *load]


def _read_back(facts: dict[str, Any]) -> Iterator[RenderableType]:
    if "read_back" in facts:
        found = facts["read_back"]
        said = f"{found['sequences']} sequences, {found['mismatches']} mismatches, {found['cycles']:,} cycles"
        yield Text.assemble("The bitstream, read back: ", (found["status"], STATUS_STYLE[found["status"]]), f"; {said}")
