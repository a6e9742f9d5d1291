"""The lanes of one unit: from its memory word to an exact total for each row.

Lanes are lists of signals and every stage is one generator that loops over them, which scales best (measured).
"""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

from accel.architecture.shape import Array
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list


class Reading:
    """How operands are read; each signal is aligned to the stage that uses it.

    `clear` and `from_h` have a bit for each lane of a row: the operand counts as zero; it is h, not x.
    """

    def __init__(self, array: Array) -> None:
        self.x_bank = flag()
        self.clear = bits(array.lanes_per_row)
        if array.recurrent:
            self.h_bank = bits(array.h_vector.bank_width)
            self.from_h = bits(array.lanes_per_row)


WEIGHTS = """
/* verilator no_inline_module */
genvar ${values}_lane;
generate
for (${values}_lane = 0; ${values}_lane < $lanes; ${values}_lane = ${values}_lane + 1) begin: ${values}_slice
    always @(posedge $clk) $values[${values}_lane] <= $word[${values}_lane*$stride +: $width];
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
    always @(posedge $clk) begin
        if ($write_enable) memory[$write_address] <= $written;
        read <= memory[{$bank, place[$place-1:$low]}];
    end
    $registers
    assign $values[${values}_lane] = $picked;
end
endgenerate
"""


@block
def weights(clk: Any, word: Any, values: Any, stride: int) -> Any:
    """The value parts of the memory word, one a lane. Latency: 1.

    Verilator is told to keep the module that this stands in: inlined, hundreds of units take minutes to compile.
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
    clk: Any, word: Any, write: Any, bank: Any, values: Any, vector: Any, array: Array, stride: int, offset: int
) -> Any:
    """Each operand is read from its own copy of a vector, at its index in the word. Latency: fetch_to_select."""
    late, style = array.operand_register, '(* ram_style = "block" *)' if array.operand_memory == "block" else ""
    write_enable, write_address, written = write.enable, write.address, write.word
    lanes, stored, depth = len(values), vector.word_width, vector.depth
    low, high, item, shift = vector.low, vector.high, vector.width, vector.shift
    place = low + high
    taken = [_verilog_register("taken", f"place[{low}-1:0]", low)] if low else []
    kept = [_verilog_register("read_late", "read", stored)] if late else []
    kept += [_verilog_register("taken_late", "taken", low)] if late and low else []
    registers = " ".join([*taken, *kept])
    word_read, item_taken = ("read_late", "taken_late") if late else ("read", "taken")
    picked = f"{word_read}[{item_taken}*{item} +: {item}]" if low else word_read
    picked = f"{{{picked}, {shift}'b0}}" if shift else picked
    operands.verilog_code = OPERANDS
    for value in values:
        value.driven = "wire"
    for signal in (clk, word, write_enable, write_address, written, bank):
        signal.read = True
    store, mask, sign = [0] * (vector.banks << high), (1 << item) - 1, 1 << (item - 1)
    read = signed_list(lanes, vector.aligned) if late else values

    @always(clk.posedge)
    def reading():
        base, packed = int(bank) << high, int(word) >> offset
        for n in range(lanes):
            index = (packed >> n * stride) & ((1 << place) - 1)
            raw = (store[base + (index >> low)] >> (index % (1 << low)) * item) & mask
            read[n].next = ((raw ^ sign) - sign) << shift
        if write_enable:
            store[int(write_address)] = int(written)

    @always(clk.posedge)
    def keeping():
        for n in range(lanes):
            values[n].next = read[n]

    return (reading, keeping) if late else reading


def _verilog_register(name: str, source: str, width: int) -> str:
    return f"reg [{width}-1:0] {name}; always @(posedge clk) {name} <= {source};"


@block
def carry(clk: Any, i: Any, o: Any) -> Any:
    """A list of values, one cycle later. Latency: 1."""
    lanes = len(i)

    @always(clk.posedge)
    def carrying():
        for n in range(lanes):
            o[n].next = i[n]

    return carrying


@block
def select_x(clk: Any, clear: Any, rows: int, x_values: Any, operand: Any) -> Any:
    """Operand registers in front of the multipliers of a layer without state: x or nothing. Latency: 1."""
    per_row = len(clear)

    @always(clk.posedge)
    def selecting():
        for r in range(rows):
            for m in range(per_row):
                if clear[m]:
                    operand[r * per_row + m].next = 0
                else:
                    operand[r * per_row + m].next = x_values[r * per_row + m]

    return selecting


@block
def select(clk: Any, clear: Any, from_h: Any, rows: int, x_values: Any, h_values: Any, operand: Any) -> Any:
    """Operand registers in front of the multipliers: x, h or nothing. Latency: 1."""
    per_row = len(clear)

    @always(clk.posedge)
    def selecting():
        for r in range(rows):
            for m in range(per_row):
                if clear[m]:
                    operand[r * per_row + m].next = 0
                elif from_h[m]:
                    operand[r * per_row + m].next = h_values[r * per_row + m]
                else:
                    operand[r * per_row + m].next = x_values[r * per_row + m]

    return selecting


@block
def fetch(clk: Any, word: Any, reading: Any, x: Any, h: Any, operand: Any, array: Array, offset: int) -> Any:
    """Operands at the indices that begin at bit `offset` of the word: read, aligned, selected.

    `h` is None for a layer without state. Latency: fetch_to_select + 1.
    """
    count, stride = len(operand), array.index_width
    rows = count // array.lanes_per_row
    x_values = signed_list(count, array.x_vector.aligned)
    x_reader = operands(clk, word, x, reading.x_bank, x_values, array.x_vector, array, stride, offset)
    if h is None:
        return x_reader, select_x(clk, reading.clear, rows, x_values, operand)
    h_values = signed_list(count, array.h_vector.aligned)
    h_reader = operands(clk, word, h, reading.h_bank, h_values, array.h_vector, array, stride, offset)
    return x_reader, h_reader, select(clk, reading.clear, reading.from_h, rows, x_values, h_values, operand)


FLATTEN = """
genvar ${o}_lane;
generate
for (${o}_lane = 0; ${o}_lane < $lanes; ${o}_lane = ${o}_lane + 1) begin: ${o}_part
    assign $o[${o}_lane*$width +: $width] = $values[${o}_lane];
end
endgenerate
"""


@block
def flatten(values: Any, o: Any) -> Any:
    """A list of values side by side in one word, the first one lowest. Latency: 0."""
    lanes, width = len(values), len(values[0])
    flatten.verilog_code = FLATTEN
    o.driven = "wire"
    for value in values:
        value.read = True
    mask = (1 << width) - 1

    @always(*values)
    def flattening():
        o.next = sum((int(values[n]) & mask) << n * width for n in range(lanes))

    return flattening


UNFLATTEN = """
genvar ${values}_lane;
generate
for (${values}_lane = 0; ${values}_lane < $lanes; ${values}_lane = ${values}_lane + 1) begin: ${values}_part
    always @($word) $values[${values}_lane] = $word[${values}_lane*$width +: $width];
end
endgenerate
"""


@block
def unflatten(word: Any, values: Any) -> Any:
    """The parts of a word as a list of values, the lowest first. Latency: 0."""
    lanes, width = len(values), len(values[0])
    unflatten.verilog_code = UNFLATTEN
    word.read = True
    for value in values:
        value.driven = "reg"  # Icarus stops at a net that is an alias of an array's element
    mask, sign = (1 << width) - 1, 1 << (width - 1)

    @always(word)
    def parting():
        packed = int(word)
        for n in range(lanes):
            values[n].next = ((packed >> n * width & mask) ^ sign) - sign

    return parting


@block
def multiply(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """A product a lane; rows share their operands where there are fewer operands than lanes. Latency: 1."""
    lanes, read = len(products), len(operand)

    @always(clk.posedge)
    def multiplying():
        for n in range(lanes):
            products[n].next = weight[n] * operand[n % read]

    return multiplying


@block
def take_or_negate(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """`multiply` by -1 or 1, words of one bit: the operand or its negative (binary weights, arXiv 1809.11086).

    Latency: 1.
    """
    lanes, read = len(products), len(operand)

    @always(clk.posedge)
    def choosing():
        for n in range(lanes):
            if weight[n] < 0:
                products[n].next = -operand[n % read]
            else:
                products[n].next = operand[n % read]

    return choosing


@block
def take_negate_or_drop(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """`multiply` by -1, 0 or 1: the operand, its negative or nothing (ternary weights, arXiv 1809.11086).

    Latency: 1.
    """
    lanes, read = len(products), len(operand)

    @always(clk.posedge)
    def choosing():
        for n in range(lanes):
            if weight[n] < 0:
                products[n].next = -operand[n % read]
            elif weight[n] > 0:
                products[n].next = operand[n % read]
            else:
                products[n].next = 0

    return choosing


@block
def weigh(clk: Any, weight: Any, operand: Any, products: Any, array: Array) -> Any:
    """Weights times operands, by a multiplier where the weights need one. Latency: 1."""
    if array.multiplies:
        return multiply(clk, weight, operand, products)
    if array.weight_width == 1:
        return take_or_negate(clk, weight, operand, products)
    return take_negate_or_drop(clk, weight, operand, products)


@block
def accumulate(clk: Any, first: Any, products: Any, totals: Any) -> Any:
    """totals += products, starting anew at `first`. Latency: 1."""
    lanes = len(totals)

    @always(clk.posedge)
    def accumulating():
        for n in range(lanes):
            if first:
                totals[n].next = products[n]
            else:
                totals[n].next = totals[n] + products[n]

    return accumulating


@block
def accumulate_parts(clk: Any, first: Any, of_h: Any, products: Any, totals: Any) -> Any:
    """`accumulate` where the last row has two totals for each lane: of its products with x, then of those with h.

    `of_h` [lanes of a row] tells which products are with h. Latency: 1.
    """
    per_row = len(of_h)
    whole = len(products) - per_row

    @always(clk.posedge)
    def accumulating():
        for n in range(whole):
            if first:
                totals[n].next = products[n]
            else:
                totals[n].next = totals[n] + products[n]

    @always(clk.posedge)
    def accumulating_x():
        for m in range(per_row):
            if of_h[m]:
                if first:
                    totals[whole + m].next = 0
            elif first:
                totals[whole + m].next = products[whole + m]
            else:
                totals[whole + m].next = totals[whole + m] + products[whole + m]

    @always(clk.posedge)
    def accumulating_h():
        for m in range(per_row):
            if not of_h[m]:
                if first:
                    totals[whole + per_row + m].next = 0
            elif first:
                totals[whole + per_row + m].next = products[whole + m]
            else:
                totals[whole + per_row + m].next = totals[whole + per_row + m] + products[whole + m]

    return accumulating, accumulating_x, accumulating_h


@block
def bits_above(word: Any, o: Any, low: int) -> Any:
    """The bits of a word from `low` on. Latency: 0."""
    high = len(word)

    @always_comb
    def taking():
        o.next = word[high:low]

    return taking


@block
def add_neighbours(clk: Any, i: Any, o: Any, rows: int) -> Any:
    """One level of each row's adder tree; an odd last value passes. Latency: 1."""
    before, after = len(i) // rows, len(o) // rows
    pairs = before // 2

    @always(clk.posedge)
    def adding():
        for r in range(rows):
            for p in range(pairs):
                o[r * after + p].next = i[r * before + 2 * p] + i[r * before + 2 * p + 1]

    @always(clk.posedge)
    def adding_and_passing():
        for r in range(rows):
            for p in range(pairs):
                o[r * after + p].next = i[r * before + 2 * p] + i[r * before + 2 * p + 1]
            o[r * after + pairs].next = i[r * before + before - 1]

    return adding_and_passing if before % 2 else adding


@block
def add_rows(clk: Any, i: Any, o: Any, rows: int) -> Any:
    """Sum of each row's partial totals (two lanes a row at least). Latency: tree_levels(lanes of a row)."""
    after = -(-len(i) // rows // 2)
    if after == 1:
        return add_neighbours(clk, i, o, rows)
    half = signed_list(rows * after, len(o[0]))
    level = add_neighbours(clk, i, half, rows)
    rest = add_rows(clk, half, o, rows)
    return level, rest


CAPTURE = """
genvar ${chain_out}_row;
generate
for (${chain_out}_row = 0; ${chain_out}_row < $rows; ${chain_out}_row = ${chain_out}_row + 1) begin: ${chain_out}_shift
    always @(posedge $clk)
        if ($capture) $chain_out[${chain_out}_row*$width +: $width] <= $totals[${chain_out}_row];
        else $chain_out[${chain_out}_row*$width +: $width] <= $chain_in[${chain_out}_row*$width +: $width];
end
endgenerate
"""


@block
def capture_chain(clk: Any, capture: Any, totals: Any, chain_in: Any, chain_out: Any) -> Any:
    """Totals leave the unit side by side in one word: loaded at `capture`, else shifted on from the neighbour.

    So the cell stage finds unit after unit at fixed signals and needs no multiplexer. Latency: 1.
    """
    rows, width = len(totals), len(totals[0])
    capture_chain.verilog_code = CAPTURE
    chain_out.driven = "reg"
    for signal in (clk, capture, chain_in, *totals):
        signal.read = True
    mask = (1 << width) - 1

    @always(clk.posedge)
    def shifting():
        if capture:
            chain_out.next = sum((int(totals[n]) & mask) << n * width for n in range(rows))
        else:
            chain_out.next = chain_in

    return shifting
