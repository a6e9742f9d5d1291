"""`sparrow predict`: a person's own sequences through the network that lies in a work folder."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes
from accel.engines.predict import Prediction
from accel.engines.predict import predict as answers
from accel.model import sequences
from accel.model.design import Design
from accel.proof import ledger
from accel.proof.folder import held, inside
from accel.spec import Spec
from sparrow.building import Build
from sparrow.engines import ENGINES
from sparrow.steps import before, design

if TYPE_CHECKING:
    from training.importing.around import Around

UNRENDERED = ("golden", "torch")
"""Engines that take the weights as they are; the others run what `sparrow generate` left."""


BOARD = "board"
"""The engine that is a board at a serial port."""


def predict(
    spec: Spec, work: Path, x: Path, y: Path, engine: str = "golden", port: str | None = None, last: Path | None = None
) -> dict[str, Any]:
    """Answer the sequences of the file `x` (.npy, .npz) and leave the answers in `y` (.npy); says what was done. Pieces
    that the spec's source leaves to the host run before and behind. Sequences begin with `states` of the .npz, and
    h_n and c_n go to `last` (.npy), where the spec has `engine.state_streams`.

    `port` is the serial port of a board, for the engine `board`. Refused: stale weights, or for an engine that runs
    them stale files of `generate`, and for a board a stale bitstream; an engine that is unknown; a file that is not
    what `accel.model.sequences.load` takes; `y` that is `x`. Raises Different where the engine is not equal to the
    golden model, and then leaves nothing.
    """
    for option, path in (("--output", y), ("--last", last)):
        if path is not None and path.suffix != ".npy":
            raise Refused([Fault(option, "a file .npy", str(path))])
    if last is not None and (not spec.engine.state_streams or engine == BOARD):
        raise Refused([Fault("--last", "nothing without engine.state_streams, and none from a board", str(last))])
    if x.exists() and y.exists() and y.samefile(x):
        raise Refused([Fault("--output", "another file than the sequences come from", str(y))])
    around = around_of(spec)
    heard = None if around is None else around.heard(x)
    model = spec.model
    data = heard.data if heard else sequences.load(x, model.inputs, model.vocabulary, model.window)
    made = answered(spec, work, data, engine, port, sequences.states(x))
    answer = made.y if around is None or heard is None else around.answered(made.y, heard)
    for path, values in ((y, answer), (last, made.last)):
        if path is not None and values is not None:
            contents = io.BytesIO()
            np.save(contents, values)
            write_bytes(path, contents.getvalue())
    steps = int(data.lengths.sum())
    facts = {"file": str(y), "engine": engine, "shape": list(answer.shape), "clipped": made.clipped}
    return facts | {"sequences": len(data.x), "steps": steps}


def around_of(spec: Spec) -> Around | None:
    """What the host runs before and behind the accelerator; None where the network is the file's whole."""
    source = spec.source
    if source is None or not (source.before or source.after):
        return None
    from training.importing.around import Around

    pieces = (None if name is None else spec.beside(name) for name in (source.before, source.after))
    return Around(spec.beside(source.file), *pieces)


def require_alone(spec: Spec, who: str) -> None:
    """Refused where the host has pieces before or behind: `who` knows the accelerator alone."""
    for key in ("before", "after"):
        if spec.source is not None and (name := getattr(spec.source, key)) is not None:
            wanted = f"none, as {who} takes the accelerator alone; the command `sparrow predict` runs the host's pieces"
            raise Refused([Fault(f"source.{key}", wanted, name)])


def answered(
    spec: Spec,
    work: Path,
    data: sequences.Data,
    engine: str,
    port: str | None = None,
    begin: sequences.Array | None = None,
) -> Prediction:
    """What an engine answers, from zeros or from states as `accel.engines.predict` has them. Refused and Different as
    by `predict`.
    """
    if engine not in (*ENGINES, BOARD):
        raise Refused([Fault("--engine", f"one of {', '.join(ENGINES)}, {BOARD}", engine)])
    if (port is None) == (engine == BOARD):
        wanted = "the serial port of the board, such as /dev/ttyUSB0" if port is None else f"nothing but for {BOARD}"
        raise Refused([Fault("--port", wanted, port or "none")])
    if engine == BOARD and begin is not None:
        raise Refused([Fault("states", "none for a board, whose line brings x alone", str(list(begin.shape)))])
    with held(work):
        earlier = [*before("generate" if engine in UNRENDERED else "verify", spec)]
        earlier += [Build.known(spec, work).step] if engine == BOARD else []
        if lacking := [fault for step in earlier for fault in step.lacking(spec, work)]:
            raise Refused(lacking)
        made = design(spec, work)
        return _run(made, data, engine, begin) if port is None else _on_board(made, data, port)


def _on_board(made: Design, data: sequences.Data, port: str) -> Prediction:
    """By the board that runs the bitstream of the work folder."""
    from fpga import asked, build
    from fpga.board import find

    assert made.spec.target.board is not None
    folder = build.folder_of(made, find(made.spec.target.board))
    return answers(made, data, asked.board(folder, port), BOARD)


def _run(made: Design, data: sequences.Data, engine: str, begin: sequences.Array | None) -> Prediction:
    """In a copy of what `generate` left, since engines build where they run."""
    with TemporaryDirectory(prefix="sparrow-") as scratch:
        for name in ledger.outputs(made.work, "generate") if engine not in UNRENDERED else ():
            copy = Path(scratch) / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(inside(made.work, name), copy)
        alone = Design(made.spec, made.weights, Path(scratch))
        return answers(alone, data, ENGINES[engine].engine, engine, begin)
