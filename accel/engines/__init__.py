"""Engines: ways of executing a design. Each takes integers and returns integers; `verify` demands equality."""
