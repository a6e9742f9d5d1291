"""The network as integers: its weights, its test sequences, and the golden model that every engine must equal."""
