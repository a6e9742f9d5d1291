"""Engines: ways of executing a design. Each takes integers and returns integers; `accel.verify` demands equality."""
