"""Parameters of a TorchScript archive, read without running any of its code."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

STORAGES = {
    "BFloat16Storage": torch.bfloat16,
    "HalfStorage": torch.float16,
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "ByteStorage": torch.uint8,
    "CharStorage": torch.int8,
    "ShortStorage": torch.int16,
    "IntStorage": torch.int32,
    "LongStorage": torch.int64,
    "BoolStorage": torch.bool,
}


class Damaged(Exception):
    """An archive whose contents do not fit together, or want something that is no tensor."""


class _Module:
    """Stands for every class of the archive: holds attributes, has no code."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments


def is_torchscript(archive: zipfile.ZipFile) -> bool:
    """Whether a zip archive holds TorchScript, not just a pickle of tensors."""
    return any(name.endswith("/constants.pkl") for name in archive.namelist())


def parameters(archive: zipfile.ZipFile) -> dict[str, Tensor]:
    """Parameters and buffers by their dotted names, in the file's shapes and dtypes. Raises Damaged."""
    folder = next((name.removesuffix("data.pkl") for name in archive.namelist() if name.endswith("/data.pkl")), "")
    try:
        root = _Reader(archive, folder).load()
    except Exception:  # a pickle can be wrong in any way; nothing but tensors and names was made of it
        raise Damaged from None
    found, seen = dict[str, Tensor](), set[int]()
    for name, tensor in _named(root, ""):
        if id(tensor) not in seen:
            found[name] = tensor
        seen.add(id(tensor))
    return found


def _named(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a module before those of the modules within."""
    if isinstance(value, Tensor):
        yield name, value
    if isinstance(value, _Module):
        for key, inner in vars(value).items():
            yield from _named(inner, f"{name}.{key}" if name else str(key))


class _Reader(pickle.Unpickler):
    """Makes tensors, ordered dicts and inert modules; every other name of Python is refused."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}data.pkl")))
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """What a name of the pickle stands for. Raises UnpicklingError for all but those of tensors."""
        if module.startswith("__torch__"):
            return _Module
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if module == "torch.jit._pickle":
            return _first
        raise pickle.UnpicklingError

    def persistent_load(self, saved: Any) -> Tensor:
        """A storage as a flat tensor."""
        kind, dtype, key, _, count = saved
        if kind != "storage" or "/" in str(key):
            raise pickle.UnpicklingError
        raw = bytearray(self.archive.read(f"{self.folder}data/{key}"))
        return torch.frombuffer(raw, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)


def _first(value: Any, *_: Any) -> Any:
    """A list of TorchScript is given beside its type."""
    return value


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    return torch.as_strided(storage, size, stride, offset)
