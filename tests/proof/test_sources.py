"""The code behind a result follows imports, wherever they stand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from accel.proof import sources


def names(*roots: str) -> set[str]:
    return {str(path.relative_to(sources.ROOT)) for path in sources.reached(*roots)}


def test_a_module_brings_what_it_imports() -> None:
    assert {"accel/model/golden.py", "accel/base/fixed.py", "accel/spec/spec.py", "accel/base/faults.py"} <= names(
        "accel.model.golden"
    )


def test_a_module_does_not_bring_what_it_does_not_import() -> None:
    assert "sparrow/cli.py" not in names("accel.model.golden")


def test_imports_inside_functions_count() -> None:
    assert "accel/spec/reference.py" in names("sparrow.cli")


def test_a_package_brings_its_data_files() -> None:
    assert any(name.endswith(".h") for name in names("hls_templates"))


def test_the_accelerator_depends_on_no_training_and_no_vendor_tool() -> None:
    assert not [name for name in names("accel") if name.startswith(("training/", "fpga/"))]


@pytest.mark.parametrize(
    "name", ["accel.no_such_module", "acel.golden", "accel.model.golden.narrow", "", "tests.designs", "docs"]
)
def test_a_name_that_no_file_of_ours_bears_raises(name: str) -> None:
    for found in (sources.reached, sources.files, sources.all_but):
        with pytest.raises(ModuleNotFoundError, match="no module or package of ours"):
            found("accel.model.golden", name)


def parsed(path: Path) -> set[str]:
    """Names of our modules that a file imports, by Python's own parser."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return {name for name in found if name.split(".")[0] in sources.PACKAGES}


def test_no_import_of_any_file_is_missed() -> None:
    for path in sources.all_but():
        if path.suffix == ".py":
            assert parsed(path) <= set(sources.imports(path)), path


def test_imports_over_several_lines_and_with_other_names_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("from accel.model import (\n    golden,  # so\n    weights as w,\n)\n  import fpga.tool as tool\n")
    assert {"accel.model.golden", "accel.model.weights", "fpga.tool"} <= set(sources.imports(file))


def test_litter_is_no_source() -> None:
    assert not [path for path in sources.all_but() if "__pycache__" in path.parts]
