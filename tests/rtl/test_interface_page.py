"""`docs/interface.md` names every port of the generated Verilog, with its direction and its bits, and none besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.latencies import byte_width
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.base.fixed import index_bits
from accel.engines.bench import RESET_CYCLES
from accel.spec import Spec
from tests.engines import awkward

PAGE = Path(__file__).parents[2] / "docs" / "interface.md"
ROW = re.compile(r"^\| `(\w+)` \| (in|out) \| `?([^|`]+)`? \| ([^|]+) \| .*\|$", re.MULTILINE)
PORT = re.compile(r"^(input|output)\s+(?:(?:wire|reg|signed)\s+)*(?:\[(\d+):0\]\s*)?(\w+)", re.MULTILINE)

THERE: dict[str, Callable[[Spec], bool]] = {
    "always": lambda spec: True,
    "no `vocabulary`": lambda spec: spec.model.vocabulary is None,
    "`vocabulary`": lambda spec: spec.model.vocabulary is not None,
    "no head": lambda spec: spec.model.head is None,
    "a head": lambda spec: spec.model.head is not None,
    "a head with logits": lambda spec: spec.model.head is not None and spec.model.head.kind == "logits",
    "a head with arg max": lambda spec: spec.model.head is not None and spec.model.head.kind == "argmax",
    "`memory: scratchpad`": lambda spec: spec.engine.memory == "scratchpad",
    "`memory: stream`": lambda spec: spec.engine.memory == "stream",
    "`streams` above 1": lambda spec: spec.engine.streams > 1,
    "`state_streams`": lambda spec: spec.engine.state_streams,
    "`head.layers`": lambda spec: spec.model.head is not None and bool(spec.model.head.layers),
    "a layer by columns": lambda spec: spec.skips_states,
    "the layer by columns": lambda spec: spec.skips_states,
}
"""What the page says of when a port is there."""

DESIGNS: dict[str, dict[str, Any]] = {
    "two layers, logits, two cells and inputs": {
        "model": {"inputs": 3, "hidden": [5, 4], "head": {"outputs": 3, "kind": "logits"}},
        "engine": {"units": 4, "cells_per_cycle": 2, "input_words": 2},
    },
    "loaded by columns, behind a layer by rows": {
        "model": {"inputs": 5, "hidden": [4, 4]},
        "sparsity": {"pattern": "balanced", "input": 0.0, "recurrent": 0.5, "threshold": 0.05},
        "engine": {"units": 2, "dataflow": ["row", "column"], "memory": "scratchpad"},
    },
    "tokens": {"model": {"inputs": 3, "vocabulary": 200, "hidden": [4]}, "engine": {"units": 2}},
    "linear layers": {
        "model": {
            "inputs": 3,
            "hidden": [4],
            "head": {"outputs": 3, "layers": [{"outputs": 5}, {"outputs": 2, "activation": "tanh"}]},
        },
        "formats": awkward.BASE["formats"] | {"linear": [9, 6]},
        "engine": {"units": 2},
    },
    "highway": {
        "model": {"cell": "highway", "depth": 2, "inputs": 4, "hidden": [4]},
        "formats": awkward.FINE,
        "engine": {"units": 2},
    },
    "streams, states, arg max": {
        "model": {"inputs": 3, "hidden": [5, 3], "head": {"outputs": 3}},
        "engine": {"units": 3, "streams": 3, "state_streams": True},
    },
    "GRU that resets first": {
        "model": {"cell": "gru_reset_first", "inputs": 4, "hidden": [4]},
        "formats": awkward.FINE,
        "engine": {"units": 2},
    },
    "GRU, initial states": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [5]},
        "engine": {"units": 3, "state_streams": True},
    },
    "fed": {
        "model": {"inputs": 3, "hidden": [5], "head": {"outputs": 300}},
        "engine": {"units": 3, "memory": "stream", "memory_width": 24},
    },
}

Ports = dict[str, tuple[str, int]]


def widths(net: Network) -> dict[str, Any]:
    """What the page's numbers of bits are made of."""
    formats, first = net.spec.formats, net.layers[0]
    head = net.head
    return {
        **{name: getattr(formats, name).width for name in ("input", "activation", "cell", "state")},
        **{"whole": byte_width, "E": first.cells, "rows": first.rows_per_unit},
        **{"values": len(first.cell.states), "held": max(fmt.width for fmt in first.state_formats)},
        **{"input_words": first.input_words, "memory_width": net.spec.engine.memory_width},
        "token": index_bits(net.spec.model.vocabulary or 1) + 1,
        **({"logit": head.sum_width, "index": index_bits(head.outputs)} if head else {}),
    }


def named(net: Network) -> Iterator[tuple[str, tuple[str, int]]]:
    """The ports that the page gives a design."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 40
    for port, direction, bits, there in rows:
        if not THERE[there](net.spec):
            continue
        arrays = {"ARRAY": net.arrays, "LAYER": net.layers, "LINEAR": net.linear}
        for array in next((arrays[kind] for kind in arrays if kind in port), net.layers[:1]):
            if there == "the layer by columns" and not isinstance(array, ColumnArray):
                continue
            queue = index_bits(array.h_queue + 1) if isinstance(array, ColumnArray) else 0
            own = {"sum": array.sum_width, "made": array.made.width} if isinstance(array, LinearArray) else {}
            width = eval(bits, {"__builtins__": {}, **widths(net), "queue": queue, **own})
            yield re.sub("ARRAY|LAYER|LINEAR", array.name, port), (f"{direction}put", width)


def declared(verilog: str, top: str) -> Ports:
    """Direction and bits of a module's ports."""
    module = re.search(rf"^module {top}\b(.*?)^endmodule", verilog, re.DOTALL | re.MULTILINE)
    assert module
    return {name: (direction, int(high or 0) + 1) for direction, high, name in PORT.findall(module[1])}


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
def test_the_page_names_every_port_and_no_other(sections: dict[str, Any], tmp_path: Path) -> None:
    made = awkward.design(tmp_path, verilog=True, **sections)
    verilog = (tmp_path / "rtl" / f"{made.spec.identifier}.v").read_text()
    found, wanted = declared(verilog, made.spec.identifier), list(named(made.net))
    assert len(wanted) == len(dict(wanted))
    assert found == dict(wanted)


def test_the_page_asks_for_the_reset_that_the_benches_give() -> None:
    assert f"at least {RESET_CYCLES} cycles" in PAGE.read_text(encoding="utf-8")
