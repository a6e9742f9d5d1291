"""Graphs that take h_0 and c_0 through inputs of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model import samples, weights_file
from tests.training.importing.graphs import HIDDEN, INPUTS, Graph, fine
from training.importer import import_model
from training.importing import onnx_runs
from training.importing.onnx_model import read

STREAMS = {"units": 4, "state_streams": True}


def apart(g: Graph) -> str:
    states = g.input("h_0", 1, "sequences", HIDDEN), g.input("c_0", 1, "sequences", HIDDEN)
    return g.head(g.layer("x", more=("", *states)))


def batch_of_another_name(g: Graph) -> str:
    states = g.input("h_0", 1, "n", HIDDEN), g.input("c_0", 1, "n", HIDDEN)
    return g.head(g.layer("x", more=("", *states)))


def one_input_for_both(g: Graph) -> str:
    g.input("state", 2, "sequences", HIDDEN)
    at = [g.node("Gather", "state", g.constant(np.array([n])), axis=0) for n in (0, 1)]
    return g.head(g.layer("x", more=("", *at)))


def layers_of_one_input(g: Graph) -> str:
    h, c = g.input("h_0", 2, "sequences", HIDDEN), g.input("c_0", 2, "sequences", HIDDEN)
    parts = [g.node("Split", value, axis=0, num_outputs=2, outputs=2) for value in (h, c)]
    first = g.layer("x", more=("", parts[0][0], parts[1][0]))
    return g.head(g.layer(first, HIDDEN, more=("", parts[0][1], parts[1][1])))


def batch_first(g: Graph) -> str:
    states = g.input("h_0", "sequences", 1, HIDDEN), g.input("c_0", "sequences", 1, HIDDEN)
    turned = [g.node("Transpose", value, perm=[1, 0, 2]) for value in states]
    return g.head(g.layer("x", more=("", *turned)))


def h_alone(g: Graph) -> str:
    return g.head(g.layer("x", more=("", g.input("h_0", 1, "sequences", HIDDEN), "")))


GIVEN = (apart, batch_of_another_name, one_input_for_both, layers_of_one_input, batch_first, h_alone)


@pytest.mark.parametrize("made", GIVEN, ids=lambda made: made.__name__)
def test_states_through_inputs_are_proven_with_states_that_are_not_zeros(
    tmp_path: Path, made: Callable[[Graph], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[dict[str, np.ndarray]] = []
    honest = onnx_runs._feed
    monkeypatch.setattr(onnx_runs, "_feed", lambda *given: fed.append(honest(*given)) or fed[-1])
    graph = Graph(opset=18)
    path = graph.saved(tmp_path, made(graph))
    hidden = (HIDDEN, HIDDEN) if made is layers_of_one_input else (HIDDEN,)
    import_model(fine(hidden, engine=STREAMS), path, tmp_path / "work")
    assert json.loads((tmp_path / "work/training.json").read_text())["import"]["compared"]
    assert all(np.all(value != 0) for feed in fed for name, value in feed.items())


def test_the_users_sequences_get_states_to_verify_with(tmp_path: Path) -> None:
    graph = Graph()
    path, spec = graph.saved(tmp_path, apart(graph)), fine(engine=STREAMS)
    np.save(tmp_path / "x.npy", np.ones((2, 5, INPUTS)))
    import_model(spec, path, tmp_path / "work", data_file=tmp_path / "x.npy")
    states = samples.load(tmp_path / "work/samples.npz", spec).states
    assert states is not None
    assert states.shape == (2, 2 * HIDDEN)


def test_states_that_are_mixed_up_are_found_by_the_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, apart(graph))
    honest = onnx_runs.executors

    def swapped(at: onnx_runs.Reading) -> object:
        return honest(replace(at, states=tuple((c, h) for h, c in at.states)))

    monkeypatch.setattr(onnx_runs, "executors", swapped)
    with pytest.raises(Refused, match="got a difference of"):
        import_model(fine(engine=STREAMS), path, tmp_path / "work")


def test_states_are_refused_where_the_hardware_starts_from_zeros(tmp_path: Path) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, apart(graph))
    with pytest.raises(Refused, match=r"engine.state_streams: wanted true, or .* from its inputs h_0, c_0, got false"):
        import_model(fine(), path, tmp_path / "work")


def units_turned_round(g: Graph) -> str:
    h = g.input("h_0", 1, "sequences", HIDDEN)
    turned = g.node("Gather", h, g.constant([3, 2, 1, 0]), axis=2)
    return g.head(g.layer("x", more=("", turned, "")))


def same_for_both_layers(g: Graph) -> str:
    h = g.input("h_0", 1, "sequences", HIDDEN)
    return g.head(g.layer(g.layer("x", more=("", h, "")), HIDDEN, more=("", h, "")))


def scaled(g: Graph) -> str:
    h = g.node("Mul", g.input("h_0", 1, "sequences", HIDDEN), g.constant(2.0), name="double")
    return g.head(g.layer("x", more=("", h, "")))


def of_another_size(g: Graph) -> str:
    return g.head(g.layer("x", more=("", g.input("h_0", 1, "sequences", HIDDEN + 1), "")))


REFUSED = (
    (units_turned_round, r"\(LSTM\): wanted an input for initial_h with its units and sequences in order"),
    (same_for_both_layers, r"wanted inputs of their own for h_0 and c_0 of each layer, got one for several"),
    (scaled, r"double \(Mul\): wanted one input that depends on x, .* got an input besides x, constant"),
    (of_another_size, r"\(LSTM\): wanted initial_h \[1, sequences, hidden\] of . sequences and 4 units"),
)


@pytest.mark.parametrize(("made", "said"), REFUSED, ids=[made.__name__ for made, _ in REFUSED])
def test_other_ways_to_states_are_refused(tmp_path: Path, made: Callable[[Graph], str], said: str) -> None:
    graph = Graph()
    with pytest.raises(Refused, match=said):
        read(graph.saved(tmp_path, made(graph)))


def test_states_of_one_sequence_fix_the_number_of_sequences(tmp_path: Path) -> None:
    graph = Graph(("steps", "sequences", INPUTS))
    states = graph.input("h_0", 1, 1, HIDDEN), graph.input("c_0", 1, 1, HIDDEN)
    path = graph.saved(tmp_path, graph.head(graph.layer("x", more=("", *states))))
    assert read(path).rows.shape == (6, 1)
    import_model(fine(engine=STREAMS), path, tmp_path / "work")


def test_a_single_step_with_its_states_is_a_network(tmp_path: Path) -> None:
    """How streaming models are exported: one step a call."""
    graph = Graph((1, 1, INPUTS))
    states = graph.input("h_0", 1, 1, HIDDEN), graph.input("c_0", 1, 1, HIDDEN)
    path = graph.saved(tmp_path, graph.head(graph.layer("x", more=("", *states))))
    import_model(fine(engine=STREAMS), path, tmp_path / "work")


def constants(g: Graph) -> str:
    h, c = (g.constant(g.rng.normal(0, 0.6, (1, 1, HIDDEN))) for _ in range(2))
    one = g.node("Slice", g.node("Shape", "x"), *(g.constant([n]) for n in (1, 2, 0)))
    shape = g.node("Concat", g.constant([1]), one, g.constant([HIDDEN]), axis=0)
    return g.head(g.layer("x", more=("", *(g.node("Expand", value, shape) for value in (h, c)))))


def constant_h_alone(g: Graph) -> str:
    g.inputs[0].type.tensor_type.shape.dim[1].dim_value = 1
    return g.head(g.layer("x", more=("", g.constant(g.rng.normal(0, 0.6, (1, 1, HIDDEN))), "")))


@pytest.mark.parametrize("made", [constants, constant_h_alone], ids=lambda made: made.__name__)
def test_constants_that_sequences_begin_with_come_with_the_weights(
    made: Callable[[Graph], str], tmp_path: Path
) -> None:
    graph, spec = Graph(), fine(model={"initial": "constant"})
    import_model(spec, graph.saved(tmp_path, made(graph)), tmp_path / "work")
    initial = weights_file.load(tmp_path / "work/weights.npz", spec).layers[0].initial
    assert initial is not None
    assert np.count_nonzero(initial) == HIDDEN * (2 if made is constants else 1)
    lost = json.loads((tmp_path / "work/training.json").read_text())["import"]["loss"]
    assert {one["name"] for one in lost["matrices"]} >= {"lstm0.h_0", "lstm0.c_0"}
    assert all(one["relative_error"] < 0.01 for one in lost["layers"])


def test_constants_that_their_format_does_not_hold_are_refused(tmp_path: Path) -> None:
    graph = Graph(("steps", 1, INPUTS))
    path = graph.saved(tmp_path, graph.head(graph.layer("x", more=("", "", graph.constant(np.full((1, 1, 4), 9e5))))))
    with pytest.raises(Refused, match=r"what /LSTM_0 begins with \(lstm0.c_0\): wanted at most 0.1% of it clipped"):
        import_model(fine(model={"initial": "constant"}), path, tmp_path / "work")


def test_a_spec_says_of_constants_what_the_file_does(tmp_path: Path) -> None:
    graph, none = Graph(), Graph()
    path, without = graph.saved(tmp_path, constants(graph)), none.head(none.layer("x"))
    with pytest.raises(Refused, match=r"model.initial: wanted constant, as /LSTM_\d of .* begins with constants"):
        import_model(fine(), path, tmp_path / "work")
    with pytest.raises(Refused, match=r"model.initial: wanted zeros, as .* has no constants to begin with"):
        import_model(fine(model={"initial": "constant"}), none.saved(tmp_path, without), tmp_path / "work")
