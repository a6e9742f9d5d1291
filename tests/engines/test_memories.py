"""Memory contents are compared word by word before anything runs: a single wrong word of any kind is told."""

from __future__ import annotations

import dataclasses
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import Refused
from accel.base.files import write_text
from accel.engines.memories import Memories, check_memories
from accel.engines.stored import Unreadable, arrays, case_roms, hex_words, roms
from accel.hls.render import render_hls
from accel.model.design import Design
from accel.spec import MIXED, plain
from tests.engines.awkward import BASE, design
from tests.engines.awkward_columns import COLUMNS
from tests.engines.awkward_rows import AWKWARD

ONE_LAYER: dict[str, Any] = {"model": {"inputs": 3, "hidden": [4]}, "engine": {"units": 2}}
LEVELS: dict[str, Any] = {
    "model": {"cell": "highway", "depth": 2, "inputs": 3, "hidden": [5], "head": {"outputs": 3}},
    "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.2},
    "engine": {"units": 2, "lanes_per_row": 2},
}

SMALL: dict[str, dict[str, Any]] = {
    "levels, head": LEVELS,
    "linear layers": {
        "model": {"inputs": 3, "hidden": [4], "head": {"outputs": 3, "layers": [{"outputs": 5}, {"outputs": 2}]}},
        "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5, "head": 0.5},
        "formats": BASE["formats"] | {"linear": [9, 6]},
        "engine": {"units": 2},
    },
    "mean of steps": {
        "model": {"inputs": 3, "hidden": [4], "head": {"outputs": 3, "pool": "mean", "longest": 5}},
        "engine": {"units": 2},
    },
    "constants to begin with": {"model": {"inputs": 3, "hidden": [5], "initial": "constant"}, "engine": {"units": 2}},
    "levels that all have biases": {
        "model": {"cell": "gru_reset_first", "inputs": 3, "hidden": [5]},
        "engine": {"units": 2},
    },
    "dense": ONE_LAYER | {"sparsity": {"pattern": "dense"}, "engine": {"units": 3, "lanes_per_row": 2}},
    "ternary, scales, shared columns": ONE_LAYER
    | {
        "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5, "shared_by_gates": True},
        "weights": {"kind": "ternary", "per_row": True, "input_frac": 2, "recurrent_frac": 3},
        "formats": BASE["formats"] | {"scale": [7, 5]},
    },
    "fed": ONE_LAYER | {"engine": {"units": 3, "memory": "stream", "memory_width": 64}},
    "x first in the first level of two": {
        "model": {"cell": "highway", "depth": 2, "inputs": 6, "hidden": [7]},
        "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5},
        "engine": {"units": 2, "order": "x_first"},
    },
    "loaded, both ways": ONE_LAYER
    | {
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5},
        "engine": {"units": 2, "dataflow": plain(MIXED), "memory": "scratchpad"},
    },
}
"""A small design for most kinds of memory contents."""

LARGE = (
    "arg max of every step, sparse head",
    "dense, three lanes a row, operand register",
    "split lanes",
    "sparse binary without scales",
    "two highway layers, three lanes a row, two cells, saturating",
    "dense highway of two levels, two lanes a row, operand and multiplier registers",
    "loaded weights, two cells, shared columns, stateful",
    "rows, both ways, both ways, ternary, a scale a row, stateful, loaded",
    "streamed weights, dense, two cells, initial states, logits of every step",
    "one weight a lane and column of W_x, two of W_h",
    "W_x by rows and W_h by columns, three cells and input words",
)
"""More of them, which take longer to convert."""

DESIGNS = [pytest.param(sections, id=name) for name, sections in SMALL.items()]
DESIGNS += [pytest.param((AWKWARD | COLUMNS)[name], id=name, marks=pytest.mark.slow) for name in LARGE]


@pytest.fixture(scope="module", params=DESIGNS)
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Design:
    """A design of each kind, with its Verilog and its C++."""
    return made(tmp_path_factory.mktemp("generated"), **request.param)


def made(work: Path, **sections: Any) -> Design:
    built = design(work, verilog=True, **sections)
    for path, text in render_hls(built).items():
        write_text(work / path, text)
    return built


def checked(built: Design) -> Memories:
    return check_memories(built)


def files(built: Design, *patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in built.work.glob(pattern))


def test_what_generate_leaves_is_equal(generated: Design) -> None:
    found = checked(generated)
    assert (found.status, found.mismatches, found.differences, found.reason) == ("equal", 0, (), "")
    assert found.files - len(files(generated, "rtl/*.hex", "load/*.hex", "rtl/*.v")) in (1, 2)  # and the headers
    assert found.words > 500


def test_one_flipped_bit_of_any_word_of_any_file_is_told(generated: Design) -> None:
    rng = random.Random(1)
    for file in files(generated, "rtl/*.hex", "load/*.hex"):
        before = file.read_text()
        words = before.split()
        place = rng.randrange(len(words))
        turned = int(words[place], 16) ^ 1 << rng.randrange(4 * len(words[place]) - 3)
        file.write_text("\n".join([*words[:place], f"{turned:x}", *words[place + 1 :]]))
        found = checked(generated)
        file.write_text(before)
        name = file.relative_to(generated.work).as_posix()
        assert (found.status, found.mismatches, len(found.differences)) == ("different", 1, 1), name
        assert found.differences[0].file == name
        assert found.differences[0].word.startswith(f"word {place}, ")
        assert (int(found.differences[0].wanted, 16), int(found.differences[0].got, 16)) == (
            int(words[place], 16),
            turned,
        )


def test_one_wrong_number_of_any_constant_of_the_cpp_is_told(generated: Design) -> None:
    rng, file = random.Random(2), generated.work / "hls" / "weights.h"
    before = file.read_text()
    for constant in re.finditer(r"const [^=;]+ (k\w+) = (\{[^;]*\});", before):
        number = rng.choice(list(re.finditer(r"-?\d+", constant[2])))
        start, end = (constant.start(2) + at for at in number.span())
        file.write_text(f"{before[:start]}{int(number[0]) ^ 1}{before[end:]}")
        found = checked(generated)
        assert (found.status, found.mismatches) == ("different", 1), constant[1]
        assert found.differences[0].word.startswith(f"{constant[1]}[")
        assert (found.differences[0].wanted, found.differences[0].got) == (number[0], str(int(number[0]) ^ 1))
    file.write_text(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """A design with levels and a head, and everything in the bitstream."""
    return made(tmp_path_factory.mktemp("whole"), **LEVELS)


@pytest.fixture
def built(whole: Design, tmp_path: Path) -> Design:
    """A copy of it that a test may damage."""
    for folder in ("rtl", "hls"):
        shutil.copytree(whole.work / folder, tmp_path / folder)
    return dataclasses.replace(whole, work=tmp_path)


def test_every_constant_of_the_levels_is_compared(built: Design) -> None:
    file = built.work / "rtl" / "awkward.v"
    before, count = file.read_text(), 0
    for case in re.finditer(r"case \(\w+_level\)\n.*?endcase", before, re.DOTALL):
        for match in re.finditer(r"=\s+\(?(-?\d+)\)?;", case[0]):
            start, end = (case.start() + at for at in match.span(1))
            file.write_text(f"{before[:start]}55{before[end:]}")
            found = checked(built)
            assert found.status == "different"
            assert found.differences[0].word == "constants of the levels"
            count += 1
    assert count == 2 * (4 + 2 * 2)  # of each of two levels


def test_every_count_of_a_lane_in_the_cpp_is_compared(built: Design) -> None:
    file = built.work / "hls" / "config.h"
    before = file.read_text()
    for match in re.finditer(r"Slots\[kLanesPerRow\] = \{(\d+)", before):
        file.write_text(f"{before[: match.start(1)]}{int(match[1]) + 1}{before[match.end(1) :]}")
        found = checked(built)
        assert (found.status, found.differences[0].file) == ("different", "hls/config.h")
    file.write_text(before)


def swap_files(text: str) -> str:
    names = {"highway0_unit0.hex": "highway0_unit1.hex", "highway0_unit1.hex": "highway0_unit0.hex"}
    return re.sub("|".join(names), lambda found: names[found[0]], text)


FAULTS = {
    "a memory that reads another unit's file": ("rtl/awkward.v", swap_files, "files of the units, in order"),
    "a memory that reads a file of nobody": (
        "rtl/awkward.v",
        lambda text: text.replace('"awkward_highway0_bias.hex"', '"../other.hex"'),
        "which reads ../other.hex",
    ),
    "a memory that is filled twice": (
        "rtl/awkward.v",
        lambda text: re.sub(r"(initial \$readmemh\(\"awkward_head_bias[^\n]*\n)", r"\1\1", text),
        "files read once",
    ),
    "a memory that is filled from binary digits": (
        "rtl/awkward.v",
        lambda text: text.replace("$readmemh", "$readmemb", 1),
        "text",
    ),
    "a memory that is one word short": (
        "rtl/awkward.v",
        lambda text: re.sub(r"(_rom0\w*_memory\s+)\[0:\d+-1\]", r"\1[0:1-1]", text),
        "_rom0",
    ),
    "a file that is one word short": ("rtl/awkward_tanh.hex", lambda text: text[: text.rindex("\n", 0, -1)], "word "),
    "a file with a word too many": ("rtl/awkward_tanh.hex", lambda text: text + "0\n", "word "),
    "a word that stays unknown": ("rtl/awkward_tanh.hex", lambda text: "xx\n" + text[text.index("\n") :], "word 0"),
    "a word that is no number": ("rtl/awkward_tanh.hex", lambda text: "oops\n" + text, "text"),
    "a word twice in a comment's place": ("rtl/awkward_tanh.hex", lambda text: "// 1\n" + text + "@0 1ff\n", "word 0"),
    "a constant that is not there": (
        "hls/weights.h",
        lambda text: text.replace("kHighway0Bias", "kHighway0Basis"),
        "constants",
    ),
    "a row that is too short": (
        "hls/weights.h",
        lambda text: re.sub(r"\{\d+, ", "{", text, count=1),
        "kHighway0Sigmoid",
    ),
    "a constant that is no list of numbers": (
        "hls/weights.h",
        lambda text: re.sub(r"kHighway0Tanh = \{-?\d+", "kHighway0Tanh = {1 + 1", text),
        "text",
    ),
    "no structure": ("hls/config.h", lambda text: text.replace("struct Head", "struct Tail"), "text"),
}


@pytest.mark.parametrize(("file", "fault", "word"), FAULTS.values(), ids=FAULTS)
def test_every_other_fault_of_contents_is_told(built: Design, file: str, fault: Any, word: str) -> None:
    path = built.work / file
    changed = fault(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    found = checked(built)
    assert found.status == "different"
    assert word in found.reason
    assert found.reason.startswith(f"memory contents: {file}, ")


def test_a_file_that_is_not_there_is_told(built: Design) -> None:
    (built.work / "rtl" / "awkward_highway0_unit1.hex").unlink()
    found = checked(built)
    assert found.reason.startswith("memory contents: rtl/awkward_highway0_unit1.hex, word 0: wanted ")
    assert found.reason.endswith("got no word")


def test_contents_of_other_weights_are_told_in_every_file(built: Design, tmp_path: Path) -> None:
    other = design(tmp_path / "other", **LEVELS | {"training": {"task": "seeded", "seed": 4}})
    for file in files(other, "rtl/*.hex"):
        shutil.copy(file, built.work / "rtl")
    found = checked(built)
    assert {one.file for one in found.differences} == {
        *(f"rtl/awkward_highway0_{end}.hex" for end in ("bias", "unit0", "unit1")),
        *(f"rtl/awkward_head_{end}.hex" for end in ("bias", "unit0")),
    }


def test_where_nothing_was_generated_the_check_is_refused(tmp_path: Path) -> None:
    built = design(tmp_path)
    with pytest.raises(Refused, match="wanted what `sparrow generate` leaves"):
        checked(built)


def test_hex_files_are_read_as_the_standard_says() -> None:
    assert hex_words("1f _2 /* 3 */ x4 // 5\n@5 0_0A\n", "f") == [31, 2, None, None, None, 10]
    assert hex_words("", "f") == []
    with pytest.raises(Unreadable, match="f: word 1 is no hexadecimal number: 2g"):
        hex_words("1 2g", "f")


def test_a_memory_that_nobody_declared_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="m is filled, and not declared as a memory"):
        roms('initial $readmemh("a.hex", m);', "f")


def test_a_constant_of_another_form_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="not by branches"):
        case_roms("case (a_level)\n 0: a = 1;\n 2: a = 3;\n default: a = 4;\n endcase", "f")
    with pytest.raises(Unreadable, match="a constant is written in another way"):
        arrays("const int kA = {1};\nconst int kB[2] = {1, 2};\n", "f")
