"""The accelerator in MyHDL, and the Verilog that it converts to."""
