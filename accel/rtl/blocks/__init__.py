"""MyHDL blocks of the accelerator: one idea per file. Each docstring ends in the block's latency in cycles.

Rules that keep simulation and converted Verilog equal (enforced by a test): one operator per named signal, no `//`, no
`abs`, no call but `.signed()` in a generator; everything a generator names is defined above it.
"""

from accel.rtl.call_stack import shorten

shorten()
