"""Signals, registers, memories and the arithmetic: blocks that know nothing of the accelerator."""
