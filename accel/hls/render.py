"""HLS C++ of a design: a pure function from integers to text.

Algorithms are in `hls_templates/hls/*.h`, which are copied as they are; what is rendered are constants, memory contents
and the calls of the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.architecture.pool import Pool
from accel.base.templates import read, render
from accel.hls.beats import input_beat, output_beat, result_values
from accel.hls.between import Clipped, Summed
from accel.hls.buffers import LIMITED, MirrorProcess, mirror_processes
from accel.hls.cell_text import activation_text, cell_text
from accel.hls.dataflows import PROCESSES
from accel.hls.embedding import EMBEDDED, EmbeddingProcess, embedding_process
from accel.hls.kinds import kind_name, kinds
from accel.hls.process import LABELS, Process
from accel.hls.regions import Port
from accel.hls.top import LOAD_ERRORS, top
from accel.memory.images import sum_format
from accel.memory.load_frame import shape_digest
from accel.model.design import Design

HEADERS = (
    "bench.h",
    "between.h",
    "cell.h",
    "checked_int.h",
    "checked_stream.h",
    "column_engine.h",
    "column_recurrent.h",
    "embedding.h",
    "fed.h",
    "fillers.h",
    "head.h",
    "levels.h",
    "linear.h",
    "load.h",
    "lookup.h",
    "mirror.h",
    "narrow.h",
    "observe.h",
    "operands.h",
    "platform.h",
    "pool.h",
    "products.h",
    "receive.h",
    "recurrent.h",
    "row_engine.h",
    "shared.h",
    "status.h",
)
"""Files that no spec changes."""
TEMPLATES = ("config.h", "update.h", "weights.h", "top.h", "top.cpp", "bench.cpp")
SOURCES = ("top.cpp", "bench.cpp")
"""What a compiler is given: the accelerator, and the bench that `main` is in."""


def render_hls(design: Design) -> dict[str, str]:
    """Path within the work folder to text of every C++ file of a design; the same design gives the same text."""
    names = _names(design.in_hardware) | {"result_values": result_values(design.net)}
    files = {f"hls/{name}": read("hls_templates", f"hls/{name}") for name in HEADERS}
    templates = (*TEMPLATES, "activations.h") if design.net.feeding or design.net.linear else TEMPLATES
    return files | {f"hls/{name}": render("hls_templates", f"hls/{name}.j2", **names) for name in templates}


def top_name(design: Design) -> str:
    """The C++ function that becomes hardware; the suffix keeps it off the keywords of every language."""
    return f"{design.spec.identifier}_top"


def top_ports(design: Design) -> tuple[Port, ...]:
    """Its streams and registers."""
    design = design.in_hardware
    processes, mirrors = _processes(design)
    return top(design, processes, mirrors, _embedding(design, mirrors)).ports


def _names(design: Design) -> dict[str, object]:
    net, spec = design.net, design.spec
    processes, mirrors = _processes(design)
    layers, embedding = [process for process in processes if process.recurrent], _embedding(design, mirrors)
    made = top(design, processes, mirrors, embedding)
    return {
        "top": top_name(design),
        "cell": cell_text(net),
        "kinds": [{"name": kind_name(net, array), "formats": _formats(net, array)} for array in kinds(net)],
        "tables": [
            {"type": LABELS[name], "kind": process.kind, "array": process.type, "entries": table.entries}
            for process in processes
            for name, table in net.tables_read_by(process.array).items()
        ],
        "arrays": processes,
        "mirrors": [*mirrors.values()],
        "ports": made.ports,
        "inner": made.inner,
        "outer": made.outer,
        "port_headers": _port_headers(design),
        "headers": _headers(design, layers),
        "embedding": embedding,
        "inputs": spec.incoming.values,
        "hidden": [layer.outputs for layer in net.layers],
        "head": spec.model.head,
        "pool": _pool(net.pool) if net.pool else None,
        "pool_factors": net.pool.factors if net.pool else (),
        "feeding": [array.outputs for array in net.feeding],
        "linear": [array.outputs for array in net.linear],
        "activations": [activation_text(array, net) for array in (*net.feeding, *net.linear)],
        "stateful": spec.model.stateful,
        "signals": len(net.layers[0].cell.signals),
        "engine_headers": sorted({header for layer in layers for header in layer.engine_headers}),
        "input": input_beat(net),
        "output": output_beat(net),
        "fillers": net.layers[0].streams > 1,
        "layers": layers,
        "states": spec.engine.state_streams,
        "initial": spec.initial_states,
        "streamed": spec.engine.memory == "stream",
        "state_values": len(net.layers[0].cell.states),
        "load": {"digest": shape_digest(net), "errors": LOAD_ERRORS} if spec.engine.memory == "scratchpad" else None,
        "skips_states": spec.skips_states,
    }


def _embedding(design: Design, mirrors: dict[int, MirrorProcess]) -> EmbeddingProcess | None:
    source = "s_axis" if not mirrors else mirrors[0].given if 0 in mirrors else LIMITED
    return embedding_process(design, source, design.net.arrays[0].directions)


def _pool(pool: Pool) -> list[tuple[str, int]]:
    """Names and values of a pool's constants."""
    widths = [("SumWidth", pool.sum_width), ("FactorWidth", pool.factor_width), ("ProductWidth", pool.product_width)]
    widths += [("StateWidth", pool.state.width)]
    return [("Mean", int(pool.mean)), ("Longest", pool.longest), ("Frac", pool.frac), *widths]


def _port_headers(design: Design) -> list[str]:
    """Where the types of the ports are."""
    engine = design.spec.engine
    found = {"load.h": engine.memory == "scratchpad", "fed.h": engine.memory == "stream"}
    found |= {"recurrent.h": engine.state_streams, "column_recurrent.h": design.spec.skips_states}
    return [header for header, there in found.items() if there]


def _headers(design: Design, layers: Sequence[Process[Any]]) -> list[str]:
    """Where the processes are."""
    net = design.net
    recurrent = ["levels.h"] if net.spec.levels > 1 else sorted({layer.header for layer in layers})
    found = {
        "head.h": net.head is not None,
        "activations.h": bool(net.feeding or net.linear),
        "between.h": bool(net.clips or net.residuals),
        "fillers.h": layers[0].array.streams > 1,
    }
    found |= {"mirror.h": bool(net.mirrors), "pool.h": net.pool is not None}
    return sorted(header for header, there in found.items() if there) + recurrent


def _formats(net: Network, array: Array) -> list[tuple[str, int]]:
    found = []
    for label in ("gate", "activation", "cell", "state"):
        fmt = getattr(array.formats, label)
        found += [(f"{label.capitalize()}Width", fmt.width), (f"{label.capitalize()}Frac", fmt.frac)]
    for name, table in net.tables_of(array).items():
        found += [(f"{LABELS[name]}Address", table.address), (f"{LABELS[name]}Shift", table.shift)]
    return found


def _shown_as(net: Network, place: int) -> int:
    """The number of an array in what a bench sees: recurrent layers, then linear ones in front, then those behind."""
    array, number = net.arrays[place], net.number(place)
    if number is not None and number < len(net.layers):
        return number
    return len(net.layers) + net.feeding.index(array) if array in net.feeding else place


def _linked(net: Network, number: int, before: Process[Any], after: Process[Any]) -> tuple[Process[Any], Process[Any]]:
    """A recurrent layer and the array behind it, in front of recurrent layer `number` or that, with what is between."""
    name = after.array.name
    if number in net.clips:
        clipped = Clipped(before.type, before.out, f"{name}_clipped", *net.clips[number].within(after.array.x))
        return before, replace(after, source=f"{name}_clipped", link=clipped)
    if number in net.residuals:
        before = replace(before, kept=f"{before.array.name}_kept")
        summed = Summed(before.type, before.out, f"{name}_summed", f"{before.array.name}_kept", net.residuals[number])
        return before, replace(after, source=f"{name}_summed", link=summed)
    return before, after


def _processes(design: Design) -> tuple[list[Process[Any]], dict[int, MirrorProcess]]:
    """Every array, and the sequence buffers between them."""
    net = design.net
    arrays = net.arrays
    outs = [f"{array.name}_out" for array in arrays]
    if len(arrays) not in design.net.mirrors:
        outs[-1] = "made" if net.layers[0].streams > 1 else "m_axis"
    heads = [design.spec.model.head if array == design.net.head else None for array in arrays]
    joined = zip(arrays, design.weights.layers, ["s_axis", *outs[:-1]], outs, heads, strict=True)
    made = [
        PROCESSES[array.dataflow](
            array,
            layer,
            _shown_as(net, place),
            source,
            out,
            head,
            sum_format(array),
            kind_name(net, array),
        )
        for place, (array, layer, source, out, head) in enumerate(joined)
    ]
    made = [replace(process, in_front=process.array in net.feeding) for process in made]
    behind = [None, *(process.end if process.activated and not process.in_front else None for process in made[:-1])]
    made = [replace(process, before=before) for process, before in zip(made, behind, strict=True)]
    for number in {*net.clips, *net.residuals}:
        place = net.entrance(number)
        made[place - 1 : place + 1] = _linked(net, number, made[place - 1], made[place])
    if net.pool is not None:
        first = net.place(len(net.layers))
        made[first] = replace(made[first], source="pooled", before=made[first - 1].end)
    mirrors = mirror_processes(net, [*(process.source for process in made), outs[-1]])
    if mirrors and 0 not in mirrors:
        made[0] = replace(made[0], source=LIMITED)
    for number, mirror in mirrors.items():
        if number < len(made):
            made[number] = replace(made[number], source=mirror.given, mirror=mirror)
    if design.net.embedding is not None:
        made[0] = replace(made[0], source=EMBEDDED)
    return made, mirrors
