"""The slots of the cell stage: a group's follow its capture, and meet its totals."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accel.architecture.latencies import scale_delay, slot_delay
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.slots import Slot, slots
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.rows.slot_path import slot_control, slot_later
from tests.rtl.cycles import Plan
from tests.rtl.test_sequencing import HIGHWAY, array_of
from tests.rtl.traffic import Clocked, run

SLOTS: dict[str, dict[str, Any]] = {
    "one cell": {},
    "two cells, a rest": {"model": {"inputs": 3, "hidden": [9]}, "engine": {"cells_per_cycle": 2}},
    "given states, loaded": {"engine": {"streams": 2, "state_streams": True, "memory": "scratchpad"}},
    "levels": HIGHWAY,
}


class Captured:
    """Groups captured at random, and the slots that must follow."""

    def __init__(self, array: Any, rng: random.Random, capture: Any, opening: Any, issue: Any) -> None:
        self.plan, self.wanted, cycle = Plan(), dict[int, dict[str, int]](), 2
        for _ in range(5):
            known = {
                name: rng.randrange(2) for name in ("fresh", "final", "given", "weight_set", "stream", "write_bank")
            }
            level = rng.randrange(array.levels)
            for group in range(array.groups):
                given = [(getattr(issue, name), value) for name, value in known.items()]
                self.plan.at(cycle, (capture, 1), (opening, group == 0), (issue.level, level), *given)
                self.plan.at(cycle + 1, (capture, 0))
                first = group * array.slots_per_group
                for beat in range(first, min(first + array.slots_per_group, array.output_beats)):
                    leaving = {"leaving": level == array.levels - 1} if array.levels > 1 else {}
                    self.wanted[cycle + 1 + beat - first] = {
                        **{"beat": beat, "closing": beat == array.output_beats - 1},
                        **{"bank": known["write_bank"], "level": level, "fresh": known["fresh"]},
                        **{"final": known["final"], "stream": known["stream"]},
                        **({"weight_set": known["weight_set"]} if array.writable else {}),
                        **({"given": known["given"]} if array.initial_state else {}),
                        **{"real": not (array.initial_state and known["given"])} | leaving,
                    }
                cycle += array.slots_per_group + rng.choice((0, 0, 2))


@pytest.mark.parametrize("sections", SLOTS.values(), ids=SLOTS)
def test_the_slots_of_a_group_follow_its_capture_one_after_the_other(sections: dict[str, Any]) -> None:
    array, clocked, capture, opening = array_of(sections), Clocked(), flag(), flag()
    issue, slot = Issue(array), Slot(array)
    given, seen = Captured(array, random.Random(5), capture, opening, issue), dict[int, dict[str, int]]()
    cycle, names = [0], list(next(iter(given.wanted.values())))

    def before(_: random.Random) -> None:
        for signal, value in given.plan.values.get(cycle[0], []):
            signal.next = value % (1 << len(signal))

    def each() -> None:
        if slot.valid:
            seen[cycle[0]] = {name: int(getattr(slot, name)) for name in names}
        cycle[0] += 1

    made = slots(clocked.clk, clocked.reset, capture, opening, issue, slot, array)
    run(clocked, made, [], [], max(given.plan.values) + 12, 5, before, each)
    assert seen == given.wanted


@pytest.mark.parametrize("sections", SLOTS.values(), ids=SLOTS)
def test_slots_meet_the_totals_of_their_group_and_may_wait_for_scales(sections: dict[str, Any]) -> None:
    array, clocked, plan = array_of(sections), Clocked(), Plan()
    issue, slot, later = Issue(array), Slot(array), Slot(array)
    ahead = slot_delay(array) - scale_delay(array)
    plan.at(3, (issue.last, 1), (issue.opening, 1), (issue.fresh, 1), (issue.final, 1), (issue.stream, 0))
    plan.at(3, (issue.given, 1), (issue.weight_set, 1), (issue.write_bank, 1))
    plan.at(4, (issue.last, 0), (issue.opening, 0), (issue.fresh, 0), (issue.final, 0), (issue.given, 0))
    plan.at(4, (issue.weight_set, 0), (issue.write_bank, 0))
    names = ["valid", "beat", "fresh", "final", "bank", "real"] + ["given"] * array.initial_state
    names += ["weight_set"] * array.writable
    made = [slot_control(clocked.clk, clocked.reset, issue, slot, array)]
    made += [slot_later(clocked.clk, clocked.reset, slot, later, 3, array)]
    outs = [getattr(one, name) for one in (slot, later) for name in names]
    shown = plan.run(clocked, made, outs, ahead + 10)
    now, then = 3 + ahead, len(names)
    first = [1, 0, 1, 1, 1, not array.initial_state] + [1] * (len(names) - 6)
    assert shown[now][:then] == shown[now + 3][then:] == first
    assert not shown[now - 1][0]
    assert not shown[now + 2][then]
    assert [row[0] for row in shown[now:]].count(1) == array.slots_per_group
