"""Verilog of a design, as tools are given it: sources and memory contents by name, the top, its clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.model.weights import threshold_of
from accel.spec import Spec, of_layer

CONTENTS = (".hex", ".mem")
"""Endings of memory contents, which the Verilog reads by name."""

PORT = re.compile(r"\b(?:input|output)\s+(?:(?:wire|reg|signed)\s+)*(?:\[(\d+):0\]\s*)?(\w+)")
"""A port in a module's head or below it."""


@dataclass(frozen=True)
class Rtl:
    """Everything that synthesis reads; `files` are by name, all in one folder, since `$readmemh` looks there."""

    top: str
    clock: str
    files: Mapping[str, str]
    tied: Mapping[str, str] = field(default_factory=dict)
    """Verilog constants of input ports that never change."""
    vector_beats: int = 1
    """Beats of one x_t at the input stream."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the Verilog files."""
        return tuple(name for name in self.files if not name.endswith(CONTENTS))

    @property
    def ports(self) -> dict[str, int]:
        """Bits of the top's ports, in the order in which its module declares them; none where it is not there."""
        text = "\n".join(self.files[name] for name in self.sources)
        module = re.search(rf"^module {self.top}\b(.*?)^endmodule", text, re.DOTALL | re.MULTILINE)
        return {name: int(high or 0) + 1 for high, name in PORT.findall(module[1])} if module else {}

    def width(self, port: str) -> int:
        """Bits of a port of the top. Refused where it has none of that name."""
        if port not in self.ports:
            raise Refused([Fault(f"module {self.top}", f"a port {port}", "none")])
        return self.ports[port]


def generated(spec: Spec, work: Path) -> Rtl:
    """The Verilog that `generate` left in a work folder. Refused where it left none."""
    folder = work / "rtl"
    if not (folder / f"{spec.identifier}.v").is_file():
        raise Refused([Fault(str(folder), "Verilog made by `sparrow generate`", "none")])
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".v", *CONTENTS))
    files = {path.name: path.read_text(encoding="utf-8") for path in paths}
    return Rtl(spec.identifier, "clk", files, tied(spec), vector_beats=spec.incoming.beats)


def tied(spec: Spec) -> dict[str, str]:
    """Constants of the ports that a spec decides: the threshold of states, where the design has one."""
    if not spec.skips_states:
        return {}
    return {"states_threshold": f"{of_layer(spec.formats.state, 0).width - 1}'d{threshold_of(spec)}"}
