"""Faults as they are said."""

from __future__ import annotations

from accel.base.faults import Fault


def test_a_fault_is_one_line_whatever_a_file_brings() -> None:
    said = str(Fault("model.pt: \x1b[31mred\nlstm", "ümlaut – ", "a\ttab"))
    assert said == r"model.pt: \x1b[31mred\nlstm: wanted ümlaut – , got a\ttab"
