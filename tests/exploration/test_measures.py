"""Objectives and limits that do not exist, or look the wrong way, are refused with those that do."""

from __future__ import annotations

import pytest

from accel.base.faults import Refused
from exploration.measures import limits, measures, objectives, of_network

KNOWN = measures("accuracy")


def test_objectives_and_limits_are_found_by_name() -> None:
    assert [one.name for one in objectives(("accuracy", "cycles"), KNOWN)] == ["accuracy", "cycles"]
    slow, right = limits(("cycles <= 500", "accuracy>=0.95"), KNOWN)
    assert (slow.excess(600), slow.excess(500)) == (0.2, 0)
    assert right.excess(0.9) > 0 > right.excess(0.97)


@pytest.mark.parametrize("names", [("beauty",), ("cycles", "cycles"), (), ("",), ("perplexity",)])
def test_objectives_that_do_not_exist_are_refused_with_those_that_do(names: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="objectives: wanted"):
        objectives(names, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "cycles",
        "cycles<5<6",
        "beauty<=1",
        "cycles>=5",
        "accuracy<=0.5",
        "cycles<=x",
        "<=3",
        "cycles<=1..5",
        "cycles<=1e309",
    ],
)
def test_limits_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="limit"):
        limits((text,), KNOWN)


def test_a_loss_is_what_a_network_is_worse_by_whichever_way_its_metric_looks() -> None:
    right, bits = KNOWN["accuracy"], measures("bits per character")["bits_per_character"]
    assert of_network(right, 0.75, 1.0) == {"accuracy": 0.75, "accuracy_loss": 0.25}
    assert of_network(bits, 2.5, 2.0) == {"bits_per_character": 2.5, "bits_per_character_loss": 0.5}
    (bound,) = limits(("accuracy_loss<=0.02",), KNOWN)
    assert bound.excess(0.03) > 0 > bound.excess(-0.01)


def test_a_network_that_is_not_trained_has_no_metric() -> None:
    with pytest.raises(Refused, match="accuracy"):
        objectives(("accuracy",), measures(None))
