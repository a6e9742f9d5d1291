"""Multiply-accumulate lanes, the units and arrays of them, and what steers them through a step."""
