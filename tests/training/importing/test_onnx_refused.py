"""ONNX graphs without a place in the hardware: each is refused by the node that has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import TensorProto

from accel.base.faults import Refused
from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, Graph
from tests.training.importing.strange_graphs import (
    added_to_itself_shifted,
    all_steps_at_once,
    answers_turned_round,
    attention,
    beginning_state,
    branch_by_size,
    cell_state,
    clipped_gru,
    constants_of_their_step,
    convolution,
    elu,
    embedding,
    encoder,
    gru_that_forgets_its_input,
    integer_head,
    last_of_equal_logits,
    last_step_of_the_layer_before,
    mean_between,
    mean_of_units,
    mean_of_x,
    most_of_a_layer,
    no_lower_end,
    no_lstm,
    normalised_by_its_own,
    normalized,
    one_fixed_step,
    quantised_lstm,
    quantised_signal,
    random_numbers,
    residual_in_the_head,
    rnn,
    sequences_for_steps,
    share_of_the_steps,
    softmax_in_between,
    softmax_over_steps,
    some_steps,
    steps_mixed_with_sequences,
    steps_turned_round,
    sum_of_layers,
    training_batch_norm,
    weights_from_x,
)
from training.importing.onnx_model import read

Made = Callable[[Graph], str]
REFUSED: tuple[tuple[Made, str], ...] = (
    (elu, r"elu \(Elu\): wanted GRU, LSTM; .* got Elu, an activation without a table; .* --to"),
    (
        normalized,
        r"norm \(LayerNormalization\): wanted .* got LayerNormalization, whose mean and deviation",
    ),
    (encoder, r"decoder \(LSTM\): wanted initial_h .* got a computed tensor, such as an encoder's last state"),
    (no_lower_end, r"below \(Clip\): wanted a Clip with a lower end"),
    (residual_in_the_head, r"sum \(Add\): wanted one input that depends on x"),
    (mean_of_units, r"units \(ReduceMean\): wanted a mean over all steps, and nothing else, got axis 2"),
    (mean_of_x, r"mean \(ReduceMean\): wanted a mean of h_t over its steps, got one of something else"),
    (most_of_a_layer, r"most \(ReduceMax\): wanted a maximum of h_t itself"),
    (
        mean_between,
        r"mean \(ReduceMean\): wanted no pool in front of a recurrent layer, which reads a vector a step",
    ),
    (attention, r"scores \(Softmax\): wanted nothing behind it"),
    (beginning_state, r"\(LSTM\): wanted a constant initial_h that is the same for every sequence, got one for each"),
    (convolution, r"conv \(Conv\): wanted a Conv over the steps of the input itself .*--from.*, got one over what was"),
    (all_steps_at_once, r"dense \(Gemm\)"),
    (sequences_for_steps, r"\(LSTM\): wanted h_t of the layer before for X, step by step"),
    (steps_mixed_with_sequences, r"x: wanted an axis of steps"),
    (steps_turned_round, r"x: wanted an axis of steps"),
    (last_step_of_the_layer_before, r"\(LSTM\): wanted h_t of the layer before"),
    (
        cell_state,
        r"\(LSTM\): wanted one of its first 2 outputs to be used, as c_t leaves .* got output 3",
    ),
    (some_steps, r"wanted the answer of every step, or of the last"),
    (answers_turned_round, r"wanted the answer of every step, .* got some of them, some twice, or in another order"),
    (one_fixed_step, r"\(Gather\): wanted inputs that go together"),
    (share_of_the_steps, r"share \(Div\): wanted constants that no number of steps or sequences changes"),
    (branch_by_size, r"choice \(If\): wanted a condition that is constant"),
    (constants_of_their_step, r"\(Add\): wanted constants that no number of steps"),
    (added_to_itself_shifted, r"each \(Mul\): wanted one affine function"),
    (embedding, r"tokens \(Cast\): wanted a cast from float to float"),
    (weights_from_x, r"lstm \(LSTM\): wanted constant weights for W, got a computed tensor"),
    (softmax_in_between, r"soft \(Softmax\): wanted nothing behind it"),
    (softmax_over_steps, r"soft \(Softmax\): wanted one over the classes of a step"),
    (last_of_equal_logits, r"index \(ArgMax\): wanted the first of equal logits"),
    (clipped_gru, r"gate \(GRU\): wanted no clip, got 1.0"),
    (gru_that_forgets_its_input, r"gate \(GRU\): wanted inputs and attributes as operator set 17 has them"),
    (rnn, r"gate \(RNN\): wanted GRU, LSTM; .* got RNN"),
    (quantised_lstm, r"quick \(DynamicQuantizeLSTM\): wanted W, its scale and its zero point stored in the file"),
    (quantised_signal, r"rounded \(QuantizeLinear\)"),
    (random_numbers, r"noise \(RandomNormal\)"),
    (normalised_by_its_own, r"norm \(LayerNormalization\)"),
    (training_batch_norm, r"norm \(BatchNormalization\): wanted a normalisation by stored"),
    (integer_head, r"dense \(MatMul\): wanted constants in floating point, got int32"),
    (no_lstm, r"wanted at least one LSTM or GRU node on the way from x, got none"),
    (sum_of_layers, r"both \(Concat\)"),
)


@pytest.mark.parametrize(("made", "said"), REFUSED, ids=[made.__name__ for made, _ in REFUSED])
def test_what_has_no_place_is_refused_by_its_node(tmp_path: Path, made: Made, said: str) -> None:
    graph = Graph()
    with pytest.raises(Refused, match=said):
        read(graph.saved(tmp_path, made(graph)))


OPTIONS = [
    ({"direction": "reverse"}, "reads forward only, got reverse"),
    ({"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "activations Sigmoid, Tanh, Tanh, got HardSigmoid"),
    ({"activations": ["Sigmoid", "Tanh"]}, "activations Sigmoid, Tanh, Tanh, got Sigmoid, Tanh"),
    ({"activation_alpha": [0.5]}, "no activation_alpha"),
    ({"activation_beta": [0.5]}, "no activation_beta"),
    ({"clip": 3.0}, "no clip, got 3.0"),
    ({"input_forget": 1}, "no input_forget"),
    ({"layout": 2}, "layout 0 or 1, got 2"),
    ({"hidden_size": 7}, "hidden_size 4, as R has it, got 7"),
    ({"output_sequence": 1}, "inputs and attributes as operator set 17 has them, got .* output_sequence"),
]


@pytest.mark.parametrize(("options", "said"), OPTIONS, ids=[" ".join(options) for options, _ in OPTIONS])
def test_options_of_an_lstm_that_the_hardware_lacks_are_refused(tmp_path: Path, options: dict, said: str) -> None:
    graph = Graph()
    with pytest.raises(Refused, match=f"\\(LSTM\\): wanted .*{said}"):
        read(graph.saved(tmp_path, graph.head(graph.layer("x", **options))))


def test_peepholes_and_shorter_sequences_are_refused(tmp_path: Path) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, graph.head(graph.layer("x", more=("", "", "", graph.random(1, 12)))))
    with pytest.raises(Refused, match=r"wanted no peepholes"):
        read(path)
    lengths = graph.input("lengths", "sequences", kind=TensorProto.INT32)
    path = graph.saved(tmp_path, graph.head(graph.layer("x", more=(lengths,))))
    with pytest.raises(Refused, match=r"\(sequence_lens left empty: lengths come with x .*\), got the input lengths"):
        read(path)


def test_several_outputs_and_inputs_are_asked_about(tmp_path: Path) -> None:
    graph = Graph()
    logits = graph.head(graph.layer("x"))
    with pytest.raises(Refused, match=r"wanted one output, or --output NAME, got"):
        read(graph.saved(tmp_path, logits, graph.node("Neg", logits)))
    with pytest.raises(Refused, match=r"--output: wanted one of .* got nothing"):
        read(graph.saved(tmp_path, logits), "nothing")
    other = graph.node("Add", logits, graph.input("z", OUTPUTS))
    with pytest.raises(Refused, match=r"wanted one input on which .* depends, .* got x, z"):
        read(graph.saved(tmp_path, other))


def test_weights_of_other_shapes_are_refused(tmp_path: Path) -> None:
    graph = Graph()
    made = graph.node("LSTM", "x", graph.random(1, 12, INPUTS), graph.random(1, 16, HIDDEN), outputs=2, name="odd")
    with pytest.raises(Refused, match=r"odd \(LSTM\): wanted W of shape \[1, 16, 3\], got \[1, 12, 3\]"):
        read(graph.saved(tmp_path, graph.head(graph.squeezed(made[0], 1))))
    graph = Graph(("steps", "sequences", INPUTS + 1))
    with pytest.raises(Refused, match=r"wanted an X of 3 values a step, as W has it, got 4"):
        read(graph.saved(tmp_path, graph.head(graph.layer("x"))))
