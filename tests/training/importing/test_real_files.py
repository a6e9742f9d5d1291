"""Files that nobody here wrote: torch's exporters, onnx's own tests of LSTM, and a detector of voices."""

from __future__ import annotations

import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnx.utils import Extractor
from torch import nn

from accel.base.faults import Refused
from accel.spec import Spec
from tests.training.importing.graphs import Graph, fine
from tests.training.small import small
from training.importer import import_model
from training.importing.network import FloatNetwork
from training.importing.onnx_model import read


class Tagger(nn.Module):
    """Two layers and a linear one, answering every step or the last one alone."""

    def __init__(self, last: bool) -> None:
        super().__init__()
        self.lstm, self.fc, self.last = nn.LSTM(3, 4, 2, batch_first=True, dropout=0.2), nn.Linear(4, 2), last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.lstm(x)[0]
        logits: torch.Tensor = self.fc(h[:, -1] if self.last else h)
        return logits


def exported(module: nn.Module, path: Path, exporter: str) -> Path:
    free, options = torch.export.Dim.DYNAMIC, dict[str, Any]()
    if exporter == "legacy":
        options = {"dynamic_axes": {"x": {0: "sequences", 1: "steps"}}}
    elif exporter == "dynamo":
        options = {"dynamic_shapes": ({0: free, 1: free},)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = {"dynamo": exporter != "legacy", "input_names": ["x"], "verbose": False}
        torch.onnx.export(module, (torch.zeros(4, 6, 3),), str(path), **given, **options)
    return path


EXPORTS = [
    pytest.param("legacy", False, id="legacy"),
    pytest.param("legacy", True, id="legacy, last step"),
    pytest.param("dynamo", False, id="dynamo"),
    pytest.param("dynamo of fixed sizes", True, marks=pytest.mark.slow, id="dynamo, last step"),
]


@pytest.mark.parametrize(("exporter", "last"), EXPORTS)
def test_exports_of_torch_are_read_right(tmp_path: Path, exporter: str, last: bool) -> None:
    if exporter != "legacy":
        pytest.importorskip("onnxscript", reason="torch's dynamo exporter needs onnxscript (extra dev)")
    torch.manual_seed(0)
    module = Tagger(last).eval()
    path = exported(module, tmp_path / "model.onnx", exporter)
    network = read(path).network
    x = torch.randn(5, 7, 3)
    with torch.no_grad():
        wanted = module(x).double().numpy()
    found = network.logits(network.states(x.double().numpy())[-1])
    np.testing.assert_allclose(found[:, -1] if last else found, wanted, atol=1e-5)
    import_model(fine((4, 4), when="last" if last else "step"), path, tmp_path / "work")


def cases() -> dict[str, Any]:
    """onnx's node tests of LSTM by name."""
    from onnx.backend.test.case import node
    from onnx.backend.test.case.node import lstm

    assert lstm
    return {case.name: case for case in node._NodeTestCases if case.name.startswith("test_lstm")}


def frozen(case: Any, output: int) -> onnx.ModelProto:
    """A node test's model with its weights, which it has as inputs, stored; one of its outputs alone."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph, (given, _) = model.graph, case.data_sets[0]
    for value, array in list(zip(graph.input, given, strict=True))[1:]:
        graph.initializer.append(numpy_helper.from_array(array, value.name))
        graph.input.remove(value)
    chosen = graph.output[output]
    del graph.output[:]
    graph.output.append(chosen)
    return model


NODE_TESTS = [
    ("test_lstm_defaults", False),
    ("test_lstm_with_initial_bias", False),
    ("test_lstm_batchwise", True),
]


@pytest.mark.parametrize(("name", "batch_first"), NODE_TESTS, ids=[name for name, _ in NODE_TESTS])
def test_node_tests_of_onnx_are_read_right(tmp_path: Path, name: str, batch_first: bool) -> None:
    case = cases()[name]
    model = frozen(case, output=-1)
    onnx.save(model, str(tmp_path / "model.onnx"))
    network = read(tmp_path / "model.onnx").network
    x, answers = case.data_sets[0][0][0], case.data_sets[0][1][-1]
    found = network.states((x if batch_first else x.swapaxes(0, 1)).astype(np.float64))[-1][:, -1]
    np.testing.assert_allclose(found, answers.squeeze(1 if batch_first else 0), rtol=1e-5)
    import_model(without_head(network), tmp_path / "model.onnx", tmp_path / "work")


def without_head(network: FloatNetwork, **sections: Any) -> Spec:
    """A spec with the sizes of a network that answers with h_t."""
    inputs, hidden = network.layers[0].sizes
    return fine(model={"inputs": inputs, "hidden": [hidden], "head": None}, **{"engine": {"units": 1}} | sections)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("test_lstm_with_peepholes", "wanted no peepholes"),
        ("test_lstm_reverse", "reads forward only, got reverse"),
        ("test_lstm_bidirectional", "wanted all outputs of a step along one axis"),
    ],
)
def test_node_tests_of_what_the_hardware_lacks_are_refused(tmp_path: Path, name: str, said: str) -> None:
    onnx.save(frozen(cases()[name], output=0), str(tmp_path / "model.onnx"))
    with pytest.raises(Refused, match=said):
        read(tmp_path / "model.onnx")


FRAME, HIDDEN = 6, 8


def detector() -> onnx.ModelProto:
    """The shape of a detector of voices: convolutions over frames, an LSTM with its states, ReLU, Conv, Sigmoid."""
    g = Graph(("frames", 1, FRAME))
    states = g.input("h", 1, 1, HIDDEN), g.input("c", 1, 1, HIDDEN)
    x = g.node("Relu", g.node("Conv", "x", g.random(4, 1, 3), g.random(4), pads=[1, 1], strides=[1], name="encoder"))
    x = g.node("Transpose", g.node("Conv", x, g.random(HIDDEN, 4, FRAME), name="pool"), perm=[0, 2, 1])
    made = g.node(
        "LSTM", x, *(g.random(1, 4 * HIDDEN, HIDDEN) for _ in range(2)), g.random(1, 8 * HIDDEN), "", *states,
        outputs=3, hidden_size=HIDDEN, name="lstm",
    )  # fmt: skip
    h = g.node("Transpose", g.node("Relu", g.squeezed(made[0], 1), name="relu"), perm=[0, 2, 1])
    probability = g.node("Sigmoid", g.node("Conv", h, g.random(1, HIDDEN, 1), g.random(1)))
    return g.model(g.node("Reshape", probability, g.constant([-1])))


def test_a_detector_is_refused_as_a_whole_and_its_lstm_part_is_read_right(tmp_path: Path) -> None:
    onnx.save(detector(), str(tmp_path / "whole.onnx"))
    with pytest.raises(Refused, match=r"pool \(Conv\): wanted a Conv over the steps of the input itself"):
        read(tmp_path / "whole.onnx")
    names = {node.op_type: node for node in detector().graph.node}
    part = cut(detector(), names["LSTM"].input[0], names["Squeeze"].output[0], ("h", "c"))
    onnx.save(part, str(tmp_path / "model.onnx"))
    imported_with_states(tmp_path)


def test_the_lstm_part_of_silero_vad_is_read_right(tmp_path: Path) -> None:
    found = find_spec("silero_vad")
    if found is None or found.origin is None:
        pytest.skip("not run: needs silero-vad (pip install --no-deps silero-vad)")
    whole = Path(found.origin).parent / "data/silero_vad_16k_sequence.onnx"
    with pytest.raises(Refused, match=r"/stft/padding/Pad \(Pad\): wanted LSTM; .* got Pad"):
        read(whole, "speech_probs")
    part = cut(onnx.load(str(whole)), "/Transpose_output_0", "/recurrent/Squeeze_output_0", ("h", "c"))
    onnx.save(part, str(tmp_path / "model.onnx"))
    imported_with_states(tmp_path)


def cut(model: onnx.ModelProto, start: str, end: str, states: tuple[str, ...]) -> onnx.ModelProto:
    """The part of a model between two tensors, with its states."""
    return Extractor(onnx.shape_inference.infer_shapes(model)).extract_model([start, *states], [end])


def imported_with_states(tmp_path: Path) -> None:
    """The whole import, with h_0 and c_0 through streams, and a small error of h_t."""
    network = read(tmp_path / "model.onnx").network
    assert network.initial_states == ("h", "c")
    inputs, hidden = network.layers[0].sizes
    spec = small(
        model={"inputs": inputs, "hidden": [hidden], "head": None},
        sparsity={"pattern": "dense", "search": None},
        weights={"width": 16, "input_frac": 11, "recurrent_frac": 11},
        formats={
            "input": [16, 11], "bias": [20, 12], "gate": [24, 14], "activation": [18, 16], "cell": [24, 16],
            "state": [18, 16],
        },
        tables={"address": 14},
        engine={"units": 4, "state_streams": True},
    )  # fmt: skip
    import_model(spec, tmp_path / "model.onnx", tmp_path / "work")
    facts = json.loads((tmp_path / "work/training.json").read_text())["import"]
    assert facts["loss"]["layers"][0]["relative_error"] < 0.01
