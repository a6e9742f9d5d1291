"""The FuseSoC description of a package (CAPI2): the accelerator, and a target for each simulator of its bench."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

HEAD = "CAPI=2:\n# Made by sparrow.\n"
VERILATOR = ["--timing", "-Wno-fatal", "-Wno-lint"]


class _Plain(yaml.SafeDumper):
    """Lists that occur twice are written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def core(vlnv: str, description: str, top: str, files: Iterable[str]) -> str:
    """The `.core` file of a package with these files, by their paths within it."""
    names = sorted(files)
    sets = {
        "rtl": {"files": [name for name in names if name.startswith("rtl/")], "file_type": "verilogSource-2005"},
        "memory": _copied(name for name in names if name.startswith("memory/")),
        "bench": {
            "files": [name for name in names if name.startswith("bench/") and name.endswith(".v")],
            "file_type": "verilogSource-2005",
        },
        "sequences": _copied(name for name in names if name.startswith("bench/") and name.endswith(".hex")),
        "axi_lite": {
            "files": [name for name in names if name.startswith("axi_lite/") and name.endswith((".v", ".sv"))],
            "file_type": "systemVerilogSource",
        },
    }
    sets = {name: found for name, found in sets.items() if found["files"]}
    own = [name for name in ("rtl", "memory") if name in sets]
    simulated: dict[str, Any] = {
        "description": "Real test sequences against the golden model's answers",
        "filesets": [*own, "bench", "sequences"],
        "toplevel": f"{top}_bench",
        "flow": "sim",
    }
    targets: dict[str, Any] = {
        "default": {"filesets": own, "toplevel": top},
        "sim": simulated | {"flow_options": {"tool": "icarus", "iverilog_options": ["-g2005"]}},
        "sim_verilator": simulated
        | {"flow_options": {"tool": "verilator", "mode": "binary", "verilator_options": VERILATOR}},
    }
    if "axi_lite" in sets:
        targets["axi_lite"] = {"filesets": [*own, "axi_lite"], "toplevel": f"{top}_axi_lite"}
    plain = {"name": vlnv, "description": description, "filesets": sets, "targets": targets}
    return HEAD + yaml.dump(plain, Dumper=_Plain, sort_keys=False, width=120)


def _copied(names: Iterable[str]) -> Mapping[str, Any]:
    """Files that lie, by the same paths, where a simulation runs."""
    return {"files": [{name: {"copyto": name}} for name in names], "file_type": "user"}
