"""What every verb of the command shares: its options, how it is announced, printed, and ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from accel.base.faults import Crashed, Different, Unfinished
from accel.base.files import JSON_SCHEMA
from accel.base.progress import Progress
from sparrow.endings import ended

app = typer.Typer(
    name="sparrow",
    epilog="Start with: sparrow run specs/digits.yaml. Exit status: 0 done, 1 different, 2 refused, 3 cannot be done "
    "here (a tool, the disk), 70 a crash of sparrow, 130 Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sparrow {metadata.version('sparrow-lstm')}")
        raise typer.Exit


@app.callback()
def sparrow(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """From an LSTM or GRU in PyTorch to a proven sparse accelerator, by one YAML spec."""


SpecFile = Annotated[Path, typer.Argument(metavar="SPEC", help="The spec, a YAML file.", show_default=False)]
MODEL = "State dict (.pt, .ckpt, .safetensors), TorchScript or .onnx; or the folder of a finished training."
ModelFile = Annotated[Path | None, typer.Argument(metavar="MODEL", help=MODEL, show_default=False)]
DataFile = Annotated[
    Path | None, typer.Option("--data", help="Your x [sequences, steps, inputs]: .npy, or .npz with x.")
]
Lstm = Annotated[list[str] | None, typer.Option(help="LSTM or GRU of a state dict; again for the next.")]
HEAD = "Linear layer of a state dict that reads h_t; again for each one behind it."
HeadNames = Annotated[list[str] | None, typer.Option("--head", help=HEAD)]
ACTIVATION = "What stands between those (relu, tanh, ...): one for all, or again for each."
Between = Annotated[list[str] | None, typer.Option("--activation", help=ACTIVATION)]
Ignore = Annotated[list[str] | None, typer.Option(help="Pattern of tensors that are not needed.")]
Embedding = Annotated[str | None, typer.Option(help="Table of a state dict whose rows tokens stand for.")]
OutputName = Annotated[str | None, typer.Option("--output", help="The output of an .onnx that counts.")]
FROM = "Tensor of an .onnx from which on it is hardware; what is before runs on the host."
Start = Annotated[str | None, typer.Option("--from", help=FROM, show_default="its input")]
TO = "Tensor up to which it is hardware; what is behind runs on the host."
End = Annotated[str | None, typer.Option("--to", help=TO, show_default="its output")]
Work = Annotated[Path | None, typer.Option("--work", help="Work folder.", show_default="build/<name of the spec>")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Tensorboard = Annotated[
    bool, typer.Option("--tensorboard", help="Leave curves of training as event files in tensorboard/.")
]
REPLACE = "Set aside what lies there and this command did not make."
Replace = Annotated[bool, typer.Option("--replace", help=REPLACE)]


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a verb: however it ends, it ends with a sentence and the exit status that `endings` gives."""

    @wraps(function)
    def guarded(**options: Any) -> None:
        as_json = options.get("as_json", False)
        try:
            _said(function, options, as_json)
        except (Exception, KeyboardInterrupt) as error:
            raise typer.Exit(ended(error, options.get("work"), as_json)) from None

    app.command(function.__name__.removesuffix("_model"))(guarded)
    return guarded


def _said(function: Callable[..., None], options: dict[str, Any], as_json: bool) -> None:
    """Call a verb; what it found is printed in any case, to the last byte."""
    try:
        function(**options)
    except (Different, Crashed, Unfinished) as ending:
        if ending.facts:
            answer(ending.facts, ending.view, as_json)
        raise
    finally:
        sys.stdout.flush()


def answer(data: dict[str, Any], view: str, as_json: bool) -> None:
    """Print a verb's result: as JSON with the version of its form, or as `sparrow.printing` shows it."""
    if as_json:
        print(json.dumps({"schema": JSON_SCHEMA, **data}, indent=2))
        return
    from sparrow import printing

    printing.show(*getattr(printing, view)(data))


def opened(
    spec_file: Path,
    work: Path | None,
    elsewhere: bool = False,
    find: Progress | None = None,
    replace: bool = False,
) -> tuple[Any, Path]:
    """The checked spec and its work folder, for another board than its own if `elsewhere`. Nothing is written before.

    Formats that are `auto` are those that the work folder keeps; with `find` they are found there.
    """
    from accel.spec.yaml_file import read
    from sparrow.admission import admitted, asks

    document = read(spec_file)
    if asks(document):
        from sparrow.automatic import settled

        document = settled(document, spec_file.parent, work, find, replace)
    spec = admitted(document, spec_file.parent, elsewhere)
    return spec, work or Path("build", spec.name)


def perform(name: str, spec: Any, folder: Path, replace: bool = False, tensorboard: bool = False) -> None:
    """Do one step of the flow, whether or not it is current, on results of those before that must be current."""
    from sparrow import events, flow, printing
    from sparrow.steps import step

    with printing.progress() as lines, events.recorded(lines, folder, tensorboard) as progress:
        flow.perform(step(name, spec), spec, folder, progress, replace)


def read(path: Path) -> Any:
    """A record of a work folder."""
    from accel.base.files import read_json

    return read_json(path)
