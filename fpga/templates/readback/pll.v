// The PLL as far as the rest of the chip sees it. Whoever simulates gives the clock that it makes in place of the
// oscillator's; that its dividers make that clock is compared apart.
`default_nettype none

module SB_PLL40_CORE #(
  parameter FEEDBACK_PATH = "SIMPLE",
  parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED",
  parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED",
  parameter PLLOUT_SELECT = "GENCLK",
  parameter SHIFTREG_DIV_MODE = 1'b0,
  parameter [3:0] FDA_FEEDBACK = 4'd0,
  parameter [3:0] FDA_RELATIVE = 4'd0,
  parameter [3:0] DIVR = 4'd0,
  parameter [6:0] DIVF = 7'd0,
  parameter [2:0] DIVQ = 3'd0,
  parameter [2:0] FILTER_RANGE = 3'd0,
  parameter ENABLE_ICEGATE = 1'b0,
  parameter TEST_MODE = 1'b0
) (
  input wire REFERENCECLK,
  output wire PLLOUTCORE,
  output wire PLLOUTGLOBAL,
  input wire EXTFEEDBACK,
  input wire [7:0] DYNAMICDELAY,
  output wire LOCK,
  input wire BYPASS,
  input wire RESETB,
  input wire LATCHINPUTVALUE,
  output wire SDO,
  input wire SDI,
  input wire SCLK
);
  assign PLLOUTCORE = REFERENCECLK;
  assign PLLOUTGLOBAL = REFERENCECLK;
  assign LOCK = RESETB && !BYPASS;
  assign SDO = 1'b0;
endmodule
