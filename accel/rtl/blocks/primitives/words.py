"""Values side by side in a word, and apart again."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

FLATTEN = """
genvar ${o}_lane;
generate
for (${o}_lane = 0; ${o}_lane < $lanes; ${o}_lane = ${o}_lane + 1) begin: ${o}_part
    assign $o[${o}_lane*$width +: $width] = {$values[${o}_lane]};
end
endgenerate
"""


@block
def flatten(values: Any, o: Any) -> Any:
    """A list of values side by side in one word, the first one lowest.

    In: values (a list: signed, any width). Out: o (any width). Latency: 0.
    """
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
    always @($word) $values[${values}_lane] = $$signed($word[${values}_lane*$width +: $width]);
end
endgenerate
"""


@block
def unflatten(word: Any, values: Any) -> Any:
    """The parts of a word as a list of values, the lowest first.

    In: word (any width). Out: values (a list: signed, any width). Latency: 0.
    """
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


FIELDS = """
integer ${o}_field;
always @($word)
    for (${o}_field = 0; ${o}_field < $fields; ${o}_field = ${o}_field + 1)
        $o[${o}_field*$width +: $width] = $word[${o}_field*$step+$start +: $width];
"""


@block
def cut_fields(word: Any, o: Any, step: int, width: int, start: int = 0) -> Any:
    """Fields of `width` bits side by side, the lowest first, out of a word with one every `step` bits.

    In: word (any width). Out: o (any width). Latency: 0.
    """
    fields = len(o) // width
    cut_fields.verilog_code = FIELDS
    word.read, o.driven = True, "reg"
    mask = (1 << width) - 1

    @always(word)
    def cutting():
        packed = int(word) >> start
        o.next = sum((packed >> n * step & mask) << n * width for n in range(fields))

    return cutting


@block
def bits_above(word: Any, o: Any, low: int) -> Any:
    """The bits of a word from `low` on.

    In: word (any width). Out: o (any width). Latency: 0.
    """
    high = len(word)

    @always_comb
    def taking():
        o.next = word[high:low]

    return taking
