"""A number in another width: every change of width is written down, so no tool has to guess whether it was meant."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, always, always_comb, block, intbv

from accel.rtl.blocks.primitives.signals import signed_list


@block
def extend(i: Any, o: Any) -> Any:
    """o is i with its sign in all bits above, at least one.

    In: i (signed, any width). Out: o (signed, any width). Latency: 0.
    """
    more, sign = len(o) - len(i), len(i) - 1
    extend.verilog_code = "assign $o = $$signed({{$more{$i[$sign]}}, $i});"
    o.driven = "wire"
    i.read = True

    @always_comb
    def extending():
        o.next = i

    return extending


@block
def append_zeros(i: Any, o: Any, count: int) -> Any:
    """o is i with `count` zero bits appended, which fill it.

    In: i (signed, any width). Out: o (signed, any width). Latency: 0.
    """
    append_zeros.verilog_code = "assign $o = $$signed({$i, {$count{1'b0}}});"
    o.driven = "wire"
    i.read = True

    @always_comb
    def appending():
        o.next = i << count

    return appending


@block
def resize_all(values: Any, wide: Any) -> Any:
    """`fit` for each of a list of signals in another width.

    In: values (a list: signed, any width). Out: wide (a list: signed, any width). Latency: 0.
    """
    lanes, more, sign = len(values), len(wide[0]) - len(values[0]), len(values[0]) - 1
    top = len(wide[0]) - 1
    resize_all.verilog_code = EACH.replace("VALUE", EXTENDED if more > 0 else CUT)
    for n in range(lanes):
        wide[n].driven, values[n].read = "wire", True

    @always(*values)
    def resizing():
        for n in range(lanes):
            wide[n].next = values[n]

    return resizing


EACH = """
genvar ${wide}_lane;
generate
for (${wide}_lane = 0; ${wide}_lane < $lanes; ${wide}_lane = ${wide}_lane + 1) begin: ${wide}_part
    assign $wide[${wide}_lane] = $$signed(VALUE);
end
endgenerate
"""
EXTENDED = "{{$more{$values[${wide}_lane][$sign]}}, $values[${wide}_lane]}"
CUT = "$values[${wide}_lane][$top:0]"
"""Of products that fit in fewer bits than any two factors of their widths could need."""


@block
def take(i: Any, o: Any) -> Any:
    """o is as many low bits of i as it has, in two's complement.

    In: i (signed, any width). Out: o (signed, any width). Latency: 0.
    """
    width = len(o)

    @always_comb
    def taking():
        o.next = i[width:].signed()

    return taking


@block
def drop(i: Any, o: Any, shift: int) -> Any:
    """o is i without its low `shift` bits, and as wide: the sign takes their place above.

    In: i (any width). Out: o (as wide as i). Latency: 0.
    """

    @always_comb
    def dropping():
        o.next = i >> shift

    return dropping


@block
def fit(i: Any, o: Any) -> Any:
    """o is i, which fits, in the width of o.

    In: i (signed, any width). Out: o (signed, any width). Latency: 0.
    """
    return extend(i, o) if len(o) > len(i) else take(i, o)


def widened(values: list[Any], width: int) -> list[Any]:
    """Signals for numbers that fit in a number of bits, for `fit_all` to drive; the very same where they have these."""
    return values if len(values[0]) == width else signed_list(len(values), width)


@block
def fit_all(values: Any, wide: Any) -> Any:
    """`wide` are the values, or signals that `widened` made for them.

    In: values (a list: signed, any width). Out: wide (a list: signed, any width). Latency: 0.
    """
    return () if wide is values else resize_all(values, wide)


@block
def pad(i: Any, o: Any) -> Any:
    """o is the unsigned i, with at least one zero above.

    In: i (any width). Out: o (any width). Latency: 0.
    """
    padded = ConcatSignal(intbv(0)[len(o) - len(i) :], i)

    @always_comb
    def padding():
        o.next = padded

    @always_comb
    def padding_signed():
        o.next = padded.signed()

    return padding_signed if o.min < 0 else padding


@block
def multiple(i: Any, o: Any, factor: int) -> Any:
    """The unsigned i times a constant; o is `wrapping`.

    In: i (any width). Out: o (any width). Latency: 0.
    """
    width, times = len(o), factor % (1 << len(o))
    kept = f"$i[{width - 1}:0]" if len(i) > width else "$i"
    operand = f"{{{width - len(i)}'d0, $i}}" if len(i) < width else kept
    multiple.verilog_code = f"assign $o = {operand} * {width}'d{times};"
    o.driven, i.read = "wire", True

    @always_comb
    def multiplying():
        o.next = i * times

    return multiplying
