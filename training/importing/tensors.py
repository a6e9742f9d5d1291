"""The tensors of a file by name: state dicts and the wrappers that people save them in. No code of a file is run."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from accel.base.faults import Fault, Refused
from training.importing import torchscript

State = dict[str, Tensor]
KINDS = "a state dict (.pt, .pth, .ckpt, .bin, TorchScript), .safetensors or .onnx"
SAVED = "torch.save(model.state_dict(), path)"


def load(path: Path) -> State:
    """Tensors of a file by name, in its order. Refused in a sentence of our own, whatever the file is."""
    if path.suffix.lower() == ".safetensors":
        return _safetensors(path)
    found = _torch(path)
    states = list(_states(found, "", 0))
    if len(states) > 1:
        names = ", ".join(name for name, _ in states)
        raise Refused([Fault(str(path), "one state dict; save the one that is meant alone", f"{len(states)}: {names}")])
    if not states:
        raise Refused([Fault(str(path), f"a state dict, names to tensors ({SAVED})", _contents(found))])
    return states[0][1]


def _safetensors(path: Path) -> State:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except OSError as error:
        raise Refused([Fault(str(path), "a safetensors file", error.strerror or "no such file")]) from None
    except (SafetensorError, ValueError, KeyError):
        raise Refused([Fault(str(path), "a safetensors file", "a damaged one, or another kind of file")]) from None


def _torch(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    if torchscript.is_torchscript(archive):
                        return torchscript.parameters(archive)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        raise Refused([Fault(str(path), f"a state dict ({SAVED})", "a pickle with objects besides tensors")]) from None
    except OSError as error:
        raise Refused([Fault(str(path), KINDS, error.strerror or "a damaged file")]) from None
    except torchscript.Damaged:
        raise Refused([Fault(str(path), "the parameters of a TorchScript archive", "a damaged one")]) from None
    except Exception:  # torch raises many kinds for a damaged file
        raise Refused([Fault(str(path), KINDS, "a damaged file, or another kind")]) from None


def _states(value: Any, name: str, depth: int) -> Iterator[tuple[str, State]]:
    """Mappings of names to tensors that hold recurrent layers, or if none does, the whole if it is one."""
    if not isinstance(value, Mapping) or depth > 3:
        return
    tensors = {str(key): inner for key, inner in value.items() if isinstance(inner, Tensor)}
    if tensors and (depth == 0 or any(is_recurrent(key) for key in tensors)):
        yield name or "the file", tensors
        return
    for key, inner in value.items():
        yield from _states(inner, f"{name}.{key}" if name else str(key), depth + 1)


def is_recurrent(name: str) -> bool:
    """Whether a tensor of this name is W_h of a recurrent layer or cell, under whatever parametrisation."""
    return any(part.startswith("weight_hh") for part in name.split("."))


def _contents(found: Any) -> str:
    if isinstance(found, Mapping):
        return f"names to other things: {', '.join(str(key) for key in list(found)[:6])}" if found else "nothing"
    return f"an object of another kind ({type(found).__name__})"
