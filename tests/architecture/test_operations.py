"""Cells as lists: what cannot be built raises where it is written; names, widths and times follow from the list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accel.architecture.cells import GRU, LSTM, RESET_FIRST, highway
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import BEFORE, Lookup, Mix, Narrow, Product, RowSum, Sum
from accel.architecture.cells.sizes import Size
from accel.architecture.latencies import ready, totals_to_carried, totals_to_gates, totals_to_state
from accel.base.fixed import Fixed
from accel.spec import Formats

FORMATS = Formats(
    input=Fixed(8, 6), gate=Fixed(16, 12), activation=Fixed(12, 11), cell=Fixed(16, 11), state=Fixed(12, 11)
)
SUM, PRE = RowSum("sum", 0), Narrow("pre", "sum", "gate")
KEPT, READ = Narrow("kept", "total", "cell"), Narrow("read", "kept", "state")
TOTAL = Product("total", "pre", BEFORE)


def level(*operations: Any, **changed: Any) -> Level:
    named = {"gates": (), "carried": "kept", "state": "read"} | changed
    return Level(sums=(SUM,), operations=operations, **named)


def test_the_smallest_list_is_a_cell() -> None:
    made = level(PRE, TOTAL, KEPT, READ)
    assert made.signals == {"pre": "gate", "kept": "cell", "read": "state"}
    assert made.sizes(FORMATS, Size(20, 14))["total"] == Size(32, 23)
    assert made.state_follows


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        pytest.param((TOTAL, KEPT, READ), "every row sum is narrowed to gate", id="a sum left out"),
        pytest.param((Narrow("pre", "sum", "cell"), TOTAL, KEPT, READ), "narrowed to gate", id="to another format"),
        pytest.param((PRE, TOTAL, replace(KEPT, format="state"), READ), "kept is in cell", id="kept in state"),
        pytest.param((PRE, TOTAL, KEPT, READ, Sum("more", "kept", "other")), "come before", id="an unknown name"),
        pytest.param((PRE, TOTAL, KEPT, READ, Sum("kept", "pre", BEFORE)), "names of their own", id="a name twice"),
        pytest.param((PRE, Product("total", "sum", BEFORE), KEPT, READ), "narrowed before", id="a sum as it is"),
        pytest.param((PRE, TOTAL, KEPT, READ, Lookup("gate", "total", "tanh")), "a table is read", id="an exact index"),
        pytest.param((PRE, TOTAL, KEPT, READ, Mix("mixed", "total", "pre", "kept")), "mixed is narrow", id="exact mix"),
    ],
)
def test_a_list_that_cannot_be_built_raises(operations: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        level(*operations)


def test_what_is_laid_aside_is_an_entry_of_a_table() -> None:
    with pytest.raises(ValueError, match="laid aside is an entry"):
        level(PRE, TOTAL, KEPT, READ, aside="pre")


def test_what_was_kept_is_read_as_late_as_its_first_use_allows() -> None:
    lstm, gru = ready(LSTM, LSTM.level), ready(GRU, GRU.level)
    assert (lstm[BEFORE], lstm["c"], lstm["h"]) == (4, 8, 13)
    assert (gru[BEFORE], gru["h_carried"], gru["h"]) == (10, 15, 17)
    assert (totals_to_gates(LSTM), totals_to_gates(GRU)) == (4, 10)


def test_registers_of_factors_take_a_cycle_a_product() -> None:
    lstm, gru = (replace(cell, multiplier_registers=True) for cell in (LSTM, GRU))
    assert [ready(lstm, lstm.level)[name] for name in (BEFORE, "c", "h")] == [4, 9, 15]
    assert [ready(gru, gru.level)[name] for name in (BEFORE, "h_carried", "h")] == [11, 17, 19]


def test_all_levels_of_a_cell_take_as_long() -> None:
    assert {ready(RESET_FIRST, one)[BEFORE] for one in RESET_FIRST.levels} == {4}
    assert [ready(RESET_FIRST, one)[one.carried] for one in RESET_FIRST.levels] == [6, 6, 9]
    assert (totals_to_carried(RESET_FIRST), totals_to_state(RESET_FIRST)) == (9, 11)


def test_levels_that_are_alike_share_a_pipeline() -> None:
    assert len(highway(3).pipelines) == 1
    assert len(RESET_FIRST.pipelines) == 3
    assert [cell.lays_aside for cell in (LSTM, GRU, highway(2), RESET_FIRST)] == [False, False, False, True]
