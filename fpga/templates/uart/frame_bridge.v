// Frames on a byte stream to sequences of the accelerator and back.
//
//   request   A5 kind number length(2) payload crc(2)     kind 01: one sequence, 02: status
//   reply     5A kind number length(2) payload crc(2)     kind 81: its results, 82: status, EE: an error code
//
// Numbers are little-endian; the CRC (CCITT, from FFFF) covers everything between the first byte and itself. A sequence
// reaches the accelerator only when its frame is complete and right, so a bad frame changes nothing. Whatever happens,
// there is a reply or silence, and the next A5 starts anew.
`default_nettype none

module frame_bridge #(
  parameter INPUT_BYTES = 1,
  parameter OUTPUT_BYTES = 1,
  parameter BUFFER_BITS = 11,       // a payload has at most 2**BUFFER_BITS bytes
  parameter GAP_CYCLES = 100000,    // silence within a frame that ends it
  parameter RUN_CYCLES = 10000000   // patience with the accelerator
) (
  input wire clk,
  input wire reset,
  input wire [7:0] rx_data,
  input wire rx_valid,
  output reg [7:0] tx_data,
  output reg tx_valid,
  input wire tx_ready,
  output reg accelerator_reset,
  output reg [8*INPUT_BYTES-1:0] s_axis_tdata,
  output reg s_axis_tvalid,
  input wire s_axis_tready,
  output reg s_axis_tlast,
  input wire [8*OUTPUT_BYTES-1:0] m_axis_tdata,
  input wire m_axis_tvalid,
  output wire m_axis_tready,
  input wire m_axis_tlast
);
  localparam [7:0] RUN = 8'h01, STATUS = 8'h02, RESULTS = 8'h81, STATUS_REPLY = 8'h82, ERROR = 8'hee;
  localparam [7:0] BAD_CRC = 8'd1, CUT_SHORT = 8'd2, TOO_LONG = 8'd3, NO_ANSWER = 8'd4, BAD_REQUEST = 8'd5;
  localparam [2:0] AT_SYNC = 3'd0, AT_HEAD = 3'd1, AT_BODY = 3'd2, AT_CRC = 3'd3, AT_RUN = 3'd4, AT_REPLY = 3'd5;
  localparam [16:0] BUFFER = 17'd1 << BUFFER_BITS;

  function [15:0] crc_of(input [15:0] crc, input [7:0] data);
    integer n;
    begin
      crc_of = crc ^ {data, 8'h00};
      for (n = 0; n < 8; n = n + 1) crc_of = crc_of[15] ? {crc_of[14:0], 1'b0} ^ 16'h1021 : {crc_of[14:0], 1'b0};
    end
  endfunction

  reg [2:0] state;
  reg [31:0] idle;
  reg [15:0] crc, count, length;
  reg [7:0] kind, number;
  reg [15:0] runs, errors;

  // The two payloads; what is read passes a register, for a faster clock.
  reg [7:0] request [0:(1 << BUFFER_BITS) - 1];
  reg [7:0] results [0:(1 << BUFFER_BITS) - 1];
  reg [7:0] request_read, results_read, request_late, results_late;
  reg [16:0] fed, stored;
  wire [16:0] sent = {1'b0, count};
  always @(posedge clk) begin
    if (state == AT_BODY && rx_valid) request[count[BUFFER_BITS-1:0]] <= rx_data;
    request_read <= request[fed[BUFFER_BITS-1:0]];
    if (storing) results[stored[BUFFER_BITS-1:0]] <= beat_out[7:0];
    results_read <= results[sent[BUFFER_BITS-1:0]];
    request_late <= request_read;
    results_late <= results_read;
  end

  // Beats to the accelerator: a byte each three cycles, so that the memory has been read.
  reg [1:0] feed_phase;
  reg [7:0] feed_left;
  wire feeding = state == AT_RUN && !s_axis_tvalid && fed < {1'b0, length};

  // Results into their memory, a byte a cycle.
  reg [8*OUTPUT_BYTES-1:0] beat_out;
  reg [7:0] store_left;
  reg last_out;
  wire storing = store_left != 8'd0;
  assign m_axis_tready = state == AT_RUN && !storing && !last_out;
  wire overflow = stored == BUFFER;

  // Replies: short ones out of a register.
  reg [7:0] reply_kind;
  reg [31:0] short_payload;
  reg [15:0] reply_length;
  reg [2:0] part;  // 0 to 4 header, 5 payload, 6 and 7 CRC
  reg [1:0] fetched;

  task fail(input [7:0] code);
    begin
      errors <= errors + 16'd1;
      reply(ERROR, 16'd1, {24'd0, code});
    end
  endtask

  task reply(input [7:0] with_kind, input [15:0] with_length, input [31:0] with_payload);
    begin
      state <= AT_REPLY;
      reply_kind <= with_kind;
      reply_length <= with_length;
      short_payload <= with_payload;
      part <= 3'd0;
      count <= 16'd0;
      crc <= 16'hffff;
      fetched <= 2'd0;
    end
  endtask

  task dispatch;
    begin
      if (kind == RUN && length != 16'd0 && length % INPUT_BYTES == 0) begin
        state <= AT_RUN;
        fed <= 17'd0;
        stored <= 17'd0;
        feed_left <= INPUT_BYTES;
        feed_phase <= 2'd0;
        last_out <= 1'b0;
        runs <= runs + 16'd1;
      end else if (kind == STATUS && length == 16'd0) begin
        reply(STATUS_REPLY, 16'd4, {errors, runs});
      end else begin
        fail(BAD_REQUEST);
      end
    end
  endtask

  always @(posedge clk) begin
    accelerator_reset <= 1'b0;
    idle <= rx_valid ? 32'd0 : idle + 32'd1;
    case (state)
      AT_SYNC: begin
        idle <= 32'd0;
        count <= 16'd0;
        crc <= 16'hffff;
        if (rx_valid && rx_data == 8'ha5) state <= AT_HEAD;
      end
      AT_HEAD:
        if (rx_valid) begin
          crc <= crc_of(crc, rx_data);
          count <= count + 16'd1;
          case (count[1:0])
            2'd0: kind <= rx_data;
            2'd1: number <= rx_data;
            2'd2: length[7:0] <= rx_data;
            default: begin
              length[15:8] <= rx_data;
              count <= 16'd0;
              if ({1'b0, rx_data, length[7:0]} > BUFFER) fail(TOO_LONG);
              else state <= {rx_data, length[7:0]} == 16'd0 ? AT_CRC : AT_BODY;
            end
          endcase
        end else if (idle >= GAP_CYCLES) fail(CUT_SHORT);
      AT_BODY:
        if (rx_valid) begin
          crc <= crc_of(crc, rx_data);
          count <= count + 16'd1;
          if (count + 16'd1 == length) begin
            count <= 16'd0;
            state <= AT_CRC;
          end
        end else if (idle >= GAP_CYCLES) fail(CUT_SHORT);
      AT_CRC:
        if (rx_valid) begin
          count <= count + 16'd1;
          if (rx_data != (count[0] ? crc[15:8] : crc[7:0])) fail(BAD_CRC);
          else if (count[0]) begin
            idle <= 32'd0;
            dispatch;
          end
        end else if (idle >= GAP_CYCLES) fail(CUT_SHORT);
      AT_RUN: begin
        idle <= idle + 32'd1;
        if (feeding) begin
          feed_phase <= feed_phase == 2'd2 ? 2'd0 : feed_phase + 2'd1;
          if (feed_phase == 2'd2) begin
            s_axis_tdata <= {request_late, s_axis_tdata} >> 8;
            fed <= fed + 17'd1;
            feed_left <= feed_left - 8'd1;
            if (feed_left == 8'd1) begin
              feed_left <= INPUT_BYTES;
              s_axis_tvalid <= 1'b1;
              s_axis_tlast <= fed + 17'd1 == {1'b0, length};
            end
          end
        end
        if (s_axis_tvalid && s_axis_tready) s_axis_tvalid <= 1'b0;
        if (m_axis_tvalid && m_axis_tready) begin
          beat_out <= m_axis_tdata;
          store_left <= OUTPUT_BYTES;
          last_out <= m_axis_tlast;
        end
        if (storing) begin
          beat_out <= beat_out >> 8;
          store_left <= store_left - 8'd1;
          stored <= stored + 17'd1;
        end
        if (storing && overflow) begin
          abort_run;
          fail(TOO_LONG);
        end else if (last_out && !storing) begin
          reply(RESULTS, stored[15:0], 32'd0);
        end else if (idle >= RUN_CYCLES) begin
          abort_run;
          fail(NO_ANSWER);
        end
      end
      default:
        if (fetched != 2'd2) begin
          fetched <= fetched + 2'd1;
        end else if (!tx_valid) begin
          tx_valid <= 1'b1;
          case (part)
            3'd0: tx_data <= 8'h5a;
            3'd1: tx_data <= reply_kind;
            3'd2: tx_data <= number;
            3'd3: tx_data <= reply_length[7:0];
            3'd4: tx_data <= reply_length[15:8];
            3'd5: tx_data <= reply_kind == RESULTS ? results_late : short_payload[7:0];
            3'd6: tx_data <= crc[7:0];
            default: tx_data <= crc[15:8];
          endcase
        end else if (tx_ready) begin
          tx_valid <= 1'b0;
          fetched <= 2'd0;
          if (part >= 3'd1 && part <= 3'd5) crc <= crc_of(crc, tx_data);
          part <= part + 3'd1;
          if (part == 3'd4 && reply_length == 16'd0) part <= 3'd6;
          if (part == 3'd5) begin
            count <= count + 16'd1;
            short_payload <= short_payload >> 8;
            if (count + 16'd1 != reply_length) part <= 3'd5;
          end
          if (part == 3'd7) state <= AT_SYNC;
        end
    endcase
    if (reset) begin
      state <= AT_SYNC;
      idle <= 32'd0;
      runs <= 16'd0;
      errors <= 16'd0;
      tx_valid <= 1'b0;
      s_axis_tvalid <= 1'b0;
      s_axis_tlast <= 1'b0;
      store_left <= 8'd0;
      last_out <= 1'b0;
      accelerator_reset <= 1'b1;
    end
  end

  task abort_run;
    begin
      accelerator_reset <= 1'b1;
      s_axis_tvalid <= 1'b0;
      store_left <= 8'd0;
    end
  endtask
endmodule
