"""A network in Python from the user's model to answers, engines and a bitstream, in the words of the command line.

`compile` is `sparrow new` and `sparrow import` in one; what it returns stands for the spec and its work folder.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import read_json, write_bytes, write_text
from accel.model import sequences
from accel.model.sequences import Array, Data
from accel.spec import Spec

if TYPE_CHECKING:
    from torch import nn

    from accel.engines.predict import Prediction
    from training.importing.network import FloatNetwork
    from training.importing.source import Wishes

MODULE, GRAPH, ARRAY = "model.pt", "model.onnx", "x.npy"
"""Files in the work folder of what was given as objects of Python."""


@dataclass(frozen=True)
class Traced:
    """One signal over some sequences as real numbers, [sequences, steps, units]; NaN behind the end of one."""

    float: Array
    """Of the network that was given."""
    golden: Array
    """Of the accelerator."""

    @property
    def error(self) -> Any:
        """Relative error (rms) of golden against float."""
        real = ~np.isnan(self.float)
        size = np.sqrt(np.mean(np.square(self.float[real])))
        return np.sqrt(np.mean(np.square((self.golden - self.float)[real]))) / size if size else np.nan


class Accelerator:
    """A spec and its work folder. Every method raises what its verb ends with: Refused, Different, Unfinished."""

    def __init__(self, spec: Spec, work: Path) -> None:
        self.spec, self.work = spec, work

    def predict(
        self, x: Any, lengths: Any = None, engine: str = "golden", port: str | None = None, begin: Any = None
    ) -> Array:
        """Answers to float x [sequences, steps, inputs], `lengths` where they differ, as `sparrow predict` leaves them.

        [sequences, steps, outputs], or [sequences, outputs] of a head that answers after the last step: logits, or h_t
        without a head; whole numbers without the last axis where answers are classes. NaN, or -1, behind the end.
        Engines other than golden and torch run what `sparrow generate` makes, which is done where it is due; `board`
        asks the board at the serial `port`, which runs the bitstream of the work folder. With `engine.state_streams`
        sequences may `begin` with states, such as another accelerator's `states`.
        """
        return self._answered(x, lengths, engine, port, begin).y

    def states(self, x: Any, lengths: Any = None, engine: str = "golden", begin: Any = None) -> Array:
        """h_n and c_n of every sequence [sequences, values], layer by layer, of a GRU h_n alone; for a spec with
        `engine.state_streams`.
        """
        found = self._answered(x, lengths, engine, None, begin).last
        if found is None:
            wanted = "true, so that h_n and c_n leave the accelerator (states=True of sparrow.compile)"
            raise Refused([Fault("engine.state_streams", wanted, "false")])
        return found

    def _answered(self, x: Any, lengths: Any, engine: str, port: str | None, begin: Any) -> Prediction:
        from sparrow.predicting import UNRENDERED, answered

        data = self._data(x, lengths)
        if engine not in UNRENDERED:
            self._up_to("generate")
        states = None if begin is None else np.asarray(begin)
        return answered(self.spec, self.work, data, engine, port, states)

    def evaluate(self, x: Any, y: Any, lengths: Any = None) -> dict[str, Any]:
        """The metric of golden, that of the float network, and how far the two are apart, as `sparrow evaluate`."""
        from sparrow import evaluating

        data = self._data(x, lengths)
        wanted = sequences.answers_wanted(np.asarray(y), data, *evaluating.shape_of(self.spec), "y")
        return evaluating.compared(self.spec, self.work, data, wanted, "y")

    def trace(self, x: Any, lengths: Any = None) -> dict[str, Traced]:
        """Every signal of every layer by its name (`lstm0.f`), and the head's sums (`head`), float and golden."""
        from sparrow.tracing import traced

        return {name: Traced(*both) for name, both in traced(self.spec, self.work, self._data(x, lengths)).items()}

    def check(self) -> dict[str, Any]:
        """What follows from the spec, as `sparrow check` tells it: lanes, memories, cycles, room on a board."""
        from sparrow.checking import checked

        return checked(self.spec, self.work)

    def verify(self) -> dict[str, Any]:
        """Every engine of the spec on corners and samples, as `sparrow verify`; what is due before is done."""
        self._up_to("verify")
        found: dict[str, Any] = read_json(self.work / "verify.json")
        return found

    def build(self, board: str | None = None, plan: bool = False, **options: Any) -> dict[str, Any]:
        """The bitstream, as `sparrow build`; `options` are those of `fpga.build.Wishes`."""
        from sparrow import flow
        from sparrow.building import Build

        self._up_to("generate")
        wanted = Build(self.spec, board, plan, options)
        flow.perform(wanted.step, self.spec, self.work)
        return wanted.facts

    def run(self) -> dict[str, str]:
        """All that is due up to the report, as `sparrow run`; what became of each step."""
        from sparrow import flow

        return flow.run(self.spec, self.work)

    def _up_to(self, name: str) -> None:
        """Do what is due of the steps up to one."""
        from sparrow import flow, steps

        every = steps.steps(self.spec)
        last = [one.name for one in every].index(name)
        flow.run(self.spec, self.work, steps=every[: last + 1])

    def _data(self, x: Any, lengths: Any) -> Data:
        from sparrow.predicting import require_alone

        require_alone(self.spec, "Accelerator")
        given = None if lengths is None else np.asarray(lengths)
        model = self.spec.model
        return sequences.checked(np.asarray(x), given, model.inputs, "x", "x", model.vocabulary, model.window)

    def __repr__(self) -> str:
        return f"Accelerator({self.spec.name!r}, {str(self.work)!r})"


def compile(
    model: nn.Module | str | Path,
    *,
    data: Any = None,
    board: str | None = None,
    work: str | Path | None = None,
    error: float = 0.02,
    sparsity: float = 0.0,
    name: str | None = None,
    when: str | None = None,
    lstm: Sequence[str] = (),
    head: str | Sequence[str] = (),
    activation: str | Sequence[str] = (),
    ignore: Sequence[str] = (),
    output: str | None = None,
    embedding: str | None = None,
    longest: int | None = None,
    last: str | None = None,
    states: bool = False,
) -> Accelerator:
    """From a model to an accelerator that answers: the spec that `sparrow new` writes, its weights imported.

    `model` is a file (`.onnx`, a state dict, TorchScript), or a module with an `nn.LSTM` or `nn.GRU` and what stands
    behind it (linear layers, activations, a normalisation, a pool), read from its tensors or, where these do not say
    enough, from its graph; it is called once to prove that nothing else bears on its answers. `data` are x
    [sequences, steps, inputs], or a file of them; formats are chosen on random x without. The other words are those of
    the command; with `states` h_0 and c_0 come in and h_n and c_n leave (`engine.state_streams`). The spec,
    `<name>.yaml`, and what is needed of model and data lie in `work`, by default build/<name>.

    Raises Refused, with every fault: place, wanted, got.
    """
    from sparrow import flow, new, steps
    from sparrow.admission import load
    from sparrow.reasons import Asked
    from sparrow.spec_text import text
    from training.importing.source import Wishes, names

    wishes = Wishes(tuple(lstm), names(head), tuple(ignore), output, names(activation), embedding)
    named = name or (new.name_of(Path(model).stem) if isinstance(model, str | Path) else "model")
    folder = Path("build", named) if work is None else Path(work)
    written, title = folder / f"{named}.yaml", f"{named}: made by sparrow.compile."
    _require_own(written, title)
    with TemporaryDirectory(prefix="sparrow-") as scratch:
        path, known, wishes = _model(model, Path(scratch), wishes)
        given = _data(data, Path(scratch))
        asked = Asked(given, board, error, sparsity, when, named, wishes, longest=longest, last=last, states=states)
        spec, comments, _ = new.made(path, folder, asked, known)
        named_files = {"file": path, "data": given}
        own = {key: at for key, at in named_files.items() if at is not None and at.parent == Path(scratch)}
        contents = {key: at.read_bytes() for key, at in own.items()}
    assert spec.source is not None
    source = spec.source.model_copy(update={key: at.name for key, at in own.items()})
    for key, at in own.items():
        write_bytes(folder / at.name, contents[key])
    write_text(written, text(spec.model_copy(update={"source": source}), title, comments))
    chosen = load(written)
    flow.run(chosen, folder, steps=steps.steps(chosen)[:1])
    return Accelerator(chosen, folder)


def _require_own(path: Path, title: str) -> None:
    """Refused where a spec of somebody else would be written over."""
    if path.exists() and not (path.is_file() and path.read_text("utf-8", "replace").startswith(f"# {title}")):
        raise Refused(
            [Fault(str(path), "no such file yet, or one that sparrow.compile made; or another name", "others")]
        )


def _model(model: nn.Module | str | Path, scratch: Path, wishes: Wishes) -> tuple[Path, FloatNetwork | None, Wishes]:
    """The file of a model; of a module its state dict, or its graph where that does not say enough, the network with
    all that the module says, and what has to be said beside the file.
    """
    if isinstance(model, str | Path):
        return Path(model), None, wishes
    import torch

    from sparrow.new import SEED
    from training.importing import live, source
    from training.importing.source import Wishes

    def matched(path: Path, wishes: Wishes) -> tuple[Path, FloatNetwork, Wishes]:
        try:
            return path, live.matched(model, source.found(path, wishes).network, SEED), wishes
        except Refused as refused:  # the file is ours and soon gone
            raise refused.elsewhere(str(path), "model") from None

    if not isinstance(model, torch.nn.Module):
        raise Refused([Fault("model", "a file or an nn.Module", type(model).__name__)])
    path = scratch / MODULE
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    if isinstance(model, torch.nn.RNNBase):
        state = {f"lstm.{name}": value for name, value in state.items()}
    torch.save(state, path)
    try:
        return matched(path, replace(wishes, embedding=wishes.embedding or live.embedding(model)))
    except Refused:
        if not (sizes := _inputs(model)) or wishes != Wishes():
            raise
    refusals = list[Refused]()
    for inputs in sizes:
        try:
            live.export(model, graph := scratch / GRAPH, inputs)
            return matched(graph, wishes)
        except Refused as refused:
            refusals.append(refused)
    raise refusals[0]


def _inputs(module: nn.Module) -> list[int]:
    """Elements that x_t may have, the likeliest first: those that a recurrent module of PyTorch's reads, or a linear
    or a convolution in front of it; none where there is no such module.
    """
    from torch import nn

    every = [*module.modules()]
    first = next((place for place, one in enumerate(every) if isinstance(one, nn.RNNBase)), None)
    if first is None:
        return []
    front = [one.in_features for one in every[:first] if isinstance(one, nn.Linear)]
    front += [one.in_channels for one in every if isinstance(one, nn.Conv1d)]
    return [*dict.fromkeys([every[first].input_size, *front])]  # type: ignore[list-item]


def _data(data: Any, scratch: Path) -> Path | None:
    """The file of some sequences."""
    if data is None or isinstance(data, str | Path):
        return None if data is None else Path(data)
    contents = io.BytesIO()
    np.save(contents, np.asarray(data), allow_pickle=False)
    write_bytes(scratch / ARRAY, contents.getvalue())
    return scratch / ARRAY
