"""What makes a pruned Silero VAD better while it is distilled: the student in real numbers, before it is quantised.

    SPARROW_DATA=... python -m tests.bench.networks.distilling

Needs what `tests.bench.networks` needs. Decisions are counted on recordings that neither learning nor that page's test
hears, and on synthesised speech of another seed. Prints a table; some minutes a row on one core.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from accel.architecture.network import network as shapes
from accel.base.progress import silent
from accel.model.sequences import Data
from accel.schedule.load_spec import parse
from accel.spec import Spec
from tests.bench.networks import silero
from tests.bench.networks.__main__ import package
from training.distill import Batch, _parted, _Stage
from training.importer import filled
from training.importing.around import Around
from training.importing.cut import cut
from training.prune import choices, prune_layers

Real = npt.NDArray[Any]


class Trial(NamedTuple):
    """A way to distill: the share that is removed, by what weights are kept, what is heard and how long."""

    share: float
    kept: Literal["size", "spread"]
    sequences: int
    epochs: int
    rate: float


TRIALS = (
    Trial(0.5, "size", 144, 20, 0.004),
    Trial(0.5, "spread", 144, 20, 0.004),
    Trial(0.5, "spread", 672, 40, 0.004),
    Trial(0.5, "spread", 672, 40, 0.008),
    Trial(0.75, "size", 144, 20, 0.004),
    Trial(0.75, "spread", 144, 20, 0.004),
)
HEARD = {144: (96, 1, 48, 4), 672: (384, 21, 288, 24)}
"""Sequences: of recordings, their seed, synthesised ones, their seed."""


def main() -> None:
    """Every trial, a row each."""
    with TemporaryDirectory() as name:
        around = _around(Path(name))
        judged = [_read(around, sound, Path(name)) for sound in _judged()]
        heard = {count: _read(around, _heard(*how), Path(name)) for count, how in HEARD.items()}
    print(
        "| removed | kept by | sequences | epochs | rate | error, held out | recordings | synthesised |\n|" + "---|" * 8
    )
    for trial in TRIALS:
        print("|", " | ".join(_row(trial, around, heard[trial.sequences], judged)), "|", flush=True)


def _around(folder: Path) -> Around:
    """The part of the network that is distilled, with the host's pieces."""
    options = dict(zip(silero.CUT[::2], silero.CUT[1::2], strict=True))
    pieces = cut(
        package("silero_vad", "silero-vad") / silero.FILE, options["--from"], options["--to"], options["--output"]
    )
    for key in ("before", "core"):
        (folder / f"{key}.onnx").write_bytes(getattr(pieces, key))
    return Around(folder / "core.onnx", folder / "before.onnx", None)


def _heard(real: int, seed: int, others: int, other_seed: int) -> Real:
    sound = np.concatenate([silero.recorded(real, range(10, 50), seed), silero.synthesised(others, other_seed)])
    return np.asarray(sound[np.random.default_rng(1).permutation(len(sound))])


def _judged() -> Iterator[Real]:
    yield silero.recorded(36, range(5, 10), 12)
    yield silero.synthesised(24, 13)


def _read(around: Around, sound: Real, folder: Path) -> Data:
    """What the part reads of samples [sequences, samples]."""
    np.save(folder / "x.npy", silero.framed(sound))
    return around.heard(folder / "x.npy").data


def _spec(trial: Trial, inputs: int, hidden: int) -> Spec:
    head = {"layers": [{"outputs": hidden}], "outputs": 1, "kind": "logits", "when": "step"}
    signals = ("input", "gate", "activation", "cell", "state", "linear")
    training = {"prune_epochs": trial.epochs, "learning_rate": trial.rate, "batch": 8, "steps": silero.STEPS}
    return parse(
        {
            "name": "silero",
            "model": {"inputs": inputs, "hidden": [hidden], "head": head},
            "sparsity": {"input": trial.share, "recurrent": trial.share},
            "formats": {key: [16, 10] for key in signals},
            "engine": {"units": 16},
            "training": {"task": "seeded", **training},
        }
    )


def _row(trial: Trial, around: Around, data: Data, judged: list[Data]) -> Iterator[str]:
    """One line of the table."""
    teacher = around.core.network
    spec = _spec(trial, *teacher.layers[0].sizes)
    model, (learned, held) = filled(spec, teacher).float(), _parted(data)
    stage = _Stage(spec, teacher, model, "pruned", trial.epochs)
    chosen = choices(spec) if trial.kept == "size" else stage.chosen(learned)
    prune_layers(model.layers, [array.nnz for array in shapes(spec).layers], chosen)
    errors = [epoch.error for epoch in stage.run(learned, held, silent)]
    yield from (f"{trial.share:.0%}", trial.kept, str(trial.sequences), str(trial.epochs), f"{trial.rate:g}")
    yield f"{min(errors):.1%}"
    for one in judged:
        differ = _decided(stage, one) != (teacher.logits(teacher.states(one.x)[-1])[..., 0] > 0)
        yield f"{differ.sum():,} of {differ.size:,}"


@torch.no_grad()
def _decided(stage: _Stage, data: Data) -> Real:
    """Whether it is speech, [sequences, steps]."""
    x, lengths = torch.from_numpy(data.x.astype(np.float32)), torch.from_numpy(data.lengths)
    return np.asarray(stage._answers(Batch(x, lengths, (), ()), None)[0][-1][..., 0] > 0)


if __name__ == "__main__":
    main()
