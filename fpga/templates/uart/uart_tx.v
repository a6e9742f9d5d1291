// Sends bytes: 8 data bits, no parity, one stop bit, CYCLES clock cycles a bit. A byte is taken when valid and ready.
`default_nettype none

module uart_tx #(
  parameter CYCLES = 104
) (
  input wire clk,
  input wire reset,
  input wire [7:0] data,
  input wire valid,
  output wire ready,
  output wire line
);
  reg [9:0] shift;
  reg [15:0] wait_for;
  reg [3:0] bits_left;
  assign ready = bits_left == 4'd0;
  assign line = shift[0];

  always @(posedge clk) begin
    if (reset) begin
      shift <= 10'h3ff;
      bits_left <= 4'd0;
      wait_for <= 16'd0;
    end else if (ready) begin
      if (valid) begin
        shift <= {1'b1, data, 1'b0};
        bits_left <= 4'd10;
        wait_for <= CYCLES - 1;
      end
    end else if (wait_for != 16'd0) begin
      wait_for <= wait_for - 16'd1;
    end else begin
      shift <= {1'b1, shift[9:1]};
      bits_left <= bits_left - 4'd1;
      wait_for <= CYCLES - 1;
    end
  end
endmodule
