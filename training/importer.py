"""`sparrow import`: a person's own trained network, read, proven against its file, pruned after training, quantised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from accel.architecture.network import network as shapes
from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.base.progress import Progress, silent
from accel.engines.predict import require_short
from accel.model import samples as sample_file
from accel.model import sequences, weights_file
from accel.model.samples import Samples
from accel.model.sequences import Data
from accel.model.weights import Weights
from accel.spec import Spec
from training.cell import matrices_of, set_bias
from training.directions import hold_halves
from training.distill import distill as distill_student
from training.export import integers
from training.importing import data, fit, frames, loss, proof, source
from training.importing.network import EQUATIONS, FloatNetwork
from training.importing.proof import Proof
from training.importing.source import Source, Wishes
from training.model import LSTM
from training.prune import choices, prune_head, prune_layers
from training.rows import attach
from training.seeded import STEPS, untrained

SEQUENCES, LENGTH = 9, 12
"""Random sequences and their steps, where the user gives no data."""
MOST_SEQUENCES = 64
"""Sequences of the user's data that networks are compared on."""


def import_model(
    spec: Spec,
    path: Path,
    work: Path,
    *,
    data_file: Path | None = None,
    lstm: Sequence[str] = (),
    head: str | Sequence[str] = (),
    ignore: Sequence[str] = (),
    output: str | None = None,
    embedding: str | None = None,
    allow_clipping: bool = False,
    distill: bool = False,
    progress: Progress = silent,
) -> None:
    """Read the network of `path`, prove it equal to the file, prune and quantise it at the spec's ratios.

    `path` is an `.onnx`, or a state dict (`.pt`, `.ckpt`, TorchScript, `.safetensors`). `data_file` (.npy, .npz) holds
    x [sequences, steps, inputs] on which networks are compared and which becomes `samples.npz`; random x without.
    `lstm`, `head` (linear layers in order), `embedding` and `ignore` say of a state dict what it does not say itself,
    the spec what stands between the linear layers; `output` says which output of a graph counts where it has several.
    With `distill` what is left after pruning and rounding is trained on that x to answer as the file does
    (`training.distill`), else it stays as it is.
    With a search in the spec the split is the even one. Leaves `weights.npz`, `samples.npz` and `training.json` in
    `work`. Refused, with nothing written: what `training.importing` refuses, sizes of another spec, more than 0.1 % of
    a matrix that clips unless `allow_clipping`.
    """
    check_cell(spec)
    wishes = Wishes(tuple(lstm), source.names(head), tuple(ignore), output, embedding=embedding)
    taken = read(spec, path, wishes)
    fit.check(spec, taken.network, path.name)
    given = None if data_file is None else data_of(spec, data_file)
    proven = [_prove(spec, taken, str(path), one) for one in ([None] if given is None else [None, given])]
    weights, learned = _integers(spec, taken.network, given, distill, progress)
    matrices = loss.matrices(taken.network, weights, spec)
    if not allow_clipping:
        loss.check(matrices, str(path))
    steps = min(LENGTH, spec.model.longest or LENGTH)
    inputs, vocabulary = spec.model.inputs, spec.model.vocabulary
    drawn = data.within(spec.formats.input, spec.training.seed, SEQUENCES, steps, inputs, vocabulary)
    compared = given or replace(drawn, x=frames.consistent(drawn.x, spec.model.window))
    require_short(spec, compared)
    few = compared.first(MOST_SEQUENCES)
    states, decisions = loss.compare(taken.network, weights, spec, few)
    facts = taken.facts | {"compared": [one.plain() for one in proven]}
    facts["asked"] = asdict(wishes)
    facts["distilled"] = learned
    facts["loss"] = loss.plain(matrices, states, decisions, few)
    weights_file.save(work / "weights.npz", weights, spec)
    sample_file.save(work / "samples.npz", _samples(spec, given))
    imported = {"imported": path.name, "file": str(path.resolve()), "sha256": source.digest(path), "import": facts}
    write_json(work / "training.json", record(spec, weights) | imported)


def data_of(spec: Spec, path: Path) -> Data:
    """The user's sequences, as the network of the spec reads them."""
    model = spec.model
    return sequences.load(path, model.inputs, model.vocabulary, model.window)


def import_source(spec: Spec, work: Path, progress: Progress = silent) -> None:
    """`import_model` of the file that the spec names as its source, as it says."""
    given = spec.source
    assert given is not None
    wishes: dict[str, Any] = {"lstm": given.lstm, "head": given.head, "ignore": given.ignore, "output": given.output}
    wishes |= {"embedding": given.embedding}
    data_file = None if given.data is None else spec.beside(given.data)
    wishes |= {"allow_clipping": given.allow_clipping, "distill": given.distill, "progress": progress}
    import_model(spec, spec.beside(given.file), work, data_file=data_file, **wishes)


def read_again(spec: Spec, path: Path, asked: dict[str, Any]) -> FloatNetwork:
    """The float network of a file that was imported; `asked` are the wishes of then. Refused as by `import_model`."""
    network = read(spec, path, Wishes(**asked)).network
    fit.check(spec, network, path.name)
    return network


def check_cell(spec: Spec) -> None:
    """Refuse a cell that no file has."""
    if spec.model.cell not in EQUATIONS:
        wanted = f"{', '.join(EQUATIONS)}, as files have them, or `sparrow train`"
        raise Refused([Fault("model.cell", wanted, spec.model.cell)])


def read(spec: Spec, path: Path, wishes: Wishes) -> Source:
    """The network of a file as the spec wants it; what stands between linear layers of a state dict, the spec says."""
    head = spec.model.head
    if head is not None and not source.is_graph(path):
        if max(1, len(wishes.head)) != len(head.layers) + 1:
            names = ", ".join(wishes.head) or "none"
            wanted = f"{len(head.layers) + 1} in order, as many as model.head has layers"
            raise Refused([Fault(f"{path}: --head", wanted, names)])
        wishes = replace(wishes, activation=tuple(one.activation for one in head.layers))
    return source.read(path, wishes, spec.model.inputs, None if head is None else head.outputs)


def _prove(spec: Spec, taken: Source, place: str, given: Data | None) -> Proof:
    """Compare the network with its file: on random x, or on the user's, cut to the steps that the file takes."""
    x = None if given is None else given.first(MOST_SEQUENCES).x
    window = spec.model.window
    count, steps = (SEQUENCES, LENGTH) if x is None else x.shape[:2]
    own, executors = taken.executors(count, steps)
    if x is None or given is None:
        x = data.random(spec.training.seed, count, own, spec.model.inputs, spec.model.vocabulary).x
        return proof.prove(taken.network, frames.consistent(x, window), executors, place, sequences.RANDOM)
    own_x = frames.consistent(data.of_steps(x, own), window)
    return proof.prove(taken.network, own_x, executors, place, given.origin)


def _integers(
    spec: Spec, network: FloatNetwork, given: Data | None, distilled: bool, progress: Progress
) -> tuple[Weights, list[dict[str, Any]] | None]:
    """The integers, and how a student came to them where there was one: an entry an epoch."""
    if not distilled:
        return quantized(spec, network), None
    if given is None:
        raise Refused([Fault("--distill", "--data with x to learn from", "none")])
    student = distill_student(spec, network, filled(spec, network), given, progress)
    return integers(student.model, shapes(spec)), [epoch._asdict() for epoch in student.curve]


def quantized(spec: Spec, network: FloatNetwork) -> Weights:
    """The integers of a float network, pruned at the spec's ratios."""
    net, model = shapes(spec), pruned(spec, network)
    for layer, array in zip(model.layers, net.layers, strict=True):
        attach(layer, array)
    return integers(model, net)


def pruned(spec: Spec, network: FloatNetwork) -> LSTM:
    """A float64 module of the spec with the weights of a network that are kept at the spec's ratios."""
    model = filled(spec, network)
    if spec.sparsity.pattern != "dense":
        prune_layers(model.layers, [array.nnz for array in shapes(spec).layers], choices(spec))
    prune_head(model.around, spec)
    return model


@torch.no_grad()
def filled(spec: Spec, network: FloatNetwork) -> LSTM:
    """A float64 module of the spec with the matrices of a network that fits it."""
    model = LSTM(spec).double()
    if model.table is not None and network.embedding is not None:
        model.table.weight.copy_(torch.from_numpy(network.embedding.rows))
    for module, layer in zip(model.layers, network.layers, strict=True):
        for parameter, matrix in zip(matrices_of(module), (layer.w_x, layer.w_h), strict=True):
            parameter.copy_(torch.from_numpy(matrix))
        if spec.model.bias:
            set_bias(module, torch.from_numpy(layer.bias))
    for values, layer in zip(model.initial, network.layers, strict=False):
        if layer.initial is not None:
            values.copy_(torch.from_numpy(layer.initial))
    around = (*network.feeding, *network.linear, network.head)
    for one, linear in zip(model.around, around, strict=True):
        if one is not None and linear is not None:
            one.weight.copy_(torch.from_numpy(linear.weight))
            if spec.model.bias:
                one.bias.copy_(torch.from_numpy(linear.bias))
    if spec.directions > 1:
        hold_halves(model.layers)
    return model


def _samples(spec: Spec, given: Data | None) -> Samples:
    """The user's sequences as the accelerator takes them; seeded ones where there are none."""
    if given is None:
        return sample_file.seeded(spec, spec.verify.sequences, STEPS)
    x = spec.incoming.integers(given.x)
    return sample_file.with_states(Samples(x, given.lengths, given.lengths * 0 - 1), spec)


def record(spec: Spec, weights: Weights) -> dict[str, Any]:
    """What every import says in `training.json`."""
    return untrained(weights.network(spec), None, spec)
