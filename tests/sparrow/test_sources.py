"""The digest of the code behind a result follows imports, wherever they stand."""

from __future__ import annotations

import pytest

from sparrow import sources


def names(*roots: str) -> set[str]:
    return {str(path.relative_to(sources.ROOT)) for path in sources.files(*roots)}


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
    modules = {str(path.relative_to(sources.ROOT)) for path in (sources.ROOT / "accel").rglob("*.py")}
    used = names(*(module.removesuffix(".py").replace("/", ".") for module in modules))
    assert not [name for name in used if name.startswith(("training/", "fpga/"))]


@pytest.mark.parametrize(
    "name", ["accel.no_such_module", "acel.golden", "accel.model.golden.narrow", "", "tests.designs", "docs"]
)
def test_a_name_that_no_file_of_ours_bears_raises(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="no module or package of ours"):
        sources.digest("accel.model.golden", name)
