// Writes words to the registers of a core of Vitis HLS, one after the other behind each reset: the last one starts it for
// good. What the core answers does not matter to it.
`default_nettype none

module core_start #(
  parameter COUNT = 1,
  parameter [64 * COUNT - 1:0] WRITES = 64'h0  // {address, word}, the first one lowest
) (
  input wire clk,
  input wire reset,
  output wire [31:0] awaddr,
  output reg awvalid,
  input wire awready,
  output wire [31:0] wdata,
  output reg wvalid,
  input wire wready,
  input wire bvalid,
  output wire bready
);
  reg [7:0] written;
  reg waiting;

  wire [63:0] now = WRITES[64 * written +: 64];
  assign awaddr = now[63:32];
  assign wdata = now[31:0];
  assign bready = 1'b1;

  always @(posedge clk) begin
    if (reset) begin
      {awvalid, wvalid, waiting} <= 3'b000;
      written <= 8'd0;
    end else if (!waiting) begin
      if (written != COUNT) {awvalid, wvalid, waiting} <= 3'b111;
    end else begin
      if (awready) awvalid <= 1'b0;
      if (wready) wvalid <= 1'b0;
      if (bvalid) begin
        waiting <= 1'b0;
        written <= written + 8'd1;
      end
    end
  end
endmodule
