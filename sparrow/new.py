"""`sparrow new`: a whole spec for the network of a person's file, each choice with its reason."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import write_text
from accel.model import sequences
from accel.model.sequences import Data
from accel.proof.ledger import file_digest
from accel.schedule.load_spec import admission
from accel.spec import Spec, checked, plain
from accel.spec.network import Window
from accel.spec.rules import rules
from accel.spec.spec import TABLED, Target
from accel.spec.yaml_file import Document
from fpga import board as boards
from fpga.board import Board
from sparrow import fitting
from sparrow.reasons import Asked, reasons, told
from sparrow.spec_text import text
from training.automatic.formats import choose
from training.importing import data as drawn
from training.importing import fit, frames, source
from training.importing.network import Activated, FloatNetwork, adds

SEED, SEQUENCES, LENGTH = 1, 16, 32
"""Of random x, where the user gives none."""
VERIFIED = 2000
"""Steps of the user's data that engines are verified on, about."""
LONGEST_NAME = 41


def write(model: Path, output: Path | None, asked: Asked, force: bool = False) -> dict[str, Any]:
    """Write the spec of `made` to `output`, by default <name>.yaml; what was chosen, for the terminal.

    Refused over a file unless `force`.
    """
    output = place(model, output, asked, force)
    spec, comments, facts = made(model, output.parent, asked)
    write_text(output, text(spec, titled(spec, model, output), comments))
    return {"file": str(output), **facts}


def place(model: Path, output: Path | None, asked: Asked, force: bool) -> Path:
    """Where the spec is to lie. Refused over a file unless `force`, and no file .yaml."""
    output = output or Path(f"{asked.name or name_of(model.stem)}.yaml")
    if output.suffix not in (".yaml", ".yml"):
        raise Refused([Fault("--out", "a file .yaml", str(output))])
    if output.exists() and not (force and output.is_file()):
        raise Refused([Fault(str(output), "no such file yet, or --force to write over it", "one that is there")])
    return output


def titled(spec: Spec, model: Path, output: Path) -> str:
    """The first line of the spec that is written."""
    return (
        f"{spec.name}: the network of {model.name}. Made by `sparrow new`; `sparrow run {output.name}` does the rest."
    )


def made(
    model: Path, folder: Path, asked: Asked, known: FloatNetwork | None = None
) -> tuple[Spec, dict[str, str], dict[str, Any]]:
    """A spec that is to lie in `folder`, the reason of each choice by its key, and the facts in short.

    `known` is the network of the file, where more of it is known than the file says.

    Refused: whatever is no network of ours or not certain (`training.importing`), data that does not fit it, a bound
    that no formats keep, a board that is unknown or has no room.
    """
    _check(asked)
    if not model.is_file():
        raise Refused([Fault(str(model), "a model file", "no such file" if not model.exists() else "a folder")])
    board = None if asked.board is None else _board(asked.board)
    network = known or source.found(model, asked.wishes).network
    data = data_of(asked.data, network.inputs, network.vocabulary, network.window)
    chosen = choose(network, _described(network, model, folder, asked, data), data, asked.error)
    spec, lanes = fitting.on_board(chosen.spec, board)
    verified = spec.verify.model_copy(update={"sequences": _sequences(data)})
    spec = spec.model_copy(update={"target": _target(spec, board), "verify": verified}).lying_in(folder)
    if faults := [Fault(key, wanted, str(plain(got))) for key, wanted, got in admission(spec)]:
        raise Refused(faults)
    facts = {
        "layers": [f"{layer.name}: {layer.cell} {layer.sizes[0]} -> {layer.sizes[1]}" for layer in network.layers],
        "head": None if spec.model.head is None else told(spec.model.head),
        "data": data.origin,
        "bound": asked.error,
        "weight_bits": round(chosen.bits, 2),
        "errors": chosen.errors,
        "saturations": chosen.saturations,
        "lanes": lanes.lanes,
        "cycles": lanes.cycles_per_step,
        "memory_bits": lanes.memory_bits,
        "board": asked.board,
    }
    return spec, reasons(spec, network, chosen, asked, lanes), facts


def _check(asked: Asked) -> None:
    faults = []
    if not 0 < asked.error < 1:
        faults.append(Fault("--error", "a relative error above 0 and below 1", f"{asked.error:g}"))
    if not 0 <= asked.sparsity < 1:
        faults.append(Fault("--sparsity", "a share of zeros from 0 to below 1", f"{asked.sparsity:g}"))
    if faults:
        raise Refused(faults)


def _board(name: str) -> Board:
    if name not in boards.names():
        raise Refused([Fault("--board", f"one of {', '.join(boards.names())}", name)])
    return boards.find(name)


def data_of(path: Path | None, inputs: int, vocabulary: int | None, window: Window | None) -> Data:
    """The user's sequences, or random ones."""
    if path is not None:
        return sequences.load(path, inputs, vocabulary, window)
    made = drawn.normal(SEED, SEQUENCES, LENGTH, inputs, vocabulary)
    return replace(made, x=frames.consistent(made.x, window))


def _described(network: FloatNetwork, model: Path, folder: Path, asked: Asked, data: Data) -> Spec:
    """A spec of the network with formats and lanes yet to be chosen. Refused: a network that no spec describes."""
    given: dict[str, Any] = {"file": os.path.relpath(model, folder), "sha256": source.digest(model)}
    if asked.data is not None:
        given |= {"data": os.path.relpath(asked.data, folder), "data_sha256": file_digest(asked.data)}
    wishes = asked.wishes
    given |= {key: list(getattr(wishes, key)) for key in ("lstm", "head", "ignore")} | {"output": wishes.output}
    given |= {"embedding": wishes.embedding} if wishes.embedding else {}
    share, head = asked.sparsity, _head(network, asked, data)
    signals = ["input", "gate", "activation", "cell", "state"]
    signals += ["linear"] if any(one.activation not in TABLED for one in (*network.feeding, *network.linear)) else []
    signals += ["residual"] if any(map(adds, network.between)) else []
    keys = {
        "name": asked.name or name_of(model.stem),
        "source": given,
        "model": _model(network, asked, data) | ({} if head is None else {"head": head}),
        "sparsity": {"pattern": "row", "input": share, "recurrent": share} if share else {"pattern": "dense"},
        "formats": {key: [16, 10] for key in signals},
        "engine": {"units": 1, "state_streams": bool(network.initial_states) or asked.states},
        "verify": {"sequences": 32},
    }
    spec = checked(Spec, Document("the spec made", keys), rules)
    fit.check(spec, network, model.name)
    return spec


def _model(network: FloatNetwork, asked: Asked, data: Data) -> dict[str, Any]:
    found: dict[str, Any] = {"cell": network.layers[0].cell, "inputs": network.inputs}
    if network.vocabulary is not None:
        found["vocabulary"] = network.vocabulary
    if network.window is not None:
        found["window"] = plain(network.window)
    if network.between:
        found["between"] = [link if isinstance(link, str) else _linear(link) for link in network.between]
    if network.before:
        found["before"] = _linear(network.before)
    found["hidden"] = [layer.sizes[1] for layer in network.layers]
    linear = (*network.feeding, *network.linear, *((network.head,) if network.head else ()))
    found["bias"] = any(layer.bias.any() for layer in (*network.layers, *linear))
    if any(layer.initial is not None for layer in network.layers):
        found["initial"] = "constant"
    if network.directions > 1:
        found |= {"bidirectional": True, "longest": _longest(asked, data, "sequence buffers")}
    return found


def _linear(layers: Sequence[str | Activated]) -> list[str | dict[str, Any]]:
    """Linear layers as a spec has them, words in front of them as they are."""
    return [one if isinstance(one, str) else {"outputs": len(one.bias), "activation": one.activation} for one in layers]


def _longest(asked: Asked, data: Data, what: str) -> int:
    """The steps of the longest sequence. Refused where nobody says them."""
    if asked.longest is None and asked.data is None:
        raise Refused([Fault("--longest", f"the steps of the longest sequence, or --data, for {what}", "neither")])
    return asked.longest or int(data.lengths.max())


def _head(network: FloatNetwork, asked: Asked, data: Data) -> dict[str, Any] | None:
    """Linear layers, and what they read; None where h_t is the answer."""
    if asked.longest is not None and network.pool != "mean" and network.directions == 1:
        wanted = "nothing without a mean over time or bidirectional layers"
        raise Refused([Fault("--longest", wanted, str(asked.longest))])
    last = _last(network, asked)
    if network.head is None:
        return None
    kind = "argmax" if network.ending in fit.CLASSES else "logits"
    found: dict[str, Any] = {"layers": _linear(network.linear), "outputs": len(network.head.bias), "kind": kind}
    found |= {"when": network.when or asked.when or "last", "pool": network.pool}
    if network.pool == "mean":
        found["longest"] = _longest(asked, data, "a mean")
    return found | ({} if last is None else {"last": last})


def _last(network: FloatNetwork, asked: Asked) -> str | None:
    """Which last step a head reads of bidirectional layers; a module that was called answers with their output."""
    when = network.when or asked.when or "last"
    if network.directions == 1 or network.head is None or network.pool != "none" or when != "last":
        if asked.last is not None:
            raise Refused(
                [Fault("--last", "nothing but for a head behind the last step of both directions", asked.last)]
            )
        return None
    known = network.last or ("output" if network.when == "last" else None)
    chosen = known or asked.last
    if chosen not in ("states", "output") or asked.last not in (None, chosen):
        wanted = known or "states (PyTorch's h_n) or output (its output[:, -1]), which differ in the backward direction"
        raise Refused([Fault("--last", wanted, asked.last or "none")])
    return chosen


def name_of(stem: str) -> str:
    """A name for a spec from that of a file."""
    found = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    return (found if found[:1].isalpha() else f"model-{found}").strip("-")[:LONGEST_NAME]


def _target(spec: Spec, board: Board | None) -> Target:
    if board is None:
        return spec.target
    keys: dict[str, Any] = {"board": board.name, "clock_mhz": fitting.CLOCKS[board.family]}
    if board.processor is not None or board.family in ("xc7", "xcup"):
        keys["part"] = board.part
    return spec.target.model_copy(update=keys)


def _sequences(data: Data) -> int:
    """Of the user's data, as many as engines take in a moment."""
    return min(len(data.x), max(1, int(np.searchsorted(np.cumsum(data.lengths), VERIFIED, side="right"))), 32)
