// Receives bytes: 8 data bits, no parity, one stop bit, CYCLES clock cycles a bit. A byte without its stop bit is dropped.
`default_nettype none

module uart_rx #(
  parameter CYCLES = 104
) (
  input wire clk,
  input wire reset,
  input wire line,
  output reg [7:0] data,
  output reg valid
);
  reg [2:0] sampled;  // the line through two registers, then its past
  reg [15:0] wait_for;
  reg [3:0] bits_left;
  wire level = sampled[1];
  wire falling = sampled[2] && !sampled[1];

  always @(posedge clk) begin
    sampled <= {sampled[1:0], line};
    valid <= 1'b0;
    if (reset) begin
      sampled <= 3'b111;
      bits_left <= 4'd0;
      wait_for <= 16'd0;
    end else if (bits_left == 4'd0) begin
      if (falling) begin
        bits_left <= 4'd10;
        wait_for <= CYCLES / 2;
      end
    end else if (wait_for != 16'd0) begin
      wait_for <= wait_for - 16'd1;
    end else begin
      wait_for <= CYCLES - 1;
      bits_left <= bits_left - 4'd1;
      if (bits_left == 4'd10) begin
        if (level) bits_left <= 4'd0;  // a glitch, no start bit
      end else if (bits_left == 4'd1) begin
        valid <= level;
      end else begin
        data <= {level, data[7:1]};
      end
    end
  end
endmodule
