"""Files whose weights are integers with scales: what is read is what they compute, and the integers stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from accel.base.faults import Refused
from sparrow.new import made
from sparrow.reasons import Asked
from tests.training.importing.graphs import HIDDEN, INPUTS, Graph, saved
from tests.training.importing.reference import wrong
from training.automatic.formats import choose
from training.importer import quantized
from training.importing.onnx_model import read
from training.importing.quantized import rounded, settle

QONNX = "qonnx.custom_op.general"
SHAPES = ((1, 4 * HIDDEN, INPUTS), (1, 4 * HIDDEN, HIDDEN))


def bytes_of(g: Graph, *shape: int) -> np.ndarray:
    return g.rng.integers(-127, 128, shape).astype(np.int8)


def with_scales(g: Graph, w: np.ndarray, r: np.ndarray, scales: tuple[object, object]) -> str:
    """An LSTM of integers [1, rows, columns] behind DequantizeLinear; scales are one, or one a row."""
    parts = []
    for values, scale in zip((w, r), scales, strict=True):
        made = np.asarray(scale, np.float32)
        zero = g.constant(np.zeros(made.shape, np.int8))
        parts.append(g.node("DequantizeLinear", g.constant(values), g.constant(made), zero, axis=1))
    return g.head(g.squeezed(g.node("LSTM", "x", *parts, outputs=2, hidden_size=HIDDEN)[0], 1))


def order(values: np.ndarray) -> np.ndarray:
    """ONNX's gates i, o, f, c as the hardware has them."""
    return np.concatenate([np.split(values, 4)[number] for number in (0, 2, 3, 1)])


@pytest.mark.parametrize("scales", [(2.0**-7, 2.0**-8), (0.0123, 0.0123 / 4), "rows"])
def test_new_keeps_the_integers_of_a_file(tmp_path: Path, scales: object) -> None:
    g = Graph()
    w, r = bytes_of(g, *SHAPES[0]), bytes_of(g, *SHAPES[1])
    w[..., 0] = r[..., 0] = 127  # no row has a step of its own that is coarser
    if scales == "rows":
        each = g.rng.uniform(0.001, 0.01, 4 * HIDDEN).astype(np.float32)
        scales = (each, each)
    path = g.saved(tmp_path, with_scales(g, w, r, scales))
    spec, comments, _ = made(path, tmp_path, Asked())
    assert spec.weights.width == 8
    assert spec.weights.per_row == (scales[0] != 2.0**-7 if np.isscalar(scales[0]) else True)
    assert "come as integers, and stay these very ones" in comments["weights"]
    layer = quantized(spec, read(path).network).layers[0]
    assert np.array_equal(layer.w_x.values, order(w[0]))
    assert np.array_equal(layer.w_h.values, order(r[0]))


def test_of_scales_that_no_power_of_two_joins_formats_are_searched(tmp_path: Path) -> None:
    g = Graph()
    path = g.saved(tmp_path, with_scales(g, bytes_of(g, *SHAPES[0]), bytes_of(g, *SHAPES[1]), (0.01, 0.0137)))
    spec, comments, _ = made(path, tmp_path, Asked())
    assert "stay these very ones" not in comments["weights"]
    assert not spec.weights.per_row


def test_a_change_of_one_weight_beside_the_steps_is_seen(tmp_path: Path) -> None:
    g = Graph()
    w, r = bytes_of(g, *SHAPES[0]).astype(np.float32) * 2.0**-7, bytes_of(g, *SHAPES[1]).astype(np.float32) * 2.0**-7
    w[0, 3, 1] += 2.0**-13
    network = read(g.saved(tmp_path, plain(g, w, r))).network
    spec, _, _ = made(tmp_path / "model.onnx", tmp_path, Asked())
    chosen = choose(network, spec, made_data(), 0.02)
    assert chosen.kept == ()


def plain(g: Graph, w: np.ndarray, r: np.ndarray) -> str:
    tensors = g.constant(w), g.constant(r)
    return g.head(g.squeezed(g.node("LSTM", "x", *tensors, outputs=2, hidden_size=HIDDEN)[0], 1))


def made_data() -> object:
    from training.importing import data

    return data.normal(1, 4, 12, INPUTS)


def roundings(g: Graph, domain: str) -> str:
    """An LSTM whose W is behind Quant and whose R is behind BipolarQuant."""
    scale, zero, bits = g.constant(2.0**-3), g.constant(0.0), g.constant(4.0)
    w = g.node(
        "Quant", g.random(*SHAPES[0]), scale, zero, bits, signed=1, narrow=1, rounding_mode="ROUND", domain=domain
    )
    r = g.node("BipolarQuant", g.random(*SHAPES[1]), g.constant(0.25), domain=domain)
    return g.head(g.squeezed(g.node("LSTM", "x", w, r, outputs=2, hidden_size=HIDDEN)[0], 1))


def with_domain(model: onnx.ModelProto, domain: str) -> onnx.ModelProto:
    model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


@pytest.mark.parametrize("domain", [QONNX, "onnx.brevitas", "finn.custom_op.general"])
def test_constants_behind_roundings_are_read_as_they_round(tmp_path: Path, domain: str) -> None:
    g = Graph()
    path = saved(tmp_path, with_domain(g.model(roundings(g, domain)), domain))
    layer = read(path).network.layers[0]
    multiples = layer.w_x * 2.0**3
    assert np.array_equal(multiples, np.rint(multiples))
    assert np.abs(multiples).max() <= 7
    assert set(np.unique(layer.w_h)) <= {-0.25, 0.25}
    if domain == QONNX:
        assert made(path, tmp_path, Asked())[0].weights.width == 4


def test_roundings_follow_their_names_at_halves_and_ends() -> None:
    x, one, zero, bits = (
        np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 9.0, -9.0]),
        np.ones(()),
        np.zeros(()),
        np.full((), 3.0),
    )
    wanted = {
        "ROUND": [-2, -2, 0, 0, 2, 2, 3, -4],
        "CEIL": [-2, -1, 0, 1, 2, 3, 3, -4],
        "FLOOR": [-3, -2, -1, 0, 1, 2, 3, -4],
        "UP": [-3, -2, -1, 1, 2, 3, 3, -4],
        "DOWN": [-2, -1, 0, 0, 1, 2, 3, -4],
        "HALF_UP": [-3, -2, -1, 1, 2, 3, 3, -4],
        "HALF_DOWN": [-2, -1, 0, 0, 1, 2, 3, -4],
    }
    for mode, values in wanted.items():
        assert rounded(x, one, zero, bits, True, False, mode).tolist() == values, mode
    assert rounded(x, one, zero, bits, True, True, "ROUND").min() == -3
    assert (
        rounded(x, one, zero, bits, False, False, "ROUND").max(),
        rounded(x, one, zero, bits, False, True, "ROUND").max(),
    ) == (7, 6)
    assert rounded(x, one * 0.5, zero, np.ones(()), True, False, "ROUND").tolist() == [-0.5] * 3 + [0.5] * 4 + [-0.5]


def test_a_rounding_of_a_signal_is_refused_by_name(tmp_path: Path) -> None:
    g = Graph()
    x = g.node("Quant", "x", g.constant(0.1), g.constant(0.0), g.constant(8.0), domain=QONNX, name="rounded")
    path = saved(tmp_path, with_domain(g.model(g.head(g.layer(x))), QONNX))
    with pytest.raises(Refused, match=r"rounded \(qonnx.custom_op.general.Quant\).*take the node out"):
        read(path)


@pytest.mark.parametrize(
    ("scale", "zero", "bits", "options", "said"),
    [
        (0.0, 0.0, 8.0, {}, "a scale of numbers above 0, got 0 to 0"),
        (float("nan"), 0.0, 8.0, {}, "a scale of numbers above 0, got nan"),
        (0.1, 0.5, 8.0, {}, "a zero point of whole numbers, got 0.5"),
        (0.1, 0.0, 2.5, {}, "a bit width of whole numbers above 0, got 2.5"),
        (0.1, 0.0, -3.0, {}, "a bit width of whole numbers above 0, got -3"),
        (0.1, 0.0, 8.0, {"rounding_mode": "NEAREST"}, "rounding_mode of ROUND, CEIL"),
        (0.1, 0.0, 8.0, {"rounding_mode": 3}, "rounding_mode of ROUND, CEIL"),
        (0.1, 0.0, 8.0, {"signed": "x"}, "signed and narrow of 0 or 1"),
    ],
)
def test_a_rounding_that_means_nothing_is_refused(
    scale: float, zero: float, bits: float, options: dict[str, object], said: str, tmp_path: Path
) -> None:
    g = Graph()
    given = g.random(*SHAPES[0]), g.constant(scale), g.constant(zero), g.constant(bits)
    w = g.node("Quant", *given, domain=QONNX, name="rounded", **options)
    h = g.squeezed(g.node("LSTM", "x", w, g.random(*SHAPES[1]), outputs=2, hidden_size=HIDDEN)[0], 1)
    with pytest.raises(Refused, match=rf"rounded \(qonnx.custom_op.general.Quant\).*{said}"):
        read(saved(tmp_path, with_domain(g.model(g.head(h)), QONNX)))


def dynamic(g: Graph, per_row: bool, directions: int = 1) -> str:
    """onnxruntime's quantised LSTM, weights [directions, columns, rows] as bytes."""
    rows, parts, scales = 4 * HIDDEN, [], []
    for columns in (INPUTS, HIDDEN):
        parts.append(g.constant(g.rng.integers(0, 256, (directions, columns, rows)).astype(np.uint8)))
        shape = (directions, rows) if per_row else (directions,)
        scales += [g.constant(g.rng.uniform(0.002, 0.01, shape)), g.constant(np.full(shape, 128, np.uint8))]
    b = g.random(directions, 2 * rows)
    options = {"direction": "bidirectional"} if directions > 1 else {}
    given = ("x", *parts, b, "", "", "", "", *scales)
    return str(
        g.node("DynamicQuantizeLSTM", *given, outputs=2, hidden_size=HIDDEN, domain="com.microsoft", **options)[0]
    )


@pytest.mark.parametrize("per_row", [False, True])
def test_a_dynamically_quantised_lstm_is_read_as_the_lstm_of_its_integers(tmp_path: Path, per_row: bool) -> None:
    g = Graph()
    path = saved(tmp_path, with_domain(g.model(g.squeezed(dynamic(g, per_row), 1)), "com.microsoft"))
    reading = read(path)
    assert "also rounds x and h in each step" in reading.file.settled[0]
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    scale = stored["c1"].reshape(1, 1, -1)
    w = ((stored["c0"].astype(np.float64) - 128) * scale)[0].T
    assert np.allclose(reading.network.layers[0].w_x, order(w), rtol=1e-6)


def test_onnxruntime_computes_nearly_the_network_that_is_read_of_its_lstm(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    g = Graph()
    path = saved(tmp_path, with_domain(g.model(g.squeezed(dynamic(g, False), 1)), "com.microsoft"))
    reading = read(path)
    x = g.rng.normal(0, 1, (9, 4, INPUTS)).astype(np.float32)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {"x": x})[0]
    ours = reading.network.states(x.transpose(1, 0, 2).astype(np.float64))[-1].transpose(1, 0, 2)
    assert 0 < np.abs(theirs - ours).max() < 0.05  # what it rounds of x and h in every step


def test_of_a_quantised_lstm_bytes_that_are_computed_are_refused(tmp_path: Path) -> None:
    g = Graph()
    model = with_domain(g.model(g.squeezed(dynamic(g, False), 1)), "com.microsoft")
    model.graph.node[0].input[8] = "elsewhere"
    with pytest.raises(Refused, match="W, its scale and its zero point stored in the file"):
        settle(model, "file")


def test_a_plain_file_is_as_it_was(tmp_path: Path) -> None:
    g = Graph()
    path = g.saved(tmp_path, g.head(g.layer("x")))
    assert read(path).file.settled == ()
    assert wrong(path) < 1e-6
