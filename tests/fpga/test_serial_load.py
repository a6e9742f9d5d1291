"""A generated accelerator behind its serial line: the host's own code at the chip's pins, against the golden model."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from accel.base.files import write_text
from accel.engines.engine import reference
from accel.memory.load_frame import frame, sealed
from accel.model import samples
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from fpga.frames import BoardError
from fpga.host import ATTEMPTS, Host
from fpga.rtl import Rtl, generated
from fpga.uart import Serial, host_facts
from tests.designs import design, spec
from tests.fpga.serial_chip import Chip, Program, arrives, compiled, connected, in_cells, lost

SECTIONS: dict[str, Any] = {
    "name": "loaded",
    "model": {"inputs": 3, "hidden": [4], "head": None},
    "formats": {"gate": [8, 5], "cell": [12, 11], "state": [12, 12]},  # narrow, so that values are clipped
    "engine": {"units": 1, "memory": "scratchpad"},
}
pytestmark = pytest.mark.slow  # the chip of this module alone takes a quarter of a minute
SPEC = spec(**SECTIONS)
SERIAL = Serial(baud=1_500_000, buffer_bits=6, run_seconds=4000 / 12e6)
TIMEOUT = 0.001
"""Of the chip's clock: 12,000 cycles, more than the board's patience and the longest gap."""


@dataclass(frozen=True)
class Board:
    """A chip, the design that it was generated from, and another one of the same shape with other weights."""

    design: Design
    other: Design
    rtl: Rtl
    program: Program

    def awake(self) -> AbstractContextManager[tuple[Chip, Host]]:
        """The chip with nothing loaded, and a host."""
        return connected(self.program, host_facts(self.design, self.rtl, SERIAL), TIMEOUT)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    work = tmp_path_factory.mktemp("loaded")
    made = design(SPEC, work)
    for path, text in render(made).items():
        write_text(work / path, text)
    write_text(work / "rtl" / "loaded.v", convert(made))
    other = design(spec(**SECTIONS, training={"task": "seeded", "seed": 99}), work)
    rtl = generated(SPEC, work)
    return Board(made, replace(other, spec=SPEC), rtl, compiled(rtl, work / "chip", SERIAL))


GIVEN = samples.seeded(SPEC, 2, 3) + samples.corners(SPEC).only(0)


def require_results(host: Host, design: Design) -> None:
    """The board computes what the golden model does with a design's weights."""
    answers = [host.predict(GIVEN.only(n).x[0]) for n in range(len(GIVEN.lengths))]
    np.testing.assert_array_equal(np.concatenate(answers), reference(design, GIVEN).outputs)


def test_weights_are_loaded_run_and_replaced(board: Board) -> None:
    told: list[tuple[int, int]] = []
    words = frame(board.design)
    with board.awake() as (_, host):
        with pytest.raises(BoardError, match="there are no weights yet"):
            host.predict(np.zeros((1, 3), dtype=int))
        host.load(words, lambda *done: told.append(done))
        require_results(host, board.design)
        host.load(frame(board.other))
        require_results(host, board.other)
        assert told == [(n, len(words)) for n in (*range(15, len(words), 15), len(words))]


def test_the_status_is_that_of_the_golden_model(board: Board) -> None:
    given = samples.corners(SPEC)
    counted = reference(board.design, given).status
    assert counted is not None
    assert all(counted.saturations["lstm0"].values())
    with board.awake() as (chip, host):
        assert not host.status().loaded
        host.load(frame(board.design))
        for n in range(len(given.lengths)):
            host.predict(given.only(n).x[0])
        status, begun = host.status(), chip.cycles
        assert (status.runs, status.errors, status.steps) == (len(given.lengths), 0, counted.steps)
        assert (status.saturations, status.loaded, status.load_errors) == (counted.saturations, True, ())
        assert host.status().cycles - status.cycles == chip.cycles - begun  # both were asked alike


def spoilt(words: list[int]) -> dict[str, list[int]]:
    """Frames that are wrong, by what the host has to say of them."""
    return {
        "they are weights of another shape": sealed([words[0] ^ 1, *words[1:-1]]),
        "their checksum is wrong": [*words[:7], words[7] ^ 1, *words[8:]],
        "they are fewer words than they should be": sealed(words[:-2]),
        "they are more words than they should be": sealed(words),
    }


def test_a_wrong_load_is_refused_with_its_fault_and_changes_nothing(board: Board) -> None:
    with board.awake() as (_, host):
        host.load(frame(board.design))
        for sentence, words in spoilt(frame(board.other)).items():
            with pytest.raises(BoardError, match=f"the weights were refused: {sentence}$"):
                host.load(words)
            require_results(host, board.design)
        host.load(frame(board.other))
        require_results(host, board.other)


def test_sequences_run_between_pieces_and_after_a_load_that_was_given_up(board: Board) -> None:
    class GivenUp(Exception):
        pass

    def between(taken: int, of: int) -> None:
        if taken != of:
            require_results(host, board.design)

    def give_up(taken: int, _: int) -> None:
        if taken > 15:
            raise GivenUp

    with board.awake() as (chip, host):
        host.load(frame(board.design))
        host.load(frame(board.other), between)
        require_results(host, board.other)
        with pytest.raises(GivenUp):
            host.load(frame(board.design), give_up)
        require_results(host, board.other)
        chip.faults = [arrives, *ATTEMPTS * [lost]]
        with pytest.raises(TimeoutError):
            host.load(frame(board.design))
        require_results(host, board.other)
        host.load(frame(board.design))
        require_results(host, board.design)


@pytest.mark.slow
def test_the_netlist_of_the_whole_chip_loads_runs_and_replaces_weights_too(board: Board) -> None:
    program = in_cells(board.rtl, board.design.work / "cells", SERIAL)
    with replace(board, program=program).awake() as (_, host):
        for made in (board.design, board.other):
            host.load(frame(made))
            require_results(host, made)
        assert host.status().steps == 2 * GIVEN.lengths.sum()
