"""The C++ headers alone: arithmetic over every input, and what stops a simulation."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from accel.base.fixed import Fixed, Integers
from accel.base.tables import Table
from accel.base.templates import c_array, read
from accel.engines.hls import FLAGS, compiler
from accel.hls.render import HEADERS


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Compile a program over the headers and run it."""
    for name in HEADERS:
        (folder / name).write_text(read("hls_templates", f"hls/{name}"))
    (folder / "main.cpp").write_text(source)
    subprocess.run([compiler(), *FLAGS, "-O0", "main.cpp", "-o", "main"], cwd=folder, check=True)
    return subprocess.run([str(folder / "main")], capture_output=True, text=True, check=False)


def integers(done: subprocess.CompletedProcess[str]) -> Integers:
    assert done.returncode == 0, done.stderr
    return np.array(done.stdout.split(), dtype=np.int64)


def test_narrow_equals_the_arithmetic_on_every_input(tmp_path: Path) -> None:
    cases = [(12, 8, 6, 3), (9, 5, 9, 4), (8, 4, 8, 4), (6, 6, 4, 0), (10, 2, 12, 2), (5, 12, 4, 0), (16, 9, 8, 3)]
    loops = [
        f"for (long long x = {Fixed(width, 0).lo}; x <= {Fixed(width, 0).hi}; ++x)"
        f" std::cout << static_cast<long long>(Narrow<{width}, {frac - to_frac}, {to}>(x, clipped)) << ' ';"
        for width, frac, to, to_frac in cases
    ]
    head = '#include <iostream>\n#include "narrow.h"\nusing namespace sparrow;\nint main() {\n'
    wanted = [
        Fixed(to, to_frac).narrow(np.arange(Fixed(width, 0).lo, Fixed(width, 0).hi + 1), frac)
        for width, frac, to, to_frac in cases
    ]
    clipped = sum(
        Fixed(to, to_frac).saturations(np.arange(Fixed(width, 0).lo, Fixed(width, 0).hi + 1), frac)
        for width, frac, to, to_frac in cases
    )
    body = "\n".join(["std::uint32_t clipped = 0;", *loops, "std::cout << clipped;"])
    found = integers(run(tmp_path, f"{head}{body}}}\n"))
    np.testing.assert_array_equal(found, [*np.concatenate(wanted), clipped])


def test_lookup_equals_the_table_on_every_input(tmp_path: Path) -> None:
    tables = [
        Table("sigmoid", Fixed(12, 8), Fixed(9, 8), 6, 4),
        Table("tanh", Fixed(10, 9), Fixed(9, 8), 10, 8),
        Table("tanh", Fixed(16, 12), Fixed(12, 11), 8, 4),
    ]
    blocks = [
        f"{{ using T = Table<{t.input.width}, {t.shift}, {t.address}, {t.output.width}>;"
        f" const T::Entries_t entries = {c_array(t.entries)};"
        f" for (long long x = {t.input.lo}; x <= {t.input.hi}; ++x)"
        " std::cout << static_cast<long long>(T::Lookup(entries, x)) << ' '; }"
        for t in tables
    ]
    head = '#include <iostream>\n#include "lookup.h"\nusing namespace sparrow;\nint main() {\n'
    wanted = np.concatenate([t(np.arange(t.input.lo, t.input.hi + 1)) for t in tables])
    np.testing.assert_array_equal(integers(run(tmp_path, head + "\n".join(blocks) + "}\n")), wanted)


def test_integers_up_to_64_bits_hold_their_ends(tmp_path: Path) -> None:
    body = "".join(
        f"std::cout << static_cast<long long>(Int<{w}>({Fixed(w, 0).hi}LL)) << ' '"
        f" << static_cast<long long>(Int<{w}>(-{Fixed(w, 0).hi}LL - 1)) << ' ';"
        for w in (1, 2, 31, 32, 33, 63, 64)
    )
    head = '#include <iostream>\n#include "platform.h"\nusing namespace sparrow;\nint main() {'
    wanted = [end for w in (1, 2, 31, 32, 33, 63, 64) for end in (Fixed(w, 0).hi, Fixed(w, 0).lo)]
    np.testing.assert_array_equal(integers(run(tmp_path, head + body + "}\n")), wanted)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        pytest.param("Int<4> x = 8;", "the value 8 does not fit an integer of width 4", id="one_above"),
        pytest.param("Int<4> x = -9;", "the value -9 does not fit an integer of width 4", id="one_below"),
        pytest.param("Int<5> x = 9; Int<4> y = x;", "the value 9 does not fit an integer of width 4", id="too_narrow"),
        pytest.param(
            'Stream<int> s("h"); s.write(1); s.write(2);', "stream h destroyed with elements left over: 2", id="left"
        ),
        pytest.param(
            'Stream<int> s("h"); s.read();', "stream h read while empty, elements written so far: 0", id="empty"
        ),
    ],
)
def test_what_hardware_could_not_do_stops_the_simulation(statement: str, sentence: str, tmp_path: Path) -> None:
    unused = '#pragma GCC diagnostic ignored "-Wunused-variable"\n'
    unused += '#pragma GCC diagnostic ignored "-Wunused-but-set-variable"\n'
    done = run(tmp_path, f'{unused}#include "platform.h"\nusing namespace sparrow;\nint main() {{ {statement} }}\n')
    assert done.returncode < 0
    assert done.stderr == f"sparrow: {sentence}\n"
