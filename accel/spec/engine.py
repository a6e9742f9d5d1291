"""Section of the accelerator: its lanes, memories and streams."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from accel.spec.by_layer import Counts
from accel.spec.dataflow import Dataflow
from accel.spec.types import Count, Section


class Engine(Section):
    """The lanes: units x 4 gates x lanes per row, a multiplier each, or for two of them."""

    dataflow: Dataflow = "row"
    """`row`: each row reads its operands one after another; `column`: each operand that is not zero is given to all
    lanes, which add its column to their rows' sums, so that zeros of x_t and h_t cost nothing; `{input: row, recurrent:
    column}`: W_x by rows, whose x is dense, and W_h by columns. One for all layers, or a list, one a layer."""
    units: Counts
    """P: hidden units computed together; by columns, lanes of a gate, which must divide the hidden units. One for all
    layers, or a list, one a layer, with which layers of different sizes can take equally long."""
    lanes_per_row: Count = 1
    """M: lanes of one row."""
    lanes: Literal["shared", "split"] = "shared"
    """`shared`: each lane takes x and h products; `split`: some serve W_x alone, the rest W_h alone (as BRDS)."""
    input_lanes: Count | None = None
    """M_x of split lanes: lanes of a row for W_x; the rest of lanes_per_row serves W_h."""
    cells_per_cycle: Count = 1
    """E: units the cell stage takes per cycle; divides `units`. A dense layer needs no indices where E and
    `input_words` are powers of two."""
    input_words: Count = 1
    """Elements of x_t in one beat of the input stream."""
    order: Literal["rows", "x_first"] = "rows"
    """`rows`: group after group, lanes go through rows from x to h; `x_first`: through the x of all groups before h, as
    far as sizes allow, so that a step waits less for h of the step before; costs a memory of a partial sum a row."""
    streams: Annotated[int, Field(ge=1, le=16)] = 1
    """S: independent sequences that take turns on the lanes, a step each, so that none waits for its own h."""
    operand_memory: Literal["auto", "block"] = "auto"
    """Where synthesis puts the operand memories of the lanes: `auto` leaves it to the tool, which may spread them over
    lookup tables; `block` asks for block RAM."""
    operand_register: bool = False
    """A register behind the operand memories: a step's latency grows by a cycle, and the clock is no longer bounded by
    a block RAM's output that passes the choice between x and h."""
    pack: bool = False
    """Two weights go through one multiplier, exactly, wherever lanes share their operand: by columns, dense rows,
    `sparsity.shared_by_gates`. Refused where the board's multiplier does not hold two weights, a product's bits apart;
    without a board, one of 27 x 18 bits (DSP48E2) is assumed."""
    multiplier_registers: bool = False
    """Registers in front of the multipliers of lanes by rows and of the cell stage, which DSP blocks have of their own,
    and behind those of lanes: a step's latency grows by some cycles (LSTM: four), and the clock is no longer bounded by
    the ways from memories to multipliers and from there to sums."""
    target_cycles: Count | None = None
    """Most cycles that a step may take. `check` refuses lanes that are too few, and says which would do; `generate`
    refuses a pattern whose exact count is higher."""
    directions: Literal["shared", "own"] = "shared"
    """Lanes of bidirectional layers. `shared`: all serve both directions, each with a copy of what both read, forward
    units first; `own`: half of each group's units reads forward and half backward, each with a copy of what its own
    direction reads, half the memory, and an index of a bit less; a step waits as that of one direction does."""
    shared_layers: bool = False
    """One set of lanes, as many as one layer would have, serves all layers in turn, in each step one after the other; a
    layer behind the first reads its own h_{t-1} before what the layer in front has just made. Fewer multipliers, and as
    many cycles a step as all layers take together."""
    state_streams: bool = False
    """h_0 and c_0 of every sequence come through a stream of each LSTM layer, h_n and c_n leave through another, as
    PyTorch's `lstm(x, (h_0, c_0))` has them; without, a sequence begins with zeros. Costs a step a sequence."""
    memory: Literal["rom", "scratchpad", "stream"] = "rom"
    """Where weights live: `rom`, in the bitstream; `scratchpad`, loaded through a stream of their own at the start or
    while sequences run, into the half of a double memory that no sequence reads; `stream`, outside, from where values
    and indices come in every step through a stream of each layer, held two groups ahead; the lanes wait for them."""
    loaded_memory: Literal["auto", "ultra"] = "auto"
    """Where synthesis puts loaded weights (memory: scratchpad): `auto` leaves it to the tool, which takes block RAM or
    lookup tables; `ultra` asks for UltraRAM, 4096 words of 72 bits each, which some Xilinx UltraScale+ chips have."""
    memory_width: Annotated[int, Field(ge=8, le=4096)] | None = None
    """Bits of a beat of weights, whole bytes (memory: stream)."""

    @property
    def dedicated_lanes(self) -> tuple[int, int] | None:
        """M_x and M_h of split lanes."""
        if self.input_lanes is None:
            return None
        return self.input_lanes, self.lanes_per_row - self.input_lanes
