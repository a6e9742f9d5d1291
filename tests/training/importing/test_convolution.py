"""A convolution over time in front of the network: a linear layer over windows that the host forms, or refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from torch import nn

import sparrow
from accel.base.faults import Refused
from accel.model import sequences, windows
from accel.spec.network import Window
from tests.training.importing.graphs import Graph, exported, saved
from training.importing import onnx_model, source
from training.importing.source import Wishes


class Ears(nn.Module):
    """A convolution, a normalisation and a ReLU, an LSTM and a head, on x [sequences, frames, channels]."""

    def __init__(self, kernel: int, stride: int, pad: int, groups: int = 1, behind: tuple[nn.Module, ...] = ()) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(6, 5, batch_first=True), nn.Linear(5, 2)
        self.front = nn.Conv1d(4, 6, kernel, stride, pad, groups=groups)
        self.norm, self.behind = nn.BatchNorm1d(6), nn.Sequential(*behind)
        nn.init.normal_(self.norm.running_mean)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.behind(self.norm(self.front(x.transpose(1, 2)))).transpose(1, 2)
        return self.out(self.rnn(h)[0])  # type: ignore[no-any-return]


def ears(*options: Any, **more: Any) -> Ears:
    torch.manual_seed(1)
    return Ears(*options, **more).eval()


def answered(path: Path, x: Any) -> Any:
    """What is read of a file, on frames x."""
    network = source.found(path, Wishes()).network
    data = sequences.checked(x, None, network.inputs, "x", "x", None, network.window)
    return network.logits(network.over_steps(network.states(data.x)[-1]))


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(3, 1, 1), (3, 2, 0), (4, 3, 2), (2, 5, 1), (1, 2, 0), (7, 1, 3)]
)
def test_a_convolution_over_time_is_a_linear_layer_over_windows(
    kernel: int, stride: int, pad: int, tmp_path: Path
) -> None:
    module = ears(kernel, stride, pad, behind=(nn.ReLU(),))
    x = torch.randn(3, 17, 4)
    path = exported(module, tmp_path / "ears.onnx", x)
    reading = onnx_model.read(path)
    assert reading.network.window == Window(steps=kernel, stride=stride, pad=(pad, pad))
    assert [one.activation for one in reading.network.before] == ["relu"]
    with torch.no_grad():
        np.testing.assert_allclose(answered(path, x.numpy()), module(x).numpy(), atol=1e-5)


def test_without_an_activation_it_goes_into_w_x_in_both_directions_too(tmp_path: Path) -> None:
    module = ears(3, 2, 1, groups=2)
    module.rnn, module.out = nn.LSTM(6, 5, batch_first=True, bidirectional=True), nn.Linear(10, 2)
    x = torch.randn(2, 15, 4)
    path = exported(module, tmp_path / "ears.onnx", x)
    assert onnx_model.read(path).network.before == ()
    with torch.no_grad():
        np.testing.assert_allclose(answered(path, x.numpy()), module(x).numpy(), atol=1e-5)


def test_one_of_single_steps_in_groups_needs_no_window(tmp_path: Path) -> None:
    module, x = ears(1, 1, 0, groups=2, behind=(nn.ReLU(),)), torch.randn(3, 7, 4)
    path = exported(module, tmp_path / "ears.onnx", x)
    assert onnx_model.read(path).network.window is None
    with torch.no_grad():
        np.testing.assert_allclose(answered(path, x.numpy()), module(x).numpy(), atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_samples_of_sound_are_framed_by_a_convolution(stride: int, tmp_path: Path) -> None:
    """x [sequences, samples], a filter bank learned over them."""
    graph = Graph(("n", "t"))
    apart = graph.node("Unsqueeze", "x", graph.constant([1]))
    bank = graph.node("Conv", apart, graph.random(3, 1, 5), kernel_shape=[5], strides=[stride], pads=[2, 2])
    turned = graph.node("Transpose", bank, perm=[2, 0, 1])
    path = graph.saved(tmp_path, graph.head(graph.layer(turned)))
    network = source.found(path, Wishes()).network
    assert (network.inputs, network.window) == (5, Window(steps=5, stride=stride, pad=(2, 2)))


def test_a_convolution_over_an_axis_of_one_is_one_over_time(tmp_path: Path) -> None:
    """As Keras' Conv1D is written: Unsqueeze, Conv of two axes, Squeeze."""
    graph = Graph(("n", 3, "t"))
    apart = graph.node("Unsqueeze", "x", graph.constant([2]))
    made = graph.node("Conv", apart, graph.random(3, 3, 1, 4), kernel_shape=[1, 4], auto_pad="SAME_UPPER")
    turned = graph.node("Transpose", graph.squeezed(made, 2), perm=[2, 0, 1])
    path = graph.saved(tmp_path, graph.head(graph.layer(turned)))
    assert source.found(path, Wishes()).network.window == Window(steps=4, pad=(1, 2))


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_any_convolution_over_the_input_answers_as_the_file_does(data: st.DataObject) -> None:
    kernel, stride, groups = (data.draw(st.integers(1, most)) for most in (5, 4, 2))
    pads = [data.draw(st.integers(0, max(0, kernel - 1))) for _ in range(2)]
    graph = Graph(("n", 4, "t"), data.draw(st.sampled_from((9, 11, 13, 17, 21))), data.draw(st.integers(0, 99)))
    scaled = graph.node("Mul", "x", graph.random(1, 4, 1))
    weight, bias = graph.random(6, 4 // groups, kernel), graph.random(6)
    made = graph.node("Conv", scaled, weight, bias, group=groups, strides=[stride], pads=pads)
    made = graph.node("Relu", made) if data.draw(st.booleans()) else made
    model = graph.model(graph.head(graph.layer(graph.node("Transpose", made, perm=[2, 0, 1]), 6)))
    with TemporaryDirectory() as folder:
        path = saved(Path(folder), model)
        x = np.random.default_rng(1).normal(size=(3, data.draw(st.integers(kernel, 13)), 4)).astype(np.float32)
        found = answered(path, x).swapaxes(0, 1)
    wanted = ReferenceEvaluator(model).run(None, {"x": x.transpose(0, 2, 1)})[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def refused(graph: Graph, value: str, tmp_path: Path) -> str:
    with pytest.raises(Refused) as caught:
        onnx_model.read(graph.saved(tmp_path, graph.head(graph.layer(value))))
    return str(caught.value)


def conv(graph: Graph, x: str, **options: Any) -> str:
    """[n, 3, t] to [t, n, 3]."""
    made = graph.node("Conv", x, graph.random(3, 3, 3), kernel_shape=[3], **options)
    return str(graph.node("Transpose", made, perm=[2, 0, 1]))


def test_other_convolutions_are_refused_by_name(tmp_path: Path) -> None:
    dilated = Graph(("n", 3, "t"))
    assert "without dilation" in refused(dilated, conv(dilated, "x", dilations=[2]), tmp_path)
    late = Graph(("n", 3, "t"))
    assert "steps of the input itself" in refused(late, conv(late, late.node("Relu", "x")), tmp_path)
    moved = Graph(("n", 3, "t"))
    shifted = moved.node("Add", "x", moved.random(1, 3, 1))
    assert "zeros at the ends of x itself" in refused(moved, conv(moved, shifted, pads=[1, 1]), tmp_path)
    same = Graph(("n", 3, "t"))
    assert "do not depend on the number of steps" in refused(
        same, conv(same, "x", auto_pad="SAME_UPPER", strides=[2]), tmp_path
    )
    turned = Graph(("n", 3, "t"))
    backwards = turned.node("Slice", conv(turned, "x"), *(turned.constant([n]) for n in (-1, -(1 << 40), 0, -1)))
    assert "reads from first to last" in refused(turned, backwards, tmp_path)


def test_a_module_with_a_convolution_answers_as_it_does(tmp_path: Path) -> None:
    module = ears(3, 2, 1, behind=(nn.ReLU(),))
    x = np.random.default_rng(2).normal(size=(6, 17, 4)).astype(np.float32)
    made = sparrow.compile(module, data=x, work=tmp_path, name="ears", error=0.05)
    assert made.spec.model.window == Window(steps=3, stride=2, pad=(1, 1))
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    found = made.predict(x)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 0.1 * np.abs(wanted).max()
    with pytest.raises(Refused, match=r"numbers \[sequences, steps, 4\]"):
        made.predict(windows.formed(x, made.spec.model.window))


@pytest.mark.parametrize("pad", [(0, 0), (2, 1)])
def test_frames_of_windows_are_those_that_they_were_formed_of(pad: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for steps, stride, frames in product((3, 4), (1, 2, 3), (7, 8, 9)):
        window, x = Window(steps=steps, stride=stride, pad=pad), rng.normal(size=(2, frames, 3))
        made = windows.formed(x, window)
        assert made.shape == (2, window.steps_of(frames), 3 * steps)
        again = windows.undone(made, window, frames)
        np.testing.assert_array_equal(windows.formed(again, window), made)
        seen = min(frames, stride * (made.shape[1] - 1) + steps - pad[0])
        np.testing.assert_array_equal(again[:, :seen], x[:, :seen])


def test_windows_of_sequences_of_different_lengths_end_with_each(tmp_path: Path) -> None:
    window = Window(steps=3, stride=2, pad=(1, 1))
    x, lengths = np.random.default_rng(1).normal(size=(3, 9, 2)), np.array([9, 4, 1])
    data = sequences.checked(x, lengths, 6, "x", "x", None, window)
    assert data.lengths.tolist() == [5, 2, 1]
    with pytest.raises(Refused, match="at least 3 frames a sequence"):
        sequences.checked(x, lengths, 6, "x", "x", None, Window(steps=3))
    for one, length, steps, frames in zip(data.x, lengths, data.lengths, x, strict=True):
        alone = sequences.checked(frames[None, :length], None, 6, "x", "x", None, window).x[0]
        np.testing.assert_array_equal(one[:steps], alone)
        assert not one[steps:].any()


def test_a_fixed_number_of_frames_is_kept(tmp_path: Path) -> None:
    """A file for ten frames whose last window leaves one over."""
    path = exported(ears(3, 2, 0, behind=(nn.ReLU(),)), tmp_path / "ears.onnx", torch.zeros(1, 10, 4))
    model = onnx.load(path)
    for axis, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 10, 4), strict=True):
        axis.dim_value = size
    onnx.save(model, path)
    reading = onnx_model.read(path)
    assert (reading.steps, len(reading.rows)) == (4, 10)
    _, executors = source.found(path, Wishes()).executors(3, 12)
    x = windows.formed(np.random.default_rng(1).normal(size=(3, 10, 4)), reading.network.window)
    wanted = reading.network.logits(reading.network.states(x)[-1])
    np.testing.assert_allclose(next(iter(executors)).run(x, reading.network.begin(3)), wanted, atol=1e-5)
