"""Verbs of the whole: all steps, the tools on this machine, the form of a spec."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from accel.base.faults import Fault, Refused
from sparrow.verb import (
    Json,
    Replace,
    SpecFile,
    Tensorboard,
    Work,
    answer,
    opened,
    read,
    verb,
)


@verb
def run(
    spec_file: SpecFile,
    work: Work = None,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """All steps in order, as far as needed.

    Skips the steps for which nothing changed: spec, files, sparrow's sources, versions of tools. Goes on where an
    earlier run stopped.
    """
    from sparrow import events, flow, printing

    with printing.progress() as progress:
        spec, folder = opened(spec_file, work, find=progress, replace=replace)
        with events.recorded(progress, folder, tensorboard) as told:
            done = flow.run(spec, folder, told, replace=replace)
    facts = read(folder / "report.json") | {"steps": done, "files": [str(folder / "report.html")]}
    answer(facts, "ran", as_json)


@verb
def doctor(as_json: Json = False) -> None:
    """Which tools were found, where, and what for."""
    from accel.base.tools import examine, plain

    answer({"tools": plain(examine())}, "tools", as_json)


@verb
def schema(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference for people.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="That of what --json prints, for programs.")] = False,
) -> None:
    """Print the JSON Schema of the spec, for editors."""
    if answers and markdown:
        raise Refused([Fault("--markdown", "nothing beside --answers, which are for programs", "--markdown")])
    from accel import spec
    from accel.spec import reference
    from sparrow import answers as printed

    if answers:
        print(json.dumps(printed.schema(), indent=2))
        return
    made = spec.schema()
    print(reference.markdown(made) if markdown else json.dumps(made, indent=2) + "\n", end="")
