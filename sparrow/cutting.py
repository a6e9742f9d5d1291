"""`sparrow new --from TENSOR --to TENSOR`: a part of a graph for the accelerator, the rest as pieces for the host."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes, write_text
from accel.proof.ledger import file_digest
from accel.spec import Spec
from sparrow import new
from sparrow.reasons import Asked
from sparrow.spec_text import text
from training.importing import fit, source
from training.importing.around import Around
from training.importing.cut import cut

HOST = ("before", "after")


def write(model: Path, output: Path | None, asked: Asked, force: bool = False) -> dict[str, Any]:
    """Write the spec of the part to `output`, by default <name>.yaml; beside it the part, the host's pieces, and what
    these make of the data. Says what was chosen, for the terminal.

    Refused, with nothing written: what `training.importing.cut` and `sparrow.new` refuse, files in the way.
    """
    if not source.is_graph(model) or not model.is_file():
        raise Refused([Fault("--from, --to", "a graph (.onnx), whose tensors have names", str(model))])
    output = new.place(model, output, asked, force)
    with TemporaryDirectory(prefix="sparrow-") as name:
        try:
            contents, made, facts = _made(model, Path(name), output, asked)
        except Refused as refused:
            raise refused.elsewhere(f"{name}{os.sep}", "") from None
    there = [path for path in contents if path.exists()]
    if there and not force:
        wanted = "no such file yet, or --force to write over it"
        raise Refused([Fault(str(path), wanted, "one that is there") for path in there])
    for path, one in contents.items():
        write_bytes(path, one)
    write_text(output, made)
    return {"file": str(output), **facts}


def _made(model: Path, scratch: Path, output: Path, asked: Asked) -> tuple[dict[Path, bytes], str, dict[str, Any]]:
    """The contents of the files beside the spec, made in `scratch`, and of the spec, and what was chosen."""
    files = _pieces(model, scratch, output.stem, asked)
    around = Around(scratch / files["core"], *(scratch / files[key] if key in files else None for key in HOST))
    if "after" in files and around.core.network.ending in fit.CLASSES:
        wanted = f"a tensor of numbers, in front of the {around.core.network.ending}"
        raise Refused([Fault("--to", wanted, str(asked.cut[1]))])
    data = _heard(around, asked.data, scratch / f"{output.stem}-x.npz")
    named = asked.name or new.name_of(model.stem)
    wishes = replace(asked.wishes, output=None)
    own = replace(asked, data=data, name=named, wishes=wishes, cut=(None, None))
    spec, comments, facts = new.made(scratch / files["core"], scratch, own)
    spec = _told(spec, scratch, files)
    comments["source"] = (
        f"The part of {model.name} from {asked.cut[0] or 'its input'} to {asked.cut[1] or 'its output'}; what is "
        "before and after it runs on the host. Paths are relative to this file; other files are refused."
    )
    contents = {output.parent / path.name: path.read_bytes() for path in sorted(scratch.iterdir())}
    return contents, text(spec, new.titled(spec, model, output), comments), facts


def _pieces(model: Path, folder: Path, stem: str, asked: Asked) -> dict[str, str]:
    """Names of the files of the pieces in `folder`, by what they are."""
    made = cut(model, *asked.cut, asked.wishes.output)
    found = {key: f"{stem}-{key}.onnx" for key in ("before", "core", "after") if getattr(made, key) is not None}
    for key, name in found.items():
        (folder / name).write_bytes(getattr(made, key))
    return found


def _heard(around: Around, data: Path | None, path: Path) -> Path | None:
    """The file of what the host's piece makes of the data."""
    if data is None:
        return None
    heard, contents = around.heard(data), io.BytesIO()
    np.savez(contents, x=heard.given.x, lengths=heard.given.lengths)
    path.write_bytes(contents.getvalue())
    return path


def _told(spec: Spec, folder: Path, files: dict[str, str]) -> Spec:
    """The spec with the host's pieces in its source."""
    assert spec.source is not None
    keys: dict[str, Any] = {key: files[key] for key in HOST if key in files}
    keys |= {f"{key}_sha256": file_digest(folder / files[key]) for key in keys}
    return spec.model_copy(update={"source": spec.source.model_copy(update=keys)})
