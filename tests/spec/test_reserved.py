"""A spec's name becomes a word of Verilog, set apart where the word is taken."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from accel.spec.reserved import TAKEN, identifier


@pytest.mark.parametrize(
    ("name", "word"), [("two-words", "two_words"), ("module", "module_top"), ("board-top", "board_top_top")]
)
def test_a_taken_word_is_set_apart(name: str, word: str) -> None:
    assert identifier(name) == word


def test_every_module_around_an_accelerator_is_known() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for package in ("fpga", "hls_templates", "accel.package")
        for path in Path(str(resources.files(package))).rglob("*")
        if path.name.endswith((".v", ".v.j2"))
    ]
    modules = {name for text in texts for name in re.findall(r"^module ([a-z]\w*)", text, re.MULTILINE)}
    assert len(modules) > 5
    assert modules <= TAKEN
