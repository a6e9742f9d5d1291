"""`sparrow new --from TENSOR --to TENSOR`: a part of a graph in hardware, the rest on the host, the whole answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from typer.testing import CliRunner, Result

from accel.base.faults import Refused
from sparrow import Accelerator, load
from sparrow.cli import app
from sparrow.evaluating import evaluate, wanted_of_whole
from tests.training.importing.graphs import Graph


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def graph() -> tuple[Graph, dict[str, str]]:
    """What no accelerator has, before and behind an LSTM with a head; the names of tensors between."""
    g = Graph(axes=("steps", "sequences", 5))
    begin = g.node("Abs", g.node("MatMul", "x", g.random(5, 3)))
    h = g.layer(begin)
    logits = g.head(h)
    return g, {"begin": begin, "h": h, "logits": logits, "end": g.node("Erf", g.node("Mul", logits, logits))}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with the file, x for it, and more runs of x."""
    monkeypatch.chdir(tmp_path)
    g, names = graph()
    g.saved(tmp_path, names["end"])
    rng = np.random.default_rng(0)
    np.save("x.npy", rng.normal(0, 0.8, (9, 6, 5)))
    np.save("runs.npy", rng.normal(0, 0.8, (3, 9, 2, 5)))
    return names


def whole(x: np.ndarray) -> np.ndarray:
    """What the file answers, by onnx's own evaluator."""
    answer: np.ndarray = ReferenceEvaluator(onnx.load("model.onnx")).run(None, {"x": x.astype(np.float32)})[0]
    return answer


def close(got: np.ndarray, wanted: np.ndarray) -> bool:
    return got.shape == wanted.shape and float(np.abs(got - wanted).max()) < 0.1 * max(0.1, np.abs(wanted).max())


def test_the_whole_answers_as_the_file_does_with_a_part_in_hardware(place: dict[str, str]) -> None:
    cut = ("--from", place["begin"], "--to", place["logits"])
    result = sparrow("new", "model.onnx", *cut, "--data", "x.npy", "-o", "own.yaml")
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path().glob("own*")} == {
        *("own.yaml", "own-before.onnx", "own-core.onnx", "own-after.onnx", "own-x.npz")
    }
    assert sparrow("import", "own.yaml").exit_code == 0
    assert sparrow("predict", "own.yaml", "x.npy", "-o", "y.npy").exit_code == 0
    assert close(np.load("y.npy"), whole(np.load("x.npy")))
    assert sparrow("predict", "own.yaml", "runs.npy", "-o", "y.npy").exit_code == 0
    assert close(np.load("y.npy"), np.stack([whole(run) for run in np.load("runs.npy")]))


def test_a_part_without_a_head_ends_with_h(place: dict[str, str]) -> None:
    cut = ("--from", place["begin"], "--to", place["h"])
    assert sparrow("new", "model.onnx", *cut, "--data", "x.npy", "-o", "own.yaml").exit_code == 0
    assert load("own.yaml").model.head is None
    assert sparrow("import", "own.yaml").exit_code == 0
    assert sparrow("predict", "own.yaml", "x.npy", "-o", "y.npy").exit_code == 0
    assert close(np.load("y.npy"), whole(np.load("x.npy")))


def test_one_end_may_be_the_files_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    g = Graph(axes=("steps", "sequences", 3))
    logits = g.head(g.layer("x"))
    g.saved(tmp_path, g.node("Erf", logits))
    x = np.random.default_rng(0).normal(0, 0.8, (4, 7, 3))
    np.save("x.npy", x)
    cut = ("--to", logits)
    result = sparrow("new", "model.onnx", *cut, "--data", "x.npy", "-o", "own.yaml")
    assert result.exit_code == 0, result.output
    assert sparrow("import", "own.yaml").exit_code == 0
    assert sparrow("predict", "own.yaml", "x.npy", "-o", "y.npy").exit_code == 0
    assert close(np.load("y.npy"), whole(x.swapaxes(0, 1)))


def test_another_piece_than_the_specs_is_refused(place: dict[str, str]) -> None:
    cut = ("--from", place["begin"], "--to", place["logits"])
    assert sparrow("new", "model.onnx", *cut, "-o", "own.yaml").exit_code == 0
    Path("own-after.onnx").write_bytes(Path("own-before.onnx").read_bytes())
    refused = sparrow("import", "own.yaml")
    assert refused.exit_code == 2
    assert "source.after: wanted the file that the spec was written for" in refused.output


def test_who_knows_the_accelerator_alone_says_so(place: dict[str, str]) -> None:
    assert sparrow("new", "model.onnx", "--from", place["begin"], "--to", place["h"], "-o", "own.yaml").exit_code == 0
    assert sparrow("import", "own.yaml").exit_code == 0
    with pytest.raises(Refused, match=r"source.before: wanted none, as Accelerator takes the accelerator alone"):
        Accelerator(load("own.yaml"), Path("build/own")).predict(np.zeros((2, 3, 3)))


def test_evaluate_compares_what_the_whole_file_answers(place: dict[str, str]) -> None:
    cut = ("--from", place["begin"], "--to", place["logits"])
    assert sparrow("new", "model.onnx", *cut, "--data", "x.npy", "-o", "own.yaml").exit_code == 0
    assert sparrow("import", "own.yaml").exit_code == 0
    x = np.load("runs.npy")
    answers = np.stack([whole(run) for run in x])
    for y, name, floats in ((answers, "relative error (rms)", 0.0), (answers.argmax(-1), "accuracy", 1.0)):
        np.savez("test.npz", x=x, y=y)
        found = evaluate(load("own.yaml"), Path("build/model"), Path("test.npz"))
        assert (found["metric"], found["answers"]) == (name, answers[..., 0].size)
        assert found["float"] == pytest.approx(floats, abs=1e-5)
        assert found["golden"] == pytest.approx(floats, abs=0.15)
        assert 0 <= found["apart"] < 0.15
    shifted = np.roll(answers, 1, axis=0)  # answers to other x are far off
    np.savez("test.npz", x=x, y=shifted)
    assert evaluate(load("own.yaml"), Path("build/model"), Path("test.npz"))["float"] > 0.1


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.zeros((3, 9, 2)), r"y: wanted numbers \[3, 9, 2, 2\] or classes \[3, 9, 2\], got float64 \[3, 9, 2\]"),
        (np.full((3, 9, 2), 2), r"y: wanted classes from 0 to below 2, got 2 to 2"),
        (np.full((3, 9, 2, 2), np.nan), r"y: wanted finite numbers"),
        (None, r"y: wanted an array y"),
    ],
)
def test_evaluate_refuses_right_answers_of_another_shape(
    place: dict[str, str], y: np.ndarray | None, said: str
) -> None:
    answers = np.zeros((3, 9, 2, 2))
    np.savez("test.npz", x=np.load("runs.npy"), **({} if y is None else {"y": y}))
    with pytest.raises(Refused, match=said):
        wanted_of_whole(Path("test.npz"), answers)


CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "no such tensor": (("--from", "matmul0"), "--from: wanted a tensor of the graph, such as matmul"),
    "no such end": (("--to", "nowhere"), "--to: wanted a tensor of the graph, such as"),
    "turned about": (
        ("--from", "{logits}", "--to", "{begin}"),
        "--from: wanted a tensor that {begin} is computed from",
    ),
    "no LSTM between": (("--to", "{begin}"), "own-core.onnx: /Abs_1 (Abs): wanted GRU, LSTM;"),
    "what is behind": (
        ("--from", "{begin}"),
        "own-core.onnx: /Mul_6 (Mul): wanted one input that depends on x",
    ),
    "data of another shape": (
        ("--from", "{begin}", "--to", "{h}", "--data", "flat.npy"),
        "flat.npy: x: wanted x ['steps', 'sequences', 5], or runs of such",
    ),
    "data with other features": (
        ("--from", "{begin}", "--to", "{h}", "--data", "wide.npy"),
        "wide.npy: x: wanted x ['steps', 'sequences', 5] of own-before.onnx, got [9, 2, 4]",
    ),
    "no numbers": (("--from", "{begin}", "--to", "{h}", "--data", "nan.npy"), "nan.npy: x: wanted finite real numbers"),
    "lengths": (("--from", "{begin}", "--to", "{h}", "--data", "l.npz"), "l.npz: lengths: wanted none beside a piece"),
    "no graph": (("--from", "x", "MODEL"), "--from, --to: wanted a graph (.onnx), whose tensors have names"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cut_that_is_none_is_refused_and_nothing_is_written(case: str, place: dict[str, str]) -> None:
    arrays = {"flat": np.zeros((4, 5)), "wide": np.zeros((9, 2, 4)), "nan": np.full((9, 2, 5), np.nan)}
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)
    np.savez("l.npz", x=np.zeros((9, 2, 5)), lengths=np.array([9, 9]))
    Path("model.pt").write_bytes(b"none")
    options, said = ([one.format(**place) for one in CASES[case][0]], CASES[case][1].format(**place))
    model = "model.pt" if "MODEL" in options else "model.onnx"
    there = sorted(Path().iterdir())
    refused = sparrow("new", model, *(one for one in options if one != "MODEL"), "-o", "own.yaml")
    assert refused.exit_code == 2, refused.output
    assert said in refused.output
    assert sorted(Path().iterdir()) == there


def test_files_that_are_there_stay_unless_forced(place: dict[str, str]) -> None:
    Path("own-core.onnx").write_text("mine")
    arguments = ("new", "model.onnx", "--from", place["begin"], "--to", place["h"], "-o", "own.yaml")
    refused = sparrow(*arguments)
    assert (refused.exit_code, Path("own-core.onnx").read_text(), Path("own.yaml").exists()) == (2, "mine", False)
    assert sparrow(*arguments, "--force").exit_code == 0


def test_a_piece_with_two_inputs_is_none(place: dict[str, str]) -> None:
    assert sparrow("new", "model.onnx", "--from", place["begin"], "--to", place["h"], "-o", "own.yaml").exit_code == 0
    assert sparrow("import", "own.yaml").exit_code == 0
    g = Graph()
    onnx.save(g.model(g.node("Add", "x", g.input("z", "steps", "sequences", 3))), "own-before.onnx")
    text = Path("own.yaml").read_text().splitlines()
    Path("own.yaml").write_text("\n".join(line for line in text if "before_sha256" not in line))
    assert sparrow("import", "own.yaml").exit_code == 0
    refused = sparrow("predict", "own.yaml", "x.npy", "-o", "y.npy")
    assert refused.exit_code == 2, refused.output
    assert "own-before.onnx: wanted a piece with one input and one output, got 2 and 1" in refused.output


def test_a_tensor_that_is_read_around_the_part_is_no_end(tmp_path: Path) -> None:
    g = Graph()
    h = g.layer("x", hidden=3)
    model = g.saved(tmp_path, g.node("Add", h, "x"))
    refused = sparrow("new", str(model), "--to", h, "-o", str(tmp_path / "own.yaml"))
    assert refused.exit_code == 2
    assert "--to: wanted a tensor through which all goes that add" in refused.output


def test_windows_are_formed_of_what_the_piece_before_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A convolution over time in hardware, behind a piece of the host; its last window ends beyond the last frame."""
    monkeypatch.chdir(tmp_path)
    g = Graph(axes=("sequences", "steps", 5))
    begin = g.node("Transpose", g.node("Abs", g.node("MatMul", "x", g.random(5, 3))), perm=[0, 2, 1])
    conv = g.node("Conv", begin, g.random(4, 3, 3), g.random(4), kernel_shape=[3], strides=[2], pads=[1, 1])
    logits = g.head(g.layer(g.node("Transpose", g.node("Relu", conv), perm=[2, 0, 1]), 4))
    g.saved(tmp_path, g.node("Erf", logits))
    x = np.random.default_rng(0).normal(0, 0.8, (6, 10, 5))
    np.save("x.npy", x)
    cut = ("--from", begin, "--to", logits)
    for command in (
        ("new", "model.onnx", *cut, "--data", "x.npy", "-o", "own.yaml", "--error", "0.05"),
        ("import", "own.yaml", "--work", "w"),
        ("predict", "own.yaml", "x.npy", "-o", "y.npy", "--work", "w"),
    ):
        result = sparrow(*command)
        assert result.exit_code == 0, result.output
    assert close(np.load("y.npy"), whole(x))
    assert np.load("own-x.npz")["x"].shape == (6, 10, 3)
