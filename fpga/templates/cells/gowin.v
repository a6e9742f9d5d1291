// What the memories and multipliers of a Gowin netlist compute, in our own words: yosys knows them as black boxes only, and
// the other cells by models of its own (+/gowin/cells_sim.v). Written after Gowin's BSRAM and DSP guides (UG285, UG287);
// timing is not modelled. `fpga/chip.py` refuses parameters that are not.
`default_nettype wire

`define CONTENTS(BITS) \
  parameter [BITS - 1:0] INIT_RAM_00 = 0, parameter [BITS - 1:0] INIT_RAM_01 = 0, \
  parameter [BITS - 1:0] INIT_RAM_02 = 0, parameter [BITS - 1:0] INIT_RAM_03 = 0, \
  parameter [BITS - 1:0] INIT_RAM_04 = 0, parameter [BITS - 1:0] INIT_RAM_05 = 0, \
  parameter [BITS - 1:0] INIT_RAM_06 = 0, parameter [BITS - 1:0] INIT_RAM_07 = 0, \
  parameter [BITS - 1:0] INIT_RAM_08 = 0, parameter [BITS - 1:0] INIT_RAM_09 = 0, \
  parameter [BITS - 1:0] INIT_RAM_0A = 0, parameter [BITS - 1:0] INIT_RAM_0B = 0, \
  parameter [BITS - 1:0] INIT_RAM_0C = 0, parameter [BITS - 1:0] INIT_RAM_0D = 0, \
  parameter [BITS - 1:0] INIT_RAM_0E = 0, parameter [BITS - 1:0] INIT_RAM_0F = 0, \
  parameter [BITS - 1:0] INIT_RAM_10 = 0, parameter [BITS - 1:0] INIT_RAM_11 = 0, \
  parameter [BITS - 1:0] INIT_RAM_12 = 0, parameter [BITS - 1:0] INIT_RAM_13 = 0, \
  parameter [BITS - 1:0] INIT_RAM_14 = 0, parameter [BITS - 1:0] INIT_RAM_15 = 0, \
  parameter [BITS - 1:0] INIT_RAM_16 = 0, parameter [BITS - 1:0] INIT_RAM_17 = 0, \
  parameter [BITS - 1:0] INIT_RAM_18 = 0, parameter [BITS - 1:0] INIT_RAM_19 = 0, \
  parameter [BITS - 1:0] INIT_RAM_1A = 0, parameter [BITS - 1:0] INIT_RAM_1B = 0, \
  parameter [BITS - 1:0] INIT_RAM_1C = 0, parameter [BITS - 1:0] INIT_RAM_1D = 0, \
  parameter [BITS - 1:0] INIT_RAM_1E = 0, parameter [BITS - 1:0] INIT_RAM_1F = 0, \
  parameter [BITS - 1:0] INIT_RAM_20 = 0, parameter [BITS - 1:0] INIT_RAM_21 = 0, \
  parameter [BITS - 1:0] INIT_RAM_22 = 0, parameter [BITS - 1:0] INIT_RAM_23 = 0, \
  parameter [BITS - 1:0] INIT_RAM_24 = 0, parameter [BITS - 1:0] INIT_RAM_25 = 0, \
  parameter [BITS - 1:0] INIT_RAM_26 = 0, parameter [BITS - 1:0] INIT_RAM_27 = 0, \
  parameter [BITS - 1:0] INIT_RAM_28 = 0, parameter [BITS - 1:0] INIT_RAM_29 = 0, \
  parameter [BITS - 1:0] INIT_RAM_2A = 0, parameter [BITS - 1:0] INIT_RAM_2B = 0, \
  parameter [BITS - 1:0] INIT_RAM_2C = 0, parameter [BITS - 1:0] INIT_RAM_2D = 0, \
  parameter [BITS - 1:0] INIT_RAM_2E = 0, parameter [BITS - 1:0] INIT_RAM_2F = 0, \
  parameter [BITS - 1:0] INIT_RAM_30 = 0, parameter [BITS - 1:0] INIT_RAM_31 = 0, \
  parameter [BITS - 1:0] INIT_RAM_32 = 0, parameter [BITS - 1:0] INIT_RAM_33 = 0, \
  parameter [BITS - 1:0] INIT_RAM_34 = 0, parameter [BITS - 1:0] INIT_RAM_35 = 0, \
  parameter [BITS - 1:0] INIT_RAM_36 = 0, parameter [BITS - 1:0] INIT_RAM_37 = 0, \
  parameter [BITS - 1:0] INIT_RAM_38 = 0, parameter [BITS - 1:0] INIT_RAM_39 = 0, \
  parameter [BITS - 1:0] INIT_RAM_3A = 0, parameter [BITS - 1:0] INIT_RAM_3B = 0, \
  parameter [BITS - 1:0] INIT_RAM_3C = 0, parameter [BITS - 1:0] INIT_RAM_3D = 0, \
  parameter [BITS - 1:0] INIT_RAM_3E = 0, parameter [BITS - 1:0] INIT_RAM_3F = 0

`define ALL_CONTENTS { \
  INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38, \
  INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30, \
  INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28, \
  INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20, \
  INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18, \
  INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10, \
  INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08, \
  INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00}

// A memory of 2,048 bytes of SIZE bits under two ports. A port's words have WIDTH bits: below a byte by the address' last
// bits, above it several bytes, of which the address' last bits say those that are written.
module gowin_memory #(
  parameter SIZE = 9,
  parameter integer WIDTH_A = 9,
  parameter integer WIDTH_B = 9,
  parameter [1:0] WRITE_MODE_A = 2'b00,
  parameter [1:0] WRITE_MODE_B = 2'b00,
  parameter RESET_MODE = "SYNC",
  parameter [2048 * SIZE - 1:0] INIT = 0
) (
  input CLKA, input CEA, input WREA, input RESETA, input [13:0] ADA, input [35:0] DIA, output [35:0] DOA,
  input CLKB, input CEB, input WREB, input RESETB, input [13:0] ADB, input [35:0] DIB, output [35:0] DOB
);
  reg [SIZE - 1:0] bytes [0:2047];
  reg [35:0] read_a = 0, read_b = 0;
  // A reset that waits for no clock shows at once, and stays until the next reading.
  localparam AT_ONCE = RESET_MODE == "ASYNC";
  assign DOA = AT_ONCE && RESETA ? 36'd0 : read_a;
  assign DOB = AT_ONCE && RESETB ? 36'd0 : read_b;

  integer n;
  initial for (n = 0; n < 2048; n = n + 1) bytes[n] = INIT[SIZE * n +: SIZE];

  function [35:0] word(input [13:0] address, input integer width);
    integer k;
    begin
      word = 36'd0;
      if (width < 8) word = (bytes[address[13:3]] >> address[2:0]) & ((1 << width) - 1);
      else for (k = 0; k < width / SIZE; k = k + 1) word[SIZE * k +: SIZE] = bytes[first(address, width) + k];
    end
  endfunction

  function [10:0] first(input [13:0] address, input integer width);
    first = width >= 32 ? {address[13:5], 2'b00} : width >= 16 ? {address[13:4], 1'b0} : address[13:3];
  endfunction

  integer a, b;
  always @(posedge CLKA) if (AT_ONCE && RESETA) read_a <= 36'd0; else if (CEA) begin
    if (WREA) begin
      if (WIDTH_A < 8)
        for (a = 0; a < WIDTH_A; a = a + 1) bytes[ADA[13:3]][ADA[2:0] + a] <= DIA[a];
      else
        for (a = 0; a < WIDTH_A / SIZE; a = a + 1)
          if (WIDTH_A < 16 || ADA[a]) bytes[first(ADA, WIDTH_A) + a] <= DIA[SIZE * a +: SIZE];
    end
    if (RESETA) read_a <= 36'd0;
    else if (!WREA || WRITE_MODE_A == 2'b10) read_a <= word(ADA, WIDTH_A);
    else if (WRITE_MODE_A == 2'b01) read_a <= DIA;
  end
  always @(posedge CLKB) if (AT_ONCE && RESETB) read_b <= 36'd0; else if (CEB) begin
    if (WREB) begin
      if (WIDTH_B < 8)
        for (b = 0; b < WIDTH_B; b = b + 1) bytes[ADB[13:3]][ADB[2:0] + b] <= DIB[b];
      else
        for (b = 0; b < WIDTH_B / SIZE; b = b + 1)
          if (WIDTH_B < 16 || ADB[b]) bytes[first(ADB, WIDTH_B) + b] <= DIB[SIZE * b +: SIZE];
    end
    if (RESETB) read_b <= 36'd0;
    else if (!WREB || WRITE_MODE_B == 2'b10) read_b <= word(ADB, WIDTH_B);
    else if (WRITE_MODE_B == 2'b01) read_b <= DIB;
  end
endmodule

module SP #(
  parameter READ_MODE = 1'b0, parameter [1:0] WRITE_MODE = 2'b00, parameter integer BIT_WIDTH = 32,
  parameter BLK_SEL = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(256)
) (
  output [31:0] DO, input [31:0] DI, input [2:0] BLKSEL, input [13:0] AD, input WRE, input CLK, input CE, input OCE,
  input RESET
);
  wire [35:0] read;
  assign DO = read[31:0];
  gowin_memory #(.SIZE(8), .WIDTH_A(BIT_WIDTH), .WRITE_MODE_A(WRITE_MODE), .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)) memory (
    .CLKA(CLK), .CEA(CE), .WREA(WRE), .RESETA(RESET), .ADA(AD), .DIA({4'd0, DI}), .DOA(read),
    .CLKB(CLK), .CEB(1'b0), .WREB(1'b0), .RESETB(1'b0), .ADB(14'd0), .DIB(36'd0), .DOB()
  );
endmodule

module SPX9 #(
  parameter READ_MODE = 1'b0, parameter [1:0] WRITE_MODE = 2'b00, parameter integer BIT_WIDTH = 36,
  parameter BLK_SEL = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(288)
) (
  output [35:0] DO, input [35:0] DI, input [2:0] BLKSEL, input [13:0] AD, input WRE, input CLK, input CE, input OCE,
  input RESET
);
  wire [35:0] read;
  assign DO = read[35:0];
  gowin_memory #(.SIZE(9), .WIDTH_A(BIT_WIDTH), .WRITE_MODE_A(WRITE_MODE), .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)) memory (
    .CLKA(CLK), .CEA(CE), .WREA(WRE), .RESETA(RESET), .ADA(AD), .DIA(DI), .DOA(read),
    .CLKB(CLK), .CEB(1'b0), .WREB(1'b0), .RESETB(1'b0), .ADB(14'd0), .DIB(36'd0), .DOB()
  );
endmodule

module DPB #(
  parameter READ_MODE0 = 1'b0, parameter READ_MODE1 = 1'b0, parameter [1:0] WRITE_MODE0 = 2'b00,
  parameter [1:0] WRITE_MODE1 = 2'b00, parameter integer BIT_WIDTH_0 = 16, parameter integer BIT_WIDTH_1 = 16,
  parameter BLK_SEL_0 = 3'b000, parameter BLK_SEL_1 = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(256)
) (
  input CLKA, input CEA, input CLKB, input CEB, input OCEA, input OCEB, input RESETA, input RESETB, input WREA, input WREB,
  input [13:0] ADA, input [13:0] ADB, input [2:0] BLKSELA, input [2:0] BLKSELB, input [15:0] DIA, input [15:0] DIB,
  output [15:0] DOA, output [15:0] DOB
);
  wire [35:0] read_a, read_b;
  assign DOA = read_a[15:0];
  assign DOB = read_b[15:0];
  gowin_memory #(
    .SIZE(8), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .WRITE_MODE_A(WRITE_MODE0), .WRITE_MODE_B(WRITE_MODE1),
    .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)
  ) memory (
    .CLKA(CLKA), .CEA(CEA), .WREA(WREA), .RESETA(RESETA), .ADA(ADA), .DIA({20'd0, DIA}), .DOA(read_a),
    .CLKB(CLKB), .CEB(CEB), .WREB(WREB), .RESETB(RESETB), .ADB(ADB), .DIB({20'd0, DIB}), .DOB(read_b)
  );
endmodule

module DPX9B #(
  parameter READ_MODE0 = 1'b0, parameter READ_MODE1 = 1'b0, parameter [1:0] WRITE_MODE0 = 2'b00,
  parameter [1:0] WRITE_MODE1 = 2'b00, parameter integer BIT_WIDTH_0 = 18, parameter integer BIT_WIDTH_1 = 18,
  parameter BLK_SEL_0 = 3'b000, parameter BLK_SEL_1 = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(288)
) (
  input CLKA, input CEA, input CLKB, input CEB, input OCEA, input OCEB, input RESETA, input RESETB, input WREA, input WREB,
  input [13:0] ADA, input [13:0] ADB, input [2:0] BLKSELA, input [2:0] BLKSELB, input [17:0] DIA, input [17:0] DIB,
  output [17:0] DOA, output [17:0] DOB
);
  wire [35:0] read_a, read_b;
  assign DOA = read_a[17:0];
  assign DOB = read_b[17:0];
  gowin_memory #(
    .SIZE(9), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .WRITE_MODE_A(WRITE_MODE0), .WRITE_MODE_B(WRITE_MODE1),
    .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)
  ) memory (
    .CLKA(CLKA), .CEA(CEA), .WREA(WREA), .RESETA(RESETA), .ADA(ADA), .DIA({18'd0, DIA}), .DOA(read_a),
    .CLKB(CLKB), .CEB(CEB), .WREB(WREB), .RESETB(RESETB), .ADB(ADB), .DIB({18'd0, DIB}), .DOB(read_b)
  );
endmodule

// Written at port A, read at port B.
module SDPB #(
  parameter READ_MODE = 1'b0, parameter integer BIT_WIDTH_0 = 32, parameter integer BIT_WIDTH_1 = 32,
  parameter BLK_SEL_0 = 3'b000, parameter BLK_SEL_1 = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(256)
) (
  input CLKA, input CEA, input CLKB, input CEB, input OCE, input RESETA, input RESETB, input [13:0] ADA, input [13:0] ADB,
  input [31:0] DI, input [2:0] BLKSELA, input [2:0] BLKSELB, output [31:0] DO
);
  wire [35:0] read;
  assign DO = read[31:0];
  gowin_memory #(.SIZE(8), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)) memory (
    .CLKA(CLKA), .CEA(CEA), .WREA(1'b1), .RESETA(RESETA), .ADA(ADA), .DIA({4'd0, DI}), .DOA(),
    .CLKB(CLKB), .CEB(CEB), .WREB(1'b0), .RESETB(RESETB), .ADB(ADB), .DIB(36'd0), .DOB(read)
  );
endmodule

// Written at port A, read at port B.
module SDPX9B #(
  parameter READ_MODE = 1'b0, parameter integer BIT_WIDTH_0 = 36, parameter integer BIT_WIDTH_1 = 36,
  parameter BLK_SEL_0 = 3'b000, parameter BLK_SEL_1 = 3'b000, parameter RESET_MODE = "SYNC", `CONTENTS(288)
) (
  input CLKA, input CEA, input CLKB, input CEB, input OCE, input RESETA, input RESETB, input [13:0] ADA, input [13:0] ADB,
  input [35:0] DI, input [2:0] BLKSELA, input [2:0] BLKSELB, output [35:0] DO
);
  wire [35:0] read;
  assign DO = read[35:0];
  gowin_memory #(.SIZE(9), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .RESET_MODE(RESET_MODE), .INIT(`ALL_CONTENTS)) memory (
    .CLKA(CLKA), .CEA(CEA), .WREA(1'b1), .RESETA(RESETA), .ADA(ADA), .DIA(DI), .DOA(),
    .CLKB(CLKB), .CEB(CEB), .WREB(1'b0), .RESETB(RESETB), .ADB(ADB), .DIB(36'd0), .DOB(read)
  );
endmodule

module MULT9X9 (
  input [8:0] A, input [8:0] SIA, input [8:0] B, input [8:0] SIB, input ASIGN, input BSIGN, input ASEL, input BSEL,
  input CE, input CLK, input RESET, output [17:0] DOUT, output [8:0] SOA, output [8:0] SOB
);
  wire signed [9:0] a = {ASIGN & A[8], A}, b = {BSIGN & B[8], B};
  wire signed [19:0] product = a * b;
  assign DOUT = product[17:0];
endmodule

module MULT18X18 (
  input [17:0] A, input [17:0] SIA, input [17:0] B, input [17:0] SIB, input ASIGN, input BSIGN, input ASEL, input BSEL,
  input CE, input CLK, input RESET, output [35:0] DOUT, output [17:0] SOA, output [17:0] SOB
);
  wire signed [18:0] a = {ASIGN & A[17], A}, b = {BSIGN & B[17], B};
  wire signed [37:0] product = a * b;
  assign DOUT = product[35:0];
endmodule

module MULT36X36 (
  input [35:0] A, input [35:0] B, input ASIGN, input BSIGN, input CE, input CLK, input RESET, output [71:0] DOUT
);
  wire signed [36:0] a = {ASIGN & A[35], A}, b = {BSIGN & B[35], B};
  wire signed [73:0] product = a * b;
  assign DOUT = product[71:0];
endmodule
