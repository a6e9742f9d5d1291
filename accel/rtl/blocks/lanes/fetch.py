"""What a lane multiplies: its weights from a word of memory, its operand from the copies of x and h."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.array import Array
from accel.architecture.vector import Vector
from accel.base.fixed import index_bits
from accel.rtl.blocks.lanes.dealing import Dealing
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.widths import fit_all, widened


class Reading:
    """How operands are read; each signal is aligned to the stage that uses it.

    `clear` and `from_h` have a bit for each lane of a row: the operand counts as zero; it is h, not x. So has `h_bank`
    where some lanes may read h of this step while others read that of the step before. `of_h` tells of products that
    are of W_h: those with h, but where h of the layer in front is x.
    """

    def __init__(self, array: Array) -> None:
        self.x_bank = flag()
        self.clear = bits(array.lanes_per_row)
        if array.recurrent:
            units_apart = array.levels > array.unit_levels
            self.h_bank = bits(array.lanes_per_row if units_apart else array.h_vector.bank_width)
            self.from_h = bits(array.lanes_per_row)
            self.of_h = bits(array.lanes_per_row) if units_apart and array.separate_sums else self.from_h


WEIGHTS = """
/* verilator no_inline_module */
genvar ${values}_lane;
generate
for (${values}_lane = 0; ${values}_lane < $lanes; ${values}_lane = ${values}_lane + 1) begin: ${values}_slice
    always @(posedge $clk) $values[${values}_lane] <= $$signed($word[${values}_lane*$stride +: $width]);
end
endgenerate
"""
OPERANDS = """
genvar ${values}_lane;
generate
for (${values}_lane = 0; ${values}_lane < $lanes; ${values}_lane = ${values}_lane + 1) begin: ${values}_copy
    $style reg [$stored-1:0] memory [0:$depth-1];
    reg [$stored-1:0] read;
    wire [$place-1:0] place = $word[${values}_lane*$stride+$offset +: $place];
    STORED
    always @(posedge $clk) begin
        STORING
        read <= memory[{$bank, place[$place-1:$low]}];
    end
    $registers
    assign $values[${values}_lane] = $$signed($picked);
end
endgenerate
"""
WHOLE = OPERANDS.replace("    STORED\n", "").replace(
    "STORING", "if ($write_enable) memory[{$write_bank, $write_place}] <= $written;"
)
OF_COLUMN_BANK = """localparam column_bank = ${values}_lane % $banks;
    wire [$address_bits-1:0] address = {$write_bank, $write_place};
    wire [$written_bits-1:0] all = $written;"""
BANKED = OPERANDS.replace("STORED", OF_COLUMN_BANK).replace(
    "STORING", "if ($write_enable$mine) memory[$address_of_bank] <= $taken_of_word;"
)
"""Each copy stores what its bank of the columns takes of a word."""
BY_LANE = WHOLE.replace("{$bank,", "{$bank[${values}_lane % $per_row],")
"""Lanes of a row read banks of their own."""


@block
def weights(clk: Any, word: Any, values: Any, stride: int) -> Any:
    """The value parts of the memory word, one a lane.

    Verilator is told to keep the module that this stands in: inlined, hundreds of units take minutes to compile.

    In: clk, word (fields of values and indices). Out: values (signed, `stride` bits, one a lane). Latency: 1.
    """
    lanes, width = len(values), len(values[0])
    weights.verilog_code = WEIGHTS
    for value in values:
        value.driven = "reg"
    clk.read = word.read = True
    mask, sign = (1 << width) - 1, 1 << (width - 1)

    @always(clk.posedge)
    def slicing():
        packed = int(word)
        for n in range(lanes):
            raw = (packed >> n * stride) & mask
            values[n].next = (raw ^ sign) - sign

    return slicing


@block
def operands(
    clk: Any,
    word: Any,
    write: Any,
    bank: Any,
    values: Any,
    whole: Vector,
    vector: Vector,
    array: Array,
    stride: int,
    offset: int,
) -> Any:
    """Each operand is read from its own copy at its index in the word: `vector` is what a copy holds of the `whole` one
    that is written. Where a row's lanes read a bank each, `bank` has a bit for each.

    In: clk, word (fields of values and indices), write, bank (number of a bank, or a bit a lane). Out: values (signed,
    one a lane). Latency: fetch_to_select.
    """
    banks = array.column_banks
    dealing = Dealing(whole, banks)
    address_bits, written_bits = len(write.bank) + len(write.place), len(write.word)
    mine, address_of_bank, taken_of_word = dealing.mine, dealing.address(address_bits), dealing.taken
    late, style = array.operand_register, '(* ram_style = "block" *)' if array.operand_memory == "block" else ""
    write_enable, write_bank, write_place, written = write.enable, write.bank, write.place, write.word
    lanes, stored, depth = len(values), vector.word_width, vector.depth
    low, high, item, shift = vector.low, vector.high, vector.width, vector.shift
    place = low + high
    taken = [_verilog_register("taken", f"place[{low}-1:0]", low)] if low else []
    kept = [_verilog_register("read_late", "read", stored)] if late else []
    kept += [_verilog_register("taken_late", "taken", low)] if late and low else []
    registers = " ".join([*taken, *kept])
    word_read, item_taken = ("read_late", "taken_late") if late else ("read", "taken")
    if low:
        start = index_bits(stored)
        zeros = f"{start - low}'d0, " if start > low else ""
        registers += f" wire [{start}-1:0] start = {{{zeros}{item_taken}}} * {start}'d{item};"
    picked = f"{word_read}[start +: {item}]" if low else word_read
    picked = f"{{{picked}, {shift}'b0}}" if shift else picked
    per_row = array.lanes_per_row
    by_lane = per_row > 1 and len(bank) == per_row and array.levels > array.unit_levels
    operands.verilog_code = BANKED if banks > 1 else BY_LANE if by_lane else WHOLE
    for value in values:
        value.driven = "wire"
    for signal in (clk, word, write_enable, write_bank, write_place, written, bank):
        signal.read = True
    stores, mask, sign = [[0] * (vector.banks << high) for _ in range(banks)], (1 << item) - 1, 1 << (item - 1)
    read = signed_list(lanes, vector.aligned) if late else values

    @always(clk.posedge)
    def reading():
        packed = int(word) >> offset
        for n in range(lanes):
            base = (int(bank) >> n % per_row & 1 if by_lane else int(bank)) << high
            index = (packed >> n * stride) & ((1 << place) - 1)
            raw = (stores[n % banks][base + (index >> low)] >> (index % (1 << low)) * item) & mask
            read[n].next = ((raw ^ sign) - sign) << shift
        if write_enable:
            dealing.store(stores, (int(write_bank) << len(write_place)) + int(write_place), int(written))

    @always(clk.posedge)
    def keeping():
        for n in range(lanes):
            values[n].next = read[n]

    return (reading, keeping) if late else reading


def _verilog_register(name: str, source: str, width: int) -> str:
    return f"reg [{width}-1:0] {name}; always @(posedge clk) {name} <= {source};"


@block
def carry(clk: Any, i: Any, o: Any) -> Any:
    """A list of values, one cycle later.

    In: clk, i (any width). Out: o (as wide as i). Latency: 1.
    """
    lanes = len(i)

    @always(clk.posedge)
    def carrying():
        for n in range(lanes):
            o[n].next = i[n]

    return carrying


@block
def select_x(clk: Any, clear: Any, rows: int, x_values: Any, operand: Any) -> Any:
    """Operand registers in front of the multipliers of a layer without state: x or nothing.

    In: clk, clear (a bit a lane), x_values (signed, one a lane). Out: operand (signed, one a lane). Latency: 1.
    """
    per_row = len(clear)
    x = widened(x_values, len(operand[0]))
    widening = fit_all(x_values, x)

    @always(clk.posedge)
    def selecting():
        for r in range(rows):
            for m in range(per_row):
                if clear[m]:
                    operand[r * per_row + m].next = 0
                else:
                    operand[r * per_row + m].next = x[r * per_row + m]

    return widening, selecting


@block
def select(clk: Any, clear: Any, from_h: Any, rows: int, x_values: Any, h_values: Any, operand: Any) -> Any:
    """Operand registers in front of the multipliers: x, h or nothing.

    In: clk, clear (a bit a lane), from_h (a bit a lane), x_values (signed, one a lane), h_values (signed, one a lane).
    Out: operand (signed, one a lane). Latency: 1.
    """
    per_row = len(clear)
    x = widened(x_values, len(operand[0]))
    widening_x = fit_all(x_values, x)
    h = widened(h_values, len(operand[0]))
    widening_h = fit_all(h_values, h)

    @always(clk.posedge)
    def selecting():
        for r in range(rows):
            for m in range(per_row):
                if clear[m]:
                    operand[r * per_row + m].next = 0
                elif from_h[m]:
                    operand[r * per_row + m].next = h[r * per_row + m]
                else:
                    operand[r * per_row + m].next = x[r * per_row + m]

    return widening_x, widening_h, selecting


@block
def fetch(clk: Any, word: Any, reading: Any, x: Any, h: Any, operand: Any, array: Array, offset: int) -> Any:
    """Operands at the indices that begin at bit `offset` of the word: read, aligned, selected.

    `h` is None for a layer without state.

    In: clk, word (fields of values and indices), reading, x, h (or None). Out: operand (signed, operand_width bits
    each). Latency: fetch_to_select + 1.
    """
    count, stride = len(operand), array.index_width
    rows = count // array.lanes_per_row
    x_values = signed_list(count, array.x_vector.aligned)
    x_reader = operands(clk, word, x, reading.x_bank, x_values, array.x_vector, array.x_copy, array, stride, offset)
    if h is None:
        return x_reader, select_x(clk, reading.clear, rows, x_values, operand)
    h_values = signed_list(count, array.h_vector.aligned)
    h_reader = operands(clk, word, h, reading.h_bank, h_values, array.h_vector, array.h_copy, array, stride, offset)
    return x_reader, h_reader, select(clk, reading.clear, reading.from_h, rows, x_values, h_values, operand)
