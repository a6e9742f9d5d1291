"""A verified accelerator as a folder that stands alone: Verilog, memory contents, bench, and what other tools read."""
