"""Verbs of a network: what a spec asks for, where its weights come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from accel.base.faults import Fault, Refused
from accel.spec.types import Last, When
from sparrow.verb import (
    MODEL,
    Between,
    DataFile,
    Embedding,
    End,
    HeadNames,
    Ignore,
    Json,
    Lstm,
    ModelFile,
    OutputName,
    Replace,
    SpecFile,
    Start,
    Tensorboard,
    Work,
    answer,
    opened,
    perform,
    read,
    verb,
)


@verb
def check(
    spec_file: SpecFile,
    work: Work = None,
    lanes: Annotated[int | None, typer.Option(min=1, help="propose designs within this many lanes in all")] = None,
    cycles: Annotated[int | None, typer.Option(min=1, help="propose designs within this many cycles a step")] = None,
    as_json: Json = False,
) -> None:
    """Validate a spec; print everything that follows from it, or (--lanes, --cycles) designs to choose from."""
    from accel.report.derived import proposed
    from sparrow import checking, flow

    spec, folder = opened(spec_file, work)
    if lanes is not None and cycles is not None:
        raise Refused([Fault("--cycles", "nothing beside --lanes", str(cycles))])
    if lanes is not None or cycles is not None:
        answer(proposed(spec, lanes, cycles), "proposed", as_json)
        return
    facts = checking.checked(spec, folder)
    flow.resolve(spec, folder)
    answer(facts, "checked", as_json)


@verb
def train(
    spec_file: SpecFile,
    work: Work = None,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Train, prune and quantise the network.

    Leaves integer weights and the record of how they came about. Goes on from its checkpoints.
    """
    spec, folder = opened(spec_file, work)
    perform("train", spec, folder, replace, tensorboard)
    answer(read(folder / "training.json"), "trained", as_json)


@verb
def import_model(
    spec_file: SpecFile,
    model: ModelFile = None,
    work: Work = None,
    data: DataFile = None,
    lstm: Lstm = None,
    head: HeadNames = None,
    embedding: Embedding = None,
    ignore: Ignore = None,
    output: OutputName = None,
    allow_clipping: Annotated[bool, typer.Option("--allow-clipping", help="Weights may exceed their format.")] = False,
    distill: Annotated[bool, typer.Option("--distill", help="Train it on --data to answer as the file does.")] = False,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Take weights from your own nn.LSTM or nn.GRU, in place of train.

    MODEL and options may stand in the spec as its `source`.

    Every node and tensor of the file must have its place. The network that was read is compared with the file on
    random x and on your data; what pruning and rounding cost is said.
    """
    from sparrow import events, flow, printing

    with printing.progress() as told:
        spec, folder = opened(spec_file, work, find=told, replace=replace)
    wishes: dict[str, Any] = {"data_file": data, "lstm": lstm, "head": head, "ignore": ignore, "output": output}
    wishes |= {"embedding": embedding, "allow_clipping": allow_clipping, "distill": distill}
    given = {name: value for name, value in wishes.items() if value}
    if spec.source is not None and (model is not None or given):
        raise Refused([Fault("MODEL and options", "nothing beside the spec's own source", spec.source.file)])
    if spec.source is not None:
        perform("train", spec, folder, replace, tensorboard)
    elif model is None:
        raise Refused([Fault("MODEL", "a file, or a spec with a source", "none")])
    else:
        with printing.progress() as lines, events.recorded(lines, folder, tensorboard) as told:
            flow.import_model(spec, model, folder, replace, **given, **({"progress": told} if distill else {}))
    answer(read(folder / "training.json"), "trained", as_json)


@verb
def new(
    model: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help=MODEL, show_default=False)] = None,
    task: Annotated[Path | None, typer.Option(help="A task to fill in, FILE.py, and its spec, for no model.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The spec to write.", show_default="<name>.yaml")
    ] = None,
    data: DataFile = None,
    board: Annotated[str | None, typer.Option(help="Board on which it shall run.")] = None,
    error: Annotated[float, typer.Option(help="Relative error (rms) that h_t of each layer may have.")] = 0.02,
    sparsity: Annotated[float, typer.Option(help="Share of each row's weights to remove.")] = 0.0,
    when: Annotated[When | None, typer.Option(help="When a state dict's head answers.", show_default="last")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the spec.", show_default="that of the file")] = None,
    lstm: Lstm = None,
    head: HeadNames = None,
    activation: Between = None,
    embedding: Embedding = None,
    ignore: Ignore = None,
    output: OutputName = None,
    start: Start = None,
    end: End = None,
    longest: Annotated[
        int | None,
        typer.Option(
            min=1, help="Steps that a mean counts, or both directions' buffers hold.", show_default="that of --data"
        ),
    ] = None,
    last: Annotated[
        Last | None, typer.Option(help="Which last step a head of both directions reads: h_n, or output[:, -1].")
    ] = None,
    states: Annotated[
        bool, typer.Option("--states", help="h_0 and c_0 come in, h_n and c_n leave (engine.state_streams).")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a spec that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a whole spec for the network of your file, or (--task) for a task of your own; `sparrow run` does the rest.

    Layers, cells and sizes are the file's. Formats are the fewest bits that keep h_t within --error of the float
    network on your data; lanes are as many as the board has room for.
    """
    from sparrow import cutting, new_task
    from sparrow import new as whole
    from sparrow.reasons import Asked
    from training.importing.source import Wishes

    if model is None or task is not None:
        if model is not None or task is None:
            raise Refused([Fault("new", "a MODEL, or --task FILE.py", "both" if model else "neither")])
        answer({"files": new_task.write(task, force)}, "files", as_json)
        return
    between = tuple(activation or ())
    wishes = Wishes(tuple(lstm or ()), tuple(head or ()), tuple(ignore or ()), output, between, embedding)
    asked = Asked(data, board, error, sparsity, when, name, wishes, (start, end), longest, last, states)
    written = whole if asked.cut == (None, None) else cutting
    answer(written.write(model, out, asked, force), "newly_written", as_json)
