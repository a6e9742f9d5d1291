"""An embedding in front of the first layer: the same bits everywhere, exact cycles, and what is wrong in it is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.engines import flags
from accel.engines.memories import check_memories
from accel.engines.predict import quantized
from accel.engines.torn import unknown_token
from accel.engines.verify import compare
from accel.model import golden, random_weights, samples, sequences, weights_file
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.blocks.primitives.hexfile import from_hex, to_hex
from accel.schedule import table_reads
from accel.schedule.schedule import schedule
from accel.schedule.turns import turns
from tests.designs import spec
from tests.engines.alike import CPP, MYHDL, QUICK, SIMULATORS, TORCH, rendered, require_equal, with_verilog

STEP: dict[str, Any] = {"outputs": 3, "kind": "logits", "when": "step"}
DESIGNS: dict[str, dict[str, Any]] = {
    "rows": {"model": {"inputs": 6, "vocabulary": 5, "hidden": [4]}, "engine": {"units": 2}},
    "bidirectional": {
        "model": {"inputs": 6, "vocabulary": 5, "hidden": [4], "head": None, "bidirectional": True, "longest": 4},
        "engine": {"units": 2, "input_words": 3},
    },
    "two directions, two layers, more than a byte": {
        "model": {"inputs": 40, "vocabulary": 300, "hidden": [4, 6], "bidirectional": True, "longest": 4}
        | {"head": {"outputs": 3, "last": "states"}},
        "engine": {"units": 2},
    },
    "a word a row": {
        "model": {"inputs": 1, "vocabulary": 2, "hidden": [4], "head": STEP},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
    },
    "words that are not full": {
        "model": {"inputs": 7, "vocabulary": 128, "hidden": [8], "head": STEP},
        "engine": {"input_words": 2},
    },
    "streams": {"model": {"inputs": 6, "vocabulary": 9, "head": STEP}, "engine": {"streams": 3}},
    "columns": {
        "model": {"inputs": 6, "vocabulary": 9, "head": STEP},
        "sparsity": {"pattern": "column", "input": 0.5, "recurrent": 0.5},
        "engine": {"dataflow": "column"},
    },
    "states": {"model": {"inputs": 6, "vocabulary": 9, "hidden": [8, 4]}, "engine": {"state_streams": True}},
    "stateful": {"model": {"inputs": 6, "vocabulary": 9, "stateful": True, "cell": "gru"}},
    "weights outside": {
        "model": {"inputs": 6, "vocabulary": 9, "head": STEP},
        "engine": {"memory": "stream", "memory_width": 64},
    },
    "x longer than a step": {"model": {"inputs": 60, "vocabulary": 9, "hidden": [4], "head": STEP}},
}


def made(name: str, work: Path) -> Design:
    """A design, rendered."""
    return rendered(spec(**DESIGNS[name]), work)


def stimuli(design: Design) -> Samples:
    """Sequences of all lengths, some of one step behind each other."""
    chosen = design.spec
    return samples.seeded(chosen, 5, 5) + samples.brief(chosen, 3) + samples.corners(chosen)


@pytest.mark.parametrize("name", ["rows", "bidirectional", "streams"])
def test_hardware_cpp_and_torch_compute_what_the_golden_model_does(name: str, tmp_path: Path) -> None:
    design = made(name, tmp_path)
    require_equal(design, stimuli(design), QUICK | TORCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_every_simulator_agrees_in_every_bit_and_cycle(name: str, tmp_path: Path) -> None:
    design = with_verilog(made(name, tmp_path))
    assert check_memories(design).reason == ""
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 6, 4), SIMULATORS | TORCH)


def test_the_golden_model_reads_rows() -> None:
    chosen = spec(model={"inputs": 6, "vocabulary": 5, "hidden": [4], "head": None})
    plain = spec(model={"inputs": 6, "hidden": [4], "head": None})
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    assert weights.embedding is not None
    rows, alone = weights.embedding[given.x[..., 0]], replace(weights, embedding=None)
    through = golden.run(weights.network(chosen), weights, given.x, given.lengths)
    read = golden.run(weights.network(plain), alone, rows, given.lengths)
    np.testing.assert_array_equal(through.h, read.h)
    with pytest.raises(ValueError, match="wanted 0 to 4"):
        golden.run(weights.network(chosen), weights, given.x + 5, given.lengths)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number < E::kTokens", "number <= E::kTokens"),
        ("if (!known) unknown", "if (number == 0) unknown"),
        ("rows[token][column]", "rows[token][E::kInputs - 1 - column]"),
        ("packet.last && beat == E::kBeats - 1", "packet.last"),
    ],
)
def test_a_wrong_table_in_cpp_is_seen(old: str, new: str, tmp_path: Path) -> None:
    design = made("rows", tmp_path)
    header = tmp_path / "hls" / "embedding.h"
    text = header.read_text()
    assert text.count(old) == 1
    header.write_text(text.replace(old, new))
    found = compare("hls", CPP, design, stimuli(design), schedule(design))
    assert found.status == "different"


def test_a_wrong_row_is_a_difference_of_memories(tmp_path: Path) -> None:
    design = with_verilog(made("rows", tmp_path))
    assert check_memories(design).status == "equal"
    path = tmp_path / "rtl" / "little_embedding.hex"
    words = list(from_hex(path))
    path.write_text(to_hex([*words[:-1], words[-1] ^ 1], 8))
    assert "little_embedding.hex" in check_memories(design).reason


def test_a_gap_between_rows_that_is_not_there_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = made("x longer than a step", tmp_path)
    monkeypatch.setattr(table_reads, "EMBEDDING", table_reads.EMBEDDING + 1)
    found = compare("myhdl", MYHDL, design, stimuli(design), schedule(design))
    assert found.status == "different"
    assert "cycles" in found.reason


def test_a_number_that_no_row_has_is_sent_and_has_to_be_told(tmp_path: Path) -> None:
    design = made("rows", tmp_path)
    given = stimuli(design)
    taken = turns(given.lengths.tolist(), 1)
    sent = unknown_token(design, given, taken)
    assert sent is not None
    assert sent[1] == 5
    assert flags.streams(design)["s_axis"].tokens == 5
    text = (tmp_path / "myhdl" / "little.py").read_text()
    wrong = text.replace("EMBEDDING.tokens", "8")
    assert wrong != text
    (tmp_path / "myhdl" / "little.py").write_text(wrong)
    found = compare("myhdl", MYHDL, design, given, schedule(design))
    assert found.status == "different"


def test_weights_keep_their_table_and_another_one_is_refused(tmp_path: Path) -> None:
    chosen, path = spec(model={"inputs": 6, "vocabulary": 5, "hidden": [4]}), tmp_path / "weights.npz"
    weights = random_weights.seeded(chosen)
    weights_file.save(path, weights, chosen)
    np.testing.assert_array_equal(weights_file.load(path, chosen).embedding, weights.embedding)
    with pytest.raises(Refused, match="embedding"):
        weights_file.load(path, spec(model={"inputs": 6, "vocabulary": 6, "hidden": [4]}))
    with pytest.raises(Refused, match="formats"):
        weights_file.load(path, spec(model={"inputs": 6, "hidden": [4]}))


def test_tokens_of_a_file_are_whole_numbers_below_the_vocabulary(tmp_path: Path) -> None:
    chosen = spec(model={"inputs": 6, "vocabulary": 5, "hidden": [4]})
    path = tmp_path / "x.npy"
    np.save(path, np.array([[0, 4, 2]]))
    data = sequences.load(path, 6, 5)
    design = Design(chosen, random_weights.seeded(chosen), tmp_path)
    assert quantized(design, data).x.tolist() == [[[0], [4], [2]]]
    for wrong, said in ((np.array([[0, 5]]), "tokens from 0 to 4"), (np.array([[0.5]]), "whole numbers")):
        np.save(path, wrong)
        with pytest.raises(Refused, match=said):
            sequences.load(path, 6, 5)


def test_a_frame_of_weights_brings_no_table() -> None:
    with pytest.raises(Refused, match=r"engine.memory: wanted rom or stream beside model.vocabulary"):
        spec(model={"inputs": 6, "vocabulary": 5, "hidden": [4]}, engine={"memory": "scratchpad"})
