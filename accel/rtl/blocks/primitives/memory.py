"""Memories. Contents live in .hex files beside the Verilog, so its text does not grow with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myhdl import always, block


def sign_of(word: Any) -> str:
    """How Verilog declares a memory whose words are as `word`."""
    return "signed " if word.min < 0 else ""


@block
def rom(clk: Any, address: Any, word: Any, contents: Sequence[int], file: str) -> Any:
    """word = contents[address], one register: a block RAM with fixed contents.

    In: clk, address (any width). Out: word (any width). Latency: 1.
    """
    width, depth, sign = len(word), len(contents), sign_of(word)
    rom.verilog_code = """
reg $sign[$width-1:0] ${word}_memory [0:$depth-1];
initial $$readmemh("$file", ${word}_memory);
always @(posedge $clk) $word <= ${word}_memory[$address];
"""
    word.driven = "reg"
    address.read = clk.read = True

    @always(clk.posedge)
    def reading():
        word.next = contents[int(address)]

    return reading


@block
def rom_on_demand(clk: Any, enable: Any, address: Any, word: Any, contents: Sequence[int], file: str) -> Any:
    """While `enable`, word = contents[address]; else it stays: a memory with fixed contents behind a handshake.

    In: clk, enable (1 bit), address (any width). Out: word (any width). Latency: 1.
    """
    width, depth, sign = len(word), len(contents), sign_of(word)
    rom_on_demand.verilog_code = """
reg $sign[$width-1:0] ${word}_memory [0:$depth-1];
initial $$readmemh("$file", ${word}_memory);
always @(posedge $clk) if ($enable) $word <= ${word}_memory[$address];
"""
    word.driven = "reg"
    address.read = clk.read = enable.read = True

    @always(clk.posedge)
    def reading():
        if enable:
            word.next = contents[int(address)]

    return reading


@block
def scratchpad(
    clk: Any,
    weight_set: Any,
    address: Any,
    word: Any,
    write: Any,
    write_address: Any,
    written: Any,
    depth: int,
    style: str = "auto",
) -> Any:
    """word = memory[address] of one of two sets; `write` stores `written`, the set above the address.

    Nobody reads the set that is written. Synthesis is asked for a `style` of memory, where that is not auto.

    In: clk, weight_set (1 bit), address (any width), write (1 bit), write_address (any width), written
    (as wide as word). Out: word (any width). Latency: 1.
    """
    width, entries, low, sign = len(word), (1 << len(address)) + depth, len(address), sign_of(word)
    asked = "" if style == "auto" else f'(* ram_style = "{style}" *) '
    scratchpad.verilog_code = """
${asked}reg $sign[$width-1:0] ${word}_memory [0:$entries-1];
always @(posedge $clk) begin
    if ($write) ${word}_memory[$write_address] <= $written;
    $word <= ${word}_memory[{$weight_set, $address}];
end
"""
    word.driven = "reg"
    for signal in (clk, weight_set, address, write, write_address, written):
        signal.read = True
    store = [0] * entries

    @always(clk.posedge)
    def accessing():
        word.next = store[(int(weight_set) << low) + int(address)]
        if write:
            store[int(write_address)] = int(written)

    return accessing


@block
def ram(
    clk: Any, enable: Any, write: Any, write_address: Any, written: Any, address: Any, word: Any, depth: int
) -> Any:
    """Simple dual-port RAM: `write` stores `written`; while `enable`, word = memory[address].

    No schedule reads an address in the cycle that writes it.

    In: clk, enable (1 bit), write (1 bit), write_address (any width), written (as wide as word), address (any width).
    Out: word (any width). Latency: 1.
    """
    width, sign = len(word), sign_of(word)
    ram.verilog_code = """
reg $sign[$width-1:0] ${word}_memory [0:$depth-1];
always @(posedge $clk) begin
    if ($write) ${word}_memory[$write_address] <= $written;
    if ($enable) $word <= ${word}_memory[$address];
end
"""
    word.driven = "reg"
    for signal in (clk, enable, write, write_address, written, address):
        signal.read = True
    store = [0] * depth

    @always(clk.posedge)
    def accessing():
        if enable:
            word.next = store[int(address)]
        if write:
            store[int(write_address)] = int(written)

    return accessing
