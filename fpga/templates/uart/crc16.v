// CRC-16 CCITT with one more byte. Latency: 0.
`default_nettype none

module crc16 (
  input wire [15:0] crc,
  input wire [7:0] data,
  output reg [15:0] next
);
  integer n;
  always @* begin
    next = crc ^ {data, 8'h00};
    for (n = 0; n < 8; n = n + 1) next = next[15] ? {next[14:0], 1'b0} ^ 16'h1021 : {next[14:0], 1'b0};
  end
endmodule
