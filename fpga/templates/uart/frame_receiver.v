// Frames out of a byte stream: A5 kind number length(2) payload crc(2), numbers little-endian. The CRC (CCITT, from FFFF)
// covers everything between the first byte and itself.
//
// Only a frame that is complete and right is handed on, with `right`; one that is not ends with `wrong` and its `fault`.
// Either lasts a cycle. What is told of a payload is of a cycle ago: it is complete two bytes before its frame. What comes while nobody is `listening` is lost, and the next A5 starts anew.
`default_nettype none

module frame_receiver #(
  parameter BUFFER_BITS = 11,      // a payload has at most 2**BUFFER_BITS bytes
  parameter VECTOR_BYTES = 1,      // bytes of one x_t
  parameter GAP_CYCLES = 100000    // silence within a frame that ends it
) (
  input wire clk,
  input wire reset,
  input wire [7:0] rx_data,
  input wire rx_valid,
  input wire listening,
  output reg right,
  output reg wrong,
  output reg [7:0] fault,
  output reg [7:0] kind,
  output reg [7:0] number,
  output reg [15:0] length,
  output reg [15:0] first,         // the first two bytes of the payload
  output reg empty,                // the payload is nothing
  output reg vectors,              // it is whole vectors, nothing beyond
  output reg words,                // it is a piece number and whole words
  input wire [BUFFER_BITS-1:0] place,
  output reg [7:0] payload         // its byte at `place` two cycles ago
);
  localparam [7:0] BAD_CRC = 8'd1, CUT_SHORT = 8'd2, TOO_LONG = 8'd3;
  localparam [1:0] AT_SYNC = 2'd0, AT_HEAD = 2'd1, AT_BODY = 2'd2, AT_CRC = 2'd3;
  localparam [16:0] BUFFER = 17'd1 << BUFFER_BITS;

  reg [1:0] state;
  reg [31:0] idle;
  reg [15:0] crc, count;
  reg [15:0] left;                 // bytes of the payload that are still to come
  reg silent;
  reg [15:0] beyond;               // bytes behind the last whole vector
  wire [15:0] next_crc;
  wire [15:0] announced = {rx_data, length[7:0]};
  crc16 checking (.crc(crc), .data(rx_data), .next(next_crc));

  // What is read passes a register, for a faster clock.
  reg [7:0] memory [0:(1 << BUFFER_BITS) - 1];
  reg [7:0] read;
  always @(posedge clk) begin
    if (state == AT_BODY && rx_valid) memory[count[BUFFER_BITS-1:0]] <= rx_data;
    read <= memory[place];
    payload <= read;
  end

  task refuse(input [7:0] code);
    begin
      wrong <= 1'b1;
      fault <= code;
      state <= AT_SYNC;
    end
  endtask

  always @(posedge clk) begin
    right <= 1'b0;
    wrong <= 1'b0;
    idle <= rx_valid || state == AT_SYNC ? 32'd0 : idle + 32'd1;
    empty <= length == 16'd0;
    vectors <= length != 16'd0 && beyond == 16'd0;
    words <= length > 16'd2 && length[1:0] == 2'd2;
    silent <= !rx_valid && state != AT_SYNC && idle >= GAP_CYCLES;
    if (state != AT_SYNC && silent && !rx_valid) refuse(CUT_SHORT);
    else if (rx_valid) begin
      count <= count + 16'd1;
      case (state)
        AT_SYNC: begin
          count <= 16'd0;
          crc <= 16'hffff;
          if (rx_data == 8'ha5) state <= AT_HEAD;
        end
        AT_HEAD: begin
          crc <= next_crc;
          case (count[1:0])
            2'd0: kind <= rx_data;
            2'd1: number <= rx_data;
            2'd2: length[7:0] <= rx_data;
            default: begin
              length[15:8] <= rx_data;
              count <= 16'd0;
              left <= announced;
              beyond <= 16'd0;
              if ({1'b0, announced} > BUFFER) refuse(TOO_LONG);
              else state <= announced == 16'd0 ? AT_CRC : AT_BODY;
            end
          endcase
        end
        AT_BODY: begin
          crc <= next_crc;
          beyond <= beyond == VECTOR_BYTES - 1 ? 16'd0 : beyond + 16'd1;
          left <= left - 16'd1;
          if (count == 16'd0) first[7:0] <= rx_data;
          if (count == 16'd1) first[15:8] <= rx_data;
          if (left == 16'd1) begin
            count <= 16'd0;
            state <= AT_CRC;
          end
        end
        default:
          if (rx_data != (count[0] ? crc[15:8] : crc[7:0])) refuse(BAD_CRC);
          else if (count[0]) begin
            right <= 1'b1;
            state <= AT_SYNC;
          end
      endcase
    end
    if (reset || !listening) state <= AT_SYNC;
    if (reset) {right, wrong} <= 2'b00;
  end
endmodule
