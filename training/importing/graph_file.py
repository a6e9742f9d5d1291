"""An ONNX file as one plain graph: data files, functions and number formats are settled, inputs and outputs named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing.network import Array
from training.importing.quantized import settle

OLDEST = 7
"""Operator set from which on elementwise operators broadcast as numpy does."""


@dataclass(frozen=True)
class GraphFile:
    """A model of a file, without functions, in floats of at least 32 bits."""

    path: Path
    model: Any
    settled: tuple[str, ...] = ()
    """Nodes that were read as others, in words."""

    @property
    def graph(self) -> Any:
        """The main graph."""
        return self.model.graph

    @cached_property
    def opsets(self) -> dict[str, int]:
        """Versions of the operator sets by domain; the standard one is ''."""
        return {_domain(entry.domain): entry.version for entry in self.model.opset_import}

    @cached_property
    def constants(self) -> dict[str, Array]:
        """Initializers by name."""
        from onnx import numpy_helper

        return {tensor.name: numpy_helper.to_array(tensor) for tensor in self.graph.initializer}

    @property
    def inputs(self) -> list[str]:
        """Inputs that are no constants."""
        return [value.name for value in self.graph.input if value.name not in self.constants]

    @property
    def outputs(self) -> list[str]:
        """Outputs of the graph."""
        return [value.name for value in self.graph.output]

    def axes(self, name: str) -> list[int | str]:
        """Size of each axis of an input, or its symbol where any size will do; '' is a symbol nobody named."""
        kind = next(value for value in self.graph.input if value.name == name).type.tensor_type
        if not kind.HasField("shape"):
            raise Refused([Fault(f"{self.path}: {name}", "an input that declares its axes", "no shape")])
        return [axis.dim_value if axis.HasField("dim_value") else axis.dim_param for axis in kind.shape.dim]

    def kind(self, name: str, floats: np.dtype[Any]) -> np.dtype[Any]:
        """The numbers of an input; `floats` for floats."""
        from onnx.helper import tensor_dtype_to_np_dtype

        code = next(value for value in self.graph.input if value.name == name).type.tensor_type.elem_type
        return floats if code == FLOAT else np.dtype(tensor_dtype_to_np_dtype(code))

    def place(self, node: Any) -> str:
        """How messages call a node: its name, or what it makes, and its operator."""
        name = node.name or f"node of {next(filter(None, node.output), '')}"
        operator = node.op_type if not _domain(node.domain) else f"{node.domain}.{node.op_type}"
        return f"{self.path}: {name} ({operator})"


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def load(path: Path) -> GraphFile:
    """The model of a file. Refused: no ONNX, a data file that is missing or short, operator sets that are too old."""
    import onnx

    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise Refused([Fault(str(path), "an ONNX model", error.strerror or "a file that cannot be read")]) from None
    except Exception:  # protobuf raises what its implementation has
        raise Refused([Fault(str(path), "an ONNX model", "bytes of another kind, or cut off")]) from None
    if not model.ir_version or not model.graph.output:
        raise Refused([Fault(str(path), "an ONNX model", "one without version or outputs")])
    _read_data_files(model, path)
    _check_tensors(model, path)
    _check_opset(model, path)
    settled = settle(model, str(path))
    file = GraphFile(path, _plain(model, path), settled)
    _check_names(file)
    return file


def _check_tensors(model: Any, path: Path) -> None:
    """Refuse tensors whose bytes are not those of their shape, and inputs of types that ONNX does not have."""
    from onnx.helper import tensor_dtype_to_np_dtype
    from onnx.numpy_helper import to_array

    for tensor in tensors(model.graph):
        try:
            to_array(tensor)
        except Exception:  # whatever a damaged tensor makes it stumble over
            raise Refused([Fault(f"{path}: {tensor.name}", "a tensor with the bytes of its shape", "others")]) from None
    for value in model.graph.input:
        try:
            tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        except KeyError:
            raise Refused([Fault(f"{path}: {value.name}", "an input of numbers", "another type")]) from None


def conforms(node: Any, model: Any) -> bool:
    """Whether a node has the inputs and attributes that its operator set says; unknown operators, and those
    with graphs of their own, are left open."""
    from onnx import checker, defs

    versions = {_domain(entry.domain): entry.version for entry in model.opset_import}
    if not defs.has(node.op_type, _domain(node.domain)) or next(subgraphs(node), None) is not None:
        return True
    context = checker.C.CheckerContext()
    context.ir_version, context.opset_imports = model.ir_version, versions
    try:
        checker.check_node(node, context)
    except Exception:  # its own kind, and those of bytes that are no text
        return False
    return True


def _check_names(file: GraphFile) -> None:
    known = {*file.constants, *file.inputs}
    texts = (text for node in nodes(file.graph) for text in (node.name, node.op_type, *node.input, *node.output))
    if not all(isinstance(text, str) for text in (*texts, *known)):
        raise Refused([Fault(str(file.path), "names in UTF-8", "other bytes")])
    for node in file.graph.node:
        for name in filter(None, node.output):
            if name in known:
                raise Refused([Fault(file.place(node), "names that are used once", name)])
            known.add(name)


def _check_opset(model: Any, path: Path) -> None:
    from onnx.defs import onnx_opset_version

    version = next((entry.version for entry in model.opset_import if not _domain(entry.domain)), 0)
    if not OLDEST <= version <= onnx_opset_version():
        raise Refused([Fault(f"{path}: operator set", f"{OLDEST} to {onnx_opset_version()}", str(version or "none"))])


def _plain(model: Any, path: Path) -> Any:
    from onnx.inliner import inline_local_functions

    try:
        flat = inline_local_functions(model) if model.functions else model
    except Exception:  # what the inliner raises on a broken file is not documented; the file is refused either way
        raise Refused([Fault(str(path), "functions that can be inlined", "others")]) from None
    return widened(flat, (FLOAT16, BFLOAT16), FLOAT)


FLOAT, FLOAT16, DOUBLE, BFLOAT16 = 1, 10, 11, 16
"""Number formats by their codes in ONNX."""


def data_files(path: Path) -> list[str]:
    """Names of the files that hold weights of an ONNX file, in their order. Refused: others than beside it."""
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception:  # protobuf raises kinds of its own on a broken file; whoever reads it refuses it
        return []
    return _data_files(model, path)


def _data_files(model: Any, path: Path) -> list[str]:
    from onnx.external_data_helper import uses_external_data

    stored = [tensor for tensor in tensors(model.graph) if uses_external_data(tensor)]
    names = sorted({entry.value for tensor in stored for entry in tensor.external_data if entry.key == "location"})
    for name in names:
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            raise Refused([Fault(str(path), "data files beside it", name)])
        if not (path.parent / name).is_file():
            raise Refused([Fault(str(path), f"its data file {name} beside it", "no such file")])
    return names


def _read_data_files(model: Any, path: Path) -> None:
    """Load weights that lie in files beside the model, and nowhere else."""
    from onnx.external_data_helper import load_external_data_for_model

    names = _data_files(model, path)
    try:
        load_external_data_for_model(model, str(path.parent))
    except Exception:  # onnx raises many kinds for offsets, lengths and bytes that do not fit; the file is refused
        raise Refused([Fault(str(path), f"{', '.join(names)} with the bytes it names", "others")]) from None


def tensors(graph: Any) -> Iterator[Any]:
    """Every stored tensor of a graph, of its nodes' attributes and of their graphs."""
    yield from graph.initializer
    for node in nodes(graph):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for inner in subgraphs(node):
            yield from inner.initializer


def nodes(graph: Any) -> Iterator[Any]:
    """Every node of a graph and of the graphs within."""
    for node in graph.node:
        yield node
        for inner in subgraphs(node):
            yield from nodes(inner)


def subgraphs(node: Any) -> Iterator[Any]:
    """The graphs among a node's attributes."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def widened(model: Any, narrow: tuple[int, ...], wide: int) -> Any:
    """A copy of a model in which some number formats are replaced by a wider one that holds the same numbers."""
    import onnx
    from onnx import helper, numpy_helper

    made = onnx.ModelProto()
    made.CopyFrom(model)
    kind = helper.tensor_dtype_to_np_dtype(wide)
    for tensor in tensors(made.graph):
        if tensor.data_type in narrow:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(kind), tensor.name))
    graphs = [made.graph, *(inner for node in nodes(made.graph) for inner in subgraphs(node))]
    for value in (value for graph in graphs for value in (*graph.input, *graph.output, *graph.value_info)):
        if value.type.tensor_type.elem_type in narrow:
            value.type.tensor_type.elem_type = wide
    for attribute in (attribute for node in nodes(made.graph) for attribute in node.attribute):
        if attribute.name in ("to", "dtype", "output_dtype") and attribute.i in narrow:
            attribute.i = wide
    return made
