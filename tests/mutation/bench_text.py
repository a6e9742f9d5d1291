"""The text of the bench in Verilog: what it drives, what it notes, when it stops."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accel.engines.bench import IDLE_AFTER, RESET_CYCLES, Script
from accel.engines.ports import HIDDEN, STATUS, Port, flags, listed, watched
from accel.model.design import Design

WAIT = 16
"""Bits of the waits and pauses of a script."""
STILL = 400
"""Cycles without any event after which nothing comes any more: ten times the longest pause of a script."""
SETTLED = 128
"""Cycle in which the contents of all registers are told, where they are asked for."""


def bench_text(design: Design, signals: dict[str, Any], driven: Script, folder: Path, kept: list[str]) -> str:
    """The bench around a design with these signals, which reads its script in `folder`; `kept` are registers told."""
    inputs, outputs = listed(signals)
    held = [f"{STATUS}{name}" for name in flags(signals)]
    width = {port.name: port.width for port in inputs}
    names = [port.name for port in [*inputs, *outputs]]
    sources = {name: (len(beats), width[f"{name}_tdata"]) for name, beats in driven.sources.items()}
    sinks = {name: len(pauses) for name, pauses in driven.sinks.items()}
    lines = ["`timescale 1ns/10ps", "module bench;", "  reg clk, reset;", "  integer cycle, seen, quiet, n, strange;"]
    lines += [f"  reg {port.range}{port.name};" for port in inputs]
    lines += [f"  wire {port.range}{port.name};" for port in outputs]
    for name, (count, bits) in sources.items():
        lines.append(f"  reg [{bits + WAIT + 1}:0] {name}_beats [0:{max(0, count - 1)}];")
        lines.append(f"  integer {name}_sent, {name}_wait; reg {name}_offers, {name}_filler;")
    for name, beats in driven.before.items():
        lines.append(f"  reg [{width[f'{name}_tdata'] + WAIT + 1}:0] {name}_before [0:{max(0, len(beats) - 1)}];")
    lines += [f"  reg {name}_shown;" for name in held]
    lines.append(f"  reg [{sum(port.width + 1 for port in outputs) - 1}:0] ports_now, ports_shown;")
    for name, count in sinks.items():
        lines.append(f"  reg [{WAIT - 1}:0] {name}_pauses [0:{max(0, count - 1)}];")
        lines.append(f"  integer {name}_got, {name}_pause; reg {name}_moves;")
    connections = ", ".join(f".{name}({name})" for name in ["clk", "reset", *names])
    lines += [f"  {design.spec.identifier} dut ({connections});", "  initial begin"]
    lines += [f"    {line}" for line in _start(inputs, sources, sinks, driven, folder)]
    lines += [f"    {line}" for line in _cut(inputs, sources, driven)]
    lines += [f"    {line}" for line in _reset(sources)]
    lines += [f"    {name}_sent = 0;" for name in sources]
    going = f"cycle <= {driven.limit} && quiet < {IDLE_AFTER} && cycle < seen + {STILL}"
    lines += [f"    for (cycle = 0; {going}; cycle = cycle + 1) begin"]
    lines += [f"      {line}" for line in _cycle([port.name for port in inputs], outputs, sources, sinks)]
    lines += [f"      {line}" for line in (*_flags(held), *_ports(outputs), "clk = 1; #1;")]
    lines.append(f'      if (cycle == {SETTLED} && $test$plusargs("state")) begin')
    lines += [f'        $display("= {name} %x", dut.{name});' for name in kept]
    lines.append("      end")
    lines += ["    end", *(f'    $display("> {name}.taken %0d %x", cycle, {name}_sent);' for name in sources)]
    return "\n".join([*lines, "    $finish(0);", "  end", "endmodule", ""])


def _start(
    inputs: list[Port], sources: dict[str, tuple[int, int]], sinks: dict[str, int], driven: Script, folder: Path
) -> list[str]:
    """Everything at rest, then reset."""
    lines = [f"{port.name} = 0;" for port in inputs if port.name != "states_threshold"]
    lines += [f"states_threshold = {driven.threshold};" for port in inputs if port.name == "states_threshold"]
    for name, (count, bits) in sources.items():
        lines.append(f'$readmemh("{folder / name}", {name}_beats);' if count else "")
        lines.append(f"{name}_sent = 0; {name}_wait = {f'{name}_beats[0] >> {bits + 2}' if count else 0};")
    for name, count in sinks.items():
        lines.append(f'$readmemh("{folder / name}", {name}_pauses);' if count else "")
        lines.append(f"{name}_got = 0; {name}_pause = {f'{name}_pauses[0]' if count else 0};")
    for name, beats in driven.before.items():
        lines.append(f'$readmemh("{folder / name}.before", {name}_before);' if beats else "")
    return [*lines, "seen = 0; quiet = 0; strange = 0; ports_shown = 0;", *_reset(sources)]


def _reset(sources: Iterable[str]) -> list[str]:
    """Reset, nothing offered."""
    lines = ["reset = 1;", *(f"{name}_tvalid = 0;" for name in sources)]
    return [*lines, f"for (n = 0; n < {RESET_CYCLES}; n = n + 1) begin clk = 0; #1; clk = 1; #1; end", "reset = 0;"]


def _cut(inputs: list[Port], sources: Iterable[str], driven: Script) -> list[str]:
    """The run that the next reset cuts short."""
    lines, names = (
        [f"for (n = 0; n < {driven.cut_after}; n = n + 1) begin", "  clk = 0;"],
        [port.name for port in inputs],
    )
    for name in sources:
        lines.append(f"  {name}_tvalid = {name}_sent < {len(driven.before[name])};")
        lines.append(f"  if ({name}_tvalid) begin {_beat(name, 'before', names)} end")
    lines.append("  #1;")
    lines += [f"  if ({name}_tvalid && {name}_tready) {name}_sent = {name}_sent + 1;" for name in sources]
    return [*lines, "  clk = 1; #1;", "end"]


def _beat(name: str, kind: str, inputs: list[str]) -> str:
    """Put the next beat of a stream on its ports."""
    text = f"{{{name}_filler, {name}_tlast, {name}_tdata}} = {name}_{kind}[{name}_sent];"
    return text + (f" {name}_tuser = {name}_filler;" if f"{name}_tuser" in inputs else "")


def _cycle(
    inputs: list[str], outputs: list[Port], sources: dict[str, tuple[int, int]], sinks: dict[str, int]
) -> list[str]:
    """One cycle: what is driven while the clock is low, what is seen, and the rising edge."""
    lines = ["clk = 0;"]
    for name, (count, _) in sources.items():
        lines.append(f"{name}_offers = {name}_sent < {count} && {name}_wait == 0; {name}_tvalid = {name}_offers;")
        lines.append(f"if ({name}_offers) begin {_beat(name, 'beats', inputs)} end")
    lines += [f"{name}_tready = {name}_pause == 0;" for name in sinks]
    lines.append("#1;")
    lines += _unknown(outputs)
    for name, (count, bits) in sources.items():
        following = f"{name}_wait = {name}_sent < {count} ? {name}_beats[{name}_sent] >> {bits + 2} : 0;"
        lines.append(f'if ({name}_tvalid && {name}_tready && {name}_tlast) $display("> {name}.end %0d 0", cycle);')
        lines.append(
            f"if ({name}_tvalid && {name}_tready) begin {name}_sent = {name}_sent + 1; seen = cycle; {following} end"
        )
        lines.append(f"else if ({name}_wait > 0) {name}_wait = {name}_wait - 1;")
    for name, count in sinks.items():
        lines.append(f"{name}_moves = {name}_tvalid && {name}_tready; if ({name}_moves) seen = cycle;")
        log = "".join(
            f'if ({name}_moves && {last}{name}_tlast) $display("> {name}.{part} %0d %x", cycle, {name}_tdata); '
            for last, part in (("", "last"), ("!", "word"))
        )
        lines.append(log)
        following = f"{name}_pause = {name}_got < {count} ? {name}_pauses[{name}_got] : 0;"
        lines.append(f"if ({name}_moves) begin {name}_got = {name}_got + 1; {following} end")
        lines.append(f"else if ({name}_pause > 0) {name}_pause = {name}_pause - 1;")
    lines += _shown(outputs)
    done = " && ".join(
        [
            *(f"{name}_sent == {count}" for name, (count, _) in sources.items()),
            *(f"{n}_got >= {c}" for n, c in sinks.items()),
        ]
    )
    lines.append(f"if ({done}) quiet = quiet + 1;")
    lines.append(f"if (quiet == {IDLE_AFTER}) begin")
    lines += [
        f'  $display("> status.{port.name.removeprefix(STATUS)} %0d %x", cycle, {port.name});'
        for port in outputs
        if port.name.startswith(STATUS)
    ]
    return [*lines, "end"]


def _flags(held: list[str]) -> list[str]:
    """The flags of the status word that change, 0 at first."""
    return [
        f"if (cycle == 0) {name}_shown = 0; if ({name} !== {name}_shown) begin {name}_shown = {name}; "
        f'$display("> flag.{name.removeprefix(STATUS)} %0d %x", cycle, {name}); end'
        for name in held
    ]


def _ports(outputs: list[Port]) -> list[str]:
    """All outputs, where one of them changes, as the engines show them."""
    width, shown = {port.name: port.width for port in outputs}, watched(outputs)
    now = (name if guard is None else f"{guard}, ({guard} ? {name} : {width[name]}'b0)" for name, guard in shown)
    lines = [f"ports_now = {{{', '.join(now)}}};", "if (cycle == 0 || ports_now !== ports_shown) begin"]
    lines.append('  ports_shown = ports_now; $write("> ports.change %0d ", cycle);')
    for place, (name, guard) in enumerate(shown):
        comma = "," if place else ""
        told = f'$write("{comma}%0h", {name});'
        lines.append(f"  {told}" if guard is None else f'  if ({guard}) {told} else $write("{comma}{HIDDEN}");')
    return [*lines, '  $write("\\n");', "end"]


def _unknown(outputs: list[Port]) -> list[str]:
    """As the engine `icarus`: flags always, words where they are valid."""
    flags = [port.name for port in outputs if port.name.endswith(("valid", "tready", "begin"))]
    flags += [port.name for port in outputs if port.name.startswith(STATUS)]
    names = {port.name for port in outputs}
    guarded = [(name, name.removesuffix("_valid")) for name in flags if name.removesuffix("_valid") in names]
    conditions = [f"^{name} === 1'bx" for name in flags]
    conditions += [f"({v} && ^{word} === 1'bx)" for v, word in [*guarded, ("m_axis_tvalid", "m_axis_tdata")]]
    return [f'if (!strange && ({" || ".join(conditions)})) begin strange = 1; $display("> unknown.port 0 0"); end']


def _shown(outputs: list[Port]) -> list[str]:
    """The signals that layers show."""
    lines = []
    names = {port.name for port in outputs}
    for port in outputs:
        layer, _, part = port.name.rpartition("_")
        if part == "begin":
            lines.append(f'if ({port.name}) $display("> {layer}.begin %0d 0", cycle);')
        elif part == "valid" and port.name.removesuffix("_valid") in names:
            name = port.name.removesuffix("_valid")
            layer, _, signal = name.rpartition("_")
            lines.append(f'if ({port.name}) $display("> {layer}.{signal} %0d %x", cycle, {name});')
        elif part == "queued":
            lines.append(f'if ({layer}_h_valid) $display("> {layer}.queued %0d %x", cycle, {port.name});')
    return lines
