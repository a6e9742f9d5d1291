"""Every file of a package: a pure function of a design, what `generate` left of it, and the facts of its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accel.base.templates import render
from accel.engines.bench import RESET_CYCLES
from accel.engines.engine import converted
from accel.engines.ports import ports as port_signals
from accel.model.design import Design
from accel.model.samples import Samples, corners
from accel.package import axi_lite, formal, fusesoc, ipxact, litex, verilog, vitis
from accel.package.asserted import BOUNDED, asserted, with_assertions
from accel.package.bench import Bench, bench
from accel.package.carries import ports
from accel.package.client import client
from accel.rtl.convert import load_top, top_signals
from accel.schedule.schedule import schedule

VENDOR, LIBRARY = "sparrow", "accelerators"


@dataclass(frozen=True)
class Facts:
    """What the page says besides the design: the version of sparrow, `derive`'s facts, resources, `verify.json`."""

    version: str
    derived: Mapping[str, Any]
    resources: Mapping[str, Any] | None
    verified: Mapping[str, Any]
    network: str


def files(design: Design, run: Bench, facts: Facts, inline: bool, registers: bool) -> dict[str, str]:
    """Text of every file but README and manifest, by path; `registers` asks for those on AXI4-Lite as well."""
    top = design.spec.identifier
    rtl = converted(design).parent
    contents = {path.name: path.read_text(encoding="ascii") for path in sorted(rtl.glob("*.hex"))}
    text = converted(design).read_text(encoding="utf-8")
    alone = verilog.alone(text, top, contents, inline)
    made = {f"rtl/{top}.v": with_assertions(alone, top)}
    made |= {} if inline else {f"memory/{name}": held for name, held in contents.items()}
    outer: ipxact.Ports = ports(design)
    read = memories(design, inline)
    if registers:
        digest = axi_lite.words(axi_lite.digest(made))
        more, outer = axi_lite.files(design, run, outer, facts.version, made, read)
        made |= more | (vitis.files(design, run, outer, digest) if inline else {})
    loads = sorted((design.work / "load").glob("*.hex"))
    made |= {f"load/{path.name}": path.read_text(encoding="ascii") for path in loads}
    made |= {f"bench/{name}": held for name, held in run.files.items()}
    made |= litex.files(design, run, ports(design), read)
    proved = [one for one in asserted(alone, top) if one.kind != BOUNDED]
    made[f"formal/{top}.sby"] = formal.script(top, proved, made)
    words, name = f"{facts.network.replace(' → ', '-')}, sparse weights, AXI4-Stream", vlnv(top, facts.version)
    hertz, folder = round(design.spec.target.clock_mhz * 1e6), verilog.FOLDER if read else ""
    return made | {
        f"client/test_{top}.py": client(design, run, read),
        f"{top}.core": fusesoc.core(name, words, top, made),
        f"{top}.sdc": f"create_clock -name clk -period {1e9 / hertz:.3f} [get_ports clk]\n",
        "component.xml": ipxact.component(name, words, outer, made, folder, hertz),
    }


def made_bench(design: Design, real: Samples, inline: bool) -> Bench:
    """The bench of a package: corners, then real sequences, as many steps as slow engines get."""
    given = (corners(design.spec) + real).within(design.spec.verify.slow_steps)
    signals = top_signals(load_top(design.work, design.spec.identifier))
    return bench(design, given, signals, memories(design, inline))


def memories(design: Design, inline: bool) -> bool:
    """Whether the top reads memory contents from files."""
    return not inline and any(converted(design).parent.glob("*.hex"))


def vlnv(top: str, version: str) -> str:
    """Vendor, library, name and version, as FuseSoC and IP-XACT name a core."""
    return f"{VENDOR}:{LIBRARY}:{top}:{version}"


def readme(design: Design, run: Bench, facts: Facts, said: str, inline: bool, registers: bool) -> str:
    """The page of a package; `said` is what its bench said."""
    spec, built = design.spec, schedule(design)
    text: str = render(
        "accel",
        "package/readme.md.j2",
        top=spec.identifier,
        spec=spec.name,
        network=facts.network,
        version=facts.version,
        vlnv=vlnv(spec.identifier, facts.version),
        inline=inline,
        memories=memories(design, inline),
        loads=spec.engine.memory != "rom",
        scratchpad=spec.engine.memory == "scratchpad",
        sent=run.steps,
        results=run.results,
        ports=ports(design),
        streams=list(_streams(design)),
        cycles=built.cycles_per_step,
        latency=built.latency,
        skips_states=spec.skips_states,
        lanes=facts.derived["lanes"],
        nonzeros=facts.derived["nonzeros_per_step"],
        clock=spec.target.clock_mhz,
        memory_bits=f"{facts.derived['memory_bits']:,}",
        resources=facts.resources["rows"] if facts.resources else [],
        board=facts.resources["board"] if facts.resources else "",
        engines=facts.verified["engines"],
        bench=said,
        registers=registers,
        vitis=registers and inline and vitis.fits(run),
        reset_cycles=RESET_CYCLES,
    )
    return text


def _streams(design: Design) -> Iterator[tuple[str, str]]:
    spec, net = design.spec, design.net
    last, given = net.arrays[-1], spec.incoming
    what = f"x_t: {given.values} values of {given.fmt}, {given.beats} beats of {given.words}"
    yield "s_axis", f"a token from 0 to {given.hi}, of {given.fmt.width} bits" if given.tokens else what
    head = spec.model.head
    if net.head is None or head is None:
        yield (
            "m_axis",
            f"h_t: {last.outputs} values of {last.h}, {last.output_beats} beats of {last.cells}",
        )
    else:
        when = "step" if head.when == "step" else "sequence"
        what = (
            "the largest logit's number, unsigned"
            if head.kind == "argmax"
            else (f"{net.head.outputs} logits of fixed<{net.head.sum_width},{net.head.frac}>, a beat each")
        )
        yield "m_axis", f"of each {when} {what}"
    signals = port_signals(top_signals(load_top(design.work, spec.identifier)))
    for name in (port.removesuffix("_tdata") for port in signals if port.endswith("_tdata")):
        if name == "s_weights":
            yield name, "a frame of weights, as in `load/`; before the first right one no x_t is taken"
        elif name.startswith("s_weights_"):
            yield name, "the beats in `load/`, again in every turn of the array"
        elif "_state_" in name:
            layer = next(array for array in net.layers if name.endswith(f"_{array.name}"))
            kept = ", ".join(str(fmt) for fmt in layer.state_formats)
            yield name, f"a frame a sequence, {kept}; a beat holds the values of the units that are computed together"
