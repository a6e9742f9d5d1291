"""HLS C++ of a design: a pure function from integers to text. Algorithms are in `hls_templates/hls/*.h`, which are
copied as they are; what is rendered are constants, memory contents and the calls of the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.architecture.shape import Array, ColumnArray, Network
from accel.base.fixed import Fixed, Integers, index_bits
from accel.base.templates import read, render
from accel.hls.cell_text import cell_text
from accel.memory.images import bias_shift, bias_width, column_lanes, half_unit, positions, row_words, sum_format
from accel.memory.load_frame import shape_digest
from accel.model.design import Design
from accel.model.samples import state_formats
from accel.model.weights import LayerWeights
from accel.spec import Head

HEADERS = (
    "bench.h",
    "cell.h",
    "checked_int.h",
    "checked_stream.h",
    "column_engine.h",
    "column_recurrent.h",
    "fed.h",
    "fillers.h",
    "head.h",
    "levels.h",
    "load.h",
    "lookup.h",
    "narrow.h",
    "observe.h",
    "platform.h",
    "receive.h",
    "recurrent.h",
    "row_engine.h",
    "status.h",
)
"""Files that no spec changes."""

TEMPLATES = ("config.h", "update.h", "weights.h", "top.h", "top.cpp", "bench.cpp")

SOURCES = ("top.cpp", "bench.cpp")
"""What a compiler is given: the accelerator, and the bench that `main` is in."""

LABELS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "cell_tanh": "CellTanh"}


@dataclass(frozen=True)
class Beat:
    """What one beat of a port holds: words of 8, 16, 32 or 64 bits."""

    width: int
    words: int


@dataclass(frozen=True)
class Process:
    """One array with its weights, as the templates see it."""

    array: Array
    weights: LayerWeights
    number: int
    source: str
    out: str
    head: Head | None
    sum_format: Fixed | None

    @property
    def type(self) -> str:
        """C++ type that holds the array's constants."""
        return self.array.name.capitalize()

    @property
    def x(self) -> str:
        """Operand memory."""
        return f"{self.array.name}_x"

    @property
    def end(self) -> str:
        """Whether this step ends a sequence."""
        return f"{self.array.name}_end"

    @property
    def constants(self) -> list[tuple[str, int]]:
        """Names and values of the array's constants."""
        array = self.array
        return [
            ("Layer", self.number),
            ("Inputs", array.inputs),
            ("InputWords", array.input_words),
            ("InputBeats", array.input_beats),
            ("Outputs", array.outputs),
            ("Units", array.units),
            ("RowsPerUnit", array.rows_per_unit),
            ("SumsPerUnit", array.sums_per_unit),
            ("LanesPerRow", array.lanes_per_row),
            ("Lanes", array.multipliers),
            ("Readers", max(1, array.copies)),
            ("Cells", array.cells),
            ("Streams", array.streams),
            ("Groups", array.groups),
            *self._per_lane,
            ("Depth", array.depth),
            ("XWidth", array.x.width),
            ("XShift", array.x_shift),
            ("HShift", array.h_shift),
            ("OperandWidth", array.operand_width),
            ("WeightWidth", array.weight_width),
            ("IndexWidth", array.index_width),
            ("ProductWidth", array.product_width),
            ("TotalWidth", array.total_width),
            ("ScaleWidth", array.scale.width if array.scale else 0),
            ("ScaledWidth", array.scaled_width),
            ("SumWidth", array.sum_width),
            ("BiasWidth", array.bias.width),
            ("BiasShift", array.bias_shift),
            ("Frac", array.sum_frac),
            *self._stored_bias(),
        ]

    def _stored_bias(self) -> list[tuple[str, int]]:
        """How biases lie in a frame of weights."""
        array, narrowed = self.array, self.sum_format
        return [("StoredBiasWidth", bias_width(array, narrowed)), ("StoredBiasShift", bias_shift(array, narrowed))]

    @property
    def stored_half(self) -> int:
        """Half a unit that stored biases hold, of up to 62 bits."""
        return half_unit(self.array, self.sum_format)

    @property
    def state_ports(self) -> str:
        """Streams of h_0, c_0 and of h_n, c_n, as arguments of the top."""
        return f"s_state_{self.array.name}, m_state_{self.array.name}"

    @property
    def made_state(self) -> str:
        """Stream of h_n and c_n to the process that withholds those of fillers."""
        return f"{self.array.name}_state"

    @property
    def states(self) -> str:
        """Streams of h_0, c_0 and of h_n, c_n, as arguments of a process."""
        if not self.array.given_state:
            return "no_states, no_states"
        return f"s_state_{self.array.name}, {self.made_state}" if self.array.streams > 1 else self.state_ports

    @property
    def memories(self) -> str:
        """Values, columns and biases, and an LSTM layer's scales, as arguments of a process."""
        scaled = self.head is None and not self.levelled
        parts = ["Values", "Rows" if self.by_columns else "Columns", "Bias", *(["Scales"] if scaled else [])]
        if self.array.fed:
            held = ", ".join(f"k{self.type}{part}" for part in parts[1:])
            return f"s_weights_{self.array.name}, {held}"
        if self.array.writable:
            return ", ".join(f"weights.{self.array.name}.{part.lower()}" for part in parts)
        return ", ".join(f"k{self.type}{part}" for part in parts)

    @property
    def _per_lane(self) -> list[tuple[str, int]]:
        """What a lane does: cycles of a group of rows; by columns weights that it keeps, and where W_h begins."""
        if isinstance(self.array, ColumnArray):
            return [*zip(("KeptX", "KeptH"), self.array.kept, strict=True), ("HStart", self.array.h_start)]
        return [("Cycles", self.array.cycles_per_group)]

    @property
    def by_columns(self) -> bool:
        """Whether the layer takes its operands column by column."""
        return isinstance(self.array, ColumnArray)

    @property
    def levelled(self) -> bool:
        """Whether a step has several levels: its biases have the level as an index."""
        return self.array.levels > 1

    def sum_of(self, part: str) -> list[int]:
        """For each row of a unit, the sum that its products with "x" or with "h" go to."""
        if self.array.kind is None:
            return [0]
        sums = enumerate(self.array.cell.sums)
        found = {each.row: number for number, each in sums if each.part in ("both", part)}
        return [found[row] for row in range(self.array.rows_per_unit)]

    @property
    def x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x."""
        return [lane.x_slots for lane in self.array.lanes]

    @property
    def slots(self) -> list[int]:
        """Cycles in which each lane of a row has work."""
        return [lane.slots for lane in self.array.lanes]

    @property
    def later(self) -> Array:
        """The array in the levels behind the first."""
        return self.array.by_level[-1]

    @property
    def later_x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x in those."""
        return [lane.x_slots for lane in self.later.lanes]

    @property
    def later_slots(self) -> list[int]:
        """Cycles in which each lane of a row has work in those."""
        return [lane.slots for lane in self.later.lanes]

    @property
    def _levels(self) -> list[tuple[Array, LayerWeights]]:
        """Every level with its weights."""
        count = self.array.levels
        return [(level, self.weights.level(number, count)) for number, level in enumerate(self.array.by_level)]

    @property
    def values(self) -> Integers:
        """Weights as two's complement reads their words, [group and cycle, or word][unit, row, lane of the row]."""
        if isinstance(self.array, ColumnArray):
            return self._read(column_lanes(self.array, self.weights)[0]).reshape(self.array.depth, -1)
        levels = [lane_words(level, self._read(row_words(level, weights)[0])) for level, weights in self._levels]
        return np.concatenate(levels).reshape(self.array.depth, -1)

    def _read(self, values: Integers) -> Integers:
        """The words of weights as two's complement reads them."""
        sign = 1 << (self.array.weight_width - 1)
        return (self.array.w_x.codes(values) ^ sign) - sign

    @property
    def columns(self) -> Integers | None:
        """Column indices, [group and cycle][reader], None where every column is read; by columns the lanes' rows, below
        the columns of W_x where that goes by rows.
        """
        if isinstance(self.array, ColumnArray):
            return column_lanes(self.array, self.weights)[1].reshape(self.array.depth, -1)
        if self.array.dense:
            return None
        levels = [lane_words(level, row_words(level, weights)[1]) for level, weights in self._levels]
        columns = np.concatenate(levels)
        rows = 1 if self.array.shared_by_gates else self.array.rows_per_unit
        return columns[:, :, :rows].reshape(self.array.depth, -1)

    @property
    def bias(self) -> Integers:
        """Biases, [unit][sum]; where there are levels [level][unit][sum]."""
        levels = [self._by_unit(part) for part in np.split(self.weights.bias, self.array.levels)]
        return np.stack(levels) if self.levelled else levels[0]

    @property
    def scale(self) -> Integers | None:
        """Scales, [unit][sum]; None where sums are taken as they are."""
        return None if self.weights.scale is None else self._by_unit(self.weights.scale)

    def _by_unit(self, sums: Integers) -> Integers:
        return sums.reshape(self.array.sums_per_unit, self.array.outputs).T


def lane_words(array: Array, rows: Integers) -> Integers:
    """Entries [row = gate * H + unit][position] as the lanes take them, [group and cycle, unit, row, lane].

    Units and positions that do not exist are zero.
    """
    padded = np.zeros((array.rows_per_unit, array.groups * array.units, rows.shape[1] + 1), dtype=np.int64)
    padded[:, : array.outputs, :-1] = rows.reshape(array.rows_per_unit, array.outputs, -1)
    taken = padded[:, :, positions(array)]  # position -1 is the zero at the end
    split = taken.reshape(array.rows_per_unit, array.groups, array.units, array.lanes_per_row, -1)
    words = np.transpose(split, (1, 4, 2, 0, 3))
    return words.reshape(array.depth, array.units, array.rows_per_unit, array.lanes_per_row)


def render_hls(design: Design) -> dict[str, str]:
    """Path within the work folder to text of every C++ file of a design; the same design gives the same text."""
    names = _names(design)
    files = {f"hls/{name}": read("hls_templates", f"hls/{name}") for name in HEADERS}
    return files | {f"hls/{name}": render("hls_templates", f"hls/{name}.j2", **names) for name in TEMPLATES}


def top_name(design: Design) -> str:
    """The C++ function that becomes hardware; the suffix keeps it off the keywords of every language."""
    return f"{design.spec.identifier}_top"


def _names(design: Design) -> dict[str, object]:
    net, spec = design.net, design.spec
    return {
        "top": top_name(design),
        "cell": cell_text(net.layers[0].cell, net),
        "formats": _formats(net),
        "tables": [{"type": LABELS[name], "entries": table.entries} for name, table in net.tables.items()],
        "arrays": _processes(design),
        "inputs": spec.model.inputs,
        "hidden": spec.model.hidden,
        "head": spec.model.head,
        "stateful": spec.model.stateful,
        "signals": len(net.layers[0].cell.signals),
        "process_headers": _process_headers(net),
        "input": input_beat(net),
        "output": output_beat(net),
        "result_values": result_values(net),
        "result_beats": 1 if spec.model.head and spec.model.head.kind == "argmax" else net.arrays[-1].output_beats,
        "every_step": spec.model.head is None or spec.model.head.when == "step",
        "fillers": net.layers[0].streams > 1,
        "layers": _processes(design)[: len(net.layers)],
        "states": spec.engine.state_streams,
        "fed": spec.engine.memory == "stream",
        "state_bits": container(max(fmt.width for fmt in state_formats(spec))),
        "state_values": len(net.layers[0].cell.states),
        "cell_tables": ", ".join(f"k{LABELS[name]}" for name in net.tables),
        "load": {"digest": shape_digest(net)} if spec.engine.memory == "scratchpad" else None,
        "by_columns": spec.by_columns,
        "threshold": design.weights.threshold,
    }


def _process_headers(net: Network) -> list[str]:
    """Where the processes of the recurrent layers are."""
    if net.spec.levels > 1:
        return ["levels.h"]
    return sorted({"column_recurrent.h" if isinstance(array, ColumnArray) else "recurrent.h" for array in net.layers})


def _formats(net: Network) -> list[tuple[str, int]]:
    formats = net.spec.formats
    found = []
    for label in ("gate", "activation", "cell", "state"):
        fmt = getattr(formats, label)
        found += [(f"{label.capitalize()}Width", fmt.width), (f"{label.capitalize()}Frac", fmt.frac)]
    for name, table in net.tables.items():
        found += [(f"{LABELS[name]}Address", table.address), (f"{LABELS[name]}Shift", table.shift)]
    return found


def _processes(design: Design) -> list[Process]:
    arrays = design.net.arrays
    outs = [f"{array.name}_out" for array in arrays[:-1]] + ["made" if arrays[0].streams > 1 else "m_axis"]
    heads = [design.spec.model.head if array == design.net.head else None for array in arrays]
    joined = zip(arrays, design.weights.layers, ["s_axis", *outs[:-1]], outs, heads, strict=True)
    return [
        Process(array, layer, number, source, out, head, sum_format(array, design.spec))
        for number, (array, layer, source, out, head) in enumerate(joined)
    ]


def container(width: int) -> int:
    """Bits of the AXI4-Stream word that holds `width` bits."""
    return max(8, 1 << (width - 1).bit_length())


def result_values(net: Network) -> int:
    """Values of one result."""
    head = net.spec.model.head
    if head is None:
        return net.layers[-1].outputs
    return head.outputs if head.kind == "logits" else 1


def input_beat(net: Network) -> Beat:
    """What a beat of the input port holds."""
    return Beat(container(net.spec.formats.input.width), net.layers[0].input_words)


def output_beat(net: Network) -> Beat:
    """What a beat of the output port holds."""
    if net.head is None:
        return Beat(container(net.spec.formats.state.width), net.layers[-1].cells)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        return Beat(container(net.head.sum_width), 1)
    return Beat(container(index_bits(net.head.outputs) + 1), 1)
