// Frames on a byte stream to sequences and weights of the accelerator, and back.
//
//   request                                      reply
//   01  a sequence                               81  its results
//   02  nothing                                  82  version, runs(2), errors(2), the accelerator's status word
//   03  piece number(2), words of weights (4)    83  nothing: the piece was taken
//   04  the same, the last piece                 83
//                                                EE  the code of an error
//
// A request reaches the accelerator only when its frame is complete and right, so a bad frame changes nothing. Whatever
// happens, there is a reply or silence. Pieces 0, 1, 2 ... make one frame of the accelerator's stream of weights; the one
// taken last may come again, in case its reply was lost; piece 0 begins anew and ends a frame that was given up, which
// the accelerator then finds too short. Sequences may run between two pieces.
`default_nettype none

module frame_bridge #(
  parameter [7:0] VERSION = 8'd0,   // of what is said above
  parameter INPUT_BYTES = 1,        // of a beat of x_t
  parameter VECTOR_BYTES = 1,       // of all its beats
  parameter OUTPUT_BYTES = 1,
  parameter STATUS_BITS = 1,
  parameter LOADABLE = 0,           // weights are loaded; otherwise pieces of them make no sense
  parameter BUFFER_BITS = 11,       // a payload has at most 2**BUFFER_BITS bytes
  parameter GAP_CYCLES = 100000,    // silence within a frame that ends it
  parameter RUN_CYCLES = 10000000   // patience with the accelerator
) (
  input wire clk,
  input wire reset,
  input wire [7:0] rx_data,
  input wire rx_valid,
  output wire [7:0] tx_data,
  output wire tx_valid,
  input wire tx_ready,
  output reg accelerator_reset,
  input wire [STATUS_BITS-1:0] status,
  input wire loaded,
  output wire [31:0] s_weights_tdata,
  output wire s_weights_tvalid,
  input wire s_weights_tready,
  output wire s_weights_tlast,
  output wire [8*INPUT_BYTES-1:0] s_axis_tdata,
  output wire s_axis_tvalid,
  input wire s_axis_tready,
  output wire s_axis_tlast,
  input wire [8*OUTPUT_BYTES-1:0] m_axis_tdata,
  input wire m_axis_tvalid,
  output wire m_axis_tready,
  input wire m_axis_tlast
);
  localparam [7:0] RUN = 8'h01, STATUS = 8'h02, PIECE = 8'h03, LAST_PIECE = 8'h04;
  localparam [7:0] RESULTS = 8'h81, STATUS_REPLY = 8'h82, TAKEN = 8'h83, ERROR = 8'hee;
  localparam [7:0] TOO_LONG = 8'd3, NO_ANSWER = 8'd4, BAD_REQUEST = 8'd5, NO_WEIGHTS = 8'd6, OUT_OF_ORDER = 8'd7;
  localparam [2:0] AT_REQUEST = 3'd0, AT_RUN = 3'd1, AT_LOAD = 3'd2, AT_STORE = 3'd3, AT_REPLY = 3'd4;

  reg [2:0] state;
  reg [31:0] idle;
  reg late;                         // the accelerator has been waited for long enough
  reg [15:0] runs, errors;

  wire right, wrong;
  wire [7:0] fault, kind, number, payload;
  wire [15:0] length, piece;
  wire empty, vectors, words;
  reg [16:0] fed;
  frame_receiver #(
    .BUFFER_BITS(BUFFER_BITS), .VECTOR_BYTES(VECTOR_BYTES), .GAP_CYCLES(GAP_CYCLES)
  ) receiver (
    .clk(clk), .reset(reset), .rx_data(rx_data), .rx_valid(rx_valid), .listening(state == AT_REQUEST),
    .right(right), .wrong(wrong), .fault(fault), .kind(kind), .number(number), .length(length), .first(piece),
    .empty(empty), .vectors(vectors), .words(words),
    .place(fed[BUFFER_BITS-1:0]), .payload(payload)
  );

  // What is asked, of a cycle ago: kind and payload are there bytes before their frame is right.
  reg asks_run, asks_status, asks_piece;

  // What enters, a beat of x_t or of weights: a byte each three cycles, so that the memory has been read.
  localparam BEAT_BYTES = INPUT_BYTES > 4 ? INPUT_BYTES : 4;
  reg [8*BEAT_BYTES-1:0] beat;
  reg beat_valid, beat_last, loading;
  reg [7:0] beat_left;
  reg [1:0] feed_phase;
  reg fed_all, at_last_byte;        // of a cycle ago: a byte takes three
  wire feeding = (state == AT_RUN || state == AT_LOAD) && !beat_valid && !fed_all;
  assign s_axis_tdata = beat[8*BEAT_BYTES-1 -: 8*INPUT_BYTES];
  assign s_axis_tvalid = beat_valid && !loading;
  assign s_axis_tlast = beat_last;
  assign s_weights_tdata = beat[8*BEAT_BYTES-1 -: 32];
  assign s_weights_tvalid = beat_valid && loading;
  assign s_weights_tlast = beat_last;

  // Pieces of weights.
  reg [16:0] expected;  // the next piece
  reg open;             // the accelerator has the beginning of a frame
  reg again, begins, follows;  // of a cycle ago: the piece is that taken last, the first one, the next one

  // What leaves, a byte a cycle into the memory of replies: a beat of results, the status word, the code of an error.
  localparam STATUS_BYTES = 5 + (STATUS_BITS + 7) / 8;
  localparam LEAVING_BYTES = OUTPUT_BYTES > STATUS_BYTES ? OUTPUT_BYTES : STATUS_BYTES;
  reg [8*LEAVING_BYTES-1:0] leaving;
  reg [7:0] leaving_left, reply_kind;
  reg [BUFFER_BITS:0] stored;
  reg storing;                      // bytes are left
  reg overflow, send;
  wire sent;
  wire full = stored[BUFFER_BITS];
  wire [15:0] reply_length = stored;
  assign m_axis_tready = state == AT_RUN && !storing;
  frame_sender #(.BUFFER_BITS(BUFFER_BITS)) sender (
    .clk(clk), .reset(reset), .write(storing && !full), .place(stored[BUFFER_BITS-1:0]), .data(leaving[7:0]),
    .start(send), .kind(reply_kind), .number(number), .length(reply_length), .sent(sent),
    .tx_data(tx_data), .tx_valid(tx_valid), .tx_ready(tx_ready)
  );

  task answer(input [7:0] with_kind, input [7:0] bytes);
    begin
      state <= AT_STORE;
      reply_kind <= with_kind;
      leaving_left <= bytes;
      storing <= bytes != 8'd0;
      stored <= 0;
      overflow <= 1'b0;
    end
  endtask

  task fail(input [7:0] code);
    begin
      errors <= errors + 16'd1;
      leaving[7:0] <= code;
      answer(ERROR, 8'd1);
    end
  endtask

  task restart_accelerator;
    begin
      accelerator_reset <= 1'b1;
      beat_valid <= 1'b0;
      open <= 1'b0;
      expected <= 17'd0;
    end
  endtask

  task begin_run;
    begin
      state <= AT_RUN;
      runs <= runs + 16'd1;
      reply_kind <= RESULTS;
      stored <= 0;
      overflow <= 1'b0;
      loading <= 1'b0;
      fed <= 17'd0;
      beat_left <= INPUT_BYTES;
    end
  endtask

  task begin_piece;
    begin
      state <= AT_LOAD;
      loading <= 1'b1;
      fed <= 17'd2;
      beat_left <= 8'd4;
      expected <= {1'b0, piece} + 17'd1;
      open <= kind == PIECE;
      beat_valid <= open && begins;  // ends a frame that was given up
      beat_last <= 1'b1;
    end
  endtask

  task dispatch;
    begin
      idle <= 32'd0;
      late <= 1'b0;
      fed_all <= 1'b0;
      feed_phase <= 2'd0;
      if (asks_run) begin
        if (loaded) begin_run;
        else fail(NO_WEIGHTS);
      end else if (asks_status) begin
        leaving <= {status, errors, runs, VERSION};
        answer(STATUS_REPLY, STATUS_BYTES);
      end else if (asks_piece) begin
        if (begins || follows) begin_piece;
        else if (again) answer(TAKEN, 8'd0);
        else fail(OUT_OF_ORDER);
      end else begin
        fail(BAD_REQUEST);
      end
    end
  endtask

  task feed;
    begin
      feed_phase <= feed_phase == 2'd2 ? 2'd0 : feed_phase + 2'd1;
      if (feed_phase == 2'd2) begin
        beat <= {payload, beat} >> 8;
        fed <= fed + 17'd1;
        beat_left <= beat_left - 8'd1;
        if (beat_left == 8'd1) begin
          beat_left <= loading ? 8'd4 : INPUT_BYTES;
          beat_valid <= 1'b1;
          beat_last <= at_last_byte && kind != PIECE;
        end
      end
    end
  endtask

  always @(posedge clk) begin
    accelerator_reset <= 1'b0;
    send <= 1'b0;
    idle <= idle + 32'd1;
    late <= idle >= RUN_CYCLES;
    asks_run <= kind == RUN && vectors;
    asks_status <= kind == STATUS && empty;
    asks_piece <= LOADABLE && (kind == PIECE || kind == LAST_PIECE) && words;
    again <= {1'b0, piece} + 17'd1 == expected;
    begins <= piece == 16'd0;
    follows <= {1'b0, piece} == expected;
    fed_all <= fed == {1'b0, length};
    at_last_byte <= fed + 17'd1 == {1'b0, length};
    if (storing) begin
      leaving <= leaving >> 8;
      leaving_left <= leaving_left - 8'd1;
      storing <= leaving_left != 8'd1;
      if (full) overflow <= 1'b1;
      else stored <= stored + 1'd1;
    end
    if (feeding) feed;
    if (beat_valid && (loading ? s_weights_tready : s_axis_tready)) beat_valid <= 1'b0;
    case (state)
      AT_REQUEST:
        if (right) dispatch;
        else if (wrong) fail(fault);
      AT_RUN:
        if (m_axis_tvalid && m_axis_tready) begin
          leaving[8*OUTPUT_BYTES-1:0] <= m_axis_tdata;
          leaving_left <= OUTPUT_BYTES;
          storing <= 1'b1;
          if (m_axis_tlast) state <= AT_STORE;
        end
      AT_LOAD:
        if (fed_all && !beat_valid) answer(TAKEN, 8'd0);
      AT_STORE:
        if (!storing && overflow) fail(TOO_LONG);
        else if (!storing) begin
          send <= 1'b1;
          state <= AT_REPLY;
        end
      default:
        if (sent) state <= AT_REQUEST;
    endcase
    if ((state == AT_RUN || state == AT_LOAD) && late) begin
      restart_accelerator;
      fail(NO_ANSWER);
    end
    if (reset) begin
      state <= AT_REQUEST;
      runs <= 16'd0;
      errors <= 16'd0;
      leaving_left <= 8'd0;
      storing <= 1'b0;
      send <= 1'b0;
      restart_accelerator;
    end
  end
endmodule
