"""A spec's name becomes an identifier in three languages."""

from __future__ import annotations

import pytest

from accel.base.faults import Refused
from accel.schedule import load_spec
from tests.engines.awkward import BASE


@pytest.mark.parametrize("name", ["small", "wire", "class", "int", "lambda", "endmodule", "clk"])
def test_a_reserved_word_is_no_name(name: str) -> None:
    with pytest.raises(Refused, match="name: wanted no word that Verilog, C\\+\\+, Python or the design itself uses"):
        load_spec.parse(BASE | {"name": name})


@pytest.mark.parametrize("name", ["digits", "wire-2", "small-lstm"])
def test_other_words_are(name: str) -> None:
    assert load_spec.parse(BASE | {"name": name}).name == name
