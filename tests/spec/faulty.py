"""What is wrong with a spec, and words that several tests expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import Refused
from accel.schedule.load_spec import parse

ROOT = Path(__file__).parents[2]


def faults(given: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        parse(given)
    return [str(fault).removeprefix("spec: ") for fault in refused.value.faults]


NARROW = {"input": [8, 1], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
FORMATS = {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
