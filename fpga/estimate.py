"""What a row engine takes of an ECP5, before synthesis: multipliers and block RAM exact, logic by a model.

Block RAM follows the rules by which yosys maps memories: a memory goes where it costs least, a block RAM 128, sixteen
words of four bits in lookup tables 4, a bit of a ROM 1/16. Registers are counted block by block, lookup tables by bits
of what the blocks do; the coefficients are fitted on yosys' counts by `tests/bench/resources.py`, which anyone can run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from accel.architecture.array import Array
from accel.architecture.cells.operations import Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from accel.architecture.cells.sizes import Size, mix_sizes
from accel.architecture.constraints import violations
from accel.architecture.latencies import before_read, capture_delay, ready, slot_to_cell, slot_to_state
from accel.architecture.layer import Nnz
from accel.architecture.network import Network, network
from accel.base.fixed import index_bits
from accel.memory.images import bias_words_width, sum_format
from accel.model.golden import cell_sizes
from accel.spec import Spec
from fpga.board import Board

BLOCK_COST, LUT_RAM_COST, ROM_BIT_COST = 128, 4, 1 / 16
"""What yosys 0.70 counts for a DP16KD, a TRELLIS_DPR16X4, and a bit of a ROM in logic."""
DEEPEST = {1: 16384, 2: 8192, 4: 4096, 9: 2048, 18: 1024, 36: 512}
"""Words of a DP16KD by their width; 36 bits where one side writes and the other reads."""
WIDEST_FACTOR = 18
"""Bits of a factor of one MULT18X18D."""
EMIT_STEPS = 3
"""Steps that the output buffer holds in most designs; the schedule knows it when there are weights."""
LUTS = {"datapath": 1.554, "lut_ram": 6.381, "rom": 0.07, "cell": 0.293}
"""Lookup tables a bit of each term takes, fitted."""
REGISTERS = {"datapath": 0.964, "cell": 0.139, "delays": 1.784, "control": 217.847}
"""Flip-flops of each term that yosys leaves, fitted."""


@dataclass(frozen=True)
class Memory:
    """A number of memories of one shape."""

    count: int
    depth: int
    width: int
    kind: Literal["rom", "ram"]
    block: bool = False
    """Block RAM is asked for."""

    @property
    def blocks(self) -> int:
        """Block RAMs of all of them; 0 where logic or lookup tables cost less."""
        each = min(-(-self.width // width) * -(-self.depth // deep) for width, deep in DEEPEST.items())
        elsewhere = LUT_RAM_COST * self._lut_rams if self.kind == "ram" else self.depth * self.width * ROM_BIT_COST
        return self.count * each if self.block or BLOCK_COST * each <= elsewhere else 0

    @property
    def _lut_rams(self) -> int:
        return -(-self.width // 4) * -(-self.depth // 16)

    @property
    def lut_rams(self) -> int:
        """TRELLIS_DPR16X4 of all of them."""
        return 0 if self.kind == "rom" or self.blocks else self.count * self._lut_rams

    @property
    def read_registers(self) -> int:
        """Bits read into flip-flops; a block RAM has them within."""
        return 0 if self.blocks else self.count * self.width

    @property
    def logic_bits(self) -> int:
        """Bits of contents in logic."""
        return self.count * self.depth * self.width if self.kind == "rom" and not self.blocks else 0


def unknown(spec: Spec) -> str:
    """Why there is no estimate for a spec; empty where there is one."""
    if spec.skips_states:
        return "the model knows the row engine only"
    if spec.levels > 1 or spec.model.cell == "highway":
        return "the model knows cells of one level only"
    if spec.engine.memory != "rom":
        return "the model knows weights in the bitstream only"
    if spec.weights.kind != "fixed" or spec.formats.scale is not None:
        return "the model knows fixed-point weights without scales only"
    return ""


def knows(spec: Spec, board: Board) -> bool:
    """Whether there is an estimate for a spec on a board."""
    return board.family == "ecp5" and not unknown(spec)


def memories(net: Network) -> Iterator[tuple[str, Memory]]:
    """Every memory of a design, by what it holds."""
    for array in net.arrays:
        block = array.operand_memory == "block"
        yield "weights", Memory(array.units, array.depth, array.word_width, "rom")
        slots = array.groups * array.slots_per_group
        yield "bias", Memory(1, slots, bias_words_width(array, sum_format(array)), "rom")
        x, h = array.x_copy, array.h_copy
        yield "operands", Memory(array.copies, x.depth, x.word_width, "ram", block)
        if begun := _begun(array):
            yield "sums", Memory(array.units, array.groups, begun // array.units, "ram")
        if array.recurrent:
            yield "operands", Memory(array.copies, h.depth, h.word_width, "ram", block)
            cells = array.cells * array.formats.cell.width
            yield "c", Memory(1, ((array.streams - 1) << index_bits(slots)) + slots, cells, "ram")
            lookups = [one.table for one in array.cell.level.operations if isinstance(one, Lookup)]
            for table, found in net.tables_of(array).items():
                copies = lookups.count(table) * array.cells
                yield "tables", Memory(copies, 1 << found.address, found.output.width, "rom")
    for mirror in net.mirrors.values():
        yield "sequences", Memory(1, mirror.depth, mirror.width, "ram")
    yield "results", Memory(1, *_results(net), "ram")


def _results(net: Network) -> tuple[int, int]:
    last, head = net.arrays[-1], net.spec.model.head
    if head is None:
        return last.output_beats * EMIT_STEPS, last.cells * last.h.width + 2
    if head.kind == "logits":
        return last.outputs * EMIT_STEPS, last.sum_width + 2
    return EMIT_STEPS, index_bits(last.groups * last.slots_per_group) + 2


def multipliers(net: Network) -> int:
    """MULT18X18D: a lane's product, and those of each cell of the stage."""
    found = sum(
        array.multipliers * _blocks_of(array.weight_width) * _blocks_of(array.operand_width) for array in net.arrays
    )
    return found + sum(array.cells * _cell_multipliers(array, net) for array in net.layers)


def _cell_multipliers(array: Array, net: Network) -> int:
    """Of one cell: those of its products, and one of each mix."""
    sizes, found = cell_sizes(net, array), 0
    for operation in array.cell.level.operations:
        if isinstance(operation, Product):
            found += _blocks_of(sizes[operation.a].width) * _blocks_of(sizes[operation.b].width)
        elif isinstance(operation, Mix):
            found += _blocks_of(sizes[operation.share].width) * _blocks_of(mix_sizes(operation, sizes).difference)
    return found


def _blocks_of(width: int) -> int:
    return -(-width // WIDEST_FACTOR)


def register_terms(net: Network) -> dict[str, int]:
    """Flip-flops as the blocks have them: along the data's way, beside it, and (one for each array) in control."""
    operands = sum(memory.read_registers for name, memory in memories(net) if name != "bias")
    for array in net.arrays:
        if array.operand_register:
            vectors = (array.x_copy, array.h_copy) if array.recurrent else (array.x_copy,)
            operands += sum(array.copies * (vector.word_width + vector.low) for vector in vectors)
    lanes = sum(_lane_registers(array) + _chain(array) for array in net.arrays)
    cells = sum(array.cells * _cell_registers(array, net) for array in net.layers)
    delays = sum(_delay_registers(array) for array in net.arrays)
    return {"datapath": lanes + operands, "cell": cells, "delays": delays, "control": len(net.arrays)}


def _totals(array: Array) -> int:
    """Sums that lanes add to: one each, and where rows have two, another one."""
    return array.units * array.sums_per_unit * array.lanes_per_row


def _begun(array: Array) -> int:
    """Bits of the partial sums of a group, which its rows go on from; 0 where no x comes ahead."""
    return array.operand_bits.get("partial sums", 0) // array.groups


def _chain(array: Array) -> int:
    """Bits of all totals on their way to the cell stage."""
    return array.units * array.sums_per_unit * array.total_width


def _lane_registers(array: Array) -> int:
    """Memory word, weights in two or three stages, operands, products, totals with their adder tree."""
    values = (2 + array.operand_register) * array.weight_width + array.product_width
    operands = array.lanes_per_row if array.dense else array.units * array.rows_per_unit * array.lanes_per_row
    tree, per_row = 0, array.lanes_per_row
    while per_row > 1:
        per_row = -(-per_row // 2)
        tree += array.units * array.sums_per_unit * per_row * array.total_width
    totals = _totals(array) * array.total_width + _begun(array)
    return array.units * array.word_width + array.multipliers * values + operands * array.operand_width + totals + tree


def _cell_registers(array: Array, net: Network) -> int:
    """Sums, indices, table outputs, products and results of one cell, what waits in it, and the biases and c that it is
    given.
    """
    level, sizes, at = array.cell.level, cell_sizes(net, array), ready(array.cell, array.cell.level)
    found = bias_words_width(array, sum_format(array)) // array.cells + 2 * array.formats.cell.width
    tables = net.tables_of(array)
    for operation in level.operations:
        found += _operation_registers(operation, sizes)
        start = max(at[name] for name in operation.operands)
        found += sum((start - at[name]) * sizes[name].width for name in operation.operands)
        if isinstance(operation, Narrow):
            users = [*level.users(operation.name)]
            found += sum(tables[user.table].address for user in users if isinstance(user, Lookup))
            kept = operation.name in (level.carried, level.state) or any(not isinstance(user, Lookup) for user in users)
            found += sizes[operation.name].width * kept
    return found


def _operation_registers(operation: Operation, sizes: Mapping[str, Size]) -> int:
    """Of a narrowing the rounded value, else the result, and what a mix has on its way to it."""
    match operation:
        case Narrow():
            return sizes[operation.source].width + 1
        case Lookup() | Product() | Sum() | Clip():
            return sizes[operation.name].width
        case Mix():
            mix = mix_sizes(operation, sizes)
            return mix.difference + mix.share.width + mix.product + 2 * mix.other.width + mix.total


def _delay_registers(array: Array) -> int:
    """Numbers that travel beside the data: slots, banks, flags."""
    beat, bank = index_bits(array.groups * array.slots_per_group), array.h_vector.bank_width
    ahead = capture_delay(array)
    if not array.recurrent:
        return ahead * 4 + beat * 4
    slot = beat + index_bits(array.streams)
    memory = before_read(array) + slot_to_cell(array)
    return slot_to_state(array) * (beat + bank + 3) + memory * slot + ahead * (6 + bank)


def lut_terms(net: Network) -> dict[str, int]:
    """Bits of what lookup tables do: choose operands, accumulate and pass totals on; small memories; the cell stage."""
    operands = sum((a.lanes_per_row if a.dense else a.multipliers) * a.operand_width for a in net.arrays)
    totals = sum(_totals(array) * array.total_width + _chain(array) for array in net.arrays)
    begun = sum(_begun(array) for array in net.arrays) // 2  # a choice, where a total has an adder as well
    held = [memory for _, memory in memories(net)]
    return {
        "datapath": operands + totals + begun,
        "lut_ram": sum(memory.lut_rams for memory in held),
        "rom": sum(memory.logic_bits for memory in held),
        "cell": sum(array.cells * _cell_registers(array, net) for array in net.layers),
    }


@dataclass(frozen=True)
class Estimate:
    """One resource of a board: what a design takes, what there is, and how the number is known."""

    resource: str
    used: int
    available: int
    origin: Literal["exact", "estimated"]


def resources(net: Network, board: Board) -> list[Estimate]:
    """What a design takes of a board, without its serial line. Only where `unknown` is empty and the chip an ECP5."""
    blocks = sum(memory.blocks for _, memory in memories(net))
    logic = {
        "luts": sum(LUTS.get(name, 0) * amount for name, amount in lut_terms(net).items()),
        "registers": sum(REGISTERS.get(name, 0) * amount for name, amount in register_terms(net).items()),
    }
    chip = board.resources
    return [
        Estimate("multipliers", multipliers(net), chip.multipliers, "exact"),
        Estimate("block_rams", blocks, chip.block_rams, "exact"),
        Estimate("luts", round(logic["luts"]), chip.luts, "estimated"),
        Estimate("registers", round(logic["registers"]), chip.registers, "estimated"),
    ]


def facts(spec: Spec, net: Network, board: Board) -> dict[str, Any]:
    """For `check`: the resources, or why there are none, as JSON data."""
    why = unknown(spec) or ("" if board.family == "ecp5" else f"the model knows ECP5 only, not {board.family}")
    rows = [] if why else [asdict(one) for one in resources(net, board)]
    return {"board": board.name, "rows": rows, "none": why}


def largest_that_fits(spec: Spec, kept: Sequence[Nnz], board: Board) -> int | None:
    """The most units P, below the spec's own, of which the board has enough; None where no number is known to fit."""
    if not knows(spec, board):
        return None
    most = board.resources.multipliers // network(spec, kept).layers[0].rows_per_unit
    for units in range(min(spec.engine.units - 1, most), 0, -1):
        if units % spec.engine.cells_per_cycle:
            continue
        engine = spec.engine.model_copy(update={"units": units})
        smaller = network(spec.model_copy(update={"engine": engine}), kept)
        fits = all(one.used <= one.available for one in resources(smaller, board))
        if fits and not list(violations(smaller)):
            return units
    return None
