"""Verbs of a proven accelerator: made, compared with all others, used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparrow.verb import (
    Json,
    SpecFile,
    Work,
    answer,
    opened,
    perform,
    read,
    verb,
)


@verb
def generate(spec_file: SpecFile, work: Work = None, as_json: Json = False) -> None:
    """Render MyHDL, Verilog, HLS C++ and scripts."""
    from accel.proof import ledger

    spec, folder = opened(spec_file, work)
    perform("generate", spec, folder)
    files = [str(folder / name) for name in ledger.outputs(folder, "generate")]
    answer({"files": files}, "files", as_json)


@verb
def verify(spec_file: SpecFile, work: Work = None, as_json: Json = False) -> None:
    """Run every engine; demand equal bits and cycles.

    Every engine of the spec runs real test sequences and corners. Each signal, each result and the cycles of each step
    must equal the golden model and the schedule.
    """
    spec, folder = opened(spec_file, work)
    perform("verify", spec, folder)
    answer(read(folder / "verify.json"), "verified", as_json)


@verb
def predict(
    spec_file: SpecFile,
    x: Annotated[Path, typer.Argument(metavar="X", help="Your x [sequences, steps, inputs]: .npy, or .npz with x.")],
    y: Annotated[Path, typer.Option("--output", "-o", help="The answers, .npy.")] = Path("y.npy"),
    last: Annotated[
        Path | None, typer.Option("--last", help="h_n and c_n, .npy, where engine.state_streams lets them out.")
    ] = None,
    engine: Annotated[str, typer.Option(help="Engine that computes them, or board; must equal golden.")] = "golden",
    port: Annotated[str | None, typer.Option(help="The serial port of the board, for --engine board.")] = None,
    work: Work = None,
    as_json: Json = False,
) -> None:
    """Your own sequences through the accelerator: float in, float out.

    Answers are logits, classes, or h_t where there is no head; NaN or -1 behind the end of a sequence. With
    engine.state_streams `states` of a .npz are what sequences begin with.
    """
    from sparrow import predicting

    spec, folder = opened(spec_file, work)
    answer(predicting.predict(spec, folder, x, y, engine, port, last), "predicted", as_json)


@verb
def evaluate(
    spec_file: SpecFile,
    test: Annotated[Path, typer.Argument(metavar="TEST", help="A .npz with x, y and, where they differ, lengths.")],
    model: Annotated[Path | None, typer.Option(help="The file that was imported, for its float metric.")] = None,
    work: Work = None,
    as_json: Json = False,
) -> None:
    """How good the accelerator's answers are, beside the float network's.

    Accuracy where y are classes, relative error (rms) where y are numbers.
    """
    from sparrow import evaluating

    spec, folder = opened(spec_file, work)
    answer(evaluating.evaluate(spec, folder, test, model), "evaluated", as_json)
