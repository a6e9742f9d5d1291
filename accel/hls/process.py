"""One process of the HLS design: an array with its constants, widths and memories as C++ wants them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

import numpy as np

from accel.architecture.array import Array
from accel.architecture.linear import LinearArray
from accel.base.fixed import Fixed, Integers
from accel.hls.between import Clipped, Summed
from accel.hls.buffers import MirrorProcess
from accel.memory.dataflows import lane_words
from accel.memory.images import bias_shift, bias_width, half_unit
from accel.memory.lane_words import LaneWords
from accel.model.weights import LayerWeights
from accel.spec import Head

NOTHING = "kNothing"
"""The argument in place of what a design does not have."""

LABELS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "cell_tanh": "CellTanh"}


A = TypeVar("A", bound=Array)


@dataclass(frozen=True)
class Process(ABC, Generic[A]):
    """One array with its weights, as the templates see it; each dataflow is a class (`accel.hls.dataflows`)."""

    array: A
    weights: LayerWeights
    number: int
    source: str
    out: str
    head: Head | None
    sum_format: Fixed | None
    kind: str
    """What its cell's constants have before their names."""
    mirror: MirrorProcess | None = None
    """The sequence buffer that it reads."""
    link: Clipped | Summed | None = None
    """What makes the values that it reads, between two recurrent layers."""
    kept: str | None = None
    """Stream to which its x_t goes as well, for what adds it to its h_t."""
    in_front: bool = False
    """Whether it is a linear layer in front of a recurrent one."""
    before: str | None = None
    """`end` of the linear layer that it reads, or of the pool; None where it reads a recurrent layer or the input."""

    header: ClassVar[str]
    """Where the process of a recurrent layer is."""
    engine_headers: ClassVar[tuple[str, ...]] = ()
    """Where its lanes are, beside those of a head."""
    step: ClassVar[str]
    """The process of a recurrent layer."""
    step_in_levels: ClassVar[str] = "LevelledStep"
    """That of one whose steps have several levels."""
    indices_name: ClassVar[str]
    """What the lanes' indices are."""
    index_sets: ClassVar[str]
    """C++ type of the lanes' indices where weights are loaded."""
    fill: ClassVar[str]
    """What fills it."""

    @property
    @abstractmethod
    def lane_sizes(self) -> list[tuple[str, int]]:
        """What a lane does, as constants."""

    @property
    @abstractmethod
    def lane_constants(self) -> list[tuple[str, str]]:
        """More of that: declarations and their text."""

    @property
    @abstractmethod
    def index_type(self) -> str:
        """C++ type of the lanes' indices."""

    @property
    @abstractmethod
    def threshold(self) -> list[str]:
        """What says which states count, as an argument of its process."""

    @property
    @abstractmethod
    def states(self) -> list[str]:
        """States that are given and taken, as arguments of its process."""

    @property
    def type(self) -> str:
        """C++ type that holds the array's constants."""
        return self.array.name.capitalize()

    @property
    def formats(self) -> str:
        """C++ type that holds the formats and tables of its cell."""
        return f"{self.kind}Formats"

    @property
    def cell_tables(self) -> str:
        """The tables that its cell reads, as arguments of a process."""
        return ", ".join(f"k{self.type}{LABELS[name]}" for name in self.array.cell.tables)

    @property
    def state_bits(self) -> int:
        """Bits of a value of h_0 or c_0 in its stream; 0 of a head."""
        formats = [] if self.array.kind is None else self.array.state_formats
        return container(max(fmt.width for fmt in formats)) if formats else 0

    @property
    def x(self) -> str:
        """Operand memory."""
        return f"{self.array.name}_x"

    @property
    def end(self) -> str:
        """Whether this step ends a sequence."""
        return f"{self.array.name}_end"

    @property
    def recurrent(self) -> bool:
        """Whether it has a cell."""
        return self.array.kind is not None

    @property
    def activated(self) -> bool:
        """Whether it is a linear layer in front of another one."""
        return isinstance(self.array, LinearArray)

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
            *self.lane_sizes,
            ("Depth", array.depth),
            ("XWidth", array.x.width),
            ("XShift", array.x_shift),
            ("HShift", array.h_shift),
            ("OperandWidth", array.operand_width),
            ("WeightWidth", array.weight_width),
            ("ValuesWidth", array.values_width),
            ("IndexWidth", array.index_width),
            ("ProductWidth", array.product_width),
            ("PackedWidth", array.packed_width),
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
    def made_state(self) -> str:
        """Stream of h_n and c_n to the process that withholds those of fillers."""
        return f"{self.array.name}_made_state"

    @property
    def memories(self) -> list[str]:
        """Values, columns and biases, and an LSTM layer's scales, as arguments of a process."""
        parts = ["Values", self.indices_name, "Bias", *(["Scales"] if self.array.scale is not None else [])]
        unscaled = ["kNoScales"] if self.recurrent and not self.in_levels and self.array.scale is None else []
        if self.array.writable:
            return [*(f"{self.array.name}_{part.lower()}" for part in parts), *unscaled]
        held = [f"k{self.type}{part}" for part in parts]
        return [*([f"{self.array.name}_weights", *held[1:]] if self.array.streamed else held), *unscaled]

    @property
    def sets(self) -> list[tuple[str, str]]:
        """Types and names of its memories where weights are loaded."""
        parts = [("ValueSets", "values"), (self.index_sets, self.indices_name.lower()), ("BiasSets", "bias")]
        scaled = [("ScaleSets", "scales")] if self.array.scale is not None else []
        return [(f"{kind}<{self.type}>", f"{self.array.name}_{part}") for kind, part in [*parts, *scaled]]

    @property
    def levelled(self) -> bool:
        """Whether a unit goes through several levels: its biases have the level as an index."""
        return self.array.unit_levels > 1

    @property
    def in_levels(self) -> bool:
        """Whether a step has several levels."""
        return self.array.levels > 1

    @property
    def own_levels(self) -> dict[str, list[tuple[str, str]]]:
        """C++ types of levels that have units of their own, with what the lanes do in each: declarations and text."""
        return {}

    def sum_of(self, part: str) -> list[int]:
        """For each row of a unit, the sum that its products with "x" or with "h" go to."""
        if self.array.kind is None:
            return [0]
        sums = enumerate(self.array.cell.sums)
        found = {each.row: number for number, each in sums if each.part in ("both", part)}
        return [found[row] for row in range(self.array.rows_per_unit)]

    @cached_property
    def _words(self) -> LaneWords:
        return lane_words(self.array, self.weights)

    @property
    def values(self) -> Integers:
        """Weights as two's complement reads their words, [group and cycle, or word][unit, row, lane of the row]."""
        sign = 1 << (self.array.weight_width - 1)  # a narrower gate's values are as wide here
        read = (self.array.stored.codes(self._words.values) ^ sign) - sign
        return read.reshape(self.array.depth, -1)

    @property
    def indices(self) -> Integers | None:
        """What the weights belong to, [group and cycle, or word][reader]; None where no index is stored."""
        if not self.array.indices:
            return None
        of_unit = self._words.numbers.reshape(self.array.depth, self.array.units, -1)
        return of_unit[:, :, : self.array.indices].reshape(self.array.depth, -1)

    @property
    def bias(self) -> Integers:
        """Biases, [unit][sum]; where there are levels [level][unit][sum]."""
        levels = [self._by_unit(part) for part in np.split(self.weights.bias, self.array.unit_levels)]
        return np.stack(levels) if self.levelled else levels[0]

    @property
    def scale(self) -> Integers | None:
        """Scales, [unit][sum]; None where sums are taken as they are."""
        return None if self.weights.scale is None else self._by_unit(self.weights.scale)

    @property
    def initial(self) -> Integers | None:
        """What every sequence begins with, [value of the state][unit]; None where that is zeros or given."""
        return None if self.weights.initial is None else self.weights.initial.reshape(-1, self.array.outputs)

    @property
    def fills(self) -> list[str]:
        """Calls that fill a set of its memories from a frame of weights."""
        indices = self.indices_name.lower()
        name = self.array.name
        filled = [(self.fill, f"{name}_values, {name}_{indices}"), ("FillBiases", f"{name}_bias")]
        filled += [("FillScales", f"{name}_scales")] if self.array.scale is not None else []
        return [f"{function}<{self.type}>(in, frame, set, {memories});" for function, memories in filled]

    @property
    def defined(self) -> list[str]:
        """Arrays of numbers in the structure of its constants."""
        later = ["kLaterXSlots", "kLaterSlots"] if self.levelled else []
        lanes = re.findall(r"int (k\w+)\[", " ".join(declaration for declaration, _ in self.lane_constants))
        return ["kSumOfX", "kSumOfH", "kGateWidths", "kGateStarts", *later, *lanes]

    def _by_unit(self, sums: Integers) -> Integers:
        return sums.reshape(self.array.sums_per_unit, self.array.outputs).T


def container(width: int) -> int:
    """Bits of the AXI4-Stream word that holds `width` bits."""
    return max(8, 1 << (width - 1).bit_length())
