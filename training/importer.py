"""`sparrow import`: the user's own trained `nn.LSTM`, pruned after training and quantised."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from accel.architecture.shape import network
from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.model import samples as sample_file
from accel.model import weights as weight_file
from accel.spec import Spec
from training import onnx_model
from training.export import integers
from training.model import LSTM
from training.prune import choices, prune_head, prune_layers
from training.rows import equip
from training.seeded import STEPS
from training.sizes import bits, layers

State = Mapping[str, Tensor]


def import_model(spec: Spec, path: Path, work: Path) -> None:
    """Prune and quantise a stored state dict at the spec's ratios (with a search: the even split).

    `path` is a `.pt` with a state dict of an `nn.LSTM` of one or more layers, or a `.safetensors` with the same names;
    a prefix before the names (`lstm.`) is found by itself, and the head is the one `weight` besides; or an `.onnx`
    with LSTM nodes and a linear layer behind them.
    Leaves `weights.npz`, `samples.npz` (seeded) and `training.json` in `work`. Refused with every fault found.
    """
    check_cell(spec)
    state = read(path)
    model = fill(spec, state, str(path))
    net = network(spec)
    if spec.sparsity.pattern != "dense":
        prune_layers(model.layers, [array.kept for array in net.layers], choices(spec))
    prune_head(model.head, spec)
    for layer, array in zip(model.layers, net.layers, strict=True):
        equip(layer, array)
    weight_file.save(work / "weights.npz", integers(model, net), spec)
    sample_file.save(work / "samples.npz", sample_file.seeded(spec, spec.verify.sequences, STEPS))
    record = {"task": None, "metric": None, "models": {}, "layers": layers(net), "bits": bits(net)}
    write_json(work / "training.json", record | {"imported": path.name, "seed": spec.training.seed})


def check_cell(spec: Spec) -> None:
    """Refuse a cell that no module of PyTorch has."""
    if spec.model.cell != "lstm":
        raise Refused([Fault("model.cell", "lstm for an nn.LSTM, or `sparrow train`", spec.model.cell)])


def read(path: Path) -> State:
    """A state dict from `.safetensors`, from `.onnx`, or else from a `.pt` (weights only: none of its code is run)."""
    return {".safetensors": _safetensors, ".onnx": onnx_model.read}.get(path.suffix, _state_dict)(path)


def _safetensors(path: Path) -> State:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise Refused([Fault(str(path), "a safetensors file", _first_line(error))]) from None


def _state_dict(path: Path) -> State:
    try:
        found: Any = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise Refused([Fault(str(path), "a state dict", _first_line(error))]) from None
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise Refused([Fault(str(path), "a state dict: names to tensors", type(found).__name__)])
    return found


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def fill(spec: Spec, state: State, place: str) -> LSTM:
    """A module of the spec with the tensors of a state dict. Refused with every fault found."""
    model = LSTM(spec)
    faults = [*_unsupported(state, place), *_absent_or_misshapen(model, state, place)]
    if faults:
        raise Refused(faults)
    wanted = dict(_wanted(model, state))
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(state[name])
    return model


def _unsupported(state: State, place: str) -> Iterator[Fault]:
    if any(name.endswith("_reverse") for name in state):
        yield Fault(place, "an LSTM that reads forward only", "a bidirectional one")
    if any("weight_hr_l" in name for name in state):
        yield Fault(place, "an LSTM without projection", "one with proj_size")


def _absent_or_misshapen(model: LSTM, state: State, place: str) -> Iterator[Fault]:
    for name, parameter in _wanted(model, state):
        shape = tuple(parameter.shape)
        if name not in state:
            yield Fault(f"{place}: {name}", f"a tensor of shape {shape}", "nothing")
        elif tuple(state[name].shape) != shape:
            yield Fault(f"{place}: {name}", f"shape {shape}", str(tuple(state[name].shape)))
    known = {name for name, _ in _wanted(model, state)}
    for name in sorted(set(state) - known):
        if not name.endswith("_reverse") and "weight_hr_l" not in name:
            yield Fault(
                f"{place}: {name}", "no tensor that the spec's network has no place for", str(tuple(state[name].shape))
            )


def _wanted(model: LSTM, state: State) -> Iterator[tuple[str, Tensor]]:
    """Names of the state dict and the parameters that they fill."""
    prefix = next((name.removesuffix("weight_ih_l0") for name in state if name.endswith("weight_ih_l0")), "")
    for number, layer in enumerate(model.layers):
        for name, parameter in layer.named_parameters():
            yield f"{prefix}{name.removesuffix('0')}{number}", parameter
    if model.head is not None:
        head = next((name.removesuffix("weight") for name in state if name.endswith(".weight")), "head.")
        for name, parameter in model.head.named_parameters():
            yield f"{head}{name}", parameter
