// What the cells of an ECP5 netlist compute, in our own words: the memories and multipliers that yosys knows as black
// boxes only, and the logic around them. Written after Lattice's ECP5 memory and sysDSP usage guides (FPGA-TN-02204,
// FPGA-TN-02205); timing is not modelled. `fpga/chip.py` refuses parameters that are not.
`default_nettype wire

module LUT4 #(parameter [15:0] INIT = 16'd0) (input A, input B, input C, input D, output Z);
  assign Z = INIT[{D, C, B, A}];
endmodule

module PFUMX (input ALUT, input BLUT, input C0, output Z);
  assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21 (input D0, input D1, input SD, output Z);
  assign Z = SD ? D1 : D0;
endmodule

// Two bits of a carry chain: each propagates its carry where its table says 1, and generates one where it does not and
// the table's lowest quarter says so; an injecting half takes no carry.
module CCU2C #(
  parameter [15:0] INIT0 = 16'd0,
  parameter [15:0] INIT1 = 16'd0,
  parameter INJECT1_0 = "YES",
  parameter INJECT1_1 = "YES"
) (
  input CIN, input A0, input B0, input C0, input D0, input A1, input B1, input C1, input D1,
  output S0, output S1, output COUT
);
  localparam TAKES0 = INJECT1_0 != "YES", TAKES1 = INJECT1_1 != "YES";
  wire propagate0 = INIT0[{D0, C0, B0, A0}], generate0 = INIT0[{B0, A0}] & TAKES0;
  wire propagate1 = INIT1[{D1, C1, B1, A1}], generate1 = INIT1[{B1, A1}] & TAKES1;
  wire between = propagate0 ? CIN : generate0;
  assign S0 = propagate0 ^ (CIN & TAKES0);
  assign S1 = propagate1 ^ (between & TAKES1);
  assign COUT = propagate1 ? between : generate1;
endmodule

module TRELLIS_FF #(
  parameter GSR = "DISABLED",
  parameter CEMUX = "1",
  parameter CLKMUX = "CLK",
  parameter LSRMUX = "LSR",
  parameter SRMODE = "LSR_OVER_CE",
  parameter REGSET = "RESET"
) (input CLK, input LSR = 1'b0, input CE = 1'b1, input DI, output reg Q);
  localparam RESTS = REGSET == "SET";
  wire taking = CEMUX == "1" || (CEMUX == "INV" ? !CE : CE);
  wire resetting = LSRMUX == "INV" ? !LSR : LSR;
  initial Q = RESTS;
  always @(posedge CLK) if (resetting) Q <= RESTS; else if (taking) Q <= DI;
endmodule

module TRELLIS_DPR16X4 #(
  parameter WCKMUX = "WCK",
  parameter WREMUX = "WRE",
  parameter [63:0] INITVAL = 64'd0
) (input [3:0] DI, input [3:0] WAD, input WRE, input WCK, input [3:0] RAD, output [3:0] DO);
  reg [3:0] memory [0:15];
  integer n;
  initial for (n = 0; n < 16; n = n + 1) memory[n] = INITVAL[4*n +: 4];
  always @(posedge WCK) if (WRE) memory[WAD] <= DI;
  assign DO = memory[RAD];
endmodule

// Block RAM: 1024 words of 18 bits, here as 512 pairs of words; two sides that read and write. An address counts bits,
// eight to a byte; the ninth bit of a byte goes with words of 9 bits and more. In words of 18 and 36 bits the lowest
// address bits enable bytes instead. Where a side is 36 wide the sides work as one: A writes, B reads, and a wide word
// leaves at DOA (its lower half) and DOB. INITVAL_00 holds words 0 to 15, each in 20 bits.
module DP16KD #(
  parameter DATA_WIDTH_A = 18,
  parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG",
  parameter REGMODE_B = "NOREG",
  parameter WRITEMODE_A = "NORMAL",
  parameter WRITEMODE_B = "NORMAL",
  parameter RESETMODE = "SYNC",
  parameter ASYNC_RESET_RELEASE = "SYNC",
  parameter CSDECODE_A = "0b000",
  parameter CSDECODE_B = "0b000",
  parameter CLKAMUX = "CLKA",
  parameter CLKBMUX = "CLKB",
  parameter GSR = "DISABLED",
  parameter [319:0] INITVAL_00 = 320'd0, parameter [319:0] INITVAL_01 = 320'd0, parameter [319:0] INITVAL_02 = 320'd0,
  parameter [319:0] INITVAL_03 = 320'd0, parameter [319:0] INITVAL_04 = 320'd0, parameter [319:0] INITVAL_05 = 320'd0,
  parameter [319:0] INITVAL_06 = 320'd0, parameter [319:0] INITVAL_07 = 320'd0, parameter [319:0] INITVAL_08 = 320'd0,
  parameter [319:0] INITVAL_09 = 320'd0, parameter [319:0] INITVAL_0A = 320'd0, parameter [319:0] INITVAL_0B = 320'd0,
  parameter [319:0] INITVAL_0C = 320'd0, parameter [319:0] INITVAL_0D = 320'd0, parameter [319:0] INITVAL_0E = 320'd0,
  parameter [319:0] INITVAL_0F = 320'd0, parameter [319:0] INITVAL_10 = 320'd0, parameter [319:0] INITVAL_11 = 320'd0,
  parameter [319:0] INITVAL_12 = 320'd0, parameter [319:0] INITVAL_13 = 320'd0, parameter [319:0] INITVAL_14 = 320'd0,
  parameter [319:0] INITVAL_15 = 320'd0, parameter [319:0] INITVAL_16 = 320'd0, parameter [319:0] INITVAL_17 = 320'd0,
  parameter [319:0] INITVAL_18 = 320'd0, parameter [319:0] INITVAL_19 = 320'd0, parameter [319:0] INITVAL_1A = 320'd0,
  parameter [319:0] INITVAL_1B = 320'd0, parameter [319:0] INITVAL_1C = 320'd0, parameter [319:0] INITVAL_1D = 320'd0,
  parameter [319:0] INITVAL_1E = 320'd0, parameter [319:0] INITVAL_1F = 320'd0, parameter [319:0] INITVAL_20 = 320'd0,
  parameter [319:0] INITVAL_21 = 320'd0, parameter [319:0] INITVAL_22 = 320'd0, parameter [319:0] INITVAL_23 = 320'd0,
  parameter [319:0] INITVAL_24 = 320'd0, parameter [319:0] INITVAL_25 = 320'd0, parameter [319:0] INITVAL_26 = 320'd0,
  parameter [319:0] INITVAL_27 = 320'd0, parameter [319:0] INITVAL_28 = 320'd0, parameter [319:0] INITVAL_29 = 320'd0,
  parameter [319:0] INITVAL_2A = 320'd0, parameter [319:0] INITVAL_2B = 320'd0, parameter [319:0] INITVAL_2C = 320'd0,
  parameter [319:0] INITVAL_2D = 320'd0, parameter [319:0] INITVAL_2E = 320'd0, parameter [319:0] INITVAL_2F = 320'd0,
  parameter [319:0] INITVAL_30 = 320'd0, parameter [319:0] INITVAL_31 = 320'd0, parameter [319:0] INITVAL_32 = 320'd0,
  parameter [319:0] INITVAL_33 = 320'd0, parameter [319:0] INITVAL_34 = 320'd0, parameter [319:0] INITVAL_35 = 320'd0,
  parameter [319:0] INITVAL_36 = 320'd0, parameter [319:0] INITVAL_37 = 320'd0, parameter [319:0] INITVAL_38 = 320'd0,
  parameter [319:0] INITVAL_39 = 320'd0, parameter [319:0] INITVAL_3A = 320'd0, parameter [319:0] INITVAL_3B = 320'd0,
  parameter [319:0] INITVAL_3C = 320'd0, parameter [319:0] INITVAL_3D = 320'd0, parameter [319:0] INITVAL_3E = 320'd0,
  parameter [319:0] INITVAL_3F = 320'd0
) (
  input ADA0, input ADA1, input ADA2, input ADA3, input ADA4, input ADA5, input ADA6, input ADA7, input ADA8,
  input ADA9, input ADA10, input ADA11, input ADA12, input ADA13, input DIA0, input DIA1, input DIA2, input DIA3,
  input DIA4, input DIA5, input DIA6, input DIA7, input DIA8, input DIA9, input DIA10, input DIA11, input DIA12,
  input DIA13, input DIA14, input DIA15, input DIA16, input DIA17, input CLKA, input CEA, input OCEA, input WEA,
  input RSTA, input CSA0, input CSA1, input CSA2, output DOA0, output DOA1, output DOA2, output DOA3, output DOA4,
  output DOA5, output DOA6, output DOA7, output DOA8, output DOA9, output DOA10, output DOA11, output DOA12,
  output DOA13, output DOA14, output DOA15, output DOA16, output DOA17, input ADB0, input ADB1, input ADB2,
  input ADB3, input ADB4, input ADB5, input ADB6, input ADB7, input ADB8, input ADB9, input ADB10, input ADB11,
  input ADB12, input ADB13, input DIB0, input DIB1, input DIB2, input DIB3, input DIB4, input DIB5, input DIB6,
  input DIB7, input DIB8, input DIB9, input DIB10, input DIB11, input DIB12, input DIB13, input DIB14, input DIB15,
  input DIB16, input DIB17, input CLKB, input CEB, input OCEB, input WEB, input RSTB, input CSB0, input CSB1,
  input CSB2, output DOB0, output DOB1, output DOB2, output DOB3, output DOB4, output DOB5, output DOB6, output DOB7,
  output DOB8, output DOB9, output DOB10, output DOB11, output DOB12, output DOB13, output DOB14, output DOB15,
  output DOB16, output DOB17
);
  localparam PAIRED = DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36;
  localparam [20479:0] CONTENTS = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37,
    INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
    INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25,
    INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
    INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
    INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
    INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
    INITVAL_00
  };

  // Where in a pair of words the lowest bit of a value lies, and which bits a write replaces.
  function [5:0] base(input [13:0] address, input integer width);
    base = (width < 36 && address[4] ? 6'd18 : 6'd0) + (width < 18 && address[3] ? 6'd9 : 6'd0)
         + (width < 9 && address[2] ? 6'd4 : 6'd0) + (width < 4 && address[1] ? 6'd2 : 6'd0)
         + (width < 2 && address[0] ? 6'd1 : 6'd0);
  endfunction
  function [35:0] replaced(input [13:0] address, input integer width);
    replaced = width == 36 ? {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}} :
      (width == 18 ? {18'd0, {9{address[1]}}, {9{address[0]}}} : (36'd1 << width) - 36'd1) << base(address, width);
  endfunction

  wire [13:0] address_a = {
    ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  wire [17:0] given_a = {
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0
  };
  wire working_a = CEA && {CSA2, CSA1, CSA0} == 3'd0;
  wire [13:0] address_b = {
    ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  wire [17:0] given_b = {
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0
  };
  wire working_b = CEB && {CSB2, CSB1, CSB0} == 3'd0;

  reg [35:0] memory [0:511];
  integer n;
  initial for (n = 0; n < 512; n = n + 1) memory[n] = {CONTENTS[40*n+20 +: 18], CONTENTS[40*n +: 18]};

  wire [35:0] mask_a = replaced(address_a, DATA_WIDTH_A), mask_b = replaced(address_b, DATA_WIDTH_B);
  wire [35:0] laid_a = {PAIRED ? given_b : 18'd0, given_a} << base(address_a, DATA_WIDTH_A);
  wire [35:0] laid_b = {18'd0, given_b} << base(address_b, DATA_WIDTH_B);
  wire [35:0] written_a = memory[address_a[13:5]] & ~mask_a | laid_a & mask_a;
  wire [35:0] written_b = memory[address_b[13:5]] & ~mask_b | laid_b & mask_b;
  always @(posedge CLKA) if (working_a && WEA) memory[address_a[13:5]] <= written_a;
  always @(posedge CLKB) if (working_b && WEB && !PAIRED) memory[address_b[13:5]] <= written_b;

  reg [35:0] read_a, kept_a;
  always @(posedge CLKA) begin
    if (OCEA) kept_a <= read_a;
    if (working_a && (!WEA || PAIRED || WRITEMODE_A != "NORMAL"))
      read_a <= (WEA && WRITEMODE_A == "WRITETHROUGH" ? written_a : memory[address_a[13:5]])
        >> base(address_a, DATA_WIDTH_A);
    if (RSTA) {read_a, kept_a} <= 72'd0;
  end
  reg [35:0] read_b, kept_b;
  always @(posedge CLKB) begin
    if (OCEB) kept_b <= read_b;
    if (working_b && (!WEB || PAIRED || WRITEMODE_B != "NORMAL"))
      read_b <= (WEB && WRITEMODE_B == "WRITETHROUGH" ? written_b : memory[address_b[13:5]])
        >> base(address_b, DATA_WIDTH_B);
    if (RSTB) {read_b, kept_b} <= 72'd0;
  end

  wire [35:0] leaving_a = REGMODE_A == "OUTREG" ? kept_a : read_a;
  wire [35:0] leaving_b = REGMODE_B == "OUTREG" ? kept_b : read_b;
  wire [35:0] wide = DATA_WIDTH_B == 36 ? leaving_b : {leaving_b[17:0], 18'd0};
  assign {
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0
  } = PAIRED ? wide[17:0] : leaving_a[17:0];
  assign {
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
  } = PAIRED ? wide[35:18] : leaving_b[17:0];
endmodule

// A product of 18 by 18 bits, each signed or not, with registers behind it and in front where REG_*_CLK name a clock.
module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE",
  parameter REG_INPUTA_CE = "CE0",
  parameter REG_INPUTA_RST = "RST0",
  parameter REG_INPUTB_CLK = "NONE",
  parameter REG_INPUTB_CE = "CE0",
  parameter REG_INPUTB_RST = "RST0",
  parameter REG_OUTPUT_CLK = "NONE",
  parameter REG_OUTPUT_CE = "CE0",
  parameter REG_OUTPUT_RST = "RST0"
) (
  input A0, input A1, input A2, input A3, input A4, input A5, input A6, input A7, input A8, input A9, input A10,
  input A11, input A12, input A13, input A14, input A15, input A16, input A17, input B0, input B1, input B2, input B3,
  input B4, input B5, input B6, input B7, input B8, input B9, input B10, input B11, input B12, input B13, input B14,
  input B15, input B16, input B17, input C0, input C1, input C2, input C3, input C4, input C5, input C6, input C7,
  input C8, input C9, input C10, input C11, input C12, input C13, input C14, input C15, input C16, input C17,
  input SIGNEDA, input SIGNEDB, input SOURCEA, input SOURCEB, input CLK0, input CE0, input RST0, output P0, output P1,
  output P2, output P3, output P4, output P5, output P6, output P7, output P8, output P9, output P10, output P11,
  output P12, output P13, output P14, output P15, output P16, output P17, output P18, output P19, output P20,
  output P21, output P22, output P23, output P24, output P25, output P26, output P27, output P28, output P29,
  output P30, output P31, output P32, output P33, output P34, output P35
);
  wire [17:0] a = {
    A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
  };
  wire [17:0] b = {
    B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
  };
  reg [17:0] a_kept, b_kept;
  always @(posedge CLK0) if (RST0) a_kept <= 18'd0; else if (CE0) a_kept <= a;
  always @(posedge CLK0) if (RST0) b_kept <= 18'd0; else if (CE0) b_kept <= b;
  wire [17:0] a_in = REG_INPUTA_CLK == "NONE" ? a : a_kept, b_in = REG_INPUTB_CLK == "NONE" ? b : b_kept;
  wire signed [18:0] wide_a = {SIGNEDA & a_in[17], a_in}, wide_b = {SIGNEDB & b_in[17], b_in};
  wire signed [37:0] product = wide_a * wide_b;
  reg [35:0] kept;
  always @(posedge CLK0) if (RST0) kept <= 36'd0; else if (CE0) kept <= product[35:0];
  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13,
    P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = REG_OUTPUT_CLK == "NONE" ? product[35:0] : kept;
endmodule
