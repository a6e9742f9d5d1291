"""Files that were changed at random: each is taken, and then proven, or refused in a sentence; none is a crash."""

from __future__ import annotations

import io
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import helper

from accel.base.faults import Refused
from accel.spec import Spec
from tests.training.importing import test_onnx_right as right
from tests.training.importing import test_onnx_states as states
from tests.training.importing.graphs import Graph, fine
from tests.training.importing.states import Net
from training.importer import import_model

ATTRIBUTES = (0, 1, -1, 2, 7, -9, 10**12, 0.5, float("nan"), "x", [1], [0, 1, 2], [-1, 5], [1.0], ["a", "b"])
SIZES = (0, 1, 3, 5, 7, -1, 10**9, 10**15)
MADE = (*right.RIGHT, *states.GIVEN)


def mutated(rng: random.Random) -> bytes:
    """An ONNX graph that had a place, changed in one or two parts, or in its bytes."""
    made = rng.choice(MADE)
    graph = Graph(opset=19 if made is right.integers_with_scales else 18)
    model = graph.model(made(graph))
    if rng.random() < 0.3:
        return flipped(model.SerializeToString(), rng)
    for _ in range(rng.randint(1, 2)):
        rng.choice((_change_node, _change_node, _change_attribute, _change_tensor, _change_input))(model, rng)
    return bytes(model.SerializeToString())


def flipped(contents: bytes, rng: random.Random) -> bytes:
    changed = bytearray(contents)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _change_node(model: Any, rng: random.Random) -> None:
    nodes = list(model.graph.node)
    names = [*(name for node in nodes for name in node.output), *(one.name for one in model.graph.initializer), "x", ""]
    node = rng.choice(nodes)
    way = rng.randrange(4) if node.input else 2
    if way == 0:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif way == 1:
        del node.input[rng.randrange(len(node.input))]
    elif way == 2:
        node.input.append(rng.choice(names))
    else:
        node.op_type = rng.choice(nodes).op_type


def _change_attribute(model: Any, rng: random.Random) -> None:
    nodes = [node for node in model.graph.node if node.attribute]
    if nodes:
        node = rng.choice(nodes)
        old = rng.choice(list(node.attribute))
        node.attribute.remove(old)
        if rng.random() < 0.8:
            node.attribute.append(helper.make_attribute(old.name, rng.choice(ATTRIBUTES)))


def _change_tensor(model: Any, rng: random.Random) -> None:
    tensor = rng.choice(list(model.graph.initializer))
    way = rng.randrange(4)
    if way == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(SIZES)
    elif way == 1:
        tensor.data_type = rng.choice((1, 2, 3, 6, 7, 9, 10, 11, 14, 16, 17, 22, 99))
    elif way == 2:
        tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]
    else:
        values = [tensor.raw_data[at : at + 4] for at in range(0, len(tensor.raw_data), 4)]
        tensor.raw_data = b"".join(rng.sample(values, len(values)))


def _change_input(model: Any, rng: random.Random) -> None:
    kind = rng.choice(list(model.graph.input)).type.tensor_type
    way = rng.randrange(4)
    if way == 0:
        kind.elem_type = rng.choice((0, 1, 6, 7, 8, 10, 11, 14, 16, 99))
    elif way == 1 and kind.shape.dim:
        kind.shape.dim[rng.randrange(len(kind.shape.dim))].dim_value = rng.choice(SIZES)
    elif way == 2 and kind.shape.dim:
        del kind.shape.dim[rng.randrange(len(kind.shape.dim))]
    else:
        model.opset_import[0].version = rng.choice((7, 9, 11, 12, 13, 15, 21, 23, 25))


def outcome(contents: bytes, name: str, spec: Spec, tmp_path: Path) -> str:
    """Taken, or what was refused; fails where the refusal is none of ours or the proof found the reading wrong."""
    (tmp_path / name).write_bytes(contents)
    said = refusal(spec, tmp_path / name, tmp_path / "work")
    assert "\n" not in said
    return "wrong" if "a difference of" in said else "refused" if said else "taken"


def refusal(spec: Spec, path: Path, work: Path) -> str:
    """The first fault; empty where the file is taken."""
    try:
        import_model(spec, path, work, allow_clipping=True)
    except Refused as refused:
        return str(refused.faults[0])
    return ""


def run(seed: int, count: int, tmp_path: Path) -> Counter[str]:
    rng, spec = random.Random(seed), fine(engine={"units": 4, "state_streams": True})
    return Counter(outcome(mutated(rng), "model.onnx", spec, tmp_path) for _ in range(count))


def test_a_changed_graph_is_taken_and_proven_or_refused(tmp_path: Path) -> None:
    assert run(1, 80, tmp_path)["wrong"] == 0


@pytest.mark.slow
def test_thousands_of_changed_graphs_are_taken_and_proven_or_refused(tmp_path: Path) -> None:
    seen = run(2, 4000, tmp_path)
    assert seen["wrong"] == 0
    assert min(seen["taken"], seen["refused"]) > 100


@pytest.mark.parametrize("name", ["model.pt", "script.pt", "model.safetensors"])
@pytest.mark.filterwarnings("ignore")
def test_changed_bytes_of_a_state_dict_are_read_or_refused(tmp_path: Path, name: str) -> None:
    from safetensors.torch import save

    torch.manual_seed(0)
    module, whole, rng = Net(), io.BytesIO(), random.Random(3)
    if name == "model.pt":
        torch.save(module.state_dict(), whole)
    elif name == "script.pt":
        torch.jit.save(torch.jit.script(module), whole)
    else:
        whole.write(save(module.state_dict()))
    seen = Counter(outcome(flipped(whole.getvalue(), rng), name, fine((4, 4)), tmp_path) for _ in range(40))
    assert seen["wrong"] == 0
