"""A small hand-made design with a memory, a multiplier and pins, for the tools to work on."""

from __future__ import annotations

from fpga.rtl import Rtl

VERILOG = """
module counter (input clk, input uart_rx, output uart_tx, output reg led);
  reg [7:0] squares [0:511];
  initial $readmemh("squares.hex", squares);
  reg [8:0] count;
  reg [7:0] square;
  reg [15:0] product;
  always @(posedge clk) begin
    count <= count + 1 + uart_rx;
    square <= squares[count];
    product <= square * count[7:0];
    led <= product[15];
  end
  assign uart_tx = product[7];
endmodule
"""
CONTENTS = "".join(f"{n * n % 256:02x}\n" for n in range(512))
COUNTER = Rtl("counter", "clk", {"counter.v": VERILOG, "squares.hex": CONTENTS})
