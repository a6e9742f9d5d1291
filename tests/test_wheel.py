"""An installed sparrow is whole: the wheel carries every module, template and script of Tcl."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from accel.proof.sources import PACKAGES, ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files of the wheel, built from a copy of what the repository tracks or would track."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("needs the git repository, to know which files are part of the project")
    for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", target, source]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def part_of_packages() -> set[str]:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return {str(path.relative_to(ROOT)) for path in files if path.is_file() and "__pycache__" not in path.parts}


def test_every_file_of_the_packages_travels(names: set[str]) -> None:
    assert part_of_packages() - names == set()


def test_nothing_else_travels(names: set[str]) -> None:
    assert {name for name in names if ".dist-info/" not in name} - part_of_packages() == set()


def test_the_command_is_installed(names: set[str]) -> None:
    assert any(name.endswith("dist-info/entry_points.txt") for name in names)
    assert any(name.endswith("LICENSE") for name in names)
