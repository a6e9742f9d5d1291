"""A part of a graph for the accelerator, from one tensor to another; what is before and behind it stays on the host."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from training.importing import graph_file
from training.importing.onnx_model import chosen


@dataclass(frozen=True)
class Pieces:
    """ONNX models as bytes; None where nothing is before or behind."""

    before: bytes | None
    core: bytes
    after: bytes | None


def cut(path: Path, start: str | None, end: str | None, output: str | None = None) -> Pieces:
    """The pieces of a graph: up to the tensor `start` (None: its input), from there to `end` (None: its output), and
    from there to the output, `output` where there are several.

    Refused: tensors that the graph does not have or that do not lead to each other, several inputs before the part,
    an output that reads more than `end`.
    """
    file = graph_file.load(path)
    graph = _Graph(file)
    last = chosen(file, output)
    for option, name in (("--from", start), ("--to", end)):
        if name is not None and name not in graph.known:
            near = difflib.get_close_matches(name, graph.known, 3) or sorted(graph.known)[:3]
            raise Refused([Fault(f"{path}: {option}", f"a tensor of the graph, such as {', '.join(near)}", name)])
    begin, stop = start if start not in file.inputs else None, end if end != last else None
    if begin is not None and begin not in graph.behind(stop or last):
        raise Refused([Fault(f"{path}: --from", f"a tensor that {stop or last} is computed from", begin)])
    before = None if begin is None else graph.piece(graph.one_input(begin, "--from"), begin)
    read = graph.inputs(stop or last, {begin} if begin else set())
    core = graph.piece([*([begin] if begin else []), *read], stop or last)
    if stop is None:
        return Pieces(before, core, None)
    if others := graph.inputs(last, {stop}):
        raise Refused([Fault(f"{path}: --to", f"a tensor through which all goes that {last} reads", ", ".join(others))])
    return Pieces(before, core, graph.piece([stop], last))


class _Graph:
    """Which tensors are computed from which."""

    def __init__(self, file: graph_file.GraphFile) -> None:
        import onnx

        self.file = file
        self.producers = {name: node for node in file.graph.node for name in node.output if name}
        self.known = {*self.producers, *file.inputs}
        graph = onnx.shape_inference.infer_shapes(file.model).graph
        self.values = {one.name: one for one in (*graph.value_info, *graph.input, *graph.output)}

    def behind(self, name: str, without: Iterable[str] = ()) -> set[str]:
        """All that a tensor is computed from, not looking behind some."""
        waiting, seen = [name], set[str]()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in self.producers and one not in without:
                node = self.producers[one]
                waiting += [read for read in (*node.input, *_outer(node)) if read]
        return seen

    def inputs(self, name: str, without: set[str]) -> list[str]:
        """Inputs of the file that a tensor is computed from otherwise than through some."""
        seen = self.behind(name, without)
        return [one for one in self.file.inputs if one in seen and one not in without]

    def one_input(self, name: str, option: str) -> list[str]:
        """The only input behind a tensor."""
        found = self.inputs(name, set())
        if len(found) != 1:
            got = ", ".join(found) or "none"
            raise Refused([Fault(f"{self.file.path}: {option}", "a tensor that one input leads to", got)])
        return found

    def piece(self, inputs: list[str], output: str) -> bytes:
        """The nodes between as a model of their own."""
        from onnx import helper

        seen = self.behind(output, set(inputs))
        within = [node for node in self.file.graph.node if seen.intersection(node.output) - set(inputs)]
        kept = [tensor for tensor in self.file.graph.initializer if tensor.name in seen]
        given = [self._value(name) for name in inputs]
        graph = helper.make_graph(within, self.file.graph.name or "piece", given, [self._value(output)], kept)
        model = self.file.model
        opsets, version = model.opset_import, model.ir_version
        made: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=version).SerializeToString()
        return made

    def _value(self, name: str) -> Any:
        """What is known of a tensor; of one whose shape nobody could infer, that it has numbers."""
        from onnx import helper

        return self.values.get(name) or helper.make_tensor_value_info(name, graph_file.FLOAT, None)


def _outer(node: Any) -> Iterable[str]:
    """What the inner graphs of a node read."""
    for graph in graph_file.subgraphs(node):
        for inner in graph_file.nodes(graph):
            yield from inner.input
