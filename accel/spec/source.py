"""Section of the file that the weights come from, where a person's own network is built."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from accel.spec.types import _LIST, Section

Name = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]
Names = Annotated[tuple[Name, ...], _LIST]
OneOrNames = Annotated[
    tuple[Name, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    _LIST,
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Source(Section):
    """A trained network in a file, read by `run` in place of training. Paths are relative to the spec's folder."""

    file: Name
    """State dict (.pt, .ckpt, .safetensors), TorchScript or .onnx."""
    sha256: Sha256 | None = None
    """Of the file, with the data files of an .onnx behind it; another file is refused. Without, `run` imports anew what
    changed."""
    data: Name | None = None
    """Sequences x on which the import is proven and told, and engines are verified: .npy, or .npz with x."""
    data_sha256: Sha256 | None = None
    """The same of that file."""
    before: Name | None = None
    """ONNX piece that the host runs in front of the file's network; `predict` then takes what that takes."""
    before_sha256: Sha256 | None = None
    """The same of that file."""
    after: Name | None = None
    """ONNX piece that the host runs behind the file's network; `predict` then answers what that answers."""
    after_sha256: Sha256 | None = None
    """The same of that file."""
    lstm: Names = ()
    """LSTMs or GRUs of a state dict, in the order data goes through them; needed where there are several."""
    head: OneOrNames = ()
    """Linear layer of a state dict that reads h_t; needed where another one could be it. Of several behind each other
    all, in the order data takes; `model.head.layers` says what stands between them."""
    embedding: Name | None = None
    """Table of a state dict whose rows tokens stand for, in front of its first LSTM or GRU."""
    ignore: Names = ()
    """Patterns of tensors of a state dict that the network is right without."""
    output: Name | None = None
    """The output of an .onnx that counts, where it has several."""
    distill: bool = False
    """Whether what pruning and rounding leave is trained on `data`, without labels, to answer as the file does; for
    `training.prune_epochs` and `quantize_epochs`."""
    allow_clipping: bool = False
    """Whether more than 0.1 % of a matrix may lie beyond its format."""
