// Frames into a byte stream: 5A kind number length(2) payload crc(2), as `frame_receiver.v` has them. The payload is
// written before `start`, byte by byte; kind, number and length stay until `sent`, which lasts a cycle.
`default_nettype none

module frame_sender #(
  parameter BUFFER_BITS = 11       // a payload has at most 2**BUFFER_BITS bytes
) (
  input wire clk,
  input wire reset,
  input wire write,
  input wire [BUFFER_BITS-1:0] place,
  input wire [7:0] data,
  input wire start,
  input wire [7:0] kind,
  input wire [7:0] number,
  input wire [15:0] length,
  output reg sent,
  output reg [7:0] tx_data,
  output reg tx_valid,
  input wire tx_ready
);
  localparam [2:0] HEAD_END = 3'd4, PAYLOAD = 3'd5, CRC = 3'd6, CRC_END = 3'd7;

  reg sending;
  reg [2:0] part;  // 0 to 4 header, 5 payload, 6 and 7 CRC
  reg [1:0] fetched;
  reg [15:0] crc, count;
  wire [15:0] next_crc;
  crc16 summing (.crc(crc), .data(tx_data), .next(next_crc));

  // What is read passes a register, for a faster clock.
  reg [7:0] memory [0:(1 << BUFFER_BITS) - 1];
  reg [7:0] read, payload;
  always @(posedge clk) begin
    if (write) memory[place] <= data;
    read <= memory[count[BUFFER_BITS-1:0]];
    payload <= read;
  end

  always @(posedge clk) begin
    sent <= 1'b0;
    if (start) begin
      sending <= 1'b1;
      part <= 3'd0;
      count <= 16'd0;
      crc <= 16'hffff;
      fetched <= 2'd0;
    end else if (sending && fetched != 2'd2) begin
      fetched <= fetched + 2'd1;
    end else if (sending && !tx_valid) begin
      tx_valid <= 1'b1;
      case (part)
        3'd0: tx_data <= 8'h5a;
        3'd1: tx_data <= kind;
        3'd2: tx_data <= number;
        3'd3: tx_data <= length[7:0];
        HEAD_END: tx_data <= length[15:8];
        PAYLOAD: tx_data <= payload;
        CRC: tx_data <= crc[7:0];
        default: tx_data <= crc[15:8];
      endcase
    end else if (sending && tx_ready) begin
      tx_valid <= 1'b0;
      fetched <= 2'd0;
      if (part >= 3'd1 && part <= PAYLOAD) crc <= next_crc;
      part <= part + 3'd1;
      if (part == HEAD_END && length == 16'd0) part <= CRC;
      if (part == PAYLOAD) begin
        count <= count + 16'd1;
        if (count + 16'd1 != length) part <= PAYLOAD;
      end
      if (part == CRC_END) {sending, sent} <= 2'b01;
    end
    if (reset) {sending, sent, tx_valid} <= 3'b000;
  end
endmodule
