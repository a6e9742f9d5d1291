"""`sparrow predict --engine board`: a board at a serial port answers, or it is said why not."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from accel.engines.engine import reference
from accel.model.design import Design
from accel.model.samples import Samples
from fpga import host
from fpga.frames import BoardError
from fpga.packing import Packing
from fpga.uart import facts_text
from sparrow import load
from sparrow.building import Build
from sparrow.cli import app
from sparrow.steps import design
from tests.designs import data

SECTIONS: dict[str, Any] = {
    "name": "little",
    "model": {"inputs": 3, "hidden": [4], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    "engine": {"units": 1},
    "target": {"board": "ice40-hx8k", "clock_mhz": 12.0},
    "verify": {"engines": ["golden"], "sequences": 2},
}
PORT = ("--engine", "board", "--port", "/dev/nowhere")


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(folder):
        Path("little.yaml").write_text(yaml.safe_dump(data(**SECTIONS)))
        assert sparrow("run", "little.yaml").exit_code == 0
        np.save("x.npy", np.random.default_rng(0).normal(0, 1, (3, 5, 3)))
    return folder


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder with what a build leaves for the host; the build itself counts as current."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    folder = Path("build/little/fpga/ice40-hx8k")
    folder.mkdir(parents=True)
    packing = Packing(3, 1, 1, (8, 6), 3, 1, 2, signed=True, every_step=True)
    (folder / host.FACTS).write_text(facts_text(host.Facts(115_200, 256, packing, ())))

    class Current:
        step = type("Step", (), {"lacking": staticmethod(lambda spec, work: [])})

    monkeypatch.setattr(Build, "known", lambda spec, work: Current)
    return tmp_path


class Board:
    """A host whose board computes what the golden model does, but for `error`."""

    def __init__(self, made: Design, error: int = 0) -> None:
        self.made, self.error = made, error

    def predict(self, x: np.ndarray) -> np.ndarray:
        found = reference(self.made, Samples(x[None], np.array([len(x)]), np.array([-1]))).outputs.copy()
        found[0, 0] += self.error
        return found


def connected(monkeypatch: pytest.MonkeyPatch, error: int = 0) -> None:
    made = design(load("little.yaml"), Path("build/little"))
    monkeypatch.setattr(host, "connect", lambda folder, port: Board(made, error))


def test_the_board_answers(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(monkeypatch)
    result = sparrow("predict", "little.yaml", "x.npy", "-o", "y.npy", *PORT)
    assert result.exit_code == 0, result.output
    assert sparrow("predict", "little.yaml", "x.npy", "-o", "golden.npy").exit_code == 0
    assert np.array_equal(np.load("y.npy"), np.load("golden.npy"))


def test_a_board_that_answers_otherwise_than_the_golden_model_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(monkeypatch, 1)
    result = sparrow("predict", "little.yaml", "x.npy", "-o", "y.npy", *PORT)
    assert result.exit_code == 1
    assert "board does not answer what the golden model does" in result.stderr
    assert not Path("y.npy").exists()


def test_what_the_board_says_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(x: np.ndarray) -> np.ndarray:
        raise BoardError("the CRC of the request is wrong")

    monkeypatch.setattr(host, "connect", lambda folder, port: type("Host", (), {"predict": staticmethod(refuse)}))
    result = sparrow("predict", "little.yaml", "x.npy", *PORT)
    assert result.exit_code == 3
    assert "the board at /dev/nowhere: the CRC of the request is wrong" in result.stderr


def test_a_port_that_is_not_there_is_refused(place: Path) -> None:
    pytest.importorskip("serial")
    result = sparrow("predict", "little.yaml", "x.npy", *PORT)
    assert result.exit_code == 2
    assert "--port: wanted a serial port that can be opened, got /dev/nowhere" in result.stderr


def test_a_build_without_a_serial_line_is_refused(place: Path) -> None:
    (place / "build/little/fpga/ice40-hx8k" / host.FACTS).unlink()
    result = sparrow("predict", "little.yaml", "x.npy", *PORT)
    assert result.exit_code == 2
    assert "wanted a build with a serial line" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "board"), "--port: wanted the serial port of the board"),
        (("--engine", "hls", "--port", "a"), "--port: wanted nothing but for board"),
        (("--engine", "bored"), "--engine: wanted one of golden,"),
    ],
)
def test_engine_and_port_go_together(place: Path, options: tuple[str, ...], said: str) -> None:
    result = sparrow("predict", "little.yaml", "x.npy", *options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_without_a_bitstream_there_is_no_board_to_ask(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    result = sparrow("predict", "little.yaml", "x.npy", *PORT)
    assert result.exit_code == 2
    assert "wanted the bitstream of `sparrow build` for ice40-hx8k, got none yet" in result.stderr
